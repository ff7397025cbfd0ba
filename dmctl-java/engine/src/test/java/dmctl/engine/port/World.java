package dmctl.engine.port;

import java.util.function.BooleanSupplier;

/** What drives the ports under test: a loop on real time, or a simulator. */
public interface World {
    /**
     * Lets events happen, on the calling thread, until a condition holds.
     *
     * @param condition looked at between events
     * @throws AssertionError if it does not come about
     */
    void runUntil(BooleanSupplier condition);

    /** Lets whatever is under way come to its end: as long as an event could take, at least. */
    void settle();
}
