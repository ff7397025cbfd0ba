package dmctl.cli;

import dmctl.cli.DaemonView.DeviceView;
import dmctl.cli.DaemonView.ProblemView;
import dmctl.cli.DaemonView.ResyncView;
import dmctl.cli.DaemonView.SiteView;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.Site;
import dmctl.config.Units;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Writes the state of a group for people. */
final class StatusText {
    private static final int BAR = 24;

    private StatusText() {}

    static List<String> lines(GroupView group) {
        List<String> lines = new ArrayList<>();
        lines.add(title(group));
        Verdict.of(group).toString().lines().map(line -> "  " + line).forEach(lines::add);
        group.primary().map(StatusText::logLine).ifPresent(lines::add);
        devices(group, lines);
        Table table =
                new Table(
                        "site",
                        "role",
                        "policy",
                        "link",
                        "flow",
                        "data",
                        "behind",
                        "limit",
                        "log",
                        "lost if taken over now");
        for (Site site : group.config().sites()) {
            if (group.daemons().containsKey(site.name())
                    || group.silent().containsKey(site.name())
                    || site.daemon().isEmpty()) {
                table.row(row(group, site));
            }
        }
        lines.addAll(table.lines());
        for (Site site : group.config().sites()) {
            details(group, site.name(), lines);
        }
        return lines;
    }

    private static String title(GroupView group) {
        GroupConfig config = group.config();
        long bytes = config.devices().stream().mapToLong(GroupConfig.Device::sizeBytes).sum();
        String title =
                "group "
                        + config.name()
                        + "   "
                        + config.devices().size()
                        + (config.devices().size() == 1 ? " device, " : " devices, ")
                        + Units.formatSize(bytes);
        return title
                + group.primary()
                        .map(view ->
                                "   primary "
                                        + view.site()
                                        + " since "
                                        + view.roleSince()
                                        + "   term "
                                        + view.term())
                        .or(() -> group.follower().map(view -> "   primary " + view.primarySite()))
                        .orElse("   no primary");
    }

    private static String logLine(DaemonView primary) {
        return "  log of "
                + primary.site()
                + ": "
                + Units.formatSize(primary.logBytes())
                + ", "
                + logFill(primary)
                + " used"
                + (primary.logSecondsToFull() >= 0
                        ? ", full in " + Units.formatTime(primary.logSecondsToFull() * 1000)
                        : "")
                + "; head seq "
                + primary.headSeq()
                + ", completed "
                + primary.completedSeq()
                + ", applied "
                + primary.appliedSeq()
                + (primary.diskAccess().isEmpty() ? "" : "; disks by " + primary.diskAccess());
    }

    /** Where the devices are, for each site that has some. */
    private static void devices(GroupView group, List<String> lines) {
        for (Site site : group.config().sites()) {
            DaemonView own = group.daemons().get(site.name());
            if (own == null || own.devices().stream().allMatch(StatusText::absent)) {
                continue;
            }
            String each =
                    own.devices().stream()
                            .map(device ->
                                    device.name()
                                            + " "
                                            + (device.path().isEmpty() ? "-" : device.path())
                                            + (device.state().equals("live")
                                                    ? ""
                                                    : " (" + device.state() + ")"))
                            .collect(Collectors.joining(", "));
            lines.add("  devices at " + site.name() + ", by " + own.frontEnd() + ": " + each);
        }
    }

    private static boolean absent(DeviceView device) {
        return device.state().equals("absent");
    }

    private static String logFill(DaemonView view) {
        return view.logBytes() == 0
                ? "-"
                : Math.round(100.0 * view.logUsedBytes() / view.logBytes()) + "%";
    }

    private static List<String> row(GroupView group, Site site) {
        DaemonView own = group.daemons().get(site.name());
        Optional<DaemonView> primary = group.primary();
        SiteView seen = primary.flatMap(view -> view.siteNamed(site.name())).orElse(null);
        boolean isPrimary = primary.isPresent() && primary.get().site().equals(site.name());
        return List.of(
                site.name(),
                role(site, own),
                isPrimary || seen == null
                        ? "-"
                        : seen.policy() + (seen.degraded() ? " (degraded)" : ""),
                link(site, own, seen),
                isPrimary || seen == null ? "-" : seen.flow(),
                data(own, seen),
                isPrimary || seen == null ? "-" : Loss.behind(seen),
                isPrimary || seen == null ? "-" : limit(seen),
                own == null ? "-" : logFill(own),
                isPrimary ? "-" : Loss.atSite(group, site.name()));
    }

