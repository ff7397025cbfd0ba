package dmctl.config.table;

import java.util.List;
import java.util.stream.Collectors;

/** Tables that are refused, with the first error of each line. */
public final class TableException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<TableError> errors;

    TableException(List<TableError> errors) {
        super(errors.stream().map(TableError::toString).collect(Collectors.joining("\n")));
        this.errors = List.copyOf(errors);
    }

    /**
     * Returns what is wrong.
     *
     * @return in the order of the lines, not empty
     */
    public List<TableError> errors() {
        return errors;
    }
}
