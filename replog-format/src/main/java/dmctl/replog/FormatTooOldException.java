package dmctl.replog;

import java.util.Locale;

/** A sound structure of a version older than this code reads. */
public final class FormatTooOldException extends ReplogException {
    private static final long serialVersionUID = 1;

    private final int version;

    /**
     * The version is out of range.
     *
     * @param object name for the message
     * @param structure what was read
     * @param offset byte offset in the object
     * @param version version found
     * @param oldest oldest version that is read
     */
    public FormatTooOldException(
            String object, String structure, long offset, int version, int oldest) {
        super(
                object,
                String.format(
                        Locale.ROOT,
                        "%s at offset %d has format version %d, the oldest read here is %d; open it once with a release that still reads version and let it convert",
                        structure,
                        offset,
                        version,
                        oldest));
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
