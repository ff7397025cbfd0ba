package dmctl.replog;

/**
 * Bytes that cannot be used as what they should be. The kinds call for different remedies, so they
 * are different types; every message names the object, the place and the remedy.
 */
public abstract sealed class ReplogException extends Exception
        permits NotOurFormatException,
                DamagedException,
                FormatTooOldException,
                FormatTooNewException,
                WrongDeviceException,
                SpaceException {
    private static final long serialVersionUID = 1;

    private final String object;

    ReplogException(String object, String message) {
        super(object + ": " + message);
        this.object = object;
    }

    /**
     * What the bytes belong to.
     *
     * @return the name that the caller gave, mostly a path
     */
    public String object() {
        return object;
    }
}
