package dmctl.cli;

import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.Site;
import dmctl.config.GroupFile;
import dmctl.config.Units;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Stops the daemons of a group. */
@Command(
        name = "down",
        mixinStandardHelpOptions = true,
        description = {
            "Stops the daemons of a group cleanly, the primary first.",
            "Afterwards the primary's local devices are the devices: nothing is left in the log only."
        })
final class DownCommand implements Callable<Integer> {
    @Spec @Nullable CommandSpec spec;

    @Mixin GroupOption group = new GroupOption();

    @Parameters(
            arity = "0..1",
            paramLabel = "FILE.yaml",
            description = "The group's file; the same as -f.")
    @Nullable Path positional;

    @Option(
            names = "--site",
            paramLabel = "SITE",
            description = "Stop only this site's daemon; may be given several times.")
    List<String> names = new ArrayList<>();

    @Option(
            names = "--drain",
            paramLabel = "TIME",
            defaultValue = "10s",
            description =
                    "How long connected sites may take to catch up first (default: ${DEFAULT-VALUE}).")
    String drain = "10s";

    @Option(
            names = "--keep-devices",
            description = {
                "Block devices that are in use stay; their requests wait for the next start.",
                "Without it a daemon whose devices are in use is not stopped."
            })
    boolean keepDevices;

    DownCommand() {}

    @Override
    public Integer call() throws Exception {
        GroupConfig config = positional == null ? group.load() : GroupFile.read(positional);
        List<Site> sites = new ArrayList<>();
        for (String name : names) {
            sites.add(GroupOption.daemonSite(config, name));
        }
        Duration patience = Duration.ofMillis(Units.parseTime(drain));
        boolean clean =
                Stop.stop(
                        config,
                        sites.isEmpty() ? config.daemonSites() : sites,
                        Map.of(),
                        patience,
                        keepDevices,
                        Objects.requireNonNull(spec).commandLine().getOut());
        return clean ? ExitCode.OK : ExitCode.FAILED;
    }
}
