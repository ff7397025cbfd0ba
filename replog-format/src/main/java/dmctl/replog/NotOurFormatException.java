package dmctl.replog;

import java.util.Locale;

/** No structure of this kind stands at the place. */
public final class NotOurFormatException extends ReplogException {
    private static final long serialVersionUID = 1;

    private final long offset;
    private final boolean blank;

    /**
     * Nothing of ours is there.
     *
     * @param object name for the message
     * @param structure what should stand there
     * @param offset byte offset in the object
     * @param blank whether the place holds zeroes only
     */
    public NotOurFormatException(String object, String structure, long offset, boolean blank) {
        super(
                object,
                blank
                        ? String.format(
                                Locale.ROOT,
                                "no %s at offset %d, the place is blank; create the log first or check the path and the start offset",
                                structure,
                                offset)
                        : String.format(
                                Locale.ROOT,
                                "no %s at offset %d, other data is there; check the path and the start offset, and do not create a log over data you need",
                                structure,
                                offset));
        this.offset = offset;
        this.blank = blank;
    }

    /**
     * Where it was looked for.
     *
     * @return byte offset in the object
     */
    public long offset() {
        return offset;
    }

    /**
     * Whether the place holds zeroes only.
     *
     * @return true if so
     */
    public boolean blank() {
        return blank;
    }
}
