package dmctl.cli;

import dmctl.config.GroupConfig;
import dmctl.config.GroupText;
import dmctl.config.table.Converted;
import dmctl.config.table.TableFile;
import dmctl.config.table.TablesToGroup;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Turns the tables of a group into its file. */
@Command(
        name = "to",
        mixinStandardHelpOptions = true,
        description = {
            "Turns the tables of one group to a group's file, and prints that.",
            "What the file has no words for, and what was chosen because tables do not say it, is"
                    + " named on standard error."
        })
final class TableToCommand implements Callable<Integer> {
    @Spec @Nullable CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "Table lines; - for standard input.")
    String file = "-";

    @Option(
            names = "--group",
            paramLabel = "NAME",
            description = "The group's name; else the name of the replicator's line.")
    @Nullable String name;

    @Option(names = "--exact", description = "Prints nothing and ends with 1 if anything is lost.")
    boolean exact;

    TableToCommand() {}

    @Override
    public Integer call() throws Exception {
        CommandSpec own = Objects.requireNonNull(spec);
        TableFile tables = TableInput.read(file, own.commandLine().getErr());
        Converted<GroupConfig> group =
                TablesToGroup.convert(tables, Path.of("group.yaml"), Optional.ofNullable(name));
        TableInput.tell(group, "in a group's file", exact, own.commandLine().getErr());
        own.commandLine().getOut().print(GroupText.of(group.value()));
        own.commandLine().getOut().flush();
        return ExitCode.OK;
    }
}
