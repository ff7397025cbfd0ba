package dmctl.cli;

import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Goes on after a pause. */
@Command(
        name = "resume",
        mixinStandardHelpOptions = true,
        description = "Goes on replicating to a site after dmctl pause.")
final class ResumeCommand implements Callable<Integer> {
    @Spec @Nullable CommandSpec spec;

    @Mixin GroupOption group = new GroupOption();

    @Parameters(paramLabel = "SITE", description = "The site.")
    String name = "";

    ResumeCommand() {}

    @Override
    public Integer call() throws Exception {
        return PauseCommand.toPrimary(
                group.load(),
                name,
                AdminClient.request("resume"),
                name + ": resumed",
                Objects.requireNonNull(spec));
    }
}
