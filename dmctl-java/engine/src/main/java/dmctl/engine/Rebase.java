package dmctl.engine;

import dmctl.engine.Standing.Phase;
import dmctl.engine.port.Io;
import dmctl.engine.port.Storage;
import dmctl.replog.Checkpoint;
import dmctl.replog.CheckpointCodec;
import dmctl.replog.ExportHeader;
import dmctl.replog.Frame;
import dmctl.replog.RegionMapMark;
import dmctl.replog.SpaceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Locale;

/**
 * Changes where this site's log begins or ends: everything under way is brought to an end, records
 * that will go are exported, one checkpoint makes the change durable, and the log is opened anew
 * from it. So there is one way into every state: recovery.
 */
final class Rebase {
    private static final int COPY_BYTES = 1 << 20;

    private final Replica replica;
    private final LogRing log;
    private boolean started;
    private String why = "";
    private long tailPosition;
    private long tailSeq;
    private int tailChain;
    private long endPosition;
    private long endOpening;
    private long flushedMark;
    private long appliedSeq;
    private long exportFromSeq = -1;
    private long allWrittenSeq = -1;

    Rebase(Replica replica) {
        this.replica = replica;
        this.log = replica.log();
        tailPosition = log.tailPosition();
    }

    boolean started() {
        return started;
    }

    /** Ends the log at a seq; what lies beyond is exported. */
    void cutAt(long seq, String reason) {
        keep();
        BatchTable batches = log.batches();
        long batch = batches.find(seq + 1);
        Invariant.check(
                batch == batches.end() || batches.firstSeq(batch) == seq + 1,
                "histories part between batches",
                seq);
        endPosition = batch < batches.end() ? batches.position(batch) : log.headPosition();
        endOpening = log.opening() + 1;
        flushedMark = Math.min(flushedMark, seq);
        exportFromSeq = seq + 1;
        begin(reason);
    }

    /**
     * Empties the log for a copy of regions.
     *
     * @param commonSeq records beyond it are exported, -1: none
     * @param byTerm id of the term of the source, if this copy is a part of its history and it may
     *     send the regions alone that were written since; else 0
     */
    void beginCopying(long commonSeq, long byTerm) {
        // What the devices hold for certain: the log, with all that is not on them yet, goes.
        long held = byTerm == 0 ? 0 : replica.checkpointer().persistedAppliedSeq();
        empty(0);
        exportFromSeq = commonSeq < 0 ? -1 : commonSeq + 1;
        replica.standing().phase = Phase.COPYING;
        replica.standing().needSeq = held;
        replica.standing().resyncId = held == 0 ? 0 : byTerm;
        replica.standing().forkedAtSeq = -1;
        begin("resync: regions are copied");
    }

    /** All regions are here: the log begins after a base seq. */
    void beginReplaying(long baseSeq, long needSeq) {
        empty(baseSeq);
        // Which regions the copy has changed, and when they were written, is not known here.
        allWrittenSeq = baseSeq;
        replica.standing().phase = Phase.REPLAYING;
        replica.standing().needSeq = needSeq;
        replica.standing().resyncId = 0;
        begin("resync: replay from seq " + (baseSeq + 1));
    }

    /** Opens the log again as it is, with a changed standing. */
    void reopen(String reason) {
        keep();
        begin(reason);
    }

    private void keep() {
        tailPosition = log.tailPosition();
        tailSeq = log.tailSeq();
        tailChain = log.tailChain();
        // Frames being written now may reach the log or not: recovery finds out.
        endPosition = replica.checkpointer().endPosition();
        endOpening = replica.checkpointer().endOpening();
        flushedMark = log.flushedSeq();
        appliedSeq = replica.checkpointer().persistedAppliedSeq();
    }

    private void empty(long seq) {
        tailPosition = log.headPosition();
        tailSeq = seq;
        tailChain = 0;
        endPosition = log.headPosition();
        endOpening = log.opening() + 1;
        flushedMark = seq;
        appliedSeq = seq;
    }

    private void begin(String reason) {
        Invariant.check(!started, "one rebase at a time");
        started = true;
        why = reason;
        replica.event(reason);
        replica.beginClosing();
    }

    /** All I/O has ended. */
    void quiet() {
        BatchTable batches = log.batches();
        if (exportFromSeq > 0 && exportFromSeq <= log.writtenSeq() && !batches.isEmpty()) {
            export();
        } else {
            flushDevices(0);
        }
    }

