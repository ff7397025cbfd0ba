package dmctl.engine;

import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import dmctl.replog.Checkpoint;
import dmctl.replog.CheckpointCodec;
import dmctl.replog.Frame;
import dmctl.replog.SpaceException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * Writes checkpoints: devices flushed, then, where records are let go, the region map written and
 * flushed, then the checkpoint written to the older slot, then the log flushed; only after that is
 * space before the new tail used again.
 */
final class Checkpointer implements IoDone {
    private enum Step {
        IDLE,
        FLUSH_DEVICES,
        WRITE_MAP,
        FLUSH_MAP,
        WRITE,
        FLUSH_LOG
    }

    private final Replica replica;
    private final LogRing log;
    private final ByteBuffer buffer;
    private final Io write = new Io();
    private final Io[] deviceFlushes;
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private final ArrayDeque<Runnable> inThis = new ArrayDeque<>();

    private Step step = Step.IDLE;
    private long generation;
    private int slot;
    private long endPosition;
    private long endOpening;
    private long persistedAppliedSeq;
    private long applyingSeq;
    private long flushedAppliedSeq;
    private final Runnable mapWritten = this::mapWritten;
    private final Runnable mapFlushed = this::writeCheckpoint;
    private long newTail;
    private boolean mapIsNew;
    private int flushesInFlight;
    private boolean deviceFlushFailed;
    private boolean wanted;
    private boolean wantTail;

    Checkpointer(Replica replica) {
        this.replica = replica;
        this.log = replica.log();
        buffer = Buffers.aligned(log.identity().checkpointBytes());
        write.op = Io.Op.WRITE;
        write.buffer = buffer;
        deviceFlushes = new Io[replica.def().devices().size()];
        for (int i = 0; i < deviceFlushes.length; i++) {
            deviceFlushes[i] = new Io();
            deviceFlushes[i].op = Io.Op.FLUSH;
            deviceFlushes[i].tag = i;
        }
    }

    /** Starts after recovery. */
    void startAt(long lastGeneration, int lastSlot, long appliedSeq, long position, long opening) {
        generation = lastGeneration;
        slot = lastSlot;
        persistedAppliedSeq = appliedSeq;
        flushedAppliedSeq = appliedSeq;
        endPosition = position;
        endOpening = opening;
    }

    long endPosition() {
        return endPosition;
    }

    long endOpening() {
        return endOpening;
    }

    /** What the log will have released when the checkpoint under way is durable. */
    long tailSeqSoon() {
        return step != Step.IDLE && newTail > log.batches().first()
                ? log.batches().lastSeq(newTail - 1)
                : log.tailSeq();
    }

    /** For a checkpoint written by somebody else once this has ended. */
    long nextGeneration() {
        return generation + 1;
    }

    int nextSlot() {
        return 1 - slot;
    }

    boolean idle() {
        return step == Step.IDLE && !wanted;
    }

    long persistedAppliedSeq() {
        return persistedAppliedSeq;
    }

    /**
     * Newest seq that the log may go on to: recovery would have to hold all records beyond the
     * applied seq of the last checkpoint, and has room for so many.
     */
    long newestSeqTaken() {
        return persistedAppliedSeq + log.identity().unappliedRecordsMax();
    }

    boolean mayGoOnTo(long seq) {
        return seq <= newestSeqTaken();
    }

    /** Makes the present state durable; the task runs when it is. */
    void save(Runnable whenDurable) {
        waiting.add(whenDurable);
        save();
    }

    void save() {
        wanted = true;
        replica.wake();
    }

    /** Asks that space be released up to what devices and sites allow. */
    void releaseSpace() {
        wantTail = true;
        wanted = true;
    }

    void pump() {
        if (step != Step.IDLE || log.failed()) {
            return;
        }
        if (wanted || isDue()) {
            begin();
        }
    }

    /** Whether a checkpoint could let go of records now. */
    boolean mayRelease() {
        return idle() && !deviceFlushFailed;
    }

    private boolean isDue() {
        if (deviceFlushFailed) {
            return false;
        }
        long applied = replica.applier().settledSeq();
        BatchTable batches = log.batches();
        if (applied - persistedAppliedSeq > log.identity().unappliedRecordsMax() / 8) {
            return true;
        }
        return applied > persistedAppliedSeq
                && batches.bytesThroughSeq(applied) - batches.bytesThroughSeq(persistedAppliedSeq)
                        > log.identity().ringBytes() / 8;
    }

