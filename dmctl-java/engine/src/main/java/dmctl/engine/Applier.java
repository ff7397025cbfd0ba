package dmctl.engine;

import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import dmctl.replog.Body;
import dmctl.replog.Frame;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Brings records to the devices of this site, lazily, a window of batches at a time: of each record
 * what no newer one has overwritten. A record goes to a device only after the log that holds it has
 * been flushed (write-ahead rule), at a target moreover only when the source has it durable.
 */
final class Applier implements IoDone, FrameReader.Done {
    private static final int WRITES_IN_FLIGHT_MAX = 16;
    private static final int WINDOW_BYTES_MAX = 4 << 20;
    private static final int WINDOW_BATCHES_MAX = 1024;
    private static final long QUIET_NANOS = 20_000_000L;
    private static final long AGE_NANOS_MAX = 5_000_000_000L;

    private final Replica replica;
    private final LogRing log;
    private final ArrayDeque<Io> idleInMemory = new ArrayDeque<>();
    private final ArrayDeque<Io> idleStaged = new ArrayDeque<>();
    private final ByteBuffer window;
    private final int[] windowBases = new int[WINDOW_BATCHES_MAX];
    private @Nullable FrameReader reader;

    private long appliedSeq;
    private long settledSeq;
    private long settledNeedsSeq;
    private long unsettledSeq;
    private long unsettledNeedsSeq;
    private long skippedForSeq;
    private boolean inWindow;
    private boolean staging;
    private long windowFirst;
    private long windowEnd;
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
        return !inWindow && !staging && inFlight == 0;
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
        unpinIfStopped();
    }

    private void unpinIfStopped() {
        if (!stopped.isEmpty() && inFlight == 0) {
            if (reader != null && !staging) {
                reader.release();
            }
        }
    }

    /** Bytes of frames that are not applied yet. */
    private long backlogBytes() {
        BatchTable batches = log.batches();
        return log.headPosition() - batches.position(batches.find(appliedSeq + 1));
    }

    /** When something waits for its time to be applied: that time; else Long.MAX_VALUE. */
    long wakeNanos() {
        if (inWindow || staging || !stopped.isEmpty() || appliedSeq >= replica.applyLimitSeq()) {
            return Long.MAX_VALUE;
        }
        return urgent || eager
                ? Long.MAX_VALUE
                : Math.min(newestNanos() + QUIET_NANOS, oldestNanos() + AGE_NANOS_MAX);
    }

    void pump() {
        if (!stopped.isEmpty() || staging) {
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
        if (batches.memory(from) == BatchTable.NOT_IN_MEMORY) {
            stage(from);
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
                && batches.memory(to) != BatchTable.NOT_IN_MEMORY
                && to - from < windowBases.length) {
            int bytes = Frame.frameBytes(batches.dataBytes(to));
            if (used + bytes > window.capacity()) {
                break;
            }
            window.put(used, log.memory(), batches.memory(to), bytes);
            windowBases[(int) (to - from)] = used;
            used += bytes;
            to++;
        }
        return to;
    }

    /**
     * Devices are left alone while new records keep coming, for the same disks often hold the log:
     * until it is quiet, memory fills, or the oldest has waited long enough.
     */
    private boolean isDue() {
        if (!urgent && !eager) {
            eager = isQuiet() || backlogBytes() > log.memory().capacity() / 8L * 5;
        }
        return urgent || eager;
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

    private void stage(long from) {
        staging = true;
        if (reader == null) {
            reader = new FrameReader(replica);
        }
        reader.read(from, this);
    }

    @Override
    public void frameRead(FrameReader frame, String damage) {
        staging = false;
        if (!damage.isEmpty()) {
            frame.release();
            stop(damage);
            replica.logDamaged(damage);
            return;
        }
        begin(windowFirst + 1);
        pump();
    }

    private void begin(long end) {
        inWindow = true;
        windowEnd = end;
        batch = windowFirst;
        record = 0;
        sector = -1;
    }

    private boolean staged() {
        return reader != null && !reader.isFree();
    }

    private ByteBuffer frame(FrameReader staging) {
        return staging.isFree() ? window : staging.buffer();
    }

    private ByteBuffer source() {
        return reader == null ? window : frame(reader);
    }

    private int base(long of) {
        return staged() ? 0 : windowBases[(int) (of - windowFirst)];
    }

    /** Starts the write of the next part that is still the newest; false if there is none left. */
    private boolean issueNext() {
        while (batch < windowEnd) {
            ByteBuffer frame = source();
            int body = base(batch) + Frame.BODY_OFFSET;
            if (record == Body.count(frame, body)) {
                batch++;
                record = 0;
                sector = -1;
                continue;
            }
            int type = Body.type(frame, body, record);
            long start = Body.sector(frame, body, record);
            long end = start + Integer.toUnsignedLong(Body.sectorCount(frame, body, record));
            if (type == Body.MARK
                    || type == Body.CHANGE
                    || !issuePart(frame, body, type, start, end)) {
                record++;
                sector = -1;
                continue;
            }
            return true;
        }
        return false;
    }

    private boolean issuePart(ByteBuffer frame, int body, int type, long start, long end) {
        int device = replica.devices().deviceIndex(Body.devNr(frame, body, record));
        RangeIndex index = replica.devices().index(device);
        long seq = Body.firstSeq(frame, body) + record;
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
        Io io = idleIo();
        io.offset = from << 9;
        io.tag = device;
        if (type == Body.WRITE) {
            int at =
                    base(batch)
                            + Frame.HEAD_BYTES
                            + Body.dataOffset(frame, body, record)
                            + (int) ((from - start) << 9);
            io.op = Io.Op.WRITE;
            view(io, frame).limit(at + (int) ((to - from) << 9)).position(at);
        } else {
            io.op = Io.Op.ZERO;
            io.length = (to - from) << 9;
            io.unmap = type == Body.DISCARD;
        }
        inFlight++;
        replica.submit(replica.device(device), io, this);
        return true;
    }

    private static ByteBuffer view(Io io, ByteBuffer frame) {
        ByteBuffer view = io.buffer;
        if (view == null) {
            view = frame.duplicate();
            io.buffer = view;
        }
        return view.clear();
    }

    /** An idle operation whose view, if it has one, is of the memory records come from now. */
    private Io idleIo() {
        ArrayDeque<Io> idle = staged() ? idleStaged : idleInMemory;
        return idle.isEmpty() ? new Io() : idle.pop();
    }

    @Override
    public void ioDone(Io io) {
        inFlight--;
        unpinIfStopped();
        if (io.error != 0) {
            stop(replica.deviceFailed((int) io.tag, "writing", io.error));
        }
        // All of a window come from one memory.
        (staged() ? idleStaged : idleInMemory).push(io);
    }

    private void closeWindow() {
        for (batch = windowFirst; batch < windowEnd; batch++) {
            ByteBuffer frame = source();
            int body = base(batch) + Frame.BODY_OFFSET;
            for (record = 0; record < Body.count(frame, body); record++) {
                int type = Body.type(frame, body, record);
                if (type != Body.MARK && type != Body.CHANGE) {
                    replica.devices()
                            .index(replica.devices().deviceIndex(Body.devNr(frame, body, record)))
                            .remove(
                                    Body.sector(frame, body, record),
                                    Integer.toUnsignedLong(Body.sectorCount(frame, body, record)),
                                    Body.firstSeq(frame, body) + record);
                }
            }
        }
        appliedSeq = log.batches().lastSeq(windowEnd - 1);
        inWindow = false;
        if (reader != null) {
            reader.release();
        }
        eager =
                eager
                        && appliedSeq < log.headSeq()
                        && (isQuiet() || backlogBytes() > log.memory().capacity() / 8L * 3);
        replica.applied();
    }
}
