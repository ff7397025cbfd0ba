package dmctl.replog;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * The smallest whole log: its tail is not at the start, and its last frame runs over the ring's
 * end.
 */
final class SampleLog {
    final ByteBuffer bytes = Samples.buffer((int) LogLayout.MIN_TOTAL_BYTES);
    final LogLayout layout;
    final Superblock superblock;
    final Checkpoint checkpoint;
    final long endPosition;
    private final Crc crc = new Crc();

    SampleLog() throws ReplogException {
        layout = LogLayout.of("sample", bytes.capacity(), 0);
        superblock =
                new Superblock(
                        4,
                        Samples.LOG,
                        Samples.GROUP,
                        Samples.SITE,
                        layout,
                        512,
                        2,
                        false,
                        Samples.TIME);
        SuperblockCodec.encode(superblock.withClean(false), 0, bytes, 0);
        SuperblockCodec.encode(superblock, 1, bytes, 4096);
        bytes.put(8192, Samples.linkCursors(3, 4), 8192, 8192);
        long frameBytes = Frame.frameBytes(5120);
        long tail = 5 * layout.ringBytes() - 2 * frameBytes - 4096;
        checkpoint = checkpoint(tail);
        int slot = layout.checkpointBytes();
        CheckpointCodec.encode(checkpoint, bytes, (int) layout.checkpointOffset(0), slot, "sample");
        int chain = checkpoint.tailChain();
        long position = tail;
        for (int i = 0; i < 3; i++) {
            chain = put(position, 101 + 4L * i, 96 + 4L * i, chain);
            position += frameBytes;
        }
        endPosition = position;
    }

    private int put(long position, long firstSeq, long flushedMark, int chain) {
        ByteBuffer frame = Samples.buffer(Frame.frameBytes(5120));
        int sum = Samples.frame(frame, 0, position, firstSeq, flushedMark, chain, crc);
        for (int at = 0; at < frame.capacity(); at += 4096) {
            bytes.put((int) layout.ringPlace(position + at), frame, at, 4096);
        }
        return sum;
    }

    private static Checkpoint checkpoint(long tail) {
        Checkpoint c = Samples.checkpoint();
        return new Checkpoint(
                c.logUuid(),
                c.generation(),
                tail,
                100,
                c.tailChain(),
                0,
                0,
                100,
                100,
                Checkpoint.Role.PRIMARY,
                0,
                Checkpoint.ResyncPhase.NONE,
                0,
                0,
                0,
                Checkpoint.NOT_FORKED,
                RegionMapMark.NONE,
                c.terms(),
                List.of(c.sites().get(0)),
                c.definition());
    }
}