    private void begin() {
        wanted = false;
        inThis.addAll(waiting);
        waiting.clear();
        newTail = log.batches().first();
        applyingSeq = replica.applier().settledSeq();
        if (applyingSeq == flushedAppliedSeq || deviceFlushFailed) {
            writeMap();
            return;
        }
        step = Step.FLUSH_DEVICES;
        flushesInFlight = deviceFlushes.length;
        for (int i = 0; i < deviceFlushes.length; i++) {
            replica.submit(replica.device(i), deviceFlushes[i], this);
        }
    }

    @Override
    public void ioDone(Io io) {
        if (io == write) {
            if (io.error != 0) {
                log.writeFailed("writing a checkpoint", io.error);
                return;
            }
            step = Step.FLUSH_LOG;
            log.afterFlush(this::durable);
            return;
        }
        if (io.error != 0) {
            deviceFlushFailed = true;
            replica.applier().stop(replica.deviceFailed((int) io.tag, "flushing", io.error));
        }
        if (--flushesInFlight == 0) {
            // What a failed flush covered is never claimed, for a later flush may succeed without
            // it: it stays in the log and is written again after the next opening.
            if (!deviceFlushFailed) {
                flushedAppliedSeq = applyingSeq;
            }
            writeMap();
        }
    }

    /** What goes from the log must be in the map first. */
    private void writeMap() {
        step = Step.WRITE_MAP;
        newTail = chooseTail();
        mapIsNew = replica.devices().regionPages().mustWrite(newTail > log.batches().first());
        if (mapIsNew) {
            replica.devices().regionPages().write(false, mapWritten);
        } else {
            writeCheckpoint();
        }
    }

    private void mapWritten() {
        if (replica.devices().regionPages().wroteAny()) {
            step = Step.FLUSH_MAP;
            log.afterFlush(mapFlushed);
        } else {
            writeCheckpoint();
        }
    }

    private void writeCheckpoint() {
        step = Step.WRITE;
        generation++;
        slot = 1 - slot;
        try {
            CheckpointCodec.encode(
                    capture(), buffer, 0, log.identity().checkpointBytes(), log.storage().name());
        } catch (SpaceException e) {
            log.writeFailed(String.valueOf(e.getMessage()), Errno.ENOSPC);
            return;
        }
        write.offset =
                log.identity().checkpointOffset() + (long) slot * log.identity().checkpointBytes();
        buffer.clear();
        replica.submit(log.storage(), write, this);
    }

    /** First batch that must stay in the log. */
    private long chooseTail() {
        BatchTable batches = log.batches();
        if (!wantTail) {
            return batches.first();
        }
        wantTail = false;
        long keep = Math.min(flushedAppliedSeq, releasableSeq());
        long pinned = replica.pinnedPosition();
        long batch = batches.first();
        while (batch < batches.end()
                && batches.lastSeq(batch) <= keep
                && batches.position(batch) < pinned) {
            batch++;
        }
        return batch;
    }

    private long releasableSeq() {
        return replica.standing().role == GroupStatus.Role.PRIMARY
                ? replica.sites().releasableSeq()
                : Long.MAX_VALUE;
    }

    private Checkpoint capture() {
        BatchTable batches = log.batches();
        long position = log.tailPosition();
        long seq = log.tailSeq();
        int chain = log.tailChain();
        if (newTail > batches.first()) {
            long last = newTail - 1;
            position = batches.position(last) + Frame.frameBytes(batches.dataBytes(last));
            seq = batches.lastSeq(last);
            chain = batches.checksum(last);
        }
        return Checkpoints.capture(
                replica,
                generation,
                position,
                seq,
                chain,
                endPosition,
                endOpening,
                log.flushedSeq(),
                flushedAppliedSeq,
                mapIsNew
                        ? replica.devices().regionPages().newMark()
                        : replica.devices().regionPages().mark());
    }

    private void durable() {
        step = Step.IDLE;
        persistedAppliedSeq = flushedAppliedSeq;
        log.releaseBefore(newTail);
        if (mapIsNew) {
            replica.devices().regionPages().counted();
        }
        int count = inThis.size();
        for (int i = 0; i < count; i++) {
            inThis.poll().run();
        }
        replica.checkpointed();
    }
}
