package dmctl.engine;

import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import dmctl.replog.Body;
import dmctl.replog.Frame;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * Brings records to the devices of this site, lazily, a window of batches at a time: of each record
 * what no newer one has overwritten. A record goes to a device only after the log that holds it has
 * been flushed (write-ahead rule), at a target moreover only when the source has it durable.
 */
final class Applier implements IoDone, FrameReader.Done {
    private static final int WRITES_IN_FLIGHT_MAX = 16;
    static final int WINDOW_BYTES_MAX = 4 << 20;
    private static final int JOINED_BYTES_MAX = 1 << 20;
    private static final long QUIET_NANOS = 20_000_000L;
    private static final long AGE_NANOS_MAX = 30_000_000_000L;

    private final Replica replica;
    private final LogRing log;
    private final ArrayDeque<Io> idle = new ArrayDeque<>();
    private final ByteBuffer window;
    private final FrameReader reader;

    private long appliedSeq;
    private long settledSeq;
    private long settledNeedsSeq;
    private long unsettledSeq;
    private long unsettledNeedsSeq;
    private long skippedForSeq;
    private boolean inWindow;
    private boolean readingBack;
    private long windowFirst;
    private long windowEnd;
    private long windowPosition;
    private long batch;
    private int record;
    private long sector;
    private int inFlight;
    private boolean urgent;
    private boolean eager;
    private String stopped = "";

    Applier(Replica replica) {
        this.replica = replica;
        this.log = replica.log();
        window =
                Buffers.aligned(
                        Math.max(
                                log.identity().frameBytesMax(),
                                Math.min(WINDOW_BYTES_MAX, log.memory().capacity() / 4)));
        reader = new FrameReader(replica, window);
    }

    void startAt(long seq) {
        appliedSeq = seq;
        settledSeq = seq;
        unsettledSeq = seq;
    }

    /**
     * The seq up to which a checkpoint may call records applied. A part that a newer record had
     * overwritten was never brought to the device: that is right only once the newer record cannot
     * be lost or cut off any more.
     */
    long settledSeq() {
        long safe = replica.applyLimitSeq();
        for (int i = 0; i < 2 && unsettledNeedsSeq <= safe; i++) {
            settledSeq = unsettledSeq;
            settledNeedsSeq = Math.max(settledNeedsSeq, unsettledNeedsSeq);
            unsettledSeq = appliedSeq;
            unsettledNeedsSeq = skippedForSeq;
        }
        return settledSeq;
    }

    long appliedSeq() {
        return appliedSeq;
    }

    /** Newest seq of which something may be on a device. */
    long touchedSeq() {
        // What was left out because a newer record covers it is as good as that record's presence.
        return Math.max(
                settledNeedsSeq, inWindow ? log.batches().lastSeq(windowEnd - 1) : appliedSeq);
    }

    boolean idle() {
        return !inWindow && !readingBack && inFlight == 0;
    }

    /** Why nothing is applied any more; empty if all is well. */
    String stopped() {
        return stopped;
    }

    /** Applies without delay from now on: a clean stop, or space is short. */
    void hurry(boolean on) {
        urgent = on;
    }

    /** Applies what there is now without delay. */
    void nudge() {
        eager = true;
    }

    /** Applies nothing any more; the log and memory go on without waiting for the devices. */
    void stop(String reason) {
        if (stopped.isEmpty()) {
            stopped = reason;
        }
    }

    /** Bytes of frames that are not applied yet. */
    private long backlogBytes() {
        BatchTable batches = log.batches();
        return log.headPosition() - batches.position(batches.find(appliedSeq + 1));
    }

    /** When something waits for its time to be applied: that time; else Long.MAX_VALUE. */
    long wakeNanos() {
        if (inWindow
                || readingBack
                || !stopped.isEmpty()
                || appliedSeq >= replica.applyLimitSeq()) {
            return Long.MAX_VALUE;
        }
        return urgent || eager
                ? Long.MAX_VALUE
                : Math.min(newestNanos() + QUIET_NANOS, oldestNanos() + AGE_NANOS_MAX);
    }

