package dmctl.simulator;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** How often each thing was reached. */
final class Counters {
    private final Map<String, long[]> counts = new TreeMap<>();

    void count(String what) {
        add(what, 1);
    }

    void add(String what, long times) {
        counts.computeIfAbsent(what, key -> new long[1])[0] += times;
    }

    long of(String what) {
        long[] count = counts.get(what);
        return count == null ? 0 : count[0];
    }

    /** Returns what was expected and has not come, one word after the other. */
    String missing() {
        StringBuilder text = new StringBuilder();
        counts.forEach((what, count) -> {
            if (count[0] == 0) {
                text.append(text.isEmpty() ? "" : ", ").append(what);
            }
        });
        return text.toString();
    }

    synchronized void addAll(Counters other) {
        other.counts.forEach((what, count) -> add(what, count[0]));
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        counts.forEach((what, count) ->
                text.append(String.format(Locale.ROOT, "%,12d  %s%n", count[0], what)));
        return text.toString();
    }
}
