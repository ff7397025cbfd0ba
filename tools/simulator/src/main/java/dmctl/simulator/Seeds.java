package dmctl.simulator;

import dmctl.replog.RecoveryCase;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Runs seeds one after the other and counts what they reach. */
final class Seeds {
    /**
     * How a seed ended.
     *
     * @param seed that replays it
     * @param violation the broken promise, null if none
     * @param hash over everything that happened
     */
    record Outcome(long seed, @Nullable Violation violation, long hash) {}

    private final @Nullable Consumer<String> lines;
    private final List<ByteBuffer> buffers = new ArrayList<>();
    private final Counters counters = new Counters();

    Seeds(@Nullable Consumer<String> lines) {
        this.lines = lines;
    }

    /** Names what enough seeds must reach: each fault and each row of the recovery table. */
    static void expect(Counters counters) {
        Weather.expect(counters);
        counters.add(IsolatedPrimary.STRUCK, 0);
        for (LogDamage damage : LogDamage.values()) {
            counters.add("damage: " + damage, 0);
        }
        for (Moments.Moment moment : Moments.Moment.values()) {
            counters.add("moment: " + moment, 0);
        }
        for (RecoveryCase row : RecoveryCase.values()) {
            counters.add("recovery: " + row, 0);
        }
    }

    Counters counters() {
        return counters;
    }

    Outcome run(long seed) {
        Run run = new Run(seed, buffers, lines);
        Violation broken = null;
        try {
            run.execute();
        } catch (Violation violation) {
            broken = violation;
        }
        counters.addAll(run.counters);
        return new Outcome(seed, broken, run.trace.hash());
    }
}
