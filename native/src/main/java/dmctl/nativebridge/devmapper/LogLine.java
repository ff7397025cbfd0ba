package dmctl.nativebridge.devmapper;

/**
 * A line that the library says.
 *
 * @param level 2 fatal, 3 error, 4 warning, 5 notice, 6 info, 7 debug
 * @param standardError whether it is meant for standard error whatever the level
 * @param text without a line end
 */
public record LogLine(int level, boolean standardError, String text) {
    /** An error. */
    public static final int ERROR = 3;

    /** A warning, or what a command prints. */
    public static final int WARNING = 4;

    private static final int LEVEL_MASK = 0x0f;
    private static final int STANDARD_ERROR = 0x80;

    static LogLine of(int raw, String text) {
        return new LogLine(raw & LEVEL_MASK, (raw & STANDARD_ERROR) != 0, text);
    }
}
