package dmctl.cli;

import dmctl.config.table.Converted;
import dmctl.config.table.TableError;
import dmctl.config.table.TableException;
import dmctl.config.table.TableFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What the commands about tables have in common. */
final class TableInput {
    private TableInput() {}

    /**
     * Reads tables and tells what is doubtful in them.
     *
     * @param name of a file; - for standard input
     */
    static TableFile read(String name, PrintWriter err) throws CommandFailure {
        TableFile tables;
        try {
            tables =
                    name.equals("-")
                            ? TableFile.parse(
                                    "standard input",
                                    new String(System.in.readAllBytes(), StandardCharsets.UTF_8))
                            : TableFile.read(Path.of(name));
        } catch (TableException e) {
            throw new CommandFailure(ExitCode.USAGE, String.valueOf(e.getMessage()));
        } catch (NoSuchFileException e) {
            throw new CommandFailure(
                    ExitCode.USAGE, name + ": no such file; name a file of table lines, or -");
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.USAGE, name + ": cannot be read: " + e.getMessage());
        }
        if (tables.entries().isEmpty()) {
            throw new CommandFailure(ExitCode.USAGE, name + ": no table in it");
        }
        for (TableError warning : tables.warnings()) {
            err.println("dmctl: warning: " + warning);
        }
        for (TableFile.Entry entry : tables.entries()) {
            if (entry instanceof TableFile.Foreign) {
                err.println(
                        "dmctl: line " + entry.line() + ": another target's table, not checked");
            }
        }
        err.flush();
        return tables;
    }

    /**
     * Tells what a conversion lost and what it chose.
     *
     * @param where what is lost has no words
     * @param exact whether a loss is a failure
     */
    static void tell(Converted<?> converted, String where, boolean exact, PrintWriter err)
            throws CommandFailure {
        if (exact && !converted.lost().isEmpty()) {
            throw new CommandFailure(
                    ExitCode.FAILED, "not " + where + ": " + String.join("; ", converted.lost()));
        }
        converted.lost().forEach(what -> err.println("dmctl: not " + where + ": " + what));
        converted.chosen().forEach(what -> err.println("dmctl: chosen: " + what));
        err.flush();
    }
}
