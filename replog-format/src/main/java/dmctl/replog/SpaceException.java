package dmctl.replog;

import java.util.Locale;

/** Something does not fit the room it has. */
public final class SpaceException extends ReplogException {
    private static final long serialVersionUID = 1;

    private final long neededBytes;

    /**
     * The room is too small.
     *
     * @param object name for the message
     * @param what what does not fit
     * @param neededBytes bytes needed
     * @param availableBytes bytes there are
     * @param remedy what to do
     */
    public SpaceException(
            String object, String what, long neededBytes, long availableBytes, String remedy) {
        super(
                object,
                String.format(
                        Locale.ROOT,
                        "%s needs %d bytes, there are %d; %s",
                        what,
                        neededBytes,
                        availableBytes,
                        remedy));
        this.neededBytes = neededBytes;
    }

    /**
     * The size that would do.
     *
     * @return bytes
     */
    public long neededBytes() {
        return neededBytes;
    }
}
