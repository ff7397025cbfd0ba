package dmctl.cli;

import com.grack.nanojson.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** What a process does that stands in for a daemon. */
public final class StandIn {
    /** Longer than any test. */
    private static final long LONG_SECONDS = 60;

    enum Conduct {
        /** Ends at once. */
        FAIL,
        /** Never opens its socket. */
        HANG,
        /** Answers until it is told to stop. */
        SERVE,
        /** Answers for a while, then ends as after a crash. */
        CRASH,
        /** Answers for a while, then ends as after an order of somebody else. */
        END
    }

    private StandIn() {}

    static void write(Path config, String site, Conduct conduct) throws Exception {
        Files.writeString(config.resolveSibling(site + ".conduct"), conduct.name());
    }

    /**
     * Does what was written for a site.
     *
     * @param config the group's file
     * @param site the site
     * @return its exit code
     */
    public static int run(Path config, String site) throws Exception {
        Path folder = Objects.requireNonNull(config.getParent());
        Conduct conduct =
                Conduct.valueOf(Files.readString(config.resolveSibling(site + ".conduct")));
        if (conduct == Conduct.FAIL) {
            return 3;
        }
        if (conduct == Conduct.HANG) {
            return new CountDownLatch(1).await(LONG_SECONDS, TimeUnit.SECONDS) ? 1 : 0;
        }
        JsonObject status = FakeDaemon.status("live", site);
        status.put("pid", ProcessHandle.current().pid());
        status.put("completedSeq", 0); // nothing to wait for
        CountDownLatch told = new CountDownLatch(1);
        FakeDaemon daemon =
                FakeDaemon.telling(
                        folder.resolve(site).resolve("admin.sock"),
                        status,
                        request -> {
                            if (request.getString("op").equals("shutdown")) {
                                told.countDown();
                            }
                            return FakeDaemon.ok("stopped");
                        });
        if (told.await(conduct == Conduct.SERVE ? LONG_SECONDS : 2, TimeUnit.SECONDS)) {
            daemon.stop(); // the answer leaves first
        }
        return conduct == Conduct.CRASH ? 1 : 0;
    }
}
