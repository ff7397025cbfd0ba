package dmctl.cli;

import dmctl.config.table.TableFile;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Reads tables, says what is wrong with them, and prints them in their canonical form. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        description = {
            "Reads tables and prints them in their canonical form, or names the first error of"
                    + " each line.",
            "Tables of other targets are passed on as they are."
        })
final class TableCheckCommand implements Callable<Integer> {
    @Spec @Nullable CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "Table lines; - for standard input.")
    String file = "-";

    TableCheckCommand() {}

    @Override
    public Integer call() throws CommandFailure {
        CommandSpec own = Objects.requireNonNull(spec);
        TableFile tables = TableInput.read(file, own.commandLine().getErr());
        own.commandLine().getOut().print(tables.text());
        own.commandLine().getOut().flush();
        return ExitCode.OK;
    }
}
