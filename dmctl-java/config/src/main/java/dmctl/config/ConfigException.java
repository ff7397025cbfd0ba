package dmctl.config;

import java.util.List;
import java.util.stream.Collectors;

/** A configuration that is refused, with everything that is wrong in it. */
public final class ConfigException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<ConfigError> errors;

    /**
     * Creates the error for a word that stands in no file.
     *
     * @param message for people: the word, what is wrong and the remedy
     */
    public ConfigException(String message) {
        super(message);
        this.errors = List.of();
    }

    /**
     * Creates the error for a file.
     *
     * @param errors all that is wrong, in the order of the file; not empty
     */
    public ConfigException(List<ConfigError> errors) {
        super(errors.stream().map(ConfigError::toString).collect(Collectors.joining("\n")));
        this.errors = List.copyOf(errors);
    }

    /**
     * Returns what is wrong.
     *
     * @return in the order of the file; empty if no file is concerned
     */
    public List<ConfigError> errors() {
        return errors;
    }
}
