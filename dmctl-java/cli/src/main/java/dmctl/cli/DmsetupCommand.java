package dmctl.cli;

import dmctl.cli.dmsetup.Dmsetup;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Takes the command lines of dmsetup(8). */
@Command(
        name = "dmsetup",
        description = {
            "Makes, shows and removes mapped devices; takes the command lines of dmsetup(8).",
            "See dmctl dmsetup help, and DMSETUP.md beside the manual."
        })
final class DmsetupCommand implements Callable<Integer> {
    /** Its first word: what follows is not for picocli to read. */
    static final String NAME = "dmsetup";

    @Spec @Nullable CommandSpec spec;

    @Parameters(paramLabel = "WORD", description = "As dmsetup(8) takes them.")
    List<String> words = new ArrayList<>();

    DmsetupCommand() {}

    @Override
    public Integer call() {
        CommandSpec own = Objects.requireNonNull(spec);
        return Dmsetup.run(
                own.commandLine().getOut(), own.commandLine().getErr(), words, MappedDevices::open);
    }
}
