package dmctl.tools.replog;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.replog.Frame;
import dmctl.replog.ReplogException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplogToolTest {
    @TempDir private Path dir = Path.of("");

    private Tool run(String command, TestLog log) throws IOException {
        return Tool.run(command, log.write(dir.resolve("a.log")));
    }

    @Test
    void aSoundLogIsFine() throws IOException, ReplogException {
        Tool check = run("check", new TestLog());
        assertThat(check.out()).contains("before seq 110 (END_NO_FRAME)").endsWith("ok\n");
        assertThat(check.err()).isEmpty();
        assertThat(check.exit()).isZero();
    }

    @Test
    void dumpShowsEveryStructureAndRecord() throws IOException, ReplogException {
        Tool dump = run("dump", new TestLog());
        assertThat(dump.exit()).isZero();
        assertThat(dump.out().lines())
                .anyMatch(l -> l.startsWith("superblock 0 generation=5 "))
                .anyMatch(l -> l.startsWith("superblock 1 generation=6 "))
                .contains("using superblock 1", "link cursors 0 never written")
                .anyMatch(l -> l.startsWith("checkpoint 1 generation=8 "))
                .contains("using checkpoint 1", "  definition| group: test")
                .anyMatch(l -> l.contains("site 2 IN_LOG durable=95 applied=94 paused: moving"))
                .anyMatch(l -> l.matches("frame position=\\d+ bytes=12288 seq=107\\.\\.109 .*"))
                .anyMatch(l -> l.startsWith("  record seq=109 WRITE dev=7 sector=64 count=2 FUA"))
                .contains("  record seq=108 DISCARD dev=0 sector=18 count=2 MORE")
                .contains("  page 1 slot 1 generation=6 dev=7 regions=0+8 of 65536 bytes newest=99")
                .anyMatch(l -> l.startsWith("end ") && l.contains("nextSeq=110"));
    }

    @Test
    void aDamagedPageOfTheRegionMapIsNamed() throws IOException, ReplogException {
        TestLog log = new TestLog();
        int at = (int) log.layout.mapPageOffset(1, 1);
        log.flip(at + 100);
        Tool check = run("check", log);
        assertThat(check.exit()).isEqualTo(1);
        assertThat(check.out())
                .contains("damage: region map, pages 1 modulo 8")
                .contains("offset " + (at + 4092), "will count as written")
                .contains("before seq 110 (END_NO_FRAME)");
        assertThat(run("dump", log).out()).contains("damage: region map, pages 1 modulo 8");
    }

    @Test
    void statCountsAndWritesJson() throws IOException, ReplogException {
        Path file = new TestLog().write(dir.resolve("a.log"));
        assertThat(Tool.run("stat", file).out())
                .contains("batches 3\n", "records 9\n", "firstSeq 101\n", "lastSeq 109\n")
                .contains("recordsByType {DISCARD=3, WRITE=6}")
                .contains("dataBytesByDevice {0=12288, 7=3072}")
                .contains("mapPages 3\n", "mapGeneration 7\n", "mapPagesWritten 1\n")
                .contains("mapRegions 8\n", "mapRegionsWritten 2\n");
        Tool json = Tool.run("stat", "--json", file);
        assertThat(json.out())
                .startsWith("{\"kind\":\"log\",")
                .contains("\"recordsByType\":{\"DISCARD\":3,\"WRITE\":6}")
                .contains("\"clean\":false")
                .endsWith("}\n");
        assertThat(json.exit()).isZero();
    }

    @Test
    void damagedDataAtOrBelowTheFlushedMarkIsNamed() throws IOException, ReplogException {
        TestLog log = new TestLog(106);
        int at = log.place(1, Frame.HEAD_BYTES + 4096 + 5);
        log.flip(at);
        Tool check = run("check", log);
        assertThat(check.exit()).isEqualTo(1);
        assertThat(check.out())
                .contains("damage: frame at position", "DATA_DAMAGED", "seq 106")
                .contains("offset " + log.place(1, Frame.HEAD_BYTES + 4096));
        assertThat(run("dump", log).exit()).isZero();
    }

    @Test
    void aTornEndIsAnEnd() throws IOException, ReplogException {
        TestLog log = new TestLog(106);
        log.flip(log.place(2, 130));
        Tool check = run("check", log);
        assertThat(check.out()).contains("before seq 107 (END_TORN_HEAD)");
        assertThat(check.exit()).isZero();
    }

    @Test
    void aFrameBehindABadOneTellsDamageFromAnEnd() throws IOException, ReplogException {
        TestLog log = new TestLog();
        log.frame(110, 109);
        log.flip(log.place(2, 130));
        Tool check = run("check", log);
        assertThat(check.out()).contains("HEAD_DAMAGED", "seq 107 expected, flushed mark 109");
        assertThat(check.exit()).isEqualTo(1);
    }

    @Test
    void framesOfAnEarlierOpeningProveNothing() throws IOException, ReplogException {
        TestLog log = new TestLog();
        log.frame(110, 109);
        log.flip(log.place(2, 130));
        log.checkpoint(1, 8, 106, 3);
        Tool check = run("check", log);
        assertThat(check.out()).contains("REPLACEMENT_MISSING", "seq 101 expected");
        log.checkpoint(1, 8, 100, 3);
        check = run("check", log);
        assertThat(check.out()).contains("before seq 101 (END_CUT_OFF)");
        assertThat(check.exit()).isZero();
    }

    @Test
    void aTailThatPointsAtNothingIsDamageNotAnEmptyLog() throws IOException, ReplogException {
        TestLog log = new TestLog(101);
        for (int i = 0; i < 4096; i++) {
            log.bytes.put(log.place(0, i), (byte) 0);
        }
        Tool check = run("check", log);
        assertThat(check.out()).contains("FRAME_MISSING", "seq 101 expected");
        assertThat(check.exit()).isEqualTo(1);
        assertThat(run("dump", log).exit()).isEqualTo(1);
    }

    @Test
    void everyChangedByteOfDurableFramesIsFound() throws IOException, ReplogException {
        Random random = new Random(1);
        for (int i = 0; i < 60; i++) {
            TestLog log = new TestLog(109);
            int frame = random.nextInt(3);
            int offset =
                    i % 2 == 0
                            ? random.nextInt(192 + 3 * 32)
                            : Frame.HEAD_BYTES + random.nextInt(TestLog.DATA_BYTES);
            log.flip(log.place(frame, offset));
            Tool check = run("check", log);
            assertThat(check.exit()).as("frame %d, byte %d", frame, offset).isIn(1, 3);
            assertThat(check.out()).contains("damage: ");
        }
    }

    @Test
    void oneDamagedCopyIsNamed() throws IOException, ReplogException {
        TestLog log = new TestLog();
        log.flip(4096 + 100);
        Tool check = run("check", log);
        assertThat(check.exit()).isEqualTo(1);
        assertThat(check.out())
                .contains("damage: superblock 1 at offset 8188: superblock checksum");
        TestLog other = new TestLog();
        other.flip((int) other.layout.checkpointOffset(0) + 50);
        assertThat(run("check", other).out()).contains("damage: checkpoint 0 at offset");
        other.flip((int) other.layout.checkpointOffset(1) + 50);
        assertThat(run("check", other).exit()).isEqualTo(1);
        TestLog cursors = new TestLog();
        cursors.flip(8192);
        assertThat(run("check", cursors).out()).contains("damage: link cursors 0");
    }

    @Test
    void aTruncatedLogIsDamaged() throws IOException, ReplogException {
        ByteBuffer half = new TestLog().bytes.slice(0, 1 << 20);
        Path file = TestLog.write(dir.resolve("a.log"), half);
        for (String command : new String[] {"check", "dump", "stat"}) {
            Tool tool = Tool.run(command, file);
            assertThat(tool.exit()).isEqualTo(1);
            assertThat(tool.out()).contains("offset 1048576", "2097152");
        }
    }

    @Test
    void scanningEverywhereNamesWhatEachFrameIs() throws IOException, ReplogException {
        TestLog log = new TestLog();
        log.skipFrame();
        log.frame(200, 100);
        log.bytes.put((int) log.layout.ringOffset() + (1 << 20), log.bytes, log.place(0, 0), 4096);
        Path file = log.write(dir.resolve("a.log"));
        Tool dump = Tool.run("dump", "--all", file);
        assertThat(dump.exit()).isZero();
        assertThat(dump.out())
                .contains(", in the log: frame", ", behind the end: frame", ", misplaced: frame");
    }

    @Test
    void anExportIsRecognised() throws IOException, ReplogException {
        ByteBuffer export = new TestLog().export();
        Path file = TestLog.write(dir.resolve("a.export"), export);
        Tool dump = Tool.run("dump", file);
        assertThat(dump.exit()).isZero();
        assertThat(dump.out())
                .contains("reason: cut off at rejoin", "record seq=109 WRITE dev=7")
                .endsWith("end\n");
        assertThat(Tool.run("check", file).out()).contains("seq 101 to 109").endsWith("ok\n");
        assertThat(Tool.run("stat", "--json", file).out()).contains("\"sound\":true");
        export.put(4096 + 12288 + 4096 + 9, (byte) 99);
        TestLog.write(file, export);
        Tool check = Tool.run("check", file);
        assertThat(check.exit()).isEqualTo(1);
        assertThat(check.out()).contains("data of record seq 104", "offset 20480");
        TestLog.write(file, export.slice(0, 20000));
        assertThat(Tool.run("check", file).out()).contains("offset 20000: the file ends here");
    }

    @Test
    void recordsAreWrittenToImagesInOrder() throws IOException, ReplogException {
        Path file = TestLog.write(dir.resolve("a.export"), new TestLog().export());
        Path log = new TestLog().write(dir.resolve("a.log"));
        for (Path source : new Path[] {file, log}) {
            Path out = dir.resolve(source.getFileName() + ".d");
            assertThat(Tool.run("export", "--dir", out, source).exit()).isZero();
            byte[] image = Files.readAllBytes(out.resolve("dev-0.img"));
            assertThat(image).hasSize(24 * 512);
            assertThat(image[16 * 512]).isEqualTo((byte) 107);
            assertThat(Arrays.copyOfRange(image, 18 * 512, 20 * 512)).containsOnly(0);
            assertThat(image[20 * 512 + 1]).isEqualTo((byte) (107 + 4 * 512 + 1));
            assertThat(Files.readString(out.resolve("dev-7.txt")))
                    .startsWith("103 WRITE 32768 1024\n")
                    .hasLineCount(3);
        }
    }

    @Test
    void whatIsNoLogCannotBeRead() throws IOException {
        Path file = Files.writeString(dir.resolve("notes.txt"), "x".repeat(9000));
        Tool dump = Tool.run("dump", file);
        assertThat(dump.exit()).isEqualTo(3);
        assertThat(dump.err()).contains("no superblock at offset", "other data is there");
        Path empty = Files.createFile(dir.resolve("empty"));
        assertThat(Tool.run("check", empty).err()).contains("blank");
        Tool missing = Tool.run("check", dir.resolve("missing"));
        assertThat(missing.exit()).isEqualTo(3);
        assertThat(missing.err()).contains("no such file");
    }

    @Test
    void aNewerLogCannotBeRead() throws IOException, ReplogException {
        TestLog log = new TestLog();
        for (int base = 0; base < 8192; base += 4096) {
            log.bytes.putShort(base + 10, (short) 3);
            log.bytes.putInt(base + 4092, new dmctl.replog.Crc().of(log.bytes, base, 4091));
        }
        Tool check = run("check", log);
        assertThat(check.exit()).isEqualTo(3);
        assertThat(check.err()).contains("use the release that wrote it");
    }

    @Test
    void wrongUseIsSaidAsSuch() throws IOException, ReplogException {
        Path log = new TestLog().write(dir.resolve("a.log"));
        assertThat(Tool.run().exit()).isEqualTo(2);
        assertThat(Tool.run("dump").exit()).isEqualTo(2);
        assertThat(Tool.run("mend", log).exit()).isEqualTo(2);
        assertThat(Tool.run("check", "--start", "-1", log).exit()).isEqualTo(2);
        assertThat(Tool.run("export", log).exit()).isEqualTo(2);
        assertThat(Tool.run("--help").out()).contains("dump", "check", "stat", "export");
    }

    @Test
    void bytesOfAnyKindEndInAnOrderlyWay() throws IOException, ReplogException {
        Random random = new Random(2);
        String[] commands = {"check", "dump", "stat"};
        TestLog pristine = new TestLog();
        ByteBuffer export = pristine.export();
        for (int i = 0; i < 120; i++) {
            ByteBuffer bytes = i % 4 == 0 ? export : pristine.bytes;
            ByteBuffer copy =
                    ByteBuffer.allocate(bytes.capacity()).put(0, bytes, 0, bytes.capacity());
            for (int j = 0; j <= random.nextInt(3); j++) {
                int block = random.nextInt(copy.capacity() / 4096);
                int near = i % 2 == 0 ? random.nextInt(4) : block;
                copy.put(near * 4096 + random.nextInt(300), (byte) random.nextInt());
            }
            Path file = TestLog.write(dir.resolve("fuzz"), copy);
            Tool tool = Tool.run(commands[i % 3], file);
            assertThat(tool.exit()).as(tool.err()).isIn(0, 1, 3);
            assertThat(tool.err()).doesNotContain("Exception");
        }
    }
}
