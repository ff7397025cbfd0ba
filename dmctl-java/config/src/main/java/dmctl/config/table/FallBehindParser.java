package dmctl.config.table;

import dmctl.config.table.LinkParser.Form;
import java.util.Locale;
import java.util.Optional;

/** Reads how far a site may fall behind, {@code ios 1000} or {@code ios=1000}. */
final class FallBehindParser {
    private static final String VALUE = "write a number, with a unit of one letter behind it";
    private static final String SIZE_UNITS = "skmgtpe";
    private static final String TIME_UNITS = "tsmhd";
    private static final long[] TIME_MILLIS = {1, 1_000, 60_000, 3_600_000, 86_400_000};

    private final Words words;
    private final int end;
    private final Form form;

    /**
     * Reads from the next word.
     *
     * @param end how many words are taken when the link ends
     */
    FallBehindParser(Words words, int end, Form form) {
        this.words = words;
        this.end = end;
        this.form = form;
    }

    /** What is read; empty if it is 0, which is no limit. */
    Optional<FallBehind> fallBehind() throws TableException {
        Word first = words.next();
        int equals = first.text().indexOf('=');
        Word type = equals < 0 ? first : first.part(0, equals);
        String name = type.text().toLowerCase(Locale.ROOT);
        if (!name.matches("ios|size|timeout|data")) {
            throw words.refuse(
                    type,
                    ("invalid fallbehind type " + type.text()).strip(),
                    "write ios, size or timeout");
        }
        Word value;
        if (equals >= 0) {
            value = first.part(equals + 1, first.text().length());
        } else if (form == Form.OF_2008) {
            throw words.refuse(
                    type, invalid(name), "in a line of 2008 it is one word, " + name + "=N");
        } else if (words.taken() < end) {
            value = words.next();
        } else {
            throw words.refuse(
                    type, invalid(name), "count the number too, or write " + name + "=N");
        }
        return limit(name, value);
    }

    private Optional<FallBehind> limit(String name, Word value) throws TableException {
        int digits = 0;
        while (digits < value.text().length() && isDigit(value.text().charAt(digits))) {
            digits++;
        }
        long number = Words.decimal(value.text().substring(0, digits), Long.MAX_VALUE);
        if (number < 0) {
            throw words.refuse(value, invalid(name), digits == 0 ? VALUE : "too large");
        }
        Word unit = value.part(digits, value.text().length());
        long limit = multiplied(name, number, factor(name, unit), value);
        if (limit == 0) {
            return Optional.empty();
        }
        if (name.equals("timeout") && unit.text().isEmpty()) {
            words.warn(
                    value,
                    "a bare timeout is in milliseconds, and LVM2 meant seconds",
                    "write " + number + "t, or " + number + "s if seconds are meant");
        }
        return Optional.of(
                switch (name) {
                    case "ios" -> new FallBehind.Ios(limit);
                    case "timeout" -> new FallBehind.Timeout(limit);
                    default -> new FallBehind.Size(limit);
                });
    }

    private long multiplied(String name, long number, long factor, Word value)
            throws TableException {
        if (number > Long.MAX_VALUE / factor) {
            throw words.refuse(value, invalid(name), "too large");
        }
        return number * factor;
    }

    /** What one of a unit is, in writes, bytes or milliseconds. */
    private long factor(String name, Word unit) throws TableException {
        String letter = unit.text().toLowerCase(Locale.ROOT);
        if (letter.isEmpty()) {
            return name.equals("size") ? Extent.SECTOR_BYTES : 1;
        }
        if (letter.length() == 1) {
            int time = TIME_UNITS.indexOf(letter);
            if (name.equals("timeout") && time >= 0) {
                return TIME_MILLIS[time];
            }
            int size = SIZE_UNITS.indexOf(letter);
            if ((name.equals("size") || name.equals("data")) && size >= 0) {
                return size == 0 ? Extent.SECTOR_BYTES : 1L << (10 * size);
            }
        }
        throw words.refuse(
                unit,
                "invalid slink fallbehind unit",
                switch (name) {
                    case "ios" -> "writes have no unit, write the number alone";
                    case "timeout" ->
                            "write t (milliseconds), s, m, h or d, one letter behind the number";
                    default ->
                            "write s (sectors), k, m, g, t, p or e, one letter behind the number";
                });
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static String invalid(String name) {
        return "invalid fallbehind " + name + " value";
    }
}
