package dmctl.replog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dmctl.replog.RecoveryCase.Data;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/**
 * Files written once and never changed: what is written today has the same bytes, and what was
 * written then still reads the same. Started with {@code -Dgolden.update} they are written anew.
 */
class GoldenTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");

    /** What only a log with a region map has. */
    private static final Set<String> SECOND_VERSION =
            Set.of("superblock-with-map", "checkpoint-with-map", "region-page");

    private static final boolean UPDATE = System.getProperty("golden.update") != null;

    private static void compare(String name, ByteBuffer written, String text) throws IOException {
        byte[] bytes = new byte[written.capacity()];
        written.get(0, bytes);
        Path file = file(name, ".bin.gz");
        Path dump = file(name, ".txt");
        if (UPDATE) {
            Files.createDirectories(file.resolveSibling("."));
            ByteArrayOutputStream packed = new ByteArrayOutputStream();
            try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
                out.write(bytes);
            }
            Files.write(file, packed.toByteArray());
            Files.writeString(dump, text);
        }
        assertThat(read(name))
                .as("%s: the bytes that are written have changed", file)
                .isEqualTo(bytes);
        assertThat(Files.readString(dump)).as("%s: what is read has changed", dump).isEqualTo(text);
    }

    private static Path file(String name, String suffix) {
        return GOLDEN.resolve(SECOND_VERSION.contains(name) ? "v2" : "v1").resolve(name + suffix);
    }

    private static byte[] read(String name) throws IOException {
        byte[] packed = Files.readAllBytes(file(name, ".bin.gz"));
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
            return in.readAllBytes();
        }
    }

    private static ByteBuffer golden(String name) throws IOException {
        return ByteBuffer.wrap(read(name)).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A record's text, one component a line. */
    private static String text(Record value) {
        return value.toString()
                        .replaceFirst("\\[", "\n  ")
                        .replaceFirst("]$", "")
                        .replaceAll(", (?=\\w+=)", "\n  ")
                + "\n";
    }

    @Test
    void superblock() throws Exception {
        superblock("superblock", Samples.superblock());
    }

    @Test
    void superblockWithMap() throws Exception {
        superblock("superblock-with-map", Samples.superblockWithMap());
    }

    private static void superblock(String name, Superblock sample) throws Exception {
        ByteBuffer buf = Samples.buffer(4096);
        SuperblockCodec.encode(sample, 1, buf, 0);
        compare(name, buf, text(sample));
        assertThat(SuperblockCodec.decode(golden(name), 0, "golden")).isEqualTo(sample);
    }

    @Test
    void linkCursors() throws Exception {
        ByteBuffer buf = Samples.linkCursors(3, 4).slice(12288, 4096);
        buf.order(ByteOrder.LITTLE_ENDIAN);
        LinkCursors cursors = LinkCursors.decode(buf, 0, Samples.LOG, "sample");
        compare("link-cursors", buf, text(cursors));
        assertThat(LinkCursors.decode(golden("link-cursors"), 0, Samples.LOG, "golden"))
                .isEqualTo(cursors);
    }

    @Test
    void checkpoint() throws Exception {
        checkpoint("checkpoint", Samples.checkpoint());
    }

    @Test
    void checkpointWithMap() throws Exception {
        checkpoint("checkpoint-with-map", Samples.checkpointWithMap());
    }

    private static void checkpoint(String name, Checkpoint sample) throws Exception {
        ByteBuffer buf = Samples.buffer(4096);
        CheckpointCodec.encode(sample, buf, 0, 4096, "sample");
        compare(name, buf, text(sample));
        assertThat(CheckpointCodec.decode(golden(name), 0, 4096, 0, Samples.LOG, "golden"))
                .isEqualTo(sample);
    }

    @Test
    void regionPage() throws Exception {
        ByteBuffer buf = Samples.buffer(4096);
        Samples.regionPage(buf, 0, 5, 7);
        compare("region-page", buf, Samples.regionPageText(buf, 0));
        RegionPage.check(golden("region-page"), 0, 0, 5, Samples.LOG, "golden");
        assertThat(Samples.regionPageText(golden("region-page"), 0))
                .isEqualTo(Samples.regionPageText(buf, 0));
    }

    @Test
    void export() throws Exception {
        ByteBuffer buf = Samples.buffer(4096 + 12288);
        Samples.export().encode(buf, 0);
        Samples.frame(buf, 4096, 1 << 20, 101, 100, 0, new Crc());
        compare("export", buf, text(Samples.export()) + frameText(buf, 4096));
        assertThat(ExportHeader.decode(golden("export"), 0, "golden")).isEqualTo(Samples.export());
    }

    @Test
    void frame() throws Exception {
        ByteBuffer buf = Samples.buffer(12288);
        Samples.frame(buf, 0, 1 << 20, 101, 100, 0xfeedface, new Crc());
        compare("frame", buf, frameText(buf, 0));
        ByteBuffer golden = golden("frame");
        assertThat(Samples.check(golden, 0, 1 << 20, 0xfeedfaceL, new Crc()))
                .isEqualTo(FrameFault.NONE);
    }

    @Test
    void wholeLog() throws Exception {
        SampleLog log = new SampleLog();
        StringBuilder text = new StringBuilder(text(log.superblock.withClean(false)));
        text.append(text(log.superblock)).append(text(log.checkpoint));
        ByteBuffer golden = UPDATE ? log.bytes : golden("log");
        RecoveryTally tally = new RecoveryTally();
        long end = walk(golden, log.checkpoint, text, tally);
        text.append("end ").append(end).append(' ').append(tally).append('\n');
        compare("log", log.bytes, text.toString());
        assertThat(SuperblockCodec.choose(golden, "golden").value())
                .isEqualTo(log.superblock.withClean(false));
        assertThat(end).isEqualTo(log.endPosition);
        assertThat(log.endPosition % log.layout.ringBytes()).isLessThan(12288);
        assertThat(tally).hasToString("ACCEPTED=3 END_NO_FRAME=1");
    }

    /** A small recovery: the frames from the tail to the end. */
    private static long walk(
            ByteBuffer log, Checkpoint checkpoint, StringBuilder text, RecoveryTally tally)
            throws ReplogException {
        LogLayout layout = SuperblockCodec.choose(log, "golden").value().layout();
        Crc crc = new Crc();
        ByteBuffer frame = Samples.buffer(12288);
        long position = checkpoint.tailPosition();
        long chain = Integer.toUnsignedLong(checkpoint.tailChain());
        long seq = checkpoint.tailSeq() + 1;
        while (true) {
            for (int at = 0; at < frame.capacity(); at += 4096) {
                frame.put(at, log, (int) layout.ringPlace(position + at), 4096);
            }
            FrameFault fault = Samples.check(frame, 0, position, chain, crc);
            boolean seqOk = Body.firstSeq(frame, Frame.BODY_OFFSET) == seq;
            Data data = fault == FrameFault.NONE ? data(frame, crc) : Data.UNREAD;
            RecoveryCase row = RecoveryCase.decide(fault, true, seqOk, data, false);
            tally.add(row);
            if (row.outcome() != RecoveryCase.Outcome.ACCEPT) {
                return position;
            }
            text.append(frameText(frame, 0));
            position += Frame.frameBytes(frame, 0);
            chain = Integer.toUnsignedLong(Frame.checksum(frame, 0));
            seq = Body.lastSeq(frame, Frame.BODY_OFFSET) + 1;
        }
    }

    private static Data data(ByteBuffer frame, Crc crc) {
        for (int i = 0; i < Body.count(frame, Frame.BODY_OFFSET); i++) {
            if (!Body.dataIntact(frame, Frame.BODY_OFFSET, Frame.HEAD_BYTES, i, crc)) {
                return Data.BAD;
            }
        }
        return Data.INTACT;
    }

    private static String frameText(ByteBuffer buf, int base) {
        int body = base + Frame.BODY_OFFSET;
        StringBuilder text = new StringBuilder();
        text.append(
                String.format(
                        Locale.ROOT,
                        "frame position=%d bytes=%d flags=%d opening=%d flushedMark=%d chain=%08x checksum=%08x%n",
                        Frame.position(buf, base),
                        Frame.frameBytes(buf, base),
                        Frame.flags(buf, base),
                        Frame.opening(buf, base),
                        Frame.flushedMark(buf, base),
                        Frame.chain(buf, base),
                        Frame.checksum(buf, base)));
        text.append(
                String.format(
                        Locale.ROOT,
                        "  term=%d/%x firstSeq=%d count=%d dataBytes=%d time=%d bodyCrc=%08x%n",
                        Body.termNumber(buf, body),
                        Body.termId(buf, body),
                        Body.firstSeq(buf, body),
                        Body.count(buf, body),
                        Body.dataBytes(buf, body),
                        Body.timeMicros(buf, body),
                        Body.bodyCrc(buf, body)));
        for (int i = 0; i < Body.count(buf, body); i++) {
            text.append(
                    String.format(
                            Locale.ROOT,
                            "  record type=%d flags=%d devNr=%d sector=%d sectorCount=%d dataOffset=%d dataCrc=%08x%n",
                            Body.type(buf, body, i),
                            Body.flags(buf, body, i),
                            Body.devNr(buf, body, i),
                            Body.sector(buf, body, i),
                            Body.sectorCount(buf, body, i),
                            Body.dataOffset(buf, body, i),
                            Body.dataCrc(buf, body, i)));
        }
        return text.toString();
    }

    @Test
    void aGoldenLogOfAnotherSiteIsRefusedByName() throws Exception {
        ByteBuffer golden = golden("checkpoint");
        assertThatThrownBy(() -> CheckpointCodec.decode(golden, 0, 4096, 0, Samples.SITE, "golden"))
                .isInstanceOf(WrongDeviceException.class)
                .hasMessageContaining("golden");
        assertThat(new String(read("superblock"), 0, 8, StandardCharsets.US_ASCII))
                .isEqualTo("DMCTLRLG");
    }
}
