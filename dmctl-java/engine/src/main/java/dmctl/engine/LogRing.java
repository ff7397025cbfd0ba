package dmctl.engine;

import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import dmctl.engine.port.Storage;
import dmctl.replog.Checkpoint;
import dmctl.replog.Crc;
import dmctl.replog.Frame;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;

/**
 * The open log of this site: frames appended to a ring in memory and written from there, one write
 * at a time, to the ring on disk; what arrives during a write goes out with the next. Positions are
 * linear byte counts that never wrap; {@code position % ringBytes} is the place in the ring.
 *
 * <p>Invariant: tail &le; flushed &le; written &le; head. A batch stays in memory until it is
 * written and its room is needed; later it is read back from the log.
 */
final class LogRing implements IoDone {
    private static final int WRITE_BYTES_MAX = 4 << 20;

    private final Replica replica;
    private final Storage storage;
    private final LogIdentity identity;
    private final ByteBuffer memory;
    private final Crc crc = new Crc();
    private BatchTable batches = new BatchTable();
    private final Io writeToEnd = new Io();
    private final Io writeFromStart = new Io();
    private final Io flush = new Io();
    private ArrayDeque<Runnable> waitForFlush = new ArrayDeque<>();
    private ArrayDeque<Runnable> flushing = new ArrayDeque<>();

    private long firstResident;
    private int allocationEnd;

    private long tailPosition;
    private long tailSeq;
    private int tailChain;
    private long headPosition;
    private int headChain;
    private long headSeq;
    private long opening;
    private long openedAtSeq;
    private long openedAtPosition;

    private long nextToWrite;
    private long writingEnd;
    private int writesInFlight;
    private int writeError;
    private long writtenSeq;
    private long writtenPosition;

    private boolean flushWanted;
    private boolean flushInFlight;
    private long flushingSeq;
    private long flushingPosition;
    private long flushedSeq;
    private long flushedPosition;
    private long firstUnflushedNanos;
    private String failure = "";

    LogRing(Replica replica, Storage storage, LogIdentity identity, ByteBuffer memory) {
        this.replica = replica;
        this.storage = storage;
        this.identity = identity;
        this.memory = memory.order(ByteOrder.LITTLE_ENDIAN);
        writeToEnd.op = Io.Op.WRITE;
        writeToEnd.buffer = memory.duplicate();
        writeFromStart.op = Io.Op.WRITE;
        writeFromStart.buffer = memory.duplicate();
        flush.op = Io.Op.FLUSH;
    }

    /** Starts from what recovery found. */
    void startAt(Checkpoint checkpoint, BatchTable found, long openingNumber) {
        tailPosition = checkpoint.tailPosition();
        tailSeq = checkpoint.tailSeq();
        tailChain = checkpoint.tailChain();
        headPosition = tailPosition;
        headSeq = tailSeq;
        headChain = tailChain;
        opening = openingNumber;
        batches = found;
        if (!found.isEmpty()) {
            long last = found.end() - 1;
            headPosition = found.position(last) + Frame.frameBytes(found.dataBytes(last));
            headSeq = found.lastSeq(last);
            headChain = found.checksum(last);
        }
        nextToWrite = found.end();
    }

    /** Recovery is over and what it found has been flushed. */
    void recoveryEnded() {
        firstResident = batches.end();
        nextToWrite = batches.end();
        writtenSeq = headSeq;
        writtenPosition = headPosition;
        flushedSeq = headSeq;
        flushedPosition = headPosition;
        openedAtSeq = headSeq;
        openedAtPosition = headPosition;
    }

    /** Newest seq found when the log was opened. */
    long openedAtSeq() {
        return openedAtSeq;
    }

    ByteBuffer memory() {
        return memory;
    }

    BatchTable batches() {
        return batches;
    }

    Crc crc() {
        return crc;
    }

    LogIdentity identity() {
        return identity;
    }

    Storage storage() {
        return storage;
    }

    long tailPosition() {
        return tailPosition;
    }

    long tailSeq() {
        return tailSeq;
    }

    int tailChain() {
        return tailChain;
    }

