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
 * Reads one batch back from the log, when memory no longer holds it, and checks every checksum. The
 * space of the frame is pinned until {@link #release}.
 */
final class FrameReader implements IoDone {
    /** Told when the frame stands in {@link #buffer}. */
    interface Done {
        /**
         * The frame is here.
         *
         * @param reader the reader; to be released
         * @param damage empty, or what is wrong with it
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
    private int expectedChecksum;
    private int inFlight;
    private int error;
    private @Nullable Done done;

    FrameReader(Replica replica) {
        this.replica = replica;
        this.log = replica.log();
        this.buffer = Buffers.aligned(log.identity().frameBytesMax());
        toEnd.buffer = buffer.duplicate();
        fromStart.buffer = buffer.duplicate();
        toEnd.op = Io.Op.READ;
        fromStart.op = Io.Op.READ;
        replica.addReader(this);
    }

    /** The whole frame, from offset 0. */
    ByteBuffer buffer() {
        return buffer;
    }

    long batch() {
        return batch;
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

    void read(long batchNumber, Done whenDone) {
        Invariant.check(isFree(), "one frame at a time");
        BatchTable batches = log.batches();
        batch = batchNumber;
        pinned = batches.position(batch);
        expectedChecksum = batches.checksum(batch);
        done = whenDone;
        error = 0;
        int bytes = Frame.frameBytes(batches.dataBytes(batch));
        if (bytes > buffer.capacity()) {
            throw new InvariantViolation(
                    "a frame of " + bytes + " bytes is larger than configured");
        }
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
        FrameFault fault =
                Frame.check(
                        buffer,
                        0,
                        log.identity().logUuidHi(),
                        log.identity().logUuidLo(),
                        pinned,
                        Frame.ANY_CHAIN,
                        log.crc());
        if (fault != FrameFault.NONE || Frame.checksum(buffer, 0) != expectedChecksum) {
            return at() + "frame head: " + fault;
        }
        return checkBody();
    }

    private String checkBody() {
        int body = Frame.BODY_OFFSET;
        BodyFault fault = Body.check(buffer, body, Frame.HEAD_BYTES - body, log.crc());
        if (fault != BodyFault.NONE) {
            return at() + "batch head: " + fault;
        }
        for (int i = 0; i < Body.count(buffer, body); i++) {
            if (!Body.dataIntact(buffer, body, Frame.HEAD_BYTES, i, log.crc())) {
                return at() + "data of seq " + (Body.firstSeq(buffer, body) + i) + ": checksum";
            }
        }
        return "";
    }

    private String at() {
        return log.storage().name() + " at log position " + pinned + ": ";
    }
}
