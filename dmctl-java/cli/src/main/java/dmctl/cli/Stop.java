package dmctl.cli;

import com.grack.nanojson.JsonObject;
import dmctl.cli.DaemonView.SiteView;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.Site;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/** Stops daemons cleanly, the primary first. */
final class Stop {
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    /** Of a process that was ended before it knew what to do then. */
    private static final int BY_SIGTERM = 128 + 15;

    private Stop() {}

    /**
     * Stops the daemons of some sites; none of the others where the primary is not stopped: it goes
     * on, and would be without its copies.
     *
     * @param own daemons that the caller has started, by site: ended by a signal where silent
     * @param drain how long the primary may take to bring the other sites up to date before
     * @param keepDevices whether block devices in use stay for the next start; else the daemon
     *     refuses
     * @return whether all have ended cleanly
     */
    static boolean stop(
            GroupConfig config,
            List<Site> sites,
            Map<String, DaemonProcess> own,
            Duration drain,
            boolean keepDevices,
            PrintWriter out) {
        GroupView group = GroupView.ask(config, Optional.empty());
        List<Site> order = new ArrayList<>(sites);
        String primary = group.primarySite().orElse("");
        order.sort((a, b) -> Boolean.compare(b.name().equals(primary), a.name().equals(primary)));
        group.primary()
                .filter(view -> view.site().equals(order.getFirst().name()))
                .ifPresent(view -> drain(config, view, drain, out));
        boolean clean = true;
        for (int i = 0; i < order.size(); i++) {
            Site site = order.get(i);
            DaemonView view = group.daemons().get(site.name());
            DaemonProcess process = own.get(site.name());
            boolean stopped;
            if (view != null) {
                stopped = stopOne(site, view, keepDevices, out);
            } else if (process != null && process.process().isAlive()) {
                stopped = end(process, out);
            } else {
                stopped = isDown(site, group, out);
            }
            clean &= stopped;
            if (!stopped && site.name().equals(primary)) {
                sayLeft(group, site, order.subList(i + 1, order.size()), out);
                break;
            }
            out.flush();
        }
        return clean;
    }

    private static void sayLeft(GroupView group, Site primary, List<Site> others, PrintWriter out) {
        String left =
                others.stream()
                        .map(Site::name)
                        .filter(name -> mayRun(group, name))
                        .collect(Collectors.joining(", "));
        if (!left.isEmpty()) {
            out.println(left + ": left running, for " + primary.name() + " was not stopped");
        }
        out.flush();
    }

    private static boolean mayRun(GroupView group, String site) {
        AdminClient.Unreachable silent = group.silent().get(site);
        return silent == null || silent.running();
    }

    /** Says why a daemon that tells no state is not stopped, unless there is none. */
    private static boolean isDown(Site site, GroupView group, PrintWriter out) {
        AdminClient.Unreachable silent = group.silent().get(site.name());
        if (silent == null || !silent.running()) {
            out.println(site.name() + ": not running");
            return true;
        }
        out.println(site.name() + ": not stopped: " + silent.text());
        return false;
    }

    /** Lets sites that are connected take what was completed until now. */
    private static void drain(
            GroupConfig config, DaemonView before, Duration patience, PrintWriter out) {
        long end = System.nanoTime() + patience.toNanos();
        Site site = config.site(before.site()).orElseThrow();
        List<String> late = List.of();
        do {
            try {
                DaemonView now = GroupView.ask(GroupView.socket(site));
                late =
                        now.sites().stream()
                                .filter(other -> other.link().equals("up"))
                                .filter(other ->
                                        other.flow().equals("live")
                                                || other.flow().equals("catching-up"))
                                .filter(other -> other.durableSeq() < before.completedSeq())
                                .map(SiteView::name)
                                .toList();
            } catch (AdminClient.Unreachable e) {
                return;
            }
            if (late.isEmpty()) {
                return;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        } while (System.nanoTime() < end);
        out.println("not brought up to date before the stop: " + String.join(", ", late));
    }

    /** Ends a daemon that may not have its socket yet; what it has begun it ends cleanly. */
    private static boolean end(DaemonProcess daemon, PrintWriter out) {
        Process process = daemon.process();
        process.destroy();
        if (!DaemonProcess.awaitEnd(process.pid(), PATIENCE)) {
            sayNotEnded(daemon.site(), process.pid(), out);
            return false;
        }
        int exit = process.exitValue();
        boolean clean = exit == 0 || exit == BY_SIGTERM;
        out.println(
                daemon.site().name()
                        + ": "
                        + (clean ? "ended by a signal, for it gave no answer" : daemon.ending()));
        return clean;
    }

    private static void sayNotEnded(Site site, long pid, PrintWriter out) {
        out.println(site.name() + ": its process " + pid + " has not ended");
    }

    private static boolean stopOne(
            Site site, DaemonView view, boolean keepDevices, PrintWriter out) {
        String text;
        try {
            JsonObject request = AdminClient.request("shutdown");
            request.put("keepDevices", keepDevices);
            text = AdminClient.order(GroupView.socket(site), request, PATIENCE);
        } catch (CommandFailure e) {
            out.println(site.name() + ": not stopped: " + e.getMessage());
            return false;
        }
        boolean ended = DaemonProcess.awaitEnd(view.pid(), PATIENCE);
        if (ended) {
            out.println(site.name() + ": " + text);
        } else {
            sayNotEnded(site, view.pid(), out);
        }
        return ended;
    }
}
