package dmctl.replog;

import java.util.EnumMap;
import java.util.Map;

/** Counts how often recovery met each row of its table. */
public final class RecoveryTally {
    private final Map<RecoveryCase, Long> counts = new EnumMap<>(RecoveryCase.class);

    /** Starts at zero. */
    public RecoveryTally() {}

    /**
     * Counts a row.
     *
     * @param row the row met
     */
    public void add(RecoveryCase row) {
        counts.merge(row, 1L, Long::sum);
    }

    /**
     * Adds another tally.
     *
     * @param other the other one
     */
    public void addAll(RecoveryTally other) {
        other.counts.forEach((row, count) -> counts.merge(row, count, Long::sum));
    }

    /**
     * How often a row was met.
     *
     * @param row the row
     * @return times
     */
    public long count(RecoveryCase row) {
        return counts.getOrDefault(row, 0L);
    }

    /** One word for each row met: {@code ACCEPTED=12 END_NO_FRAME=1}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        counts.forEach((row, count) ->
                text.append(text.isEmpty() ? "" : " ").append(row).append('=').append(count));
        return text.toString();
    }
}
