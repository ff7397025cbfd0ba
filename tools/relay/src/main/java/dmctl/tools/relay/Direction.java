package dmctl.tools.relay;

import java.io.IOException;
import java.nio.channels.SocketChannel;

/** One way of a connection: from a source through a delay queue to a sink. */
final class Direction {
    /** Most system calls for one direction before the others get their turn. */
    private static final int READS_PER_TURN = 8;

    private final SocketChannel source;
    private final SocketChannel sink;
    private final Throttle throttle;
    private final DelayQueue queue;
    private boolean sourceEnded;
    private long endNanos;
    private boolean sinkEnded;

    Direction(SocketChannel source, SocketChannel sink, Throttle throttle, DelayQueue queue) {
        this.source = source;
        this.sink = sink;
        this.throttle = throttle;
        this.queue = queue;
    }

    /** Moves what can be moved now; returns how many bytes went out. */
    long move(long now, long delayNanos) throws IOException {
        for (int i = 0; i < READS_PER_TURN && wantsToRead(now); i++) {
            int count = queue.fill(source, throttle.allowance(now), now);
            if (count < 0) {
                sourceEnded = true;
                endNanos = now;
            }
            if (count <= 0) {
                break;
            }
            throttle.take(count);
        }
        long given = queue.isDue(now, delayNanos) ? queue.drain(sink) : 0;
        if (sourceEnded && !sinkEnded && queue.queuedBytes() == 0 && endIsDue(now, delayNanos)) {
            sink.shutdownOutput();
            sinkEnded = true;
        }
        return given;
    }

    private boolean endIsDue(long now, long delayNanos) {
        return now - endNanos >= delayNanos;
    }

    boolean wantsToRead(long now) {
        return !sourceEnded && !queue.isFull() && throttle.nanosToAllowance(now) == 0;
    }

    /** Returns whether due bytes wait for the sink. */
    boolean wantsToWrite(long now, long delayNanos) {
        return queue.isDue(now, delayNanos);
    }

    /** Returns nanoseconds until something can be done that no readiness tells of, -1 if never. */
    long nanosToWork(long now, long delayNanos) {
        long wait = queue.nanosToDue(now, delayNanos);
        if (sourceEnded) {
            return sinkEnded || queue.queuedBytes() > 0
                    ? wait
                    : Math.max(0, endNanos + delayNanos - now);
        }
        long refill = queue.isFull() ? 0 : throttle.nanosToAllowance(now);
        return refill == 0 ? wait : wait < 0 ? refill : Math.min(wait, refill);
    }

    boolean isEnded() {
        return sinkEnded;
    }

    long queuedBytes() {
        return queue.queuedBytes();
    }

    void discard() {
        queue.discard();
    }
}
