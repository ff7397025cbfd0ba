package dmctl.engine;

import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import java.nio.ByteBuffer;

/**
 * A moving window over the ring for recovery: a stretch of linear log positions, read with a few
 * large reads at a time.
 */
final class LogScan implements IoDone {
    private static final int WINDOW_BYTES_MAX = 8 << 20;
    private static final int READ_BYTES_MAX = 1 << 20;

    private final Replica replica;
    private final LogIdentity identity;
    private final ByteBuffer buffer;
    private long from;
    private int bytes;
    private int inFlight;
    private int error;
    private Runnable then = () -> {};

    LogScan(Replica replica, LogIdentity identity) {
        this.replica = replica;
        this.identity = identity;
        buffer = Buffers.aligned((int) Math.min(WINDOW_BYTES_MAX, identity.ringBytes()));
    }

    ByteBuffer buffer() {
        return buffer;
    }

    int error() {
        return error;
    }

    /** Whether a stretch stands in the buffer. */
    boolean has(long position, int length) {
        return position >= from && position + length <= from + bytes;
    }

    int indexOf(long position) {
        return (int) (position - from);
    }

    /** Reads from a position on, as much as the window holds and the bound allows. */
    void load(long position, long bound, Runnable loaded) {
        from = position;
        bytes = (int) Math.min(buffer.capacity(), bound - position);
        error = 0;
        then = loaded;
        int at = 0;
        inFlight = 1;
        while (at < bytes) {
            long place = (position + at) % identity.ringBytes();
            int length =
                    (int)
                            Math.min(
                                    Math.min(bytes - at, READ_BYTES_MAX),
                                    identity.ringBytes() - place);
            Io io = new Io();
            io.op = Io.Op.READ;
            io.offset = identity.ringOffset() + place;
            io.buffer = buffer.duplicate().limit(at + length).position(at);
            inFlight++;
            replica.submit(replica.ports().log(), io, this);
            at += length;
        }
        ended();
    }

    @Override
    public void ioDone(Io io) {
        error = error == 0 ? io.error : error;
        ended();
    }

    private void ended() {
        if (--inFlight == 0) {
            then.run();
        }
    }
}
