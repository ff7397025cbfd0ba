package dmctl.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/** Hands over to the replog tool. */
@Command(
        name = "replog",
        description = "Reads, checks and exports a replog; see dmctl replog --help.")
final class ReplogCommand implements Callable<Integer> {
    @Unmatched List<String> arguments = new ArrayList<>();

    ReplogCommand() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        List<String> command =
                JvmCommand.tool("dmctl.tools.replog", "dmctl.tools.replog.ReplogTool", arguments);
        return new ProcessBuilder(command).inheritIO().start().waitFor();
    }
}
