package dmctl.engine;

import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import dmctl.replog.Body;
import dmctl.replog.BodyFault;
import dmctl.replog.Frame;
import dmctl.replog.FrameFault;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Reads batches back from the log, when memory no longer holds them, and checks every checksum:
 * one, or a run of them with one read. The space of the frames is pinned until {@link #release}.
 */
final class FrameReader implements IoDone {
    /** Told when the frames stand in {@link #buffer}. */
    interface Done {
        /**
         * The frames are here.
         *
         * @param reader the reader; to be released
         * @param damage empty, or what is wrong with them
         */
        void frameRead(FrameReader reader, String damage);
    }

    private final Replica replica;
    private final LogRing log;
    private final ByteBuffer buffer;
    private final Io toEnd = new Io();
    private final Io fromStart = new Io();
    private long pinned = Long.MAX_VALUE;
    private long batch;
    private long end;
    private int inFlight;
    private int error;
    private @Nullable Done done;

    FrameReader(Replica replica) {
        this(replica, Buffers.aligned(replica.log().identity().frameBytesMax()));
    }

    /**
     * A reader into a buffer that it shares.
     *
     * @param buffer aligned; the largest frame fits
     */
    FrameReader(Replica replica, ByteBuffer buffer) {
        this.replica = replica;
        this.log = replica.log();
        this.buffer = buffer;
        toEnd.buffer = buffer.duplicate();
        fromStart.buffer = buffer.duplicate();
        toEnd.op = Io.Op.READ;
        fromStart.op = Io.Op.READ;
        replica.addReader(this);
    }

    /** The whole frames, one after the other from offset 0. */
    ByteBuffer buffer() {
        return buffer;
    }

    /** The first batch read. */
    long batch() {
        return batch;
    }

    /** The batch after the last one read. */
    long end() {
        return end;
    }

    boolean isFree() {
        return pinned == Long.MAX_VALUE;
    }

    /** Position in the log that must not be released, Long.MAX_VALUE if none. */
    long pinnedPosition() {
        return pinned;
    }

    void release() {
        pinned = Long.MAX_VALUE;
    }

    /** Reads one batch. */
    void read(long batchNumber, Done whenDone) {
        read(batchNumber, batchNumber + 1, whenDone);
    }

    /** Reads batches from {@code from} on: as many as fit, none from {@code to} on. */
    void read(long from, long to, Done whenDone) {
        Invariant.check(isFree(), "one read at a time");
        BatchTable batches = log.batches();
        batch = from;
        end = from;
        pinned = batches.position(from);
        done = whenDone;
        error = 0;
        int bytes = 0;
        while (end < to) {
            int next = Frame.frameBytes(batches.dataBytes(end));
            if (next > buffer.capacity() - bytes) {
                break;
            }
            bytes += next;
            end++;
        }
        Invariant.check(end > from, "a frame is no larger than configured", from, bytes);
        long place = pinned % log.identity().ringBytes();
        int first = (int) Math.min(bytes, log.identity().ringBytes() - place);
        inFlight = first < bytes ? 2 : 1;
        submit(toEnd, 0, first, place);
        if (first < bytes) {
            submit(fromStart, first, bytes - first, 0);
        }
    }

    private void submit(Io io, int at, int bytes, long place) {
        ByteBuffer view = io.buffer;
        if (view == null) {
            throw new InvariantViolation("a view of the buffer");
        }
        view.limit(at + bytes).position(at);
        io.offset = log.identity().ringOffset() + place;
        replica.submit(log.storage(), io, this);
    }

    @Override
    public void ioDone(Io io) {
        error = error == 0 ? io.error : error;
        if (--inFlight > 0) {
            return;
        }
        Done told = done;
        done = null;
        if (told != null) {
            told.frameRead(this, check());
        }
    }

    private String check() {
        if (error != 0) {
            return "reading " + log.storage().name() + " failed with errno " + error;
        }
        buffer.order(ByteOrder.LITTLE_ENDIAN);
        String damage = "";
        int base = 0;
        for (long each = batch; each < end && damage.isEmpty(); each++) {
            damage = checkFrame(each, base);
            base += Frame.frameBytes(log.batches().dataBytes(each));
        }
        return damage;
    }

    private String checkFrame(long of, int base) {
        FrameFault fault =
                Frame.check(
                        buffer,
                        base,
                        log.identity().logUuidHi(),
                        log.identity().logUuidLo(),
                        pinned + base,
                        Frame.ANY_CHAIN,
                        log.crc());
        if (fault != FrameFault.NONE
                || Frame.checksum(buffer, base) != log.batches().checksum(of)) {
            return at(base) + "frame head: " + fault;
        }
        return checkBody(base);
    }

    private String checkBody(int base) {
        int body = base + Frame.BODY_OFFSET;
        BodyFault fault = Body.check(buffer, body, Frame.HEAD_BYTES - Frame.BODY_OFFSET, log.crc());
        if (fault != BodyFault.NONE) {
            return at(base) + "batch head: " + fault;
        }
        for (int i = 0; i < Body.count(buffer, body); i++) {
            if (!Body.dataIntact(buffer, body, base + Frame.HEAD_BYTES, i, log.crc())) {
                return at(base) + "data of seq " + (Body.firstSeq(buffer, body) + i) + ": checksum";
            }
        }
        return "";
    }

    private String at(int base) {
        return log.storage().name() + " at log position " + (pinned + base) + ": ";
    }
}
