package dmctl.daemon;

import com.grack.nanojson.JsonObject;
import dmctl.config.ConfigException;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.Site;
import dmctl.config.GroupFile;
import dmctl.nativebridge.ReclaimGuard;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Entry point of dmctld: runs one site of one group until it is told to stop. */
public final class Dmctld {
    private static final Logger LOG = LoggerFactory.getLogger(Dmctld.class);

    private Dmctld() {}

    /**
     * Runs the daemon and ends the process.
     *
     * @param args words of the command line
     */
    public static void main(String[] args) {
        Runtime.getRuntime().halt(run(List.of(args)));
    }

    private static int run(List<String> words) {
        try {
            DaemonOptions options = DaemonOptions.parse(words);
            GroupConfig config = GroupFile.read(options.config());
            Site self = daemonSite(config, options.site());
            ClassesAhead.load();
            guard(self);
            ServiceNotices notices = ServiceNotices.asked(System.getenv());
            SiteDaemon daemon = SiteDaemon.start(config, self, options, notices);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stopOnSignal(daemon), "stop"));
            return daemon.awaitEnd();
        } catch (ConfigException e) {
            LOG.error("{}", e.getMessage());
            return DaemonFailure.BAD_CONFIG;
        } catch (DaemonFailure e) {
            LOG.error("{}", e.getMessage());
            return e.exitCode();
        } catch (ExecutionException | RuntimeException e) {
            LOG.error("failed", e);
            return DaemonFailure.FAILED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return DaemonFailure.FAILED;
        }
    }

    private static Site daemonSite(GroupConfig config, String name) throws DaemonFailure {
        Site site =
                config.site(name)
                        .orElseThrow(() ->
                                new DaemonFailure(
                                        DaemonFailure.BAD_CONFIG,
                                        "no site " + name + " in " + config.file()));
        if (site.daemon().isEmpty()) {
            throw new DaemonFailure(
                    DaemonFailure.BAD_CONFIG, name + " is a blockdev site and has no daemon");
        }
        return site;
    }

    /** Before any other thread is started: threads inherit it. */
    private static void guard(Site self) {
        boolean blockDevices =
                self.daemon().orElseThrow().frontEnd() != GroupConfig.FrontEnd.SOCKETS;
        if (blockDevices) {
            ReclaimGuard.guard().forEach(LOG::warn);
        }
    }

    /** Devices in use stay for the next start: whoever restarts a service must not break them. */
    private static void stopOnSignal(SiteDaemon daemon) {
        JsonObject answer = daemon.stop(true);
        Runtime.getRuntime()
                .halt(answer.getBoolean("ok", false) ? DaemonFailure.CLEAN : DaemonFailure.FAILED);
    }
}
