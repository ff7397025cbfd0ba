package dmctl.engine;

import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import dmctl.replog.Frame;
import java.nio.ByteBuffer;

/**
 * A moving window over the ring for recovery: a stretch of linear log positions, read with a few
 * large reads at a time, and written again where that is wanted; or the next head alone, where
 * frames are so large that the disk is sooner done with their heads, one by one, than with all
 * there is. The disk itself shows which. The window begins small, for most logs hold little, and
 * grows with what is read.
 */
final class LogScan implements IoDone {
    static final int WINDOW_BYTES_MAX = 8 << 20;
    private static final int WINDOW_BYTES_MIN = 512 << 10;
    private static final int LOADS_BEFORE_GROWTH = 4;
    private static final int OPERATION_BYTES_MAX = 1 << 20;
    private static final int PASSED_OVER_BYTES_MIN = 32 << 10;

    private final Replica replica;
    private final LogIdentity identity;
    private ByteBuffer buffer;
    private int fullLoads;
    private long from;
    private int bytes;
    private int inFlight;
    private int error;
    private boolean head;
    private long beganNanos;
    private double headNanos = Double.NaN;
    private double nanosPerByte;
    private Runnable then = () -> {};

    LogScan(Replica replica, LogIdentity identity) {
        this.replica = replica;
        this.identity = identity;
        buffer = Buffers.aligned((int) Math.min(WINDOW_BYTES_MIN, identity.ringBytes()));
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

    /** Reads the head of a frame, and what follows if that pays for frames of this size. */
    void loadHeads(long position, long bound, int frameBytes, Runnable loaded) {
        head = frameBytes >= PASSED_OVER_BYTES_MIN && paysHeadAlone(frameBytes);
        load(position, Frame.HEAD_BYTES, head ? position + Frame.HEAD_BYTES : bound, loaded);
    }

    private boolean paysHeadAlone(int frameBytes) {
        if (Double.isNaN(headNanos)) {
            return nanosPerByte > 0;
        }
        boolean pays = headNanos < nanosPerByte * frameBytes;
        if (!pays) {
            // Forgotten slowly: another part of the disk may do better.
            headNanos *= 0.95;
        }
        return pays;
    }

    private void measure() {
        double nanos = replica.nanos() - beganNanos;
        if (head) {
            headNanos = Double.isNaN(headNanos) ? nanos : 0.9 * headNanos + 0.1 * nanos;
        } else if (bytes > WINDOW_BYTES_MIN) {
            nanosPerByte = nanos / bytes;
        }
        head = false;
    }

    /** Reads from a position on, as much as the window holds and the bound allows. */
    void load(long position, int atLeast, long bound, Runnable loaded) {
        grow(atLeast);
        from = position;
        bytes = (int) Math.min(buffer.capacity(), bound - position);
        beganNanos = replica.nanos();
        then =
                () -> {
                    measure();
                    loaded.run();
                };
        transfer(Io.Op.READ, 0, bytes);
    }

    /** Writes a stretch that stands in the buffer to its place again. */
    void writeAgain(long position, int length, Runnable written) {
        then = written;
        transfer(Io.Op.WRITE, indexOf(position), length);
    }

    private void transfer(Io.Op op, int index, int length) {
        error = 0;
        inFlight = 1;
        int at = index;
        while (at < index + length) {
            long place = (from + at) % identity.ringBytes();
            int most = (int) Math.min(OPERATION_BYTES_MAX, identity.ringBytes() - place);
            int end = Math.min(index + length, at + most);
            Io io = new Io();
            io.op = op;
            io.offset = identity.ringOffset() + place;
            io.buffer = buffer.duplicate().limit(end).position(at);
            inFlight++;
            replica.submit(replica.ports().log(), io, this);
            at = end;
        }
        ended();
    }

    private void grow(int atLeast) {
        int wanted = buffer.capacity();
        if (bytes == wanted && ++fullLoads == LOADS_BEFORE_GROWTH) {
            fullLoads = 0;
            wanted *= 4;
        }
        int most = (int) Math.min(WINDOW_BYTES_MAX, identity.ringBytes());
        wanted = Math.min(most, Math.max(wanted, atLeast));
        if (wanted > buffer.capacity()) {
            buffer = Buffers.aligned(wanted);
        }
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
