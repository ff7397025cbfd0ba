package dmctl.engine;

import dmctl.replog.Body;
import dmctl.replog.BodyFault;
import dmctl.replog.Checkpoint;
import dmctl.replog.Crc;
import dmctl.replog.Frame;
import dmctl.replog.FrameFault;
import dmctl.replog.RecoveryCase;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Locale;

/**
 * Follows the chain of frames from the tail to the end of the log. First only heads are read; then
 * the data of what no flushed mark covers is checked, for a power cut may have torn it. Every
 * position is judged by {@link RecoveryCase}. Records are taken into the index as soon as a flushed
 * mark covers them, so that no more than what may lie beyond it is held besides.
 */
final class Recovery {
    /** What was found. */
    interface Done {
        /**
         * The log ends properly; its records are in the index.
         *
         * @param batches all of them
         * @param frameBytesMax size of the largest frame
         */
        void recovered(BatchTable batches, int frameBytesMax);

        /**
         * It cannot be opened.
         *
         * @param reason names the place
         */
        void damaged(String reason);
    }

    private static final int RANGE_LONGS = 3;
    private static final long[] NO_RANGES = {};

    private final Replica replica;
    private final LogIdentity identity;
    private final Checkpoint checkpoint;
    private final LogScan scan;
    private final Crc crc = new Crc();
    private final Done done;
    private final long bound;
    private final BatchTable batches = new BatchTable();

    /** Ranges of the batches from {@link #taken} on: device number, sector, sectors each. */
    private final ArrayDeque<long[]> ranges = new ArrayDeque<>();

    private final long nanos;

    private long position;
    private long seq;
    private int chain;
    private long flushed;
    private long taken;
    private int lastFrameBytes;
    private int frameBytesMax;
    private String misfit = "";
    private long scanEnd;
    private long unwritten;
    private long verifiedEnd;
    private String endedBy = "end of ring";
    private FrameFault endFault = FrameFault.NOT_A_FRAME;
    private boolean endOpeningOk = true;
    private boolean endSeqOk = true;
    private RecoveryCase.Data endData = RecoveryCase.Data.UNREAD;

    Recovery(Replica replica, LogIdentity identity, Checkpoint checkpoint, Done done) {
        this.replica = replica;
        this.identity = identity;
        this.checkpoint = checkpoint;
        this.done = done;
        scan = new LogScan(replica, identity);
        position = checkpoint.tailPosition();
        seq = checkpoint.tailSeq();
        chain = checkpoint.tailChain();
        flushed = checkpoint.flushedMark();
        bound = position + identity.ringBytes();
        nanos = replica.nanos();
    }

    void start() {
        walk();
    }

    private boolean broken() {
        if (!misfit.isEmpty()) {
            done.damaged(misfit);
            return true;
        }
        if (scan.error() != 0) {
            replica.recoveryTally().add(RecoveryCase.UNREADABLE);
            done.damaged(
                    String.format(
                            Locale.ROOT,
                            "the log cannot be read, or not written again, at position %d: errno %d",
                            position,
                            scan.error()));
            return true;
        }
        return false;
    }

    private void walk() {
        while (!broken()) {
            if (position + Frame.HEAD_BYTES > bound) {
                scanAhead(position);
                return;
            }
            if (!scan.has(position, Frame.HEAD_BYTES)) {
                scan.loadHeads(position, bound, lastFrameBytes, this::walk);
                return;
            }
            if (!accept(scan.buffer(), scan.indexOf(position))) {
                scanAhead(position);
                return;
            }
        }
    }

