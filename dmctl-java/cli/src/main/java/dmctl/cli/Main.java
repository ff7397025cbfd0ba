package dmctl.cli;

import dmctl.config.ConfigException;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Entry point of dmctl. */
@Command(
        name = "dmctl",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Replicates groups of block devices, in write order, to other sites.",
        subcommands = {
            LabCommand.class,
            UpCommand.class,
            DownCommand.class,
            StatusCommand.class,
            WaitCommand.class,
            TakeoverCommand.class,
            ResyncCommand.class,
            PauseCommand.class,
            ResumeCommand.class,
            SetCommand.class,
            FrontEndCommand.class,
            InsertCommand.class,
            EjectCommand.class,
            CheckCommand.class,
            TableCommand.class,
            DmsetupCommand.class,
            ReplogCommand.class,
            DaemonCommand.class,
            CommandLine.HelpCommand.class
        },
        synopsisSubcommandLabel = "COMMAND",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            " 0:done",
            " 1:refused or failed",
            " 2:the command line or a file named on it is wrong",
            " 3:no daemon answers where one is needed",
            " 4:not reached within the time allowed"
        },
        footer = {
            "",
            "A first look: dmctl lab. The manual: man dmctl, in the sources dmctl-java/cli/MANUAL.md"
        })
public final class Main implements Callable<Integer> {
    @Spec @Nullable CommandSpec spec;

    Main() {}

    @Override
    public Integer call() {
        if (spec != null) {
            spec.commandLine().usage(spec.commandLine().getErr());
        }
        return ExitCode.USAGE;
    }

    /** The version of the module. */
    static final class Version implements IVersionProvider {
        Version() {}

        @Override
        public String[] getVersion() {
            return new String[] {"dmctl " + number()};
        }

        static String number() {
            String version = Main.class.getPackage().getImplementationVersion();
            return version == null ? "0.1.0-SNAPSHOT" : version;
        }
    }

    static CommandLine commandLine() {
        CommandLine all =
                new CommandLine(new Main())
                        .setExecutionExceptionHandler(
                                (failure, command, parsed) -> explain(failure, command.getErr()))
                        .setUsageHelpWidth(100);
        // Its options are not ours: every word is handed on as it is.
        Objects.requireNonNull(all.getSubcommands().get(DmsetupCommand.NAME))
                .setUnmatchedOptionsArePositionalParams(true)
                .setEndOfOptionsDelimiter("\0")
                .setExpandAtFiles(false);
        return all;
    }

    /** One short text and the exit code; no stack trace unless it is asked for. */
    private static int explain(Exception failure, PrintWriter err) {
        int exitCode =
                switch (failure) {
                    case CommandFailure told -> told.exitCode();
                    case ConfigException config -> ExitCode.USAGE;
                    default -> ExitCode.FAILED;
                };
        String message = failure.getMessage();
        boolean told = failure instanceof CommandFailure || failure instanceof ConfigException;
        err.println(
                "dmctl: "
                        + (told && message != null
                                ? message
                                : failure.getClass().getSimpleName() + ": " + message));
        if (System.getenv("DMCTL_TRACE") != null) {
            failure.printStackTrace(err);
        }
        err.flush();
        return exitCode;
    }

    /**
     * Runs a command in this process.
     *
     * @param out where it reports
     * @param err where it complains
     * @param args words of the command line
     * @return its exit code
     */
    public static int run(PrintWriter out, PrintWriter err, String... args) {
        return commandLine().setOut(out).setErr(err).execute(args);
    }

    /**
     * Runs the command and ends the process with its exit code.
     *
     * @param args words of the command line
     */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }
}
