package dmctl.cli;

import dmctl.config.GroupFile;
import dmctl.config.table.Converted;
import dmctl.config.table.GroupToTables;
import dmctl.config.table.TableFile;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints the tables of a group. */
@Command(
        name = "from",
        mixinStandardHelpOptions = true,
        description = {
            "Prints the tables that say what a group's file says.",
            "What tables have no words for is named on standard error."
        })
final class TableFromCommand implements Callable<Integer> {
    @Spec @Nullable CommandSpec spec;

    @Mixin GroupOption group = new GroupOption();

    @Parameters(
            arity = "0..1",
            paramLabel = "FILE.yaml",
            description = "The group's file; the same as -f.")
    @Nullable Path positional;

    @Option(names = "--exact", description = "Prints nothing and ends with 1 if anything is lost.")
    boolean exact;

    TableFromCommand() {}

    @Override
    public Integer call() throws Exception {
        CommandSpec own = Objects.requireNonNull(spec);
        Converted<TableFile> tables =
                GroupToTables.convert(
                        positional == null ? group.load() : GroupFile.read(positional));
        TableInput.tell(tables, "in tables", exact, own.commandLine().getErr());
        own.commandLine().getOut().print(tables.value().text());
        own.commandLine().getOut().flush();
        return ExitCode.OK;
    }
}
