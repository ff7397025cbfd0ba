package dmctl.replog;

import java.util.Locale;

/** A sound structure of a version newer than this code reads. */
public final class FormatTooNewException extends ReplogException {
    private static final long serialVersionUID = 1;

    private final int version;

    /**
     * The version is out of range.
     *
     * @param object name for the message
     * @param structure what was read
     * @param offset byte offset in the object
     * @param version version found
     * @param newest newest version that is read
     */
    public FormatTooNewException(
            String object, String structure, long offset, int version, int newest) {
        super(
                object,
                String.format(
                        Locale.ROOT,
                        "%s at offset %d has format version %d, the newest read here is %d; use the release that wrote it, or a later one",
                        structure,
                        offset,
                        version,
                        newest));
        this.version = version;
    }

    /**
     * The version found.
     *
     * @return its number
     */
    public int version() {
        return version;
    }
}
