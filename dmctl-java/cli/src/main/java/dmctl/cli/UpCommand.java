package dmctl.cli;

import dmctl.config.GroupConfig;
import dmctl.config.GroupFile;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Starts the daemons of a group. */
@Command(
        name = "up",
        mixinStandardHelpOptions = true,
        description = {
            "Starts the daemon of every tcp site of a group on this machine and watches them.",
            "Files that do not exist are created. Ctrl-C stops all daemons cleanly; a daemon that"
                    + " ends by itself or is killed leaves the others running."
        })
final class UpCommand implements Callable<Integer> {
    @Spec @Nullable CommandSpec spec;

    @Mixin GroupOption group = new GroupOption();

    @Parameters(
            arity = "0..1",
            paramLabel = "FILE.yaml",
            description = "The group's file; the same as -f.")
    @Nullable Path positional;

    @ArgGroup(exclusive = false)
    UpOptions options = new UpOptions();

    UpCommand() {}

    @Override
    public Integer call() throws Exception {
        GroupConfig config = positional == null ? group.load() : GroupFile.read(positional);
        CommandSpec own = java.util.Objects.requireNonNull(spec);
        return new Watch(config, options, own.commandLine().getOut()).run();
    }
}
