package dmctl.engine;

import dmctl.replog.Body;
import dmctl.replog.Frame;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Sends batches of the log over a channel in order, from memory or, when older, from the log; no
 * more of them than the receiver has room for, so that what else it has to hear never stands behind
 * a batch that it cannot take.
 */
final class LogFeed implements FrameReader.Done {
    private final Replica replica;
    private final LogRing log;
    private @Nullable FrameReader reader;
    private @Nullable LinkChannel channel;
    private long nextSeq;
    private boolean reading;
    private boolean fromLog;

    /** Bytes of frames sent since the start, and the room that the receiver told of. */
    private long sentBytes;

    private long mostBytes;
    private long mostSeq;
    private boolean waitsForRoom;

    /** Batches that stand in the reader's buffer, read back together. */
    private long runFirst;

    private long runEnd;
    private long runPosition;

    LogFeed(Replica replica) {
        this.replica = replica;
        this.log = replica.log();
    }

    void start(LinkChannel to, long seq) {
        channel = to;
        nextSeq = seq;
        fromLog = false;
        sentBytes = 0;
        mostBytes = 0;
        mostSeq = 0;
        waitsForRoom = false;
    }

    /** The receiver has room for so many bytes of frames since the start, and through a seq. */
    void allow(long bytes, long throughSeq) {
        mostBytes = Math.max(mostBytes, bytes);
        mostSeq = Math.max(mostSeq, throughSeq);
        waitsForRoom = false;
    }

    /** Bytes of frames that the receiver still has room for. */
    long roomBytes() {
        return mostBytes - sentBytes;
    }

    /** Records that the receiver still has room for. */
    long roomRecords() {
        return mostSeq - (nextSeq - 1);
    }

    /** Whether the receiver has told of room, and the next batch does not fit into it. */
    boolean isReceiverFull() {
        return waitsForRoom && mostSeq > 0;
    }

    /** Whether the next batch has to wait until the receiver has room for it. */
    boolean waitsForRoom() {
        return waitsForRoom;
    }

    void stop() {
        channel = null;
        giveReader();
    }

    private void giveReader() {
        FrameReader frames = reader;
        if (frames != null && frames.isFree() && channel == null) {
            replica.readers().give(frames);
            reader = null;
        }
    }

    /** The next seq to send: all before has been queued. */
    long nextSeq() {
        return nextSeq;
    }

    /** Whether batches come from the log on disk, for memory does not hold them any more. */
    boolean fromLog() {
        return fromLog;
    }

    /** Queues what there is up to a seq, as far as the receiver and the channel have room. */
    void pump(long throughSeq) {
        LinkChannel to = channel;
        BatchTable batches = log.batches();
        while (to != null && !reading && nextSeq <= throughSeq) {
            long batch = batches.find(nextSeq);
            if (batch == batches.end() || batches.firstSeq(batch) > nextSeq) {
                to.fault("out of the log");
                return;
            }
            if (Frame.frameBytes(batches.dataBytes(batch)) > roomBytes()
                    || batches.lastSeq(batch) > mostSeq) {
                waitsForRoom = true;
                return;
            }
            if (!to.hasRoom(Body.headBytes(batches.count(batch)), batches.dataBytes(batch))) {
                return;
            }
            int base = batches.memory(batch);
            if (base != BatchTable.NOT_IN_MEMORY) {
                fromLog = false;
                send(to, log.memory(), base);
            } else if (reader != null && batch >= runFirst && batch < runEnd) {
                send(to, reader.buffer(), (int) (batches.position(batch) - runPosition));
            } else {
                readBack(batch, batches.find(throughSeq));
            }
        }
    }

    private void readBack(long batch, long last) {
        FrameReader frames = reader;
        if (frames == null) {
            frames = replica.readers().take();
            reader = frames;
        }
        fromLog = true;
        reading = true;
        runEnd = runFirst;
        frames.read(batch, Math.min(last + 1, log.batches().end()), this);
    }

    @Override
    public void frameRead(FrameReader frame, String damage) {
        reading = false;
        LinkChannel to = channel;
        if (!damage.isEmpty()) {
            replica.logDamaged(damage);
            if (to != null) {
                to.fault(damage);
            }
        } else {
            runFirst = frame.batch();
            runEnd = frame.end();
            runPosition = frame.pinnedPosition();
        }
        frame.release();
        giveReader();
        replica.wake();
    }

    private void send(LinkChannel to, ByteBuffer frame, int base) {
        int body = base + Frame.BODY_OFFSET;
        int head = Body.headBytes(Body.count(frame, body));
        int data = Body.dataBytes(frame, body);
        int at = to.begin(Message.BATCH, head, data);
        to.out().put(at, frame, body, head);
        to.out().put(at + head, frame, base + Frame.HEAD_BYTES, data);
        to.end();
        sentBytes += Frame.frameBytes(data);
        nextSeq = Body.lastSeq(frame, body) + 1;
    }
}
