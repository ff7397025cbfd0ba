package dmctl.cli;

import dmctl.config.GroupFile;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Brings up the example group. */
@Command(
        name = "lab",
        mixinStandardHelpOptions = true,
        description = {
            "Brings up a group of two devices on four sites of this machine, to try things with:",
            "a primary, a sync and an async site with daemons, and an async site without (blockdev)."
                    + " Everything it makes is in one folder."
        })
final class LabCommand implements Callable<Integer> {
    @Spec @Nullable CommandSpec spec;

    @Parameters(
            arity = "0..1",
            paramLabel = "FOLDER",
            defaultValue = "lab",
            description = "Where to put it (default: ${DEFAULT-VALUE}).")
    Path folder = Path.of("lab");

    @ArgGroup(exclusive = false)
    UpOptions options = new UpOptions();

    LabCommand() {}

    @Override
    public Integer call() throws Exception {
        CommandSpec own = Objects.requireNonNull(spec);
        Path file = folder.resolve("lab.yaml");
        if (!Files.exists(file)) {
            Files.createDirectories(folder);
            try (InputStream example =
                    Objects.requireNonNull(LabCommand.class.getResourceAsStream("lab.yaml"))) {
                Files.copy(example, file);
            }
            own.commandLine().getOut().println("wrote " + file);
        }
        return new Watch(GroupFile.read(file), options, own.commandLine().getOut()).run();
    }
}
