package dmctl.cli;

import dmctl.config.GroupConfig;
import dmctl.config.GroupFile;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Reads a group's file and says what is wrong with it. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        description = "Reads a group's file and names everything that is wrong with it.")
final class CheckCommand implements Callable<Integer> {
    @Spec @Nullable CommandSpec spec;

    @Mixin GroupOption group = new GroupOption();

    @Parameters(
            arity = "0..1",
            paramLabel = "FILE.yaml",
            description = "The group's file; the same as -f.")
    @Nullable Path positional;

    CheckCommand() {}

    @Override
    public Integer call() throws Exception {
        GroupConfig config = positional == null ? group.load() : GroupFile.read(positional);
        Objects.requireNonNull(spec)
                .commandLine()
                .getOut()
                .println(
                        config.file()
                                + ": group "
                                + config.name()
                                + " "
                                + config.uuid()
                                + ", "
                                + config.devices().size()
                                + " devices, "
                                + config.sites().size()
                                + " sites, fine");
        return ExitCode.OK;
    }
}