    long headPosition() {
        return headPosition;
    }

    long headSeq() {
        return headSeq;
    }

    long opening() {
        return opening;
    }

    long writtenSeq() {
        return writtenSeq;
    }

    long flushedSeq() {
        return flushedSeq;
    }

    RingPlaces places() {
        return new RingPlaces(
                identity.ringOffset(),
                identity.ringBytes(),
                tailPosition,
                writtenPosition,
                headPosition,
                openedAtPosition,
                headSeq - openedAtSeq);
    }

    long usedBytes() {
        return headPosition - tailPosition;
    }

    long freeBytes() {
        return identity.ringBytes() - usedBytes();
    }

    boolean failed() {
        return !failure.isEmpty();
    }

    String failure() {
        return failure;
    }

    boolean idle() {
        return writesInFlight == 0 && !flushInFlight && nextToWrite == batches.end();
    }

    boolean writeIdle() {
        return writesInFlight == 0 && nextToWrite == batches.end();
    }

    boolean hasUnflushed() {
        return flushedSeq < writtenSeq;
    }

    /** Whether a flush could be started now: none is under way, and the log has not failed. */
    boolean mayFlush() {
        return !flushInFlight && !failed();
    }

    long firstUnflushedNanos() {
        return firstUnflushedNanos;
    }

    long unflushedBytes() {
        return writtenPosition - flushedPosition;
    }

    /**
     * Finds room for a frame.
     *
     * @param frameBytes most it will take
     * @return offset in {@link #memory}, or -1 if memory, log or the unflushed window is full
     */
    int reserve(int frameBytes) {
        if (frameBytes > freeBytes()) {
            return -1;
        }
        if (headPosition - flushedPosition + frameBytes > identity.unflushedBytesMax()) {
            requestFlush();
            return -1;
        }
        while (true) {
            int base = fit(frameBytes);
            if (base >= 0 || !evictOldest()) {
                return base;
            }
        }
    }

    private int fit(int bytes) {
        if (firstResident == batches.end()) {
            return bytes <= memory.capacity() ? 0 : -1;
        }
        int used = batches.memory(firstResident);
        if (allocationEnd > used) {
            if (memory.capacity() - allocationEnd >= bytes) {
                return allocationEnd;
            }
            return bytes < used ? 0 : -1;
        }
        return used - allocationEnd > bytes ? allocationEnd : -1;
    }

    private boolean evictOldest() {
        if (firstResident >= batches.end() || batches.lastSeq(firstResident) > writtenSeq) {
            return false;
        }
        batches.evict(firstResident++);
        return true;
    }

    /** Seals the frame whose body stands at a reserved place, and queues it for writing. */
    void append(int base, int dataBytes, long firstSeq, int count, int flags) {
        Invariant.check(
                firstSeq == headSeq + 1 || flags == Frame.GAP,
                "seqs without a gap",
                firstSeq,
                headSeq);
        int frameBytes = Frame.frameBytes(dataBytes);
        Invariant.check(frameBytes <= freeBytes(), "room in the log", frameBytes, freeBytes());
        Frame.putHeader(
                memory,
                base,
                flags,
                frameBytes,
                identity.logUuidHi(),
                identity.logUuidLo(),
                headPosition,
                opening,
                flushedSeq,
                headChain);
        headChain = Frame.seal(memory, base, crc);
        batches.append(headPosition, firstSeq, count, dataBytes, base, headChain, replica.nanos());
        allocationEnd = base + frameBytes;
        headPosition += frameBytes;
        headSeq = firstSeq + count - 1;
    }

    /** Starts the write and the flush that wait, if none is under way. */
    void pump() {
        if (failed()) {
            return;
        }
        if (writesInFlight == 0 && nextToWrite < batches.end()) {
            startWrite();
        }
        if (flushWanted && !flushInFlight) {
            startFlush();
        }
    }