    void pump() {
        if (!stopped.isEmpty() || readingBack) {
            return;
        }
        if (!inWindow && !openWindow()) {
            return;
        }
        while (inFlight < WRITES_IN_FLIGHT_MAX && issueNext()) {
            // issueNext does the work
        }
        if (inFlight == 0 && batch == windowEnd) {
            closeWindow();
        }
    }

    private boolean openWindow() {
        long limit = replica.applyLimitSeq();
        if (appliedSeq >= limit || !isDue()) {
            return false;
        }
        BatchTable batches = log.batches();
        long from = batches.find(appliedSeq + 1);
        if (batches.lastSeq(from) > limit) {
            return false;
        }
        windowFirst = from;
        windowPosition = batches.position(from);
        if (batches.memory(from) == BatchTable.NOT_IN_MEMORY) {
            readBack(from, limit);
            return false;
        }
        begin(copyWindow(from, limit));
        return true;
    }

    /** A copy, so that slow devices never keep the ring in memory from taking new records. */
    private long copyWindow(long from, long limit) {
        BatchTable batches = log.batches();
        long to = from;
        int used = 0;
        while (to < batches.end()
                && batches.lastSeq(to) <= limit
                && batches.memory(to) != BatchTable.NOT_IN_MEMORY) {
            int bytes = Frame.frameBytes(batches.dataBytes(to));
            if (used + bytes > window.capacity()) {
                break;
            }
            window.put(used, log.memory(), batches.memory(to), bytes);
            used += bytes;
            to++;
        }
        return to;
    }

    private void readBack(long from, long limit) {
        BatchTable batches = log.batches();
        long to = batches.find(limit);
        if (to < batches.end() && batches.lastSeq(to) == limit) {
            to++;
        }
        readingBack = true;
        reader.read(from, to, this);
    }

    @Override
    public void frameRead(FrameReader frames, String damage) {
        readingBack = false;
        frames.release();
        if (!damage.isEmpty()) {
            stop(damage);
            replica.logDamaged(damage);
            return;
        }
        begin(frames.end());
        pump();
    }

    /**
     * Devices are left alone while new records keep coming, for the same disks often hold the log,
     * and what is overwritten meanwhile need never go there: until it is quiet, much waits, or the
     * oldest has waited long enough.
     */
    private boolean isDue() {
        if (!urgent && !eager) {
            eager = isQuiet() || backlogBytes() > backlogBytesMax();
        }
        return urgent || eager;
    }

    /** What may wait while new records keep coming. */
    long backlogBytesMax() {
        return Math.max(log.memory().capacity() / 8L * 5, log.identity().ringBytes() / 4);
    }

    private boolean isQuiet() {
        long now = replica.nanos();
        return now - newestNanos() >= QUIET_NANOS || now - oldestNanos() >= AGE_NANOS_MAX;
    }

    private long newestNanos() {
        return log.batches().closedNanos(log.batches().end() - 1);
    }

    private long oldestNanos() {
        return log.batches().closedNanos(log.batches().find(appliedSeq + 1));
    }

    private void begin(long end) {
        inWindow = true;
        windowEnd = end;
        batch = windowFirst;
        record = 0;
        sector = -1;
    }

    /** Where the frame of a batch stands in the window: frames lie there as in the log. */
    private int base(long of) {
        return (int) (log.batches().position(of) - windowPosition);
    }

    /** Starts the write of the next part that is still the newest; false if there is none left. */
    private boolean issueNext() {
        while (batch < windowEnd) {
            int body = base(batch) + Frame.BODY_OFFSET;
            if (record == Body.count(window, body)) {
                batch++;
                record = 0;
                sector = -1;
                continue;
            }
            int type = Body.type(window, body, record);
            if (type == Body.MARK || type == Body.CHANGE || !issuePart(body, type)) {
                record++;
                sector = -1;
                continue;
            }
            return true;
        }
        return false;
    }