    private static String role(Site site, @Nullable DaemonView own) {
        if (own != null) {
            return own.role();
        }
        return site.daemon().isEmpty() ? "target" : "(no answer)";
    }

    private static String link(Site site, @Nullable DaemonView own, @Nullable SiteView seen) {
        if (seen != null) {
            return seen.link();
        }
        return own == null && site.daemon().isPresent() ? "down" : "-";
    }

    /** The primary's word counts for a site it knows; else the site's own. */
    private static String data(@Nullable DaemonView own, @Nullable SiteView seen) {
        if (seen != null && !seen.data().equals("unknown")) {
            return seen.data();
        }
        return own == null ? "unknown" : own.data();
    }

    private static String limit(SiteView site) {
        String limit =
                switch (site.limitKind()) {
                    case "ios" -> Loss.count(site.limit()) + " w";
                    case "size" -> Units.formatSize(site.limit());
                    case "time" -> Units.formatTime(site.limit());
                    default -> "none";
                };
        if (site.policy().equals("sync")) {
            return site.outOfReach().equals("wait") ? "wait" : "degrade";
        }
        return limit + ", " + site.mode() + (site.limitHolding() ? " (holding)" : "");
    }

    private static void details(GroupView group, String site, List<String> lines) {
        Optional<SiteView> seen = group.primary().flatMap(view -> view.siteNamed(site));
        seen.map(SiteView::resync)
                .ifPresent(resync -> lines.add("  " + site + ": " + progress(resync)));
        List<ProblemView> problems = new ArrayList<>();
        seen.map(SiteView::problem).ifPresent(problems::add);
        DaemonView own = group.daemons().get(site);
        if (own != null) {
            ProblemView stalled = own.stalled();
            if (stalled != null) {
                problems.add(stalled);
            }
            own.problems().stream()
                    .filter(problem -> !supersededByPrimary(group, own, problem))
                    .forEach(problems::add);
        }
        for (ProblemView problem : problems.stream().distinct().toList()) {
            lines.add("  " + site + ": " + problemText(problem));
        }
        AdminClient.Unreachable silent = group.silent().get(site);
        if (silent != null) {
            lines.add("  " + site + ": " + silent.text());
        }
    }

    /** Of a link that is down both ends complain; while the primary answers, its word counts. */
    static boolean supersededByPrimary(GroupView group, DaemonView own, ProblemView problem) {
        return problem.what().equals("link")
                && group.primary()
                        .filter(primary -> !primary.site().equals(own.site()))
                        .flatMap(primary -> primary.siteNamed(own.site()))
                        .isPresent();
    }

    static String problemText(ProblemView problem) {
        return problem.what()
                + ": "
                + problem.reason()
                + (problem.since().isEmpty()
                        ? ""
                        : "; since "
                                + problem.since()
                                + " ("
                                + Units.formatTime(problem.seconds() * 1000)
                                + ")")
                + (problem.nextStep().isEmpty() ? "" : "; next: " + problem.nextStep());
    }

    static String progress(ResyncView resync) {
        double share =
                resync.totalBytes() <= 0
                        ? 0
                        : Math.clamp((double) resync.doneBytes() / resync.totalBytes(), 0, 1);
        int filled = (int) (share * BAR);
        return "resync pass "
                + resync.pass()
                + " ["
                + "#".repeat(filled)
                + "-".repeat(BAR - filled)
                + "] "
                + (int) (share * 100)
                + "%, "
                + Units.formatSize(resync.doneBytes())
                + " of "
                + Units.formatSize(resync.totalBytes())
                + ", "
                + Units.formatSize(resync.sentBytes())
                + " sent, "
                + Units.formatSize(resync.bytesPerSecond())
                + "/s"
                + (resync.etaSeconds() >= 0
                        ? ", " + Units.formatTime(resync.etaSeconds() * 1000) + " left"
                        : "");
    }
}
