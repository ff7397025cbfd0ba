package dmctl.tools.relay;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers with units, as typed. */
final class Quantity {
    private static final Pattern FORM = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([A-Za-z]*)");
    private static final Map<String, Long> NANOS =
            Map.of("us", 1_000L, "ms", 1_000_000L, "s", 1_000_000_000L);
    private static final Map<String, Long> BYTES =
            Map.of(
                    "",
                    1L,
                    "b",
                    1L,
                    "kib",
                    1L << 10,
                    "mib",
                    1L << 20,
                    "gib",
                    1L << 30,
                    "kb",
                    1_000L,
                    "mb",
                    1_000_000L,
                    "gb",
                    1_000_000_000L);

    private Quantity() {}

    /**
     * Reads a duration such as {@code 200ms}; a bare 0 needs no unit.
     *
     * @return nanoseconds
     */
    static long nanos(String text) {
        return text.equals("0") ? 0 : read(text, NANOS, "a duration such as 200ms, 50us or 1s");
    }

    /**
     * Reads a size such as {@code 64KiB}.
     *
     * @return bytes
     */
    static long bytes(String text) {
        return read(text, BYTES, "a size such as 4096, 64KiB or 10MiB");
    }

    /**
     * Reads a rate such as {@code 10MiB/s}, or {@code unlimited}.
     *
     * @return bytes per second, at least 1; 0 for unlimited
     */
    static long bytesPerSecond(String text) {
        if (text.equals("unlimited")) {
            return 0;
        }
        String size = text.endsWith("/s") ? text.substring(0, text.length() - 2) : text;
        long rate = read(size, BYTES, "a rate such as 10MiB/s, or unlimited");
        if (rate == 0) {
            throw new IllegalArgumentException(
                    "rate '" + text + "' forwards nothing; use stall for that");
        }
        return rate;
    }

    private static long read(String text, Map<String, Long> units, String expected) {
        Matcher matcher = FORM.matcher(text.strip());
        if (matcher.matches()) {
            Long unit = units.get(matcher.group(2).toLowerCase(Locale.ROOT));
            if (unit != null) {
                BigDecimal value =
                        new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(unit));
                if (value.compareTo(BigDecimal.valueOf(Long.MAX_VALUE / 2)) < 0) {
                    return value.longValue();
                }
            }
        }
        throw new IllegalArgumentException("'" + text + "' is not " + expected);
    }
}
