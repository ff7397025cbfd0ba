package dmctl.tools.replog;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LegacyLogTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/legacy");

    @TempDir private Path dir = Path.of("");

    private static byte[] data(int bytes, int fill) {
        byte[] data = new byte[bytes];
        Arrays.fill(data, (byte) fill);
        return data;
    }

    /** Logs as the driver left them. */
    enum Sample {
        EMPTY(0) {
            @Override
            void write(LegacyDriver log) {
                log.append(0, 0, data(4096, 1), 0);
                log.release(1);
            }
        },
        PLAIN(0) {
            @Override
            void write(LegacyDriver log) {
                log.append(0, 8192, data(4096, 1), 0b110);
                log.append(3, 1 << 20, data(1536, 2), 0b100);
                log.append(0, 8192, data(512, 3), 0);
                log.append(0, 10240, data(8192, 4), 0b011);
            }
        },
        BEHIND_OTHER_DATA(64) {
            @Override
            void write(LegacyDriver log) {
                log.append(5, 0, data(4096, 9), 1);
            }
        },
        WRAP_DATA(0) {
            @Override
            void write(LegacyDriver log) {
                // 16 blocks: three entries of 5 leave one block, which takes the header alone.
                for (int i = 0; i < 3; i++) {
                    log.append(1, i * 65536L, data(16384, i + 1), 2);
                }
                log.release(1);
                log.append(1, 4096, data(8192, 7), 2);
            }
        },
        WRAP_NEXT(0) {
            @Override
            void write(LegacyDriver log) {
                // The third entry ends where the ring does.
                log.append(1, 0, data(16384, 1), 2);
                log.append(1, 65536, data(16384, 2), 2);
                log.append(2, 0, data(20480, 3), 2);
                log.release(2);
                log.append(2, 4096, data(4096, 4), 2);
            }
        },
        FULL(0) {
            @Override
            void write(LegacyDriver log) {
                for (int i = 0; i < 8; i++) {
                    log.append(i % 2, i * 4096L, data(4096, i + 1), 2);
                }
                log.append(0, 0, data(512, 99), 2);
            }
        },
        FULL_WRAPPED(0) {
            @Override
            void write(LegacyDriver log) {
                FULL.write(log);
                log.release(3);
                log.append(4, 0, data(4096, 11), 4);
                log.append(4, 4096, data(12288, 12), 4);
            }
        };

        final int startSector;

        Sample(int startSector) {
            this.startSector = startSector;
        }

        abstract void write(LegacyDriver log);

        LegacyDriver log() {
            LegacyDriver log = new LegacyDriver(startSector, 16 + 16 * 8);
            write(log);
            return log;
        }
    }

    private Tool run(String command, LegacyDriver log, Sample sample) throws IOException {
        Path file = TestLog.write(dir.resolve("old.log"), log.device);
        return Tool.run(command, "--start", sample.startSector, file);
    }

    @ParameterizedTest
    @EnumSource
    void dumpsAsItDidWhenTheSampleWasMade(Sample sample) throws IOException {
        LegacyDriver log = sample.log();
        Tool dump = run("dump", log, sample);
        String text = dump.out().replace(dir + "/", "");
        byte[] bytes = new byte[log.device.capacity()];
        log.device.get(0, bytes);
        Path bin = GOLDEN.resolve(sample + ".bin.gz");
        Path txt = GOLDEN.resolve(sample + ".txt");
        if (System.getProperty("golden.update") != null) {
            Files.createDirectories(GOLDEN);
            ByteArrayOutputStream packed = new ByteArrayOutputStream();
            try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
                out.write(bytes);
            }
            Files.write(bin, packed.toByteArray());
            Files.writeString(txt, text);
        }
        try (GZIPInputStream in =
                new GZIPInputStream(new ByteArrayInputStream(Files.readAllBytes(bin)))) {
            assertThat(in.readAllBytes()).isEqualTo(bytes);
        }
        assertThat(text).isEqualTo(Files.readString(txt));
        assertThat(dump.exit()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void everySampleIsSound(Sample sample) throws IOException {
        Tool check = run("check", sample.log(), sample);
        assertThat(check.out()).endsWith("ok\n").contains("no checksum of data");
        assertThat(check.exit()).isZero();
        assertThat(run("stat", sample.log(), sample).exit()).isZero();
    }

    @Test
    void theSamplesHoldWhatTheirNamesSay() throws IOException {
        assertThat(run("dump", Sample.EMPTY.log(), Sample.EMPTY).out())
                .contains(" empty")
                .doesNotContain("entry 1");
        assertThat(run("dump", Sample.WRAP_DATA.log(), Sample.WRAP_DATA).out())
                .contains("wrap=DATA");
        assertThat(run("dump", Sample.WRAP_NEXT.log(), Sample.WRAP_NEXT).out())
                .contains("wrap=NEXT");
        Tool full = run("stat", Sample.FULL.log(), Sample.FULL);
        assertThat(full.out()).contains("full true", "fillPercent 100", "records 8");
        Tool wrapped = run("stat", Sample.FULL_WRAPPED.log(), Sample.FULL_WRAPPED);
        assertThat(wrapped.out()).contains("full true", "fillPercent 100", "records 7");
    }

    @Test
    void scanningEverywhereShowsReleasedEntriesToo() throws IOException {
        Path file = TestLog.write(dir.resolve("old.log"), Sample.EMPTY.log().device);
        assertThat(Tool.run("dump", "--all", file).out()).contains("header at=8192 dev=0");
    }

    @Test
    void exportWritesPendingEntriesOfEachDeviceInOrder() throws IOException {
        Path file = TestLog.write(dir.resolve("old.log"), Sample.PLAIN.log().device);
        Path out = dir.resolve("out");
        Tool export = Tool.run("export", "--dir", out, file);
        assertThat(export.exit()).isZero();
        assertThat(Files.readString(out.resolve("dev-0.txt")))
                .isEqualTo("1 WRITE 8192 4096 pending=1,2\n4 WRITE 10240 8192 pending=0,1\n");
        assertThat(Files.readString(out.resolve("dev-3.txt")))
                .isEqualTo("2 WRITE 1048576 1536 pending=2\n");
        byte[] image = Files.readAllBytes(out.resolve("dev-0.img"));
        assertThat(image).hasSize(10240 + 8192);
        assertThat(Arrays.copyOfRange(image, 0, 8192)).containsOnly(0);
        assertThat(Arrays.copyOfRange(image, 8192, 10240)).containsOnly(1);
        assertThat(Arrays.copyOfRange(image, 10240, 18432)).containsOnly(4);
        byte[] other = Files.readAllBytes(out.resolve("dev-3.img"));
        assertThat(Arrays.copyOfRange(other, 1 << 20, (1 << 20) + 1536)).containsOnly(2);
        assertThat(Tool.run("export", "--dir", out, file).exit()).isEqualTo(3);
    }

    @Test
    void exportForOneLinkLeavesOutWhatItHas() throws IOException {
        Path file = TestLog.write(dir.resolve("old.log"), Sample.PLAIN.log().device);
        Path out = dir.resolve("out");
        assertThat(Tool.run("export", "--dir", out, "--slink", 2, file).exit()).isZero();
        assertThat(Files.readString(out.resolve("dev-0.txt"))).hasLineCount(1);
        assertThat(Tool.run("export", "--dir", out, "--slink", 2048, file).exit()).isEqualTo(2);
    }

    @Test
    void aWrappedEntryIsExportedWhole() throws IOException {
        Path file = TestLog.write(dir.resolve("old.log"), Sample.WRAP_DATA.log().device);
        Path out = dir.resolve("out");
        assertThat(Tool.run("export", "--dir", out, file).exit()).isZero();
        byte[] image = Files.readAllBytes(out.resolve("dev-1.img"));
        assertThat(Arrays.copyOfRange(image, 4096, 12288)).containsOnly(7);
    }

    @Test
    void damageIsNamedWithOffsetAndField() throws IOException {
        LegacyDriver log = Sample.PLAIN.log();
        log.device.putLong(log.head() + 48, 1);
        Tool check = run("check", log, Sample.PLAIN);
        assertThat(check.exit()).isEqualTo(1);
        assertThat(check.out()).contains("offset " + (log.head() + 48), "pos.header");
        log = Sample.PLAIN.log();
        log.device.put(log.head(), (byte) 0);
        check = run("check", log, Sample.PLAIN);
        assertThat(check.exit()).isEqualTo(1);
        assertThat(check.out()).contains("data header magic");
        log = Sample.PLAIN.log();
        log.device.putLong(log.bufferHeader() + 44, 0x02);
        assertThat(run("check", log, Sample.PLAIN).out()).contains("recorded an error");
        log = Sample.PLAIN.log();
        log.device.putLong(log.bufferHeader() + 36, log.head() + 4096);
        check = run("check", log, Sample.PLAIN);
        assertThat(check.exit()).isEqualTo(1);
        assertThat(check.out()).contains("tail");
    }

    @Test
    void aTruncatedLogIsDamaged() throws IOException {
        ByteBuffer device = Sample.FULL.log().device;
        ByteBuffer half = device.slice(0, device.capacity() / 2);
        Path file = TestLog.write(dir.resolve("old.log"), half);
        Tool check = Tool.run("check", file);
        assertThat(check.exit()).isEqualTo(1);
        assertThat(check.out()).contains("the file ends here");
    }

    @Test
    void bytesOfAnyKindEndInAnOrderlyWay() throws IOException {
        Random random = new Random(3);
        for (int i = 0; i < 150; i++) {
            Sample sample = Sample.values()[i % Sample.values().length];
            LegacyDriver log = sample.log();
            for (int j = 0; j <= random.nextInt(4); j++) {
                int block = random.nextInt(log.device.capacity() / 4096);
                log.device.put(block * 4096 + random.nextInt(80), (byte) random.nextInt());
            }
            Tool check = run(i % 2 == 0 ? "check" : "stat", log, sample);
            assertThat(check.exit()).as(check.err()).isIn(0, 1, 3);
            assertThat(check.err()).doesNotContain("Exception");
        }
    }
}
