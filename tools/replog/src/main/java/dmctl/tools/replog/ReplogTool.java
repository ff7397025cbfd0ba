package dmctl.tools.replog;

import dmctl.replog.DamagedException;
import dmctl.replog.ReplogException;
import dmctl.replog.ReplogFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** Looks into logs: those of this program, its exports, and those of dm-replicator. Reads only. */
@Command(
        name = "replog",
        mixinStandardHelpOptions = true,
        version = "replog, reads formats up to version " + ReplogFormat.VERSION,
        description =
                "Looks into a replog, an export of one, or a log of the dm-replicator driver. Opens it"
                        + " for reading only. One that is in use changes meanwhile and may look torn.",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:all is well",
            "1:damage was found; it is named with offset and field",
            "2:the command line is wrong",
            "3:the file cannot be read, or holds no log that this release reads"
        })
public final class ReplogTool {
    private static final int OK = 0;
    private static final int DAMAGED = 1;
    private static final int UNREADABLE = 3;

    @Spec private CommandSpec spec = CommandSpec.create();

    ReplogTool() {}

    /** What all subcommands take. */
    static final class Target {
        @Parameters(paramLabel = "FILE", description = "a file or a block device")
        private Path path = Path.of("");

        @Option(
                names = "--start",
                paramLabel = "SECTOR",
                scope = ScopeType.LOCAL,
                description =
                        "where a dm-replicator log begins on its device, in sectors of 512 bytes"
                                + " (default: ${DEFAULT-VALUE})")
        private long startSector;

        Target() {}
    }

    /** What a subcommand does with what it was given. */
    private interface Action {
        void on(Source source, Report report) throws IOException, ReplogException;
    }

    @Command(
            name = "dump",
            mixinStandardHelpOptions = true,
            description = "Prints headers, frames and records, one line each, from the tail on.")
    int dump(
            @Mixin Target target,
            @Option(
                            names = "--all",
                            description =
                                    "look for frames at every 4 KiB of the ring, stale ones too")
                    boolean all) {
        return run(target, (source, report) -> source.dump(report, all));
    }

    @Command(
            name = "check",
            mixinStandardHelpOptions = true,
            description = "Verifies everything, data included, and names what is damaged.")
    int check(@Mixin Target target) {
        return run(
                target,
                (source, report) -> {
                    source.check(report);
                    if (report.damages() == 0) {
                        report.line("ok");
                    }
                });
    }

    @Command(
            name = "stat",
            mixinStandardHelpOptions = true,
            description = "Counts batches, records and bytes.")
    int stat(
            @Mixin Target target,
            @Option(names = "--json", description = "print one JSON object") boolean json) {
        return run(
                target,
                (source, report) -> {
                    Statistics counts = source.stat();
                    if (json) {
                        counts.printJson(report);
                    } else {
                        counts.print(report);
                    }
                });
    }

    @Command(
            name = "export",
            mixinStandardHelpOptions = true,
            description =
                    "Writes the entries of a log, in order, to a sparse image for each device, dev-N.img,"
                            + " with a list beside it, dev-N.txt. Of a dm-replicator log only what is"
                            + " pending.")
    int export(
            @Mixin Target target,
            @Option(
                            names = "--dir",
                            required = true,
                            paramLabel = "DIR",
                            description = "where the files go; it is made where it is missing")
                    Path dir,
            @Option(
                            names = "--slink",
                            paramLabel = "NR",
                            defaultValue = "-1",
                            description =
                                    "only what is pending for this site link, 0 to 2047; otherwise for any"
                                            + " of 0 to 63 (words above the highest link may hold anything)")
                    int slink) {
        if (slink < LegacyLog.ANY_SLINK || slink >= 2048) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--slink is " + slink + "; give a number from 0 to 2047");
        }
        return run(target, (source, report) -> source.export(dir, report, slink));
    }

    private int run(Target target, Action action) {
        PrintWriter err = spec.commandLine().getErr();
        Report report = new Report(spec.commandLine().getOut());
        if (target.startSector < 0 || target.startSector > Long.MAX_VALUE / 1024) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(),
                    "--start is " + target.startSector + "; give a sector of the device");
        }
        try (LogFile file = LogFile.open(target.path)) {
            action.on(Source.of(file, target.startSector), report);
            return report.damages() == 0 ? OK : DAMAGED;
        } catch (DamagedException e) {
            report.fault(e.object(), e);
            return DAMAGED;
        } catch (ReplogException e) {
            err.println("replog: " + e.getMessage());
            return UNREADABLE;
        } catch (NoSuchFileException e) {
            err.println("replog: " + e.getFile() + ": no such file; correct the path");
            return UNREADABLE;
        } catch (FileAlreadyExistsException e) {
            err.println("replog: " + e.getFile() + ": exists already; give an empty directory");
            return UNREADABLE;
        } catch (IOException e) {
            err.println("replog: " + target.path + ": " + e.getMessage());
            return UNREADABLE;
        } finally {
            report.flush();
            err.flush();
        }
    }

    /** The command, to be run with words of a command line. */
    static CommandLine commandLine() {
        return new CommandLine(new ReplogTool());
    }

    /**
     * Runs the command and ends the process with its exit status.
     *
     * @param args words of the command line
     */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }
}
