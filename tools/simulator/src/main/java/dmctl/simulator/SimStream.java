package dmctl.simulator;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Bytes on their way in one direction of a connection: a bounded buffer that empties at the far end
 * after a latency, in random pieces.
 */
final class SimStream {
    private static final int FIRST_BYTES = 8192;

    private final EventQueue queue;
    private final SimRandom random;
    private final int capacity;
    private byte[] ring;
    private final long latencyNanos;
    private final long nanosPerKib;
    private @Nullable SimWire sender;
    private @Nullable SimWire receiver;

    private long written;
    private long arrived;
    private long read;
    private final long[] pieceEnds = new long[64];
    private final long[] pieceTimes = new long[64];
    private int firstPiece;
    private int pieces;
    private long lastArrival;
    private boolean pumping;
    private long stalledUntil;
    private boolean swallowing;
    private boolean abandoned;
    private @Nullable String end;

    SimStream(
            EventQueue queue, SimRandom random, int capacity, long latencyNanos, long nanosPerKib) {
        this.queue = queue;
        this.random = random;
        this.latencyNanos = latencyNanos;
        this.nanosPerKib = nanosPerKib;
        this.capacity = capacity;
        ring = new byte[Math.min(capacity, FIRST_BYTES)];
    }

    void connect(SimWire sender, SimWire receiver) {
        this.sender = sender;
        this.receiver = receiver;
    }

    int available() {
        return (int) (arrived - read);
    }

    int room() {
        return pieces == pieceEnds.length ? 0 : (int) (capacity - (written - read));
    }

    void give(ByteBuffer source, int count) {
        while (written - read + count > ring.length) {
            grow();
        }
        for (int done = 0; done < count; ) {
            int at = (int) ((written + done) % ring.length);
            int part = Math.min(count - done, ring.length - at);
            source.get(ring, at, part);
            done += part;
        }
        written += count;
        lastArrival =
                Math.max(
                        lastArrival + nanosPerKib * count / 1024,
                        queue.now() + random.around(latencyNanos));
        int slot = (firstPiece + pieces++) % pieceEnds.length;
        pieceEnds[slot] = written;
        pieceTimes[slot] = lastArrival;
        pump();
    }

    private void grow() {
        byte[] larger = new byte[Math.min(capacity, 2 * ring.length)];
        for (long at = read; at < written; ) {
            int from = (int) (at % ring.length);
            int to = (int) (at % larger.length);
            int part = Math.min(ring.length - from, larger.length - to);
            part = (int) Math.min(part, written - at);
            System.arraycopy(ring, from, larger, to, part);
            at += part;
        }
        ring = larger;
    }

    int take(ByteBuffer target) {
        int count = Math.min(available(), target.remaining());
        for (int done = 0; done < count; ) {
            int at = (int) ((read + done) % ring.length);
            int part = Math.min(count - done, ring.length - at);
            target.put(ring, at, part);
            done += part;
        }
        read += count;
        SimWire from = sender;
        if (count > 0 && from != null) {
            from.roomMade();
        }
        return count;
    }

    /** The sender has closed: the end arrives after the last byte. */
    void end(String reason) {
        if (end == null) {
            end = reason;
            lastArrival = Math.max(lastArrival, queue.now() + random.around(latencyNanos));
            pump();
        }
    }

    /** The receiver has closed: what it has not read, or comes later, resets the connection. */
    void abandoned() {
        abandoned = true;
        if (available() > 0) {
            reset();
        }
    }

    private void reset() {
        SimWire from = sender;
        if (from != null && !swallowing) {
            swallowing = true;
            queue.after(
                    random.around(latencyNanos),
                    () -> from.ended("connection reset by peer", true));
        }
    }

    /** From now on, bytes are taken from the sender and lost. */
    void swallow() {
        swallowing = true;
    }

    void stall(long nanos) {
        stalledUntil = Math.max(stalledUntil, queue.now() + nanos);
    }

    private void pump() {
        if (pumping) {
            return;
        }
        if (pieces > 0) {
            pumping = true;
            queue.at(Math.max(pieceTimes[firstPiece], stalledUntil), this::deliver);
        } else if (end != null) {
            pumping = true;
            queue.at(Math.max(lastArrival, stalledUntil), this::deliver);
        }
    }

    private void deliver() {
        pumping = false;
        if (abandoned && pieces > 0) {
            reset();
        }
        if (swallowing || abandoned) {
            return;
        }
        if (queue.now() < stalledUntil) {
            pump();
            return;
        }
        SimWire to = receiver;
        if (to == null) {
            throw new IllegalStateException("a stream that leads nowhere");
        }
        if (pieces > 0) {
            int length = (int) (pieceEnds[firstPiece] - arrived);
            if (length > 1 && random.oneIn(6)) {
                // A piece arrives in two parts, the second one later.
                arrived += 1 + random.below(length - 1);
                pieceTimes[firstPiece] = queue.now() + random.around(20_000);
            } else {
                arrived = pieceEnds[firstPiece];
                firstPiece = (firstPiece + 1) % pieceEnds.length;
                pieces--;
                SimWire from = sender;
                if (pieces == pieceEnds.length - 1 && from != null) {
                    from.roomMade();
                }
            }
            to.arrived();
        } else if (end != null) {
            to.ended(end, false);
            return;
        }
        pump();
    }
}