    private void startWrite() {
        long batch = nextToWrite;
        int base = batches.memory(batch);
        int bytes = 0;
        while (batch < batches.end() && batches.memory(batch) == base + bytes) {
            int frameBytes = Frame.frameBytes(batches.dataBytes(batch));
            if (bytes > 0 && bytes + frameBytes > WRITE_BYTES_MAX) {
                break;
            }
            bytes += frameBytes;
            batch++;
        }
        writingEnd = batch;
        writeError = 0;
        long place = batches.position(nextToWrite) % identity.ringBytes();
        int toEnd = (int) Math.min(bytes, identity.ringBytes() - place);
        writesInFlight = toEnd < bytes ? 2 : 1;
        submitWrite(writeToEnd, base, toEnd, identity.ringOffset() + place);
        if (toEnd < bytes) {
            submitWrite(writeFromStart, base + toEnd, bytes - toEnd, identity.ringOffset());
        }
    }

    private void submitWrite(Io io, int from, int bytes, long offset) {
        ByteBuffer view = io.buffer;
        if (view == null) {
            throw new InvariantViolation("a view of the ring");
        }
        view.limit(from + bytes).position(from);
        io.offset = offset;
        replica.submit(storage, io, this);
    }

    private void startFlush() {
        flushWanted = false;
        flushInFlight = true;
        flushingSeq = writtenSeq;
        flushingPosition = writtenPosition;
        ArrayDeque<Runnable> empty = flushing;
        flushing = waitForFlush;
        waitForFlush = empty;
        replica.submit(storage, flush, this);
    }

    /** Asks for a flush of everything written when it starts. */
    void requestFlush() {
        if (!flushWanted) {
            flushWanted = true;
            replica.wake();
        }
    }

    /** Asks for a flush that makes a written seq durable, unless one is under way that will. */
    void requestFlush(long seq) {
        if (flushedSeq < seq && !(flushInFlight && flushingSeq >= seq)) {
            requestFlush();
        }
    }

    /** Runs a task after a flush that starts from now on; not at all if the log fails. */
    void afterFlush(Runnable task) {
        waitForFlush.add(task);
        requestFlush();
    }

    @Override
    public void ioDone(Io io) {
        if (io == flush) {
            flushEnded(io.error);
        } else {
            writeError = writeError == 0 ? io.error : writeError;
            if (--writesInFlight == 0) {
                writeEnded();
            }
        }
    }

    private void writeEnded() {
        if (writeError != 0) {
            fail("writing " + storage.name() + " failed with errno " + writeError);
            return;
        }
        if (flushedSeq == writtenSeq) {
            firstUnflushedNanos = replica.nanos();
        }
        nextToWrite = writingEnd;
        writtenSeq = batches.lastSeq(writingEnd - 1);
        writtenPosition =
                batches.position(writingEnd - 1)
                        + Frame.frameBytes(batches.dataBytes(writingEnd - 1));
        replica.logWritten();
    }

    private void flushEnded(int error) {
        flushInFlight = false;
        if (error != 0) {
            fail("flushing " + storage.name() + " failed with errno " + error);
            return;
        }
        flushedSeq = flushingSeq;
        flushedPosition = flushingPosition;
        firstUnflushedNanos = replica.nanos();
        while (!flushing.isEmpty()) {
            flushing.poll().run();
        }
        replica.logFlushed();
    }

    /** A frame read back is damaged: nothing more is written behind it. */
    void damaged(String reason) {
        fail(reason);
    }

    /** Something else of the log could not be written: it completes no more writes. */
    void writeFailed(String what, int errno) {
        fail(what + " to " + storage.name() + " failed with errno " + errno);
    }

    private void fail(String reason) {
        if (!failed()) {
            failure = reason;
            replica.logFailed(reason);
        }
    }

    /** Forgets batches before a batch number: a flushed checkpoint no longer needs them. */
    void releaseBefore(long batch) {
        Invariant.check(batch <= nextToWrite, "only written batches are released");
        while (batches.first() < batch) {
            long gone = batches.first();
            tailSeq = batches.lastSeq(gone);
            tailChain = batches.checksum(gone);
            tailPosition = batches.position(gone) + Frame.frameBytes(batches.dataBytes(gone));
            batches.dropFirst();
        }
        firstResident = Math.max(firstResident, batches.first());
    }
}
