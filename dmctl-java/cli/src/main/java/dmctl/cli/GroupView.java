package dmctl.cli;

import com.grack.nanojson.JsonObject;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.Site;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What all daemons of a group answer at one time.
 *
 * @param config the group
 * @param daemons answers, by site
 * @param silent why a site's daemon gives none, by site
 */
record GroupView(
        GroupConfig config,
        Map<String, DaemonView> daemons,
        Map<String, AdminClient.Unreachable> silent) {

    /** Asks the daemon of every site, or of one. */
    static GroupView ask(GroupConfig config, Optional<Site> only) {
        Map<String, DaemonView> daemons = new LinkedHashMap<>();
        Map<String, AdminClient.Unreachable> silent = new LinkedHashMap<>();
        for (Site site : config.daemonSites()) {
            if (only.isPresent() && !only.get().equals(site)) {
                continue;
            }
            try {
                daemons.put(site.name(), ask(socket(site)));
            } catch (AdminClient.Unreachable e) {
                silent.put(site.name(), e);
            }
        }
        return new GroupView(config, daemons, silent);
    }

    static DaemonView ask(Path socket) throws AdminClient.Unreachable {
        JsonObject answer =
                AdminClient.ask(socket, AdminClient.request("status"), AdminClient.SOON);
        JsonObject status = answer.getObject("status");
        if (status == null) {
            throw new AdminClient.Unreachable(
                    "the daemon cannot tell its state: "
                            + answer.getString("text", "no reason given"));
        }
        return DaemonView.of(status);
    }

    static Path socket(Site site) {
        return site.daemon().orElseThrow().adminSocket();
    }

    /** The primary of the highest term among those that answer. */
    Optional<DaemonView> primary() {
        return daemons.values().stream()
                .filter(view -> view.role().equals("primary"))
                .max(Comparator.comparingLong(DaemonView::term));
    }

    /** The primary, or whom the site of the highest term among those that answer takes for it. */
    Optional<String> primarySite() {
        return primary()
                .map(DaemonView::site)
                .or(() ->
                        daemons.values().stream()
                                .max(Comparator.comparingLong(DaemonView::term))
                                .map(DaemonView::primarySite));
    }

    /**
     * A target that a primary on another machine sends to, as its own daemon sees it. None where a
     * site that answers is or was in a higher term: that primary is not the group's any more.
     */
    Optional<DaemonView> follower() {
        return daemons.values().stream()
                .max(
                        Comparator.comparingLong(DaemonView::term)
                                .thenComparing(DaemonView::follows)
                                .thenComparingLong(DaemonView::durableSeq))
                .filter(DaemonView::follows)
                .filter(view -> !daemons.containsKey(view.primarySite()));
    }

    /** The socket of the primary's daemon, for orders that only it can follow. */
    Path primarySocket() throws CommandFailure {
        Optional<DaemonView> primary = primary();
        if (primary.isPresent()) {
            return socket(config.site(primary.get().site()).orElseThrow());
        }
        if (daemons.isEmpty()) {
            throw new CommandFailure(
                    ExitCode.UNREACHABLE,
                    "no daemon of group "
                            + config.name()
                            + " answers; start it with: dmctl up "
                            + config.file());
        }
        throw new CommandFailure(
                ExitCode.UNREACHABLE,
                "no primary of group "
                        + config.name()
                        + " answers; see: dmctl status -f "
                        + config.file());
    }
}
