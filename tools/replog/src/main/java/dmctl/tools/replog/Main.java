package dmctl.tools.replog;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Entry point of the replog tool. */
@Command(
        name = "replog",
        mixinStandardHelpOptions = true,
        description = "Reads, checks and prints a replog.")
public final class Main implements Callable<Integer> {
    private Main() {}

    @Override
    public Integer call() {
        CommandLine.usage(this, System.out);
        return 0;
    }

    /**
     * Runs the command and ends the process with its exit code.
     *
     * @param args words of the command line
     */
    public static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(args));
    }
}
