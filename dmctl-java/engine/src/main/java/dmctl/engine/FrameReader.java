package dmctl.engine;

import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import dmctl.replog.Body;
import dmctl.replog.BodyFault;
import dmctl.replog.Frame;
import dmctl.replog.FrameFault;
import dmctl.replog.RecoveryCase;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Reads back from the log what memory no longer holds, and checks every checksum of it: a batch, a
 * run of them with one read, or one record of a batch. The space of the frames is pinned until
 * {@link #release}.
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

    private static final int PAGE = 4096;

    private final Replica replica;
    private final LogRing log;
    private final ByteBuffer buffer;
    private final Io toEnd = new Io();
    private final Io fromStart = new Io();
    private long pinned = Long.MAX_VALUE;
    private long batch;
    private long end;

    /** The record wanted, or -1 for all. */
    private int record;

    private boolean headOnly;
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
        replica.readers().add(this);
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
        begin(from, -1, whenDone);
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
        transfer(0, bytes);
    }

    /** Reads one record: the head of its batch, then its data, to where they stand in the frame. */
    void readRecord(long of, long seq, Done whenDone) {
        Invariant.check(isFree(), "one read at a time");
        begin(of, (int) (seq - log.batches().firstSeq(of)), whenDone);
        end = of + 1;
        headOnly = true;
        transfer(0, Frame.HEAD_BYTES);
    }

    private void begin(long from, int wanted, Done whenDone) {
        batch = from;
        end = from;
        record = wanted;
        pinned = log.batches().position(from);
        done = whenDone;
        error = 0;
    }

    private void transfer(int from, int to) {
        long ringBytes = log.identity().ringBytes();
        long place = (pinned + from) % ringBytes;
        int first = (int) Math.min(to - from, ringBytes - place);
        inFlight = first < to - from ? 2 : 1;
        submit(toEnd, from, first, place);
        if (first < to - from) {
            submit(fromStart, from + first, to - from - first, 0);
        }
    }

    /** Starts the read of the record's data; false if it has none. */
    private boolean readData() {
        int body = Frame.BODY_OFFSET;
        if (!Body.hasData(Body.type(buffer, body, record))) {
            return false;
        }
        int from = Frame.HEAD_BYTES + Body.dataOffset(buffer, body, record);
        int to = from + (Body.sectorCount(buffer, body, record) << 9);
        transfer(from & -PAGE, (to + PAGE - 1) & -PAGE);
        return true;
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
        String damage = check();
        if (headOnly) {
            headOnly = false;
            if (damage.isEmpty() && readData()) {
                return;
            }
        }
        Done told = done;
        done = null;
        if (told != null) {
            told.frameRead(this, damage);
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
            replica.recoveryTally().add(RecoveryCase.HEAD_DAMAGED);
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
        for (int i = 0; i < Body.count(buffer, body) && !headOnly; i++) {
            if ((record < 0 || record == i)
                    && !Body.dataIntact(buffer, body, base + Frame.HEAD_BYTES, i, log.crc())) {
                replica.recoveryTally().add(RecoveryCase.DATA_DAMAGED);
                return at(base) + "data of seq " + (Body.firstSeq(buffer, body) + i) + ": checksum";
            }
        }
        return "";
    }

    private String at(int base) {
        return log.storage().name() + " at log position " + (pinned + base) + ": ";
    }
}