    private boolean accept(ByteBuffer buffer, int base) {
        FrameFault fault =
                Frame.check(
                        buffer,
                        base,
                        identity.logUuidHi(),
                        identity.logUuidLo(),
                        position,
                        Integer.toUnsignedLong(chain),
                        crc);
        int body = base + Frame.BODY_OFFSET;
        if (fault == FrameFault.NONE
                && Body.check(buffer, body, Frame.HEAD_BYTES - Frame.BODY_OFFSET, crc)
                        != BodyFault.NONE) {
            fault = FrameFault.BAD_BODY;
        }
        if (fault != FrameFault.NONE) {
            endedBy = "frame: " + fault;
            endFault = fault;
            return false;
        }
        boolean tooOld =
                position >= checkpoint.endPosition()
                        && Frame.opening(buffer, base) < checkpoint.endOpening();
        boolean contiguous =
                Body.firstSeq(buffer, body) == seq + 1
                        || (Frame.flags(buffer, base) & Frame.GAP) != 0;
        if (tooOld || !contiguous || position + Frame.frameBytes(buffer, base) > bound) {
            endedBy = tooOld ? "frame of an earlier opening" : "seq out of order";
            endFault = FrameFault.NONE;
            endOpeningOk = !tooOld;
            endSeqOk = contiguous;
            return false;
        }
        batches.append(
                position,
                Body.firstSeq(buffer, body),
                Body.count(buffer, body),
                Body.dataBytes(buffer, body),
                BatchTable.NOT_IN_MEMORY,
                Frame.checksum(buffer, base),
                nanos);
        ranges.add(ranges(buffer, body));
        replica.recoveryTally().add(RecoveryCase.ACCEPTED_DATA_UNREAD);
        flushed = Math.max(flushed, Frame.flushedMark(buffer, base));
        lastFrameBytes = Frame.frameBytes(buffer, base);
        frameBytesMax = Math.max(frameBytesMax, lastFrameBytes);
        position += lastFrameBytes;
        seq = Body.lastSeq(buffer, body);
        chain = Frame.checksum(buffer, base);
        takeFlushed();
        return true;
    }

    private long[] ranges(ByteBuffer buffer, int body) {
        if (Body.lastSeq(buffer, body) <= checkpoint.appliedSeq()) {
            note(buffer, body);
            return NO_RANGES;
        }
        int count = Body.count(buffer, body);
        long[] found = new long[count * RANGE_LONGS];
        for (int i = 0; i < count; i++) {
            int type = Body.type(buffer, body, i);
            boolean data = type != Body.MARK && type != Body.CHANGE;
            found[i * RANGE_LONGS] = Body.devNr(buffer, body, i);
            found[i * RANGE_LONGS + 1] = Body.sector(buffer, body, i);
            found[i * RANGE_LONGS + 2] =
                    data ? Integer.toUnsignedLong(Body.sectorCount(buffer, body, i)) : 0;
        }
        return found;
    }

    /** What is on the devices is not in the index, but still in no page of the region map. */
    private void note(ByteBuffer buffer, int body) {
        Devices devices = replica.devices();
        for (int i = 0; i < Body.count(buffer, body); i++) {
            int type = Body.type(buffer, body, i);
            int devNr = Body.devNr(buffer, body, i);
            long sector = Body.sector(buffer, body, i);
            long sectors = Integer.toUnsignedLong(Body.sectorCount(buffer, body, i));
            if (type != Body.MARK
                    && type != Body.CHANGE
                    && sectors > 0
                    && devices.knows(devNr, sector, sectors)) {
                devices.noteWritten(devNr, sector, sectors, Body.firstSeq(buffer, body) + i);
            }
        }
    }

    /** Takes in what a flushed mark covers: it is there, or the log is damaged. */
    private void takeFlushed() {
        while (taken < batches.end() && batches.lastSeq(taken) <= flushed) {
            take();
        }
    }

    private void take() {
        long firstSeq = batches.firstSeq(taken++);
        long[] found = ranges.remove();
        Devices devices = replica.devices();
        for (int i = 0; i < found.length && misfit.isEmpty(); i += RANGE_LONGS) {
            long each = firstSeq + i / RANGE_LONGS;
            if (found[i + 2] == 0) {
                continue;
            }
            int devNr = (int) found[i];
            if (each <= checkpoint.appliedSeq()) {
                if (devices.knows(devNr, found[i + 1], found[i + 2])) {
                    devices.noteWritten(devNr, found[i + 1], found[i + 2], each);
                }
                continue;
            }
            if (!devices.knows(devNr, found[i + 1], found[i + 2])) {
                misfit = misfit("seq %d does not fit the devices of group %s", each);
                return;
            }
            if (!devices.indexHasRoom()) {
                misfit =
                        misfit(
                                "more records than this version keeps unapplied, from seq %d of"
                                        + " group %s: open it with the version that wrote it, stop"
                                        + " it cleanly, then try again",
                                each);
                return;
            }
            devices.indexPut(devNr, found[i + 1], found[i + 2], each);
        }
    }

    private String misfit(String format, long seq) {
        return replica.ports().log().name()
                + ": "
                + String.format(Locale.ROOT, format, seq, replica.def().name());
    }

    /** Looks for frames beyond the end whose flushed mark says that the end is damage. */
    private void scanAhead(long from) {
        long window = identity.unflushedBytesMax() + 2L * identity.frameBytesMax();
        scanEnd = Math.min(bound, from + window);
        scanAheadFrom(from);
    }

