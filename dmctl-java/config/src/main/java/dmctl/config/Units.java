package dmctl.config;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes, rates and times as people write them. Bytes and milliseconds inside. */
public final class Units {
    private static final Pattern QUANTITY =
            Pattern.compile("([0-9]+)(?:\\.([0-9]+))?\\s*([A-Za-z]*)");
    private static final String SIZE_REMEDY =
            "write bytes or KiB, MiB, GiB, TiB, for example 64MiB";
    private static final String TIME_REMEDY = "write ms, s, m or h, for example 5s";
    private static final String[] BINARY = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};

    private Units() {}

    /**
     * Reads a size.
     *
     * @param text such as {@code 4096}, {@code 64MiB}, {@code 1.5 GiB}
     * @return bytes
     * @throws ConfigException names the text and the remedy
     */
    public static long parseSize(String text) throws ConfigException {
        return outside(text, Units::size);
    }

    /**
     * Reads a time.
     *
     * @param text such as {@code 500ms}, {@code 5s}, {@code 2m}, {@code 1h}
     * @return milliseconds
     * @throws ConfigException names the text and the remedy
     */
    public static long parseTime(String text) throws ConfigException {
        return outside(text, Units::time);
    }

    static <T> T outside(String text, WordParser<T> parser) throws ConfigException {
        try {
            return parser.parse(text);
        } catch (WordException e) {
            throw new ConfigException(text + ": " + e.getMessage());
        }
    }

    static long size(String text) throws WordException {
        Matcher parts = QUANTITY.matcher(text.strip());
        if (!parts.matches()) {
            throw new WordException("not a size", SIZE_REMEDY);
        }
        long unit =
                switch (parts.group(3).toLowerCase(Locale.ROOT)) {
                    case "", "b" -> 1L;
                    case "kib", "k" -> 1L << 10;
                    case "mib", "m" -> 1L << 20;
                    case "gib", "g" -> 1L << 30;
                    case "tib", "t" -> 1L << 40;
                    default ->
                            throw new WordException(
                                    "unknown unit \"" + parts.group(3) + "\"", SIZE_REMEDY);
                };
        return scaled(parts, unit, SIZE_REMEDY);
    }

    static long rate(String text) throws WordException {
        String word = text.strip();
        if (word.equals("none")) {
            return 0;
        }
        return size(word.endsWith("/s") ? word.substring(0, word.length() - 2) : word);
    }

    static long time(String text) throws WordException {
        Matcher parts = QUANTITY.matcher(text.strip());
        if (!parts.matches()) {
            throw new WordException("not a time", TIME_REMEDY);
        }
        long unit =
                switch (parts.group(3)) {
                    case "ms" -> 1L;
                    case "s" -> 1_000L;
                    case "m" -> 60_000L;
                    case "h" -> 3_600_000L;
                    case "" -> throw new WordException("a time without a unit", TIME_REMEDY);
                    default ->
                            throw new WordException(
                                    "unknown unit \"" + parts.group(3) + "\"", TIME_REMEDY);
                };
        return scaled(parts, unit, TIME_REMEDY);
    }

    private static long scaled(Matcher parts, long unit, String remedy) throws WordException {
        try {
            long whole = Math.multiplyExact(Long.parseLong(parts.group(1)), unit);
            String fraction = parts.group(2);
            if (fraction == null) {
                return whole;
            }
            double rest = Double.parseDouble("0." + fraction) * unit;
            if (rest != Math.rint(rest)) {
                throw new WordException("not a whole number of bytes or milliseconds", remedy);
            }
            return Math.addExact(whole, (long) rest);
        } catch (ArithmeticException | NumberFormatException e) {
            throw new WordException("too large", remedy);
        }
    }

    /**
     * Writes a size exactly, as it is read.
     *
     * @param bytes 0 or more
     * @return such as {@code 64MiB} or {@code 1000}
     */
    public static String exactSize(long bytes) {
        int unit = 0;
        long number = bytes;
        while (unit < 4 && number != 0 && number % 1024 == 0) {
            number /= 1024;
            unit++;
        }
        return unit == 0 ? Long.toString(number) : number + BINARY[unit];
    }

    /**
     * Writes a time exactly, as it is read.
     *
     * @param millis 0 or more
     * @return such as {@code 5s} or {@code 1500ms}
     */
    public static String exactTime(long millis) {
        if (millis == 0 || millis % 1_000 != 0) {
            return millis + "ms";
        }
        long seconds = millis / 1_000;
        if (seconds % 60 != 0) {
            return seconds + "s";
        }
        return seconds % 3_600 == 0 ? seconds / 3_600 + "h" : seconds / 60 + "m";
    }

    /**
     * Writes a size for people, in at most four digits.
     *
     * @param bytes 0 or more
     * @return such as {@code 64 MiB} or {@code 1.5 GiB}
     */
    public static String formatSize(long bytes) {
        int unit = 0;
        double value = bytes;
        while (value >= 1024 && unit < BINARY.length - 1) {
            value /= 1024;
            unit++;
        }
        return shortNumber(value) + " " + BINARY[unit];
    }

    /**
     * Writes a time for people.
     *
     * @param millis 0 or more
     * @return such as {@code 0.35 s}, {@code 4m31s} or {@code 2h10m}
     */
    public static String formatTime(long millis) {
        if (millis < 60_000) {
            return shortNumber(millis / 1000.0) + " s";
        }
        long seconds = millis / 1000;
        if (seconds < 3600) {
            return String.format(Locale.ROOT, "%dm%02ds", seconds / 60, seconds % 60);
        }
        if (seconds < 86_400) {
            return String.format(Locale.ROOT, "%dh%02dm", seconds / 3600, seconds % 3600 / 60);
        }
        return String.format(Locale.ROOT, "%dd%02dh", seconds / 86_400, seconds % 86_400 / 3600);
    }

    private static String shortNumber(double value) {
        if (value == Math.rint(value)) {
            return Long.toString((long) value);
        }
        return String.format(
                Locale.ROOT, value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value);
    }
}
