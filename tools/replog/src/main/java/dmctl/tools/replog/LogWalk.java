package dmctl.tools.replog;

import dmctl.replog.Body;
import dmctl.replog.Checkpoint;
import dmctl.replog.Crc;
import dmctl.replog.Frame;
import dmctl.replog.FrameFault;
import dmctl.replog.LogLayout;
import dmctl.replog.RecoveryCase;
import dmctl.replog.RecoveryCase.Data;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;

/** Follows the chain of frames from the tail as recovery does, and decides by the same table. */
final class LogWalk {
    private static final int SCAN_CHUNK = 1 << 20;

    private final LogFile file;
    private final LogLayout layout;
    private final UUID logUuid;
    private final Checkpoint checkpoint;
    private final FrameData data;
    private final boolean readData;
    private final Crc crc = new Crc();
    private final ByteBuffer head =
            ByteBuffer.allocateDirect(Frame.HEAD_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    private long flushedMark;
    private long position;
    private long expectedSeq;
    private long chain;
    private long opening;

    /** Is shown each frame of the log. */
    interface Visitor {
        void frame(ByteBuffer head) throws IOException;
    }

    /**
     * Where the walk stopped.
     *
     * @param row what recovery makes of the place
     * @param position linear position of the place
     * @param place its offset in the file
     * @param seq the seq expected there
     * @param flushedMark highest flushed mark found anywhere
     * @param detail what was found, in words
     */
    record End(
            RecoveryCase row,
            long position,
            long place,
            long seq,
            long flushedMark,
            String detail) {}

    LogWalk(LogFile file, LogLayout layout, UUID logUuid, Checkpoint checkpoint, boolean readData) {
        this.file = file;
        this.layout = layout;
        this.logUuid = logUuid;
        this.checkpoint = checkpoint;
        this.data = new FrameData(file, layout.ringOffset(), layout.ringBytes());
        this.readData = readData;
        this.flushedMark = checkpoint.flushedMark();
        this.position = checkpoint.tailPosition();
        this.expectedSeq = checkpoint.tailSeq() + 1;
        this.chain = Integer.toUnsignedLong(checkpoint.tailChain());
    }

    End run(Visitor visitor) throws IOException {
        while (true) {
            if (position == checkpoint.tailPosition() + layout.ringBytes()) {
                RecoveryCase row = decide(FrameFault.OTHER_POSITION, true, true, Data.UNREAD);
                return end(row, "the ring is full");
            }
            data.head(position, head);
            FrameFault fault = judge(position, chain);
            boolean sound = fault == FrameFault.NONE;
            boolean openingOk = sound && openingCounts(position);
            boolean seqOk = sound && seqFollows();
            boolean whole =
                    sound
                            && position + Frame.frameBytes(head, 0) - checkpoint.tailPosition()
                                    <= layout.ringBytes();
            int bad = readData && openingOk && seqOk && whole ? data.firstBadRecord(head) : -1;
            Data dataState = !readData ? Data.UNREAD : bad < 0 ? Data.INTACT : Data.BAD;
            if (sound && !whole) {
                fault = FrameFault.BAD_LENGTH;
            }
            RecoveryCase row = decide(fault, openingOk, seqOk, dataState);
            if (row.outcome() == RecoveryCase.Outcome.END_OF_LOG) {
                searchForFlushedMark();
                row = decide(fault, openingOk, seqOk, dataState);
            }
            if (row.outcome() != RecoveryCase.Outcome.ACCEPT) {
                return end(row, detail(fault, bad, seqOk));
            }
            visitor.frame(head);
            take();
        }
    }

    private FrameFault judge(long expectedPosition, long expectedChain) {
        return Frame.check(
                head,
                0,
                logUuid.getMostSignificantBits(),
                logUuid.getLeastSignificantBits(),
                expectedPosition,
                expectedChain,
                crc);
    }

    private RecoveryCase decide(
            FrameFault fault, boolean openingOk, boolean seqOk, Data dataState) {
        return RecoveryCase.decide(fault, openingOk, seqOk, dataState, expectedSeq <= flushedMark);
    }

    private boolean openingCounts(long at) {
        long found = Frame.opening(head, 0);
        return found >= opening
                && (at < checkpoint.endPosition() || found >= checkpoint.endOpening());
    }

    private boolean seqFollows() {
        long first = Body.firstSeq(head, Frame.BODY_OFFSET);
        return (Frame.flags(head, 0) & Frame.GAP) != 0 || first == expectedSeq;
    }

    private void take() {
        flushedMark = Math.max(flushedMark, Frame.flushedMark(head, 0));
        opening = Frame.opening(head, 0);
        chain = Integer.toUnsignedLong(Frame.checksum(head, 0));
        expectedSeq = Body.lastSeq(head, Frame.BODY_OFFSET) + 1;
        position += Frame.frameBytes(head, 0);
    }

    /** Looks behind the end for frames that say that more was durable. */
    private void searchForFlushedMark() throws IOException {
        ByteBuffer kept = ByteBuffer.allocate(Frame.HEAD_BYTES).put(0, head, 0, Frame.HEAD_BYTES);
        long limit = checkpoint.tailPosition() + layout.ringBytes();
        data.read(
                position,
                limit - position,
                (buf, bytes) -> {
                    for (int at = 0; at < bytes; at += Frame.HEAD_BYTES) {
                        if (Frame.hasMagic(buf, at)) {
                            head.put(0, buf, at, Frame.HEAD_BYTES);
                            weigh(limit);
                        }
                    }
                });
        head.put(0, kept, 0, Frame.HEAD_BYTES);
    }

    private void weigh(long limit) {
        long at = Frame.position(head, 0);
        if (at > position
                && at < limit
                && judge(at, Frame.ANY_CHAIN) == FrameFault.NONE
                && openingCounts(at)) {
            flushedMark = Math.max(flushedMark, Frame.flushedMark(head, 0));
        }
    }

    /**
     * Shows every frame that stands anywhere in the ring, with a word on what it is to this log.
     */
    void scan(Report report, End end) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocateDirect(SCAN_CHUNK).order(ByteOrder.LITTLE_ENDIAN);
        for (long at = 0; at < layout.ringBytes(); at += SCAN_CHUNK) {
            int bytes = (int) Math.min(SCAN_CHUNK, layout.ringBytes() - at);
            file.read(layout.ringOffset() + at, chunk, bytes);
            for (int i = 0; i < bytes; i += Frame.HEAD_BYTES) {
                if (Frame.hasMagic(chunk, i)) {
                    head.put(0, chunk, i, Frame.HEAD_BYTES);
                    show(report, end, layout.ringOffset() + at + i);
                }
            }
        }
    }

