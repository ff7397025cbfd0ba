package dmctl.cli;

import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What can be done with table strings without a daemon. */
@Command(
        name = "table",
        mixinStandardHelpOptions = true,
        description =
                "Checks and converts tables of the targets replicator and replicator-dev; see TABLES.md"
                        + " beside the manual.",
        subcommands = {TableCheckCommand.class, TableFromCommand.class, TableToCommand.class},
        synopsisSubcommandLabel = "COMMAND")
final class TableCommand implements Callable<Integer> {
    @Spec @Nullable CommandSpec spec;

    TableCommand() {}

    @Override
    public Integer call() {
        Objects.requireNonNull(spec).commandLine().usage(spec.commandLine().getErr());
        return ExitCode.USAGE;
    }
}
