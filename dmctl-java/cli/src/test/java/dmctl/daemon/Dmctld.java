package dmctl.daemon;

import dmctl.cli.StandIn;
import java.nio.file.Path;

/** In the daemon's place where a test starts {@code dmctl up} as a process. */
public final class Dmctld {
    private Dmctld() {}

    /**
     * Does what the test has written down for the site.
     *
     * @param args as of the daemon
     */
    public static void main(String[] args) throws Exception {
        // --config FILE --site NAME
        System.exit(StandIn.run(Path.of(args[1]), args[3]));
    }
}