    private void show(Report report, End end, long place) {
        long at = Frame.position(head, 0);
        FrameFault fault = judge(at, Frame.ANY_CHAIN);
        String word =
                switch (fault) {
                    case NONE -> {
                        if (at < 0 || layout.ringPlace(at) != place) {
                            yield "misplaced";
                        }
                        if (at < checkpoint.tailPosition()) {
                            yield "before the tail";
                        }
                        yield at < end.position() ? "in the log" : "behind the end";
                    }
                    case OTHER_LOG -> "of another log";
                    case TOO_NEW -> "of a newer release";
                    default -> "damaged (" + fault + ")";
                };
        if (fault == FrameFault.NONE) {
            report.line("at %d, %s: %s", place, word, FrameText.frame(head));
        } else {
            report.line("at %d, %s: frame", place, word);
        }
    }

    private End end(RecoveryCase row, String detail) {
        return new End(row, position, data.place(position), expectedSeq, flushedMark, detail);
    }

    private String detail(FrameFault fault, int badRecord, boolean seqOk) {
        if (fault != FrameFault.NONE) {
            return "frame head is " + fault;
        }
        if (badRecord >= 0) {
            long seq = Body.firstSeq(head, Frame.BODY_OFFSET) + badRecord;
            long at =
                    data.place(
                            position
                                    + Frame.HEAD_BYTES
                                    + Body.dataOffset(head, Frame.BODY_OFFSET, badRecord));
            return "data of record seq " + seq + " at offset " + at + " has not its dataCrc";
        }
        return seqOk
                ? "opening is " + Frame.opening(head, 0) + ", too low for this place"
                : "firstSeq is " + Body.firstSeq(head, Frame.BODY_OFFSET);
    }
}
