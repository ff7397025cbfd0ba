package dmctl.simulator;

import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What happened, as lines for a reader and as one number for comparing two runs. */
final class Trace {
    private final EventQueue queue;
    private final @Nullable Consumer<String> lines;
    private long hash;

    Trace(EventQueue queue, @Nullable Consumer<String> lines) {
        this.queue = queue;
        this.lines = lines;
    }

    long hash() {
        return hash;
    }

    boolean on() {
        return lines != null;
    }

    void mix(int kind, long a, long b) {
        hash = SimRandom.mix(hash ^ queue.now()) + kind;
        hash = SimRandom.mix(hash ^ a * 31 ^ b);
    }

    void line(Supplier<String> text) {
        if (lines != null) {
            long micros = queue.now() / 1_000;
            lines.accept(
                    String.format(
                            Locale.ROOT,
                            "%4d.%06d  %s",
                            micros / 1_000_000,
                            micros % 1_000_000,
                            text.get()));
        }
    }
}