    private void scanAheadFrom(long start) {
        long at = start;
        while (at + Frame.HEAD_BYTES <= scanEnd) {
            if (!scan.has(at, Frame.HEAD_BYTES)) {
                long next = at;
                scan.load(
                        at,
                        Frame.HEAD_BYTES,
                        scanEnd,
                        () -> unlessBroken(() -> scanAheadFrom(next)));
                return;
            }
            int base = scan.indexOf(at);
            if (Frame.hasMagic(scan.buffer(), base) && isFrameAhead(scan.buffer(), base, at)) {
                flushed = Math.max(flushed, Frame.flushedMark(scan.buffer(), base));
            }
            at += Frame.HEAD_BYTES;
        }
        verifyData();
    }

    private boolean isFrameAhead(ByteBuffer buffer, int base, long at) {
        return Frame.check(
                                buffer,
                                base,
                                identity.logUuidHi(),
                                identity.logUuidLo(),
                                at,
                                Frame.ANY_CHAIN,
                                crc)
                        == FrameFault.NONE
                && (at < checkpoint.endPosition()
                        || Frame.opening(buffer, base) >= checkpoint.endOpening());
    }

    private void verifyData() {
        takeFlushed();
        unwritten = taken < batches.end() ? batches.position(taken) : position;
        verifiedEnd = unwritten;
        verifyNext();
    }

    private void verifyNext() {
        Runnable verify = () -> unlessBroken(this::verifyNext);
        while (taken < batches.end()) {
            long at = batches.position(taken);
            int bytes = Frame.frameBytes(batches.dataBytes(taken));
            if (!scan.has(at, bytes)) {
                writeAgain(at, () -> unlessBroken(() -> scan.load(at, bytes, bound, verify)));
                return;
            }
            int torn = tornRecord(scan.indexOf(at));
            if (torn >= 0) {
                endedBy = "data of seq " + (batches.firstSeq(taken) + torn) + ": checksum";
                endFault = FrameFault.NONE;
                endOpeningOk = true;
                endSeqOk = true;
                endData = RecoveryCase.Data.BAD;
                batches.cut(taken);
                break;
            }
            replica.recoveryTally().add(RecoveryCase.ACCEPTED);
            take();
            verifiedEnd = at + bytes;
        }
        writeAgain(verifiedEnd, () -> unlessBroken(this::finish));
    }

    private void unlessBroken(Runnable next) {
        if (!broken()) {
            next.run();
        }
    }

    /**
     * Writes what no mark covers again: if the flush that was to cover it has failed, a disk may
     * call the next one good though it has lost some of it.
     */
    private void writeAgain(long next, Runnable then) {
        long begin = unwritten;
        unwritten = next;
        if (begin < verifiedEnd && misfit.isEmpty()) {
            scan.writeAgain(begin, (int) (verifiedEnd - begin), then);
        } else {
            then.run();
        }
    }

    /** The first record of a batch whose data is not what was written, or -1. */
    private int tornRecord(int base) {
        for (int i = 0; i < batches.count(taken); i++) {
            if (!Body.dataIntact(
                    scan.buffer(), base + Frame.BODY_OFFSET, base + Frame.HEAD_BYTES, i, crc)) {
                return i;
            }
        }
        return -1;
    }

    private void finish() {
        boolean none = batches.isEmpty();
        long newest = batches.end() - 1;
        long last = none ? checkpoint.tailSeq() : batches.lastSeq(newest);
        long end =
                none
                        ? checkpoint.tailPosition()
                        : batches.position(newest) + Frame.frameBytes(batches.dataBytes(newest));
        boolean belowFlushed = last < flushed;
        if (end + Frame.HEAD_BYTES > bound && !belowFlushed) {
            done.recovered(batches, frameBytesMax);
            return;
        }
        RecoveryCase row =
                RecoveryCase.decide(endFault, endOpeningOk, endSeqOk, endData, belowFlushed);
        replica.recoveryTally().add(row);
        String name = replica.ports().log().name();
        switch (row.outcome()) {
            case END_OF_LOG, ACCEPT -> done.recovered(batches, frameBytesMax);
            case TOO_NEW ->
                    done.damaged(
                            String.format(
                                    Locale.ROOT,
                                    "%s at log position %d: written by a newer release; use that one",
                                    name,
                                    end));
            case DAMAGE, IO_ERROR ->
                    done.damaged(
                            String.format(
                                    Locale.ROOT,
                                    "%s is damaged at log position %d (%s, %s): seq %d was durable and is"
                                            + " missing. Take over at another site, or resync this"
                                            + " one from it",
                                    name,
                                    end,
                                    row,
                                    endedBy,
                                    last + 1));
        }
    }
}