    private void export() {
        BatchTable batches = log.batches();
        long batch = Math.max(batches.first(), batches.find(exportFromSeq));
        long last = batches.find(log.writtenSeq());
        long from = batches.position(batch);
        long to = batches.position(last) + Frame.frameBytes(batches.dataBytes(last));
        ExportHeader header =
                new ExportHeader(
                        replica.def().uuid(),
                        replica.siteUuid(),
                        batches.firstSeq(batch),
                        batches.lastSeq(last),
                        to - from,
                        replica.wallMicros(),
                        why);
        // The opening makes it unique: an export that was cut short stays, and is made again.
        String name =
                String.format(
                        Locale.ROOT,
                        "%s-%s-seq-%d-%d-opening-%d.export",
                        replica.def().name(),
                        replica.sites().self().site.name(),
                        header.firstSeq(),
                        header.lastSeq(),
                        log.opening());
        try {
            Storage file = replica.ports().createExport(name, ExportHeader.BYTES + to - from);
            ByteBuffer buffer = Buffers.aligned(COPY_BYTES);
            header.encode(buffer, 0);
            buffer.limit(ExportHeader.BYTES);
            io(file, Io.Op.WRITE, buffer, 0, () -> copyFrames(file, buffer, from, from, to));
            replica.event("writes cut off are kept in " + file.name());
        } catch (IOException e) {
            // Without its export nothing is cut off.
            replica.fail(
                    String.format(
                            Locale.ROOT,
                            "the export %s cannot be written: %s",
                            name,
                            e.getMessage()));
        }
    }

    private void copyFrames(Storage file, ByteBuffer buffer, long start, long at, long to) {
        if (at == to) {
            io(
                    file,
                    Io.Op.FLUSH,
                    buffer,
                    0,
                    () -> {
                        file.close();
                        flushDevices(0);
                    });
            return;
        }
        long place = at % log.identity().ringBytes();
        int bytes =
                (int) Math.min(Math.min(COPY_BYTES, to - at), log.identity().ringBytes() - place);
        buffer.clear().limit(bytes);
        io(
                log.storage(),
                Io.Op.READ,
                buffer,
                log.identity().ringOffset() + place,
                () ->
                        io(
                                file,
                                Io.Op.WRITE,
                                buffer,
                                ExportHeader.BYTES + at - start,
                                () -> copyFrames(file, buffer, start, at + bytes, to)));
    }

    /** What was copied or applied is durable before the checkpoint claims it. */
    private void flushDevices(int device) {
        if (device < replica.def().devices().size()) {
            io(
                    replica.device(device),
                    Io.Op.FLUSH,
                    log.memory(),
                    0,
                    () -> flushDevices(device + 1));
        } else if (allWrittenSeq >= 0 && replica.devices().regionPages().isKept()) {
            replica.devices().regions().allWritten(allWrittenSeq);
            replica.devices().regionPages().write(true, this::flushLog);
        } else {
            flushLog();
        }
    }

    private void flushLog() {
        io(log.storage(), Io.Op.FLUSH, log.memory(), 0, this::writeCheckpoint);
    }

    private void writeCheckpoint() {
        // To both slots: were the newer one to rot, the older must not bring back what was cut off.
        Checkpointer last = replica.checkpointer();
        writeCheckpoint(
                last.nextGeneration(),
                last.nextSlot(),
                () ->
                        writeCheckpoint(
                                last.nextGeneration() + 1, 1 - last.nextSlot(), replica::closed));
    }

    private void writeCheckpoint(long generation, int slot, Runnable then) {
        Checkpoint checkpoint =
                Checkpoints.capture(
                        replica,
                        generation,
                        tailPosition,
                        tailSeq,
                        tailChain,
                        endPosition,
                        endOpening,
                        flushedMark,
                        appliedSeq,
                        mark());
        LogIdentity identity = log.identity();
        ByteBuffer buffer = Buffers.aligned(identity.checkpointBytes());
        try {
            CheckpointCodec.encode(
                    checkpoint, buffer, 0, identity.checkpointBytes(), log.storage().name());
        } catch (SpaceException e) {
            replica.fail(String.valueOf(e.getMessage()));
            return;
        }
        long offset = identity.checkpointOffset() + (long) slot * identity.checkpointBytes();
        io(
                log.storage(),
                Io.Op.WRITE,
                buffer,
                offset,
                () -> io(log.storage(), Io.Op.FLUSH, buffer, 0, then));
    }

    private RegionMapMark mark() {
        RegionPages pages = replica.devices().regionPages();
        return allWrittenSeq >= 0 && pages.isKept() ? pages.newMark() : pages.mark();
    }

    private void io(Storage storage, Io.Op op, ByteBuffer buffer, long offset, Runnable then) {
        Io io = new Io();
        io.op = op;
        io.buffer = buffer;
        io.offset = offset;
        io.kind = Replica.CLOSING_IO;
        replica.submit(
                storage,
                io,
                ended -> {
                    if (ended.error != 0) {
                        replica.fail(
                                String.format(
                                        Locale.ROOT,
                                        "%s of %s failed with errno %d while the log was reopened",
                                        op,
                                        storage.name(),
                                        ended.error));
                    } else {
                        then.run();
                    }
                });
    }
}
