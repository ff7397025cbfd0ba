package dmctl.cli;

import dmctl.config.GroupConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Says how a site's daemon is run, for those who run it without {@code dmctl up}. */
@Command(
        name = "daemon-command",
        mixinStandardHelpOptions = true,
        description = {
            "Prints the command that runs the daemon of a site, with the memory that its group needs:"
                    + " one word a line. For service units."
        })
final class DaemonCommand implements Callable<Integer> {
    private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

    @Spec @Nullable CommandSpec spec;

    @Mixin GroupOption group = new GroupOption();

    @Option(
            names = "--site",
            paramLabel = "SITE",
            description = "The site (default: the one that is called as this machine is).")
    @Nullable String site;

    DaemonCommand() {}

    @Override
    public Integer call() throws Exception {
        GroupConfig config = group.load();
        GroupConfig.Site self =
                site == null ? ofMachine(config, hostName()) : GroupOption.daemonSite(config, site);
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        JvmCommand.daemon(config, self).forEach(out::println);
        out.flush();
        return ExitCode.OK;
    }

    private static String hostName() throws CommandFailure {
        try {
            return Files.readString(HOST_NAME).strip();
        } catch (IOException e) {
            throw new CommandFailure(
                    ExitCode.FAILED,
                    "cannot tell this machine's name: " + e.getMessage() + "; give --site");
        }
    }

    /** Finds the site that is called as a machine is, with or without its domain. */
    static GroupConfig.Site ofMachine(GroupConfig config, String hostName) throws CommandFailure {
        int dot = hostName.indexOf('.');
        String label = dot < 0 ? hostName : hostName.substring(0, dot);
        String name = config.site(hostName).isPresent() ? hostName : label;
        if (config.site(name).isEmpty()) {
            throw new CommandFailure(
                    ExitCode.USAGE,
                    "no site of group "
                            + config.name()
                            + " is called as this machine is, "
                            + hostName
                            + "; give --site, or for the service write DMCTL_SITE=NAME into "
                            + config.file().resolveSibling(config.name() + ".env"));
        }
        return GroupOption.daemonSite(config, name);
    }
}
