package dmctl.config.table;

import java.util.ArrayList;
import java.util.List;

/**
 * The words of one line, taken one after the other. Split as the kernel splits table strings: at
 * white space, and a backslash takes the character after it as it is.
 */
final class Words {
    private final String file;
    private final int line;
    private final String text;
    private final List<Word> words;
    private final List<TableError> warnings = new ArrayList<>();
    private int next;

    Words(String file, int line, String text) {
        this.file = file;
        this.line = line;
        this.text = text;
        this.words = split(text);
    }

    private static List<Word> split(String text) {
        List<Word> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            if (isSpace(text.charAt(at))) {
                at++;
                continue;
            }
            int from = at;
            word.setLength(0);
            while (at < text.length() && !isSpace(text.charAt(at))) {
                if (text.charAt(at) == '\\' && at + 1 < text.length()) {
                    at++;
                }
                word.append(text.charAt(at++));
            }
            words.add(new Word(word.toString(), from, at));
        }
        return words;
    }

    /** What the kernel calls white space. */
    private static boolean isSpace(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r') || c == '\u00a0';
    }

    /** Writes a word so that it is split as one. */
    static String quoted(String word) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            if (c == '\\' || isSpace(c)) {
                out.append('\\');
            }
            out.append(c);
        }
        return out.toString();
    }

    /** Whether a word can stand in a line at all. */
    static boolean isWritable(String word) {
        return !word.isEmpty() && word.chars().noneMatch(c -> c == '\n' || c == '\r' || c == 0);
    }

    static void requireWritable(String word) {
        if (!isWritable(word)) {
            throw new IllegalArgumentException("not a word of a table: \"" + word + "\"");
        }
    }

    /** Refuses words that could not be written again. */
    void requireWritable() throws TableException {
        for (Word word : words) {
            if (!isWritable(word.text())) {
                throw refuse(word, "a control character in a word", "remove it");
            }
        }
    }

    int left() {
        return words.size() - next;
    }

    /** How many words were taken. */
    int taken() {
        return next;
    }

    /** The word that comes next; there must be one. */
    Word peek() {
        return words.get(next);
    }

    /** Takes a word; refused if there is none. */
    Word next(String cause, String remedy) throws TableException {
        if (left() == 0) {
            throw refuseEnd(cause, remedy);
        }
        return words.get(next++);
    }

    /** Takes a word of which is known that it is there. */
    Word next() {
        return words.get(next++);
    }

    /** Refuses a word. */
    TableException refuse(Word at, String cause, String remedy) {
        return new TableException(List.of(error(at, cause, remedy)));
    }

    /** Refuses what is missing at the end of the line. */
    TableException refuseEnd(String cause, String remedy) {
        int end = words.isEmpty() ? 0 : words.getLast().to() + 1;
        return refuse(new Word("", end, end), cause, remedy);
    }

    void warn(Word at, String cause, String remedy) {
        warnings.add(error(at, cause, remedy));
    }

    List<TableError> warnings() {
        return warnings;
    }

    private TableError error(Word at, String cause, String remedy) {
        int begin = Math.min(at.from(), text.length());
        int end = Math.min(at.to(), text.length());
        int column = text.codePointCount(0, begin) + at.from() - begin + 1;
        int length = Math.max(1, text.codePointCount(begin, end)); // what is missing has a place
        return new TableError(file, line, column, length, text, cause, remedy);
    }

    /** A number without sign or unit; -1 if it is none or larger than allowed. */
    static long decimal(String word, long max) {
        if (word.isEmpty() || word.length() > 100) {
            return -1;
        }
        long value = 0;
        for (int i = 0; i < word.length(); i++) {
            int digit = word.charAt(i) - '0';
            if (digit < 0 || digit > 9 || value > (Long.MAX_VALUE - 9) / 10) {
                return -1;
            }
            value = 10 * value + digit;
        }
        return value <= max ? value : -1;
    }
}
