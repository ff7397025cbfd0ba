package dmctl.daemon.io;

import dmctl.engine.port.World;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.BooleanSupplier;

/** Drives a loop on the thread of the test. */
final class LoopWorld implements World, AutoCloseable {
    private static final long PATIENCE_NANOS = 20_000_000_000L;
    private static final long LOOK_NANOS = 5_000_000L;
    private static final long SETTLE_NANOS = 20_000_000L;

    private final GroupLoop loop;
    private long wake = Long.MAX_VALUE;

    private final Turn nothing =
            new Turn() {
                @Override
                public void turn() {}

                @Override
                public long nextWakeNanos() {
                    return wake;
                }
            };

    LoopWorld() throws IOException {
        loop = new GroupLoop("test", new SystemClock(), failure -> {});
    }

    GroupLoop loop() {
        return loop;
    }

    @Override
    public void runUntil(BooleanSupplier condition) {
        long deadline = loop.clock().monotonicNanos() + PATIENCE_NANOS;
        while (!condition.getAsBoolean()) {
            if (loop.clock().monotonicNanos() >= deadline) {
                throw new AssertionError("did not come about");
            }
            // What the condition looks at need not be an event of the loop.
            wake = loop.clock().monotonicNanos() + LOOK_NANOS;
            round();
        }
    }

    @Override
    public void settle() {
        long deadline = loop.clock().monotonicNanos() + SETTLE_NANOS;
        wake = deadline;
        while (loop.clock().monotonicNanos() < deadline) {
            round();
        }
    }

    private void round() {
        try {
            loop.round(nothing);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        loop.closeChannels();
    }
}
