package dmctl.cli;

import dmctl.cli.DaemonView.ProblemView;
import dmctl.cli.DaemonView.SiteView;
import dmctl.config.Units;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The answer at a glance: is the data safe, where, how stale, what to do.
 *
 * @param level how bad it is
 * @param text what is the case
 * @param next what to do; empty if nothing
 */
record Verdict(Level level, String text, String next) {
    /** How bad it is. */
    enum Level {
        /** Nothing to do. */
        OK,
        /** Applications run, something is not as it should be. */
        WARNING,
        /** Applications do not run, or their writes are held. */
        CRITICAL
    }

    static Verdict of(GroupView group) {
        Optional<DaemonView> primary = group.primary();
        if (group.daemons().isEmpty()) {
            return new Verdict(
                    Level.CRITICAL,
                    "no daemon of the group answers",
                    "dmctl up " + group.config().file());
        }
        if (primary.isEmpty()) {
            return group.follower()
                    .map(view -> following(group, view))
                    .orElseGet(() -> withoutPrimary(group));
        }
        DaemonView view = primary.get();
        if (!view.serving()) {
            return new Verdict(
                    Level.CRITICAL,
                    view.site() + " is primary but does not serve: " + view.notServingReason(),
                    firstStep(view.problems(), "dmctl wait serving " + view.site()));
        }
        ProblemView stalled = view.stalled();
        if (stalled != null) {
            return new Verdict(
                    Level.CRITICAL,
                    "writes are held for "
                            + Units.formatTime(stalled.seconds() * 1000)
                            + ": "
                            + stalled.reason(),
                    stalled.nextStep());
        }
        return serving(group, view);
    }

    private static Verdict serving(GroupView group, DaemonView primary) {
        String where = primary.site() + " serves; " + copies(group, primary);
        if (!primary.problems().isEmpty()) {
            return warning(primary, primary.problems().getFirst(), where);
        }
        List<String> silent = new ArrayList<>();
        group.silent()
                .forEach((name, why) -> {
                    // Nobody listens here, and the link is up: it is at another machine.
                    if (why.running() || !isLinked(primary, name)) {
                        silent.add(name);
                    }
                });
        for (SiteView site : primary.sites()) {
            ProblemView problem = site.problem();
            if (problem != null && !site.name().equals(primary.site())) {
                return new Verdict(
                        Level.WARNING,
                        site.name() + ": " + problem.reason() + "; " + where,
                        problem.nextStep());
            }
        }
        for (DaemonView other : group.daemons().values()) {
            for (ProblemView problem : other.problems()) {
                if (!other.site().equals(primary.site())
                        && !StatusText.supersededByPrimary(group, other, problem)) {
                    return warning(other, problem, where);
                }
            }
        }
        if (!silent.isEmpty()) {
            return new Verdict(
                    Level.WARNING,
                    "the daemon of " + String.join(", ", silent) + " does not answer; " + where,
                    "dmctl up " + group.config().file() + " --site " + silent.getFirst());
        }
        return new Verdict(Level.OK, where, "");
    }

    private static Verdict warning(DaemonView at, ProblemView problem, String where) {
        return new Verdict(
                Level.WARNING,
                at.site() + ": " + problem.what() + ": " + problem.reason() + "; " + where,
                problem.nextStep());
    }

    private static boolean isLinked(DaemonView primary, String site) {
        return primary.siteNamed(site).filter(seen -> seen.link().equals("up")).isPresent();
    }

    /** At a machine of targets only: whether applications run is known at the primary. */
    private static Verdict following(GroupView group, DaemonView follower) {
        String where =
                follower.site()
                        + " follows primary "
                        + follower.primarySite()
                        + ", which is not asked from here; "
                        + follower.site()
                        + (follower.data().equals("consistent")
                                ? " is consistent up to seq " + follower.durableSeq()
                                : " is " + follower.data());
        for (DaemonView view : group.daemons().values()) {
            if (!view.problems().isEmpty()) {
                return warning(view, view.problems().getFirst(), where);
            }
        }
        for (Map.Entry<String, AdminClient.Unreachable> silent : group.silent().entrySet()) {
            if (silent.getValue().running()) {
                return new Verdict(
                        Level.WARNING,
                        silent.getKey() + ": " + silent.getValue().text() + "; " + where,
                        "");
            }
        }
        return new Verdict(Level.OK, where, "");
    }

    /** Where the data is besides the primary, the best copy first. */
    private static String copies(GroupView group, DaemonView primary) {
        List<SiteView> others =
                primary.sites().stream()
                        .filter(site -> !site.name().equals(primary.site()))
                        .filter(site -> site.data().equals("consistent"))
                        .sorted(
                                Comparator.comparingLong(SiteView::behindWrites)
                                        .thenComparingInt(
                                                site -> site.linkType().equals("tcp") ? 0 : 1))
                        .toList();
        if (others.isEmpty()) {
            return group.config().sites().size() == 1
                    ? "there is no other site"
                    : "no other site has a copy that could be taken over yet";
        }
        SiteView best = others.getFirst();
        String behind = Loss.behind(best);
        return behind.equals("0")
                ? "if "
                        + primary.site()
                        + " is lost now, "
                        + best.name()
                        + " holds every completed write"
                : "if " + primary.site() + " is lost now, " + best.name() + " lacks " + behind;
    }

    private static Verdict withoutPrimary(GroupView group) {
        String primaryName = group.primarySite().orElse(null);
        DaemonView best =
                group.daemons().values().stream()
                        .filter(view -> view.data().equals("consistent"))
                        .filter(view -> view.role().equals("target"))
                        .max(
                                Comparator.comparingLong(DaemonView::term)
                                        .thenComparingLong(DaemonView::durableSeq))
                        .orElse(null);
        DaemonView starting =
                group.daemons().values().stream()
                        .filter(view -> view.role().equals("starting"))
                        .findFirst()
                        .orElse(null);
        if (starting != null) {
            return new Verdict(
                    Level.CRITICAL,
                    starting.site() + " is starting: " + starting.notServingReason(),
                    "dmctl wait serving " + starting.site());
        }
        String nobody =
                "nobody serves the group"
                        + (primaryName == null
                                ? ""
                                : ": primary " + primaryName + " " + stateOf(group, primaryName));
        if (best == null) {
            return new Verdict(
                    Level.CRITICAL,
                    nobody + "; no site that answers could take over",
                    primaryName == null
                            ? ""
                            : "dmctl up " + group.config().file() + " --site " + primaryName);
        }
        String restart =
                primaryName == null || group.daemons().containsKey(primaryName)
                        ? ""
                        : "dmctl up "
                                + group.config().file()
                                + " --site "
                                + primaryName
                                + ", or, if it is gone for good: ";
        return new Verdict(
                Level.CRITICAL,
                nobody + "; " + best.site() + " is consistent up to seq " + best.durableSeq(),
                restart + "dmctl takeover " + best.site());
    }

    private static String stateOf(GroupView group, String site) {
        DaemonView view = group.daemons().get(site);
        return view == null
                ? "does not answer"
                : "is "
                        + view.role()
                        + (view.notServingReason().isEmpty()
                                ? ""
                                : " (" + view.notServingReason() + ")");
    }

    private static String firstStep(List<ProblemView> problems, String otherwise) {
        return problems.isEmpty() ? otherwise : problems.getFirst().nextStep();
    }

    @Override
    public String toString() {
        return level + "  " + text + (next.isEmpty() ? "" : "\n  next: " + next);
    }
}
