package dmctl.engine;

import dmctl.replog.Body;
import dmctl.replog.BodyFault;
import dmctl.replog.Checkpoint;
import dmctl.replog.Crc;
import dmctl.replog.Frame;
import dmctl.replog.FrameFault;
import dmctl.replog.RecoveryCase;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Follows the chain of frames from the tail to the end of the log. First only heads are read; then
 * the data of what no flushed mark covers is checked, for a power cut may have torn it. Every
 * position is judged by {@link RecoveryCase}.
 */
final class Recovery {
    /** What was found. */
    interface Done {
        /**
         * The log ends properly.
         *
         * @param batches in order
         */
        void recovered(List<Batch> batches);

        /**
         * It cannot be opened.
         *
         * @param reason names the place
         */
        void damaged(String reason);
    }

    /** A batch found, with what the tables need of it. */
    // An array, for a log may hold a million of them; nobody changes it.
    @SuppressWarnings("ArrayRecordComponent")
    record Batch(
            long position,
            long firstSeq,
            int count,
            int dataBytes,
            int checksum,
            int flags,
            long termNumber,
            long termId,
            long[] ranges) {
        static final int RANGE_LONGS = 3;

        long lastSeq() {
            return firstSeq + count - 1;
        }

        long end() {
            return position + Frame.frameBytes(dataBytes);
        }
    }

    private final Replica replica;
    private final LogIdentity identity;
    private final Checkpoint checkpoint;
    private final LogScan scan;
    private final Crc crc = new Crc();
    private final Done done;
    private final long bound;
    private final List<Batch> batches = new ArrayList<>();

    private long position;
    private long seq;
    private int chain;
    private long flushed;
    private int verify;
    private long scanEnd;
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
    }

    void start() {
        walk();
    }

    private boolean broken() {
        if (scan.error() != 0) {
            replica.recoveryTally().add(RecoveryCase.UNREADABLE);
            done.damaged(
                    String.format(
                            Locale.ROOT,
                            "reading the log at position %d failed with errno %d",
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
                scan.load(position, bound, this::walk);
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
        Batch batch =
                new Batch(
                        position,
                        Body.firstSeq(buffer, body),
                        Body.count(buffer, body),
                        Body.dataBytes(buffer, body),
                        Frame.checksum(buffer, base),
                        Frame.flags(buffer, base),
                        Body.termNumber(buffer, body),
                        Body.termId(buffer, body),
                        ranges(buffer, body));
        batches.add(batch);
        replica.recoveryTally().add(RecoveryCase.ACCEPTED_DATA_UNREAD);
        flushed = Math.max(flushed, Frame.flushedMark(buffer, base));
        position = batch.end();
        seq = batch.lastSeq();
        chain = batch.checksum();
        return true;
    }

    private long[] ranges(ByteBuffer buffer, int body) {
        if (Body.lastSeq(buffer, body) <= checkpoint.appliedSeq()) {
            return new long[0];
        }
        int count = Body.count(buffer, body);
        long[] ranges = new long[count * Batch.RANGE_LONGS];
        for (int i = 0; i < count; i++) {
            int type = Body.type(buffer, body, i);
            boolean data = type != Body.MARK && type != Body.CHANGE;
            ranges[i * Batch.RANGE_LONGS] = Body.devNr(buffer, body, i);
            ranges[i * Batch.RANGE_LONGS + 1] = Body.sector(buffer, body, i);
            ranges[i * Batch.RANGE_LONGS + 2] =
                    data ? Integer.toUnsignedLong(Body.sectorCount(buffer, body, i)) : 0;
        }
        return ranges;
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
                        scanEnd,
                        () -> {
                            if (!broken()) {
                                scanAheadFrom(next);
                            }
                        });
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
        verify = 0;
        while (verify < batches.size() && batches.get(verify).lastSeq() <= flushed) {
            verify++;
        }
        verifyNext();
    }

    private void verifyNext() {
        while (verify < batches.size()) {
            Batch batch = batches.get(verify);
            int bytes = Frame.frameBytes(batch.dataBytes());
            if (!scan.has(batch.position(), bytes)) {
                scan.load(
                        batch.position(),
                        bound,
                        () -> {
                            if (!broken()) {
                                verifyNext();
                            }
                        });
                return;
            }
            int base = scan.indexOf(batch.position());
            for (int i = 0; i < batch.count(); i++) {
                if (!Body.dataIntact(
                        scan.buffer(), base + Frame.BODY_OFFSET, base + Frame.HEAD_BYTES, i, crc)) {
                    endedBy = "data of seq " + (batch.firstSeq() + i) + ": checksum";
                    endFault = FrameFault.NONE;
                    endOpeningOk = true;
                    endSeqOk = true;
                    endData = RecoveryCase.Data.BAD;
                    batches.subList(verify, batches.size()).clear();
                    finish();
                    return;
                }
            }
            replica.recoveryTally().add(RecoveryCase.ACCEPTED);
            verify++;
        }
        finish();
    }

    private void finish() {
        long last = batches.isEmpty() ? checkpoint.tailSeq() : batches.getLast().lastSeq();
        long end = batches.isEmpty() ? checkpoint.tailPosition() : batches.getLast().end();
        boolean belowFlushed = last < flushed;
        if (end + Frame.HEAD_BYTES > bound && !belowFlushed) {
            done.recovered(batches);
            return;
        }
        RecoveryCase row =
                RecoveryCase.decide(endFault, endOpeningOk, endSeqOk, endData, belowFlushed);
        replica.recoveryTally().add(row);
        String name = replica.ports().log().name();
        switch (row.outcome()) {
            case END_OF_LOG, ACCEPT -> done.recovered(batches);
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
