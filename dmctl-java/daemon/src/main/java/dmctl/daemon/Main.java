package dmctl.daemon;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Entry point of dmctld. */
public final class Main {
    private static final Logger LOG = LoggerFactory.getLogger(Main.class);

    private Main() {}

    /**
     * Runs the daemon.
     *
     * @param args words of the command line
     */
    public static void main(String[] args) {
        LOG.atInfo().addKeyValue("args", args.length).log("nothing to serve yet");
    }
}
