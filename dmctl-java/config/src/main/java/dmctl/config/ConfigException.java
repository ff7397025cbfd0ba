package dmctl.config;

/** A configuration that is refused; the message names the word that is wrong and where it stands. */
public final class ConfigException extends Exception {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the error.
     *
     * @param message for people, with the place of the word
     */
    public ConfigException(String message) {
        super(message);
    }
}
