package dmctl.tools.replog;

import dmctl.replog.Body;
import dmctl.replog.Checkpoint;
import dmctl.replog.Checkpoint.SiteEntry;
import dmctl.replog.Checkpoint.SiteState;
import dmctl.replog.Checkpoint.TermEntry;
import dmctl.replog.Checkpoint.TermKind;
import dmctl.replog.CheckpointCodec;
import dmctl.replog.Crc;
import dmctl.replog.ExportHeader;
import dmctl.replog.Frame;
import dmctl.replog.LogLayout;
import dmctl.replog.RegionMapMark;
import dmctl.replog.RegionPage;
import dmctl.replog.ReplogException;
import dmctl.replog.Superblock;
import dmctl.replog.SuperblockCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A log in memory with three batches, the last of which runs over the end of the ring. */
final class TestLog {
    static final UUID LOG = new UUID(1, 2);
    static final UUID GROUP = new UUID(3, 4);
    static final UUID SITE = new UUID(5, 6);
    static final long TIME = 1_795_257_600_000_000L;
    static final int DATA_BYTES = 5120;
    static final int FRAME_BYTES = 12288;

    final LogLayout layout;
    final ByteBuffer bytes;
    final long tail;
    private final List<ByteBuffer> frames = new ArrayList<>();
    private final Crc crc = new Crc();
    private final RegionMapMark map;
    private long position;
    private int chain = 0x12345678;
    private long opening = 2;

    TestLog() throws ReplogException {
        this(100);
    }

    /** Three batches of seq 101 to 109, of which those up to the mark are known durable. */
    TestLog(long flushedMark) throws ReplogException {
        layout = LogLayout.of("test", LogLayout.MIN_TOTAL_BYTES, 0, 2, 3);
        bytes = ByteBuffer.allocate((int) layout.totalBytes()).order(ByteOrder.LITTLE_ENDIAN);
        tail = 3 * layout.ringBytes() - 2 * FRAME_BYTES - 4096;
        position = tail;
        Superblock superblock = new Superblock(5, LOG, GROUP, SITE, layout, 512, 2, false, TIME);
        SuperblockCodec.encode(superblock, 0, bytes, 0);
        SuperblockCodec.encode(superblock.withClean(false), 1, bytes, 4096);
        map = new RegionMapMark(7, List.of(0, page(), 0, 0, 0, 0, 0, 0));
        checkpoint(0, 7, flushedMark, 0);
        checkpoint(1, 8, flushedMark, 0);
        for (int i = 0; i < 3; i++) {
            frame(101 + 3L * i, 100);
        }
    }

    /** Page 1 of the region map, in its second slot: eight regions of device 7, two written. */
    private int page() {
        int at = (int) layout.mapPageOffset(1, 1);
        long hi = LOG.getMostSignificantBits();
        RegionPage.put(bytes, at, hi, LOG.getLeastSignificantBits(), 1, 6, 7, 0, 8, 65536);
        RegionPage.putSeq(bytes, at, 2, 99);
        RegionPage.putSeq(bytes, at, 7, 42);
        return RegionPage.seal(bytes, at, crc);
    }

    void checkpoint(int slot, long generation, long flushedMark, long endOpening)
            throws ReplogException {
        Checkpoint checkpoint =
                new Checkpoint(
                        LOG,
                        generation,
                        tail,
                        100,
                        0x12345678,
                        0,
                        endOpening,
                        flushedMark,
                        90,
                        Checkpoint.Role.PRIMARY,
                        0,
                        Checkpoint.ResyncPhase.NONE,
                        0,
                        0,
                        0,
                        Checkpoint.NOT_FORKED,
                        map,
                        List.of(new TermEntry(1, 0xabc, 0, 0, TermKind.FIRST)),
                        List.of(new SiteEntry(2, SiteState.IN_LOG, true, 95, 94, "moving")),
                        "group: test\n");
        CheckpointCodec.encode(
                checkpoint,
                bytes,
                (int) layout.checkpointOffset(slot),
                layout.checkpointBytes(),
                "test");
    }

    /** Adds a write, a discard of a part of it, and a write on another device. */
    void frame(long firstSeq, long flushedMark) {
        ByteBuffer buf = ByteBuffer.allocate(FRAME_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        int body = Frame.BODY_OFFSET;
        int data = Frame.HEAD_BYTES;
        for (int i = 0; i < DATA_BYTES; i++) {
            buf.put(data + i, (byte) (i + firstSeq));
        }
        Body.put(buf, body, 1, 0xabc, firstSeq, 3, DATA_BYTES, TIME + firstSeq);
        int second = data + 4096;
        Body.putDescriptor(buf, body, 0, Body.WRITE, 0, 0, 16, 8, 0, crc.of(buf, data, 4096));
        Body.putDescriptor(buf, body, 1, Body.DISCARD, Body.MORE, 0, 18, 2, 0, 0);
        Body.putDescriptor(
                buf, body, 2, Body.WRITE, Body.FUA, 7, 64, 2, 4096, crc.of(buf, second, 1024));
        Body.seal(buf, body, crc);
        long hi = LOG.getMostSignificantBits();
        long lo = LOG.getLeastSignificantBits();
        Frame.putHeader(buf, 0, 0, FRAME_BYTES, hi, lo, position, opening, flushedMark, chain);
        chain = Frame.seal(buf, 0, crc);
        for (int at = 0; at < FRAME_BYTES; at += 4096) {
            bytes.put((int) layout.ringPlace(position + at), buf, at, 4096);
        }
        frames.add(buf);
        position += FRAME_BYTES;
    }

    /** Leaves room for a frame that is not written. */
    void skipFrame() {
        position += FRAME_BYTES;
    }

    void nextOpening() {
        opening++;
    }

    /** Offset in the file of a byte of a frame. */
    int place(int frame, int offset) {
        return (int) layout.ringPlace(tail + (long) frame * FRAME_BYTES + offset);
    }

    void flip(int at) {
        bytes.put(at, (byte) (bytes.get(at) ^ 0x40));
    }

    Path write(Path file) throws IOException {
        return write(file, bytes);
    }

    static Path write(Path file, ByteBuffer content) throws IOException {
        ByteBuffer all = content.duplicate().clear();
        try (FileChannel channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            while (all.hasRemaining()) {
                channel.write(all);
            }
        }
        return file;
    }

    /** The batches as an export. */
    ByteBuffer export() {
        int frameBytes = frames.size() * FRAME_BYTES;
        ByteBuffer buf =
                ByteBuffer.allocate(ExportHeader.BYTES + frameBytes).order(ByteOrder.LITTLE_ENDIAN);
        new ExportHeader(GROUP, SITE, 101, 109, frameBytes, TIME, "cut off at rejoin")
                .encode(buf, 0);
        for (int i = 0; i < frames.size(); i++) {
            buf.put(ExportHeader.BYTES + i * FRAME_BYTES, frames.get(i), 0, FRAME_BYTES);
        }
        return buf;
    }
}
