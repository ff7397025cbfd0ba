package dmctl.config.table;

import java.util.List;

/**
 * A group in its other form.
 *
 * @param <T> the other form
 * @param value the group in it
 * @param lost what the other form has no words for, by name
 * @param chosen what the other form says and the one that was read did not, by name
 */
public record Converted<T>(T value, List<String> lost, List<String> chosen) {
    /** Keeps the lists from changing. */
    public Converted {
        lost = List.copyOf(lost);
        chosen = List.copyOf(chosen);
    }
}
