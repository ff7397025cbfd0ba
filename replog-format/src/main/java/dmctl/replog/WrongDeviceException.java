package dmctl.replog;

import java.util.Locale;
import java.util.UUID;

/** A sound structure that belongs to another log, group or site. */
public final class WrongDeviceException extends ReplogException {
    private static final long serialVersionUID = 1;

    private final String field;
    private final UUID expected;
    private final UUID actual;

    /**
     * An identity is not the one asked for.
     *
     * @param object name for the message
     * @param offset byte offset in the object
     * @param field structure and field
     * @param expected the identity asked for
     * @param actual the identity found
     */
    public WrongDeviceException(
            String object, long offset, String field, UUID expected, UUID actual) {
        super(
                object,
                String.format(
                        Locale.ROOT,
                        "%s at offset %d is %s, not %s; this is another log's device, correct the path",
                        field,
                        offset,
                        actual,
                        expected));
        this.field = field;
        this.expected = expected;
        this.actual = actual;
    }

    /**
     * Which identity.
     *
     * @return structure and field
     */
    public String field() {
        return field;
    }

    /**
     * The identity asked for.
     *
     * @return a UUID
     */
    public UUID expected() {
        return expected;
    }

    /**
     * The identity found.
     *
     * @return a UUID
     */
    public UUID actual() {
        return actual;
    }
}
