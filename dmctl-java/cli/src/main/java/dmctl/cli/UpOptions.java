package dmctl.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** How daemons are started and watched. */
final class UpOptions {
    @Option(
            names = "--site",
            paramLabel = "SITE",
            description = "Start only this site's daemon; may be given several times.")
    List<String> sites = new ArrayList<>();

    @Option(
            names = "--detach",
            description = "Return when the group is served, and leave the daemons running.")
    boolean detach;

    @Option(names = "--restart", description = "Start a daemon again when it ends by itself.")
    boolean restart;

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = "60s",
            description =
                    "How long to wait for the daemons, and until the group is served (default:"
                            + " ${DEFAULT-VALUE}).")
    String timeout = "60s";

    UpOptions() {}
}