    private boolean issuePart(int body, int type) {
        int device = replica.devices().deviceIndex(Body.devNr(window, body, record));
        RangeIndex index = replica.devices().index(device);
        long start = Body.sector(window, body, record);
        long end = end(body, record);
        long seq = Body.firstSeq(window, body) + record;
        int node = index.firstOverlap(Math.max(sector, start));
        while (node >= 0 && index.start(node) < end && index.seq(node) != seq) {
            skippedForSeq = Math.max(skippedForSeq, index.seq(node));
            node = index.next(node);
        }
        if (node < 0 || index.start(node) >= end) {
            return false;
        }
        long from = Math.max(index.start(node), Math.max(sector, start));
        long to = Math.min(index.end(node), end);
        sector = to;
        Io io = idle.isEmpty() ? new Io() : idle.pop();
        io.offset = from << 9;
        io.tag = device;
        if (type == Body.WRITE) {
            int at = dataAt(body, record) + (int) ((from - start) << 9);
            int bytes = (int) ((to - from) << 9);
            if (to == end) {
                bytes += joined(index, index.next(node), body, bytes);
            }
            io.op = Io.Op.WRITE;
            view(io).limit(at + bytes).position(at);
        } else {
            io.op = Io.Op.ZERO;
            io.length = (to - from) << 9;
            io.unmap = type == Body.DISCARD;
        }
        inFlight++;
        replica.submit(replica.device(device), io, this);
        return true;
    }

    /**
     * Takes in the records that follow as one write would: on the device, in the frame, and whole.
     */
    private int joined(RangeIndex index, int following, int body, int bytes) {
        int joined = 0;
        int node = following;
        while (node >= 0
                && record + 1 < Body.count(window, body)
                && Body.type(window, body, record + 1) == Body.WRITE
                && Body.devNr(window, body, record + 1) == Body.devNr(window, body, record)
                && Body.sector(window, body, record + 1) == sector
                && dataAt(body, record + 1) == dataAt(body, record) + dataBytes(body, record)
                && index.start(node) == sector
                && index.end(node) == end(body, record + 1)
                && index.seq(node) == Body.firstSeq(window, body) + record + 1) {
            int more = (int) ((index.end(node) - sector) << 9);
            if (bytes + joined + more > JOINED_BYTES_MAX) {
                break;
            }
            joined += more;
            record++;
            sector = index.end(node);
            node = index.next(node);
        }
        return joined;
    }

    private long end(int body, int of) {
        return Body.sector(window, body, of)
                + Integer.toUnsignedLong(Body.sectorCount(window, body, of));
    }

    private int dataAt(int body, int of) {
        return body - Frame.BODY_OFFSET + Frame.HEAD_BYTES + Body.dataOffset(window, body, of);
    }

    private int dataBytes(int body, int of) {
        return Body.sectorCount(window, body, of) << 9;
    }

    private ByteBuffer view(Io io) {
        ByteBuffer view = io.buffer;
        if (view == null) {
            view = window.duplicate();
            io.buffer = view;
        }
        return view.clear();
    }

    @Override
    public void ioDone(Io io) {
        inFlight--;
        if (io.error != 0) {
            stop(replica.deviceFailed((int) io.tag, "writing", io.error));
        }
        idle.push(io);
    }

    private void closeWindow() {
        for (batch = windowFirst; batch < windowEnd; batch++) {
            int body = base(batch) + Frame.BODY_OFFSET;
            for (record = 0; record < Body.count(window, body); record++) {
                int type = Body.type(window, body, record);
                if (type != Body.MARK && type != Body.CHANGE) {
                    replica.devices()
                            .index(replica.devices().deviceIndex(Body.devNr(window, body, record)))
                            .remove(
                                    Body.sector(window, body, record),
                                    Integer.toUnsignedLong(Body.sectorCount(window, body, record)),
                                    Body.firstSeq(window, body) + record);
                }
            }
        }
        appliedSeq = log.batches().lastSeq(windowEnd - 1);
        inWindow = false;
        eager =
                eager
                        && appliedSeq < log.headSeq()
                        && (isQuiet() || backlogBytes() > backlogBytesMax() / 4 * 3);
        replica.applied();
    }
}
