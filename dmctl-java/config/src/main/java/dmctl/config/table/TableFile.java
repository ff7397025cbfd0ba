package dmctl.config.table;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Table lines that belong together: as in the files that dmsetup reads, or with {@code NAME:}
 * before each as dmsetup prints them. A {@code replicator} line stands before the {@code
 * replicator-dev} lines that name it. Empty lines and lines that begin with {@code #} say nothing.
 *
 * @param entries in the order of their lines
 * @param warnings what is doubtful
 */
public record TableFile(List<Entry> entries, List<TableError> warnings) {
    /** Keeps the lists from changing. */
    public TableFile {
        entries = List.copyOf(entries);
        warnings = List.copyOf(warnings);
    }

    /** One line. */
    public sealed interface Entry {
        /**
         * Returns the number of the line.
         *
         * @return counts from 1
         */
        int line();

        /**
         * Returns the line in its canonical form.
         *
         * @return without a line end
         */
        String text();
    }

    /**
     * A table of the replicator.
     *
     * @param line its number
     * @param name of its mapped device, where the line says it
     * @param table what it says
     */
    public record Ours(int line, Optional<String> name, Table table) implements Entry {
        @Override
        public String text() {
            return name.map(text -> Words.quoted(text) + ": ").orElse("") + table.text();
        }
    }

    /**
     * A line of another target: the kernel's business.
     *
     * @param line its number
     * @param text as it was written
     */
    public record Foreign(int line, String text) implements Entry {}

    /**
     * Reads and validates a file.
     *
     * @param file the file
     * @return its lines
     * @throws TableException names the first error of each line
     * @throws IOException if it cannot be read
     */
    public static TableFile read(Path file) throws TableException, IOException {
        try {
            return parse(file.toString(), Files.readString(file));
        } catch (MalformedInputException e) {
            throw new IOException(file + " is not UTF-8 text", e);
        }
    }

    /**
     * Validates lines.
     *
     * @param name for messages
     * @param text the lines
     * @return the lines, read
     * @throws TableException names the first error of each line
     */
    public static TableFile parse(String name, String text) throws TableException {
        List<Entry> entries = new ArrayList<>();
        List<TableError> errors = new ArrayList<>();
        List<TableError> warnings = new ArrayList<>();
        Groups groups = new Groups();
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            Words words = new Words(name, number, withoutReturn(line));
            if (words.left() == 0 || line.charAt(words.peek().from()) == '#') {
                continue;
            }
            LineParser parser = new LineParser(words, number, groups);
            try {
                Optional<Table> table = parser.table();
                int at = number;
                entries.add(
                        table.<Entry>map(read -> new Ours(at, parser.name(), read))
                                .orElseGet(() -> new Foreign(at, line.strip())));
                warnings.addAll(words.warnings());
            } catch (TableException e) {
                errors.addAll(e.errors());
            }
        }
        if (!errors.isEmpty()) {
            throw new TableException(errors);
        }
        return new TableFile(entries, warnings);
    }

    private static String withoutReturn(String line) {
        return line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
    }

    /**
     * Returns the tables of the replicator.
     *
     * @return in the order of their lines
     */
    public List<Ours> ours() {
        return entries.stream().filter(Ours.class::isInstance).map(Ours.class::cast).toList();
    }

    /**
     * Writes all lines in their canonical form.
     *
     * @return lines with line ends
     */
    public String text() {
        return entries.stream().map(entry -> entry.text() + "\n").collect(Collectors.joining());
    }
}
