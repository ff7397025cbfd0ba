package dmctl.replog;

import java.util.Locale;

/** A structure of ours that is not as it was written, or that contradicts itself. */
public final class DamagedException extends ReplogException {
    private static final long serialVersionUID = 1;

    private final long offset;
    private final String field;
    private final String expected;
    private final String actual;

    /**
     * A field is not what it must be.
     *
     * @param object name for the message
     * @param offset byte offset of the field in the object
     * @param field structure and field
     * @param expected what it must be
     * @param actual what it is
     */
    public DamagedException(
            String object, long offset, String field, String expected, String actual) {
        super(
                object,
                String.format(
                        Locale.ROOT,
                        "damaged at offset %d: %s is %s, must be %s; nothing was changed, keep a copy and see 'replog check'",
                        offset,
                        field,
                        actual,
                        expected));
        this.offset = offset;
        this.field = field;
        this.expected = expected;
        this.actual = actual;
    }

    /**
     * Where the field stands.
     *
     * @return byte offset in the object
     */
    public long offset() {
        return offset;
    }

    /**
     * Which field.
     *
     * @return structure and field
     */
    public String field() {
        return field;
    }

    /**
     * What it must be.
     *
     * @return in words or digits
     */
    public String expected() {
        return expected;
    }

    /**
     * What it is.
     *
     * @return in words or digits
     */
    public String actual() {
        return actual;
    }
}
