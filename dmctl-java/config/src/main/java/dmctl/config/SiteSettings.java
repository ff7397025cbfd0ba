package dmctl.config;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How a site takes part in its group; may be changed while it runs.
 *
 * @param policy sync or async
 * @param outOfReach what a sync site out of reach does
 * @param degradeAfterMillis time until a sync site out of reach degrades
 * @param mode what an async site at its limit does
 * @param limitKind what its limit counts
 * @param limit writes, bytes or milliseconds; 0 with NONE
 * @param resyncBytesPerSecond rate limit of resync, 0 for none
 */
public record SiteSettings(
        Policy policy,
        OutOfReach outOfReach,
        long degradeAfterMillis,
        Mode mode,
        LimitKind limitKind,
        long limit,
        long resyncBytesPerSecond) {

    /** When a write completes with respect to a site. */
    public enum Policy {
        /** Only when the site holds it durably. */
        SYNC,
        /** Without waiting for the site. */
        ASYNC
    }

    /** What a sync site out of reach does to completions. */
    public enum OutOfReach {
        /** Async after a stated time, sync again when caught up. */
        DEGRADE,
        /** Completions wait. */
        WAIT
    }

    /** What an async site at its limit does. */
    public enum Mode {
        /** No write completes that would take the site past its limit. */
        HOLD,
        /** Said loudly, nothing else; a full log drops the site. */
        WARN,
        /** Its records are kept; a full log blocks writes. */
        STALL,
        /** The site leaves the log and is resynced later. */
        DROP
    }

    /** What a limit counts. */
    public enum LimitKind {
        /** No limit. */
        NONE,
        /** Completed writes. */
        IOS,
        /** Bytes of completed writes. */
        SIZE,
        /** Age of the oldest completed write, in milliseconds. */
        TIME
    }

    /** Settings that {@link #with} can change, as they are spelled. */
    public static final List<String> KEYS =
            List.of("policy", "out-of-reach", "degrade-after", "mode", "limit", "resync-rate");

    /** A site about which the file says nothing. */
    public static final SiteSettings DEFAULT =
            new SiteSettings(
                    Policy.ASYNC, OutOfReach.DEGRADE, 5_000, Mode.WARN, LimitKind.NONE, 0, 0);

    /**
     * Returns these settings with one changed.
     *
     * @param key one of {@link #KEYS}
     * @param value as in the file; a limit is written {@code ios=1000}, {@code size=64MiB}, {@code
     *     time=30s} or {@code none}
     * @return the new settings
     * @throws ConfigException names the word that is wrong and the remedy
     */
    public SiteSettings with(String key, String value) throws ConfigException {
        try {
            return checked(key, value.strip());
        } catch (WordException e) {
            throw new ConfigException(key + " " + value + ": " + e.getMessage());
        }
    }

    SiteSettings checked(String key, String value) throws WordException {
        SiteSettings changed = changed(key, value);
        if (changed.mode == Mode.HOLD && changed.limitKind == LimitKind.NONE) {
            throw new WordException("hold without a limit holds nothing", "set a limit first");
        }
        return changed;
    }

    SiteSettings changed(String key, String value) throws WordException {
        return switch (key) {
            case "policy" -> withPolicy(word(Policy.class, value));
            case "out-of-reach" ->
                    new SiteSettings(
                            policy,
                            word(OutOfReach.class, value),
                            degradeAfterMillis,
                            mode,
                            limitKind,
                            limit,
                            resyncBytesPerSecond);
            case "degrade-after" ->
                    new SiteSettings(
                            policy,
                            outOfReach,
                            Units.time(value),
                            mode,
                            limitKind,
                            limit,
                            resyncBytesPerSecond);
            case "mode" ->
                    new SiteSettings(
                            policy,
                            outOfReach,
                            degradeAfterMillis,
                            word(Mode.class, value),
                            limitKind,
                            limit,
                            resyncBytesPerSecond);
            case "limit" -> withLimit(value);
            case "resync-rate" ->
                    new SiteSettings(
                            policy,
                            outOfReach,
                            degradeAfterMillis,
                            mode,
                            limitKind,
                            limit,
                            Units.rate(value));
            default ->
                    throw new WordException(
                            "no such setting", "write one of " + String.join(", ", KEYS));
        };
    }

    private SiteSettings withPolicy(Policy newPolicy) {
        return new SiteSettings(
                newPolicy,
                outOfReach,
                degradeAfterMillis,
                mode,
                limitKind,
                limit,
                resyncBytesPerSecond);
    }

    private SiteSettings withLimit(String value) throws WordException {
        if (value.equals("none")) {
            return withLimit(LimitKind.NONE, 0);
        }
        String[] parts = value.split("[ =]+", 2);
        if (parts.length != 2) {
            throw new WordException("not a limit", "write ios=1000, size=64MiB, time=30s or none");
        }
        LimitKind kind = limitKind(parts[0]);
        return withLimit(kind, limitValue(kind, parts[1]));
    }

    private SiteSettings withLimit(LimitKind kind, long value) {
        return new SiteSettings(
                policy, outOfReach, degradeAfterMillis, mode, kind, value, resyncBytesPerSecond);
    }

    static LimitKind limitKind(String name) throws WordException {
        return switch (name) {
            case "ios" -> LimitKind.IOS;
            case "size" -> LimitKind.SIZE;
            case "time" -> LimitKind.TIME;
            default -> throw new WordException("no such limit", "write ios, size or time");
        };
    }

    static long limitValue(LimitKind kind, String text) throws WordException {
        long value =
                switch (kind) {
                    case IOS -> count(text);
                    case SIZE -> Units.size(text);
                    case TIME -> Units.time(text);
                    case NONE -> throw new IllegalArgumentException("no limit has no value");
                };
        if (value == 0) {
            throw new WordException("a limit of nothing", "write more than 0, or limit: none");
        }
        return value;
    }

    private static long count(String text) throws WordException {
        if (!text.matches("[0-9]{1,18}")) {
            throw new WordException("not a number of writes", "write for example 1000");
        }
        return Long.parseLong(text);
    }

    /**
     * Finds the constant that a word spells, in lower case with hyphens.
     *
     * @param type the closed list
     * @param text the word
     * @return the constant, if there is one
     */
    public static <E extends Enum<E>> Optional<E> named(Class<E> type, String text) {
        return Stream.of(type.getEnumConstants())
                .filter(constant -> spelled(constant).equals(text))
                .findFirst();
    }

    /** Reads one word of a closed list, spelled in lower case with hyphens. */
    static <E extends Enum<E>> E word(Class<E> type, String text) throws WordException {
        for (E constant : type.getEnumConstants()) {
            if (spelled(constant).equals(text)) {
                return constant;
            }
        }
        throw new WordException(
                "not known",
                "write "
                        + Stream.of(type.getEnumConstants())
                                .map(SiteSettings::spelled)
                                .collect(Collectors.joining(" or ")));
    }

    /**
     * Spells a constant as files, reports and commands do.
     *
     * @param constant of any closed list
     * @return in lower case with hyphens
     */
    public static String spelled(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Writes the limit for people.
     *
     * @return such as {@code ios=1000} or {@code none}
     */
    public String limitText() {
        return switch (limitKind) {
            case NONE -> "none";
            case IOS -> "ios=" + limit;
            case SIZE -> "size=" + Units.formatSize(limit).replace(" ", "");
            case TIME -> "time=" + Units.formatTime(limit).replace(" ", "");
        };
    }
}
