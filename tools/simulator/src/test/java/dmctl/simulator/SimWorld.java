package dmctl.simulator;

import dmctl.engine.port.World;
import java.util.function.BooleanSupplier;

/** Drives simulated ports under test. */
record SimWorld(EventQueue queue) implements World {
    @Override
    public void runUntil(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            if (!queue.runNext()) {
                throw new AssertionError("nothing will ever happen again");
            }
        }
    }

    @Override
    public void settle() {
        long end = queue.now() + 10_000_000_000L;
        while (queue.now() < end && queue.runNext()) {}
    }
}
