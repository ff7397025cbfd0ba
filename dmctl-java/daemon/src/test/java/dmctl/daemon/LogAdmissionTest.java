package dmctl.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dmctl.config.GroupConfig.LogPlace;
import dmctl.config.LogOpening;
import dmctl.replog.LogLayout;
import dmctl.replog.Superblock;
import dmctl.replog.SuperblockCodec;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogAdmissionTest {
    private static final long DEVICE = 16 << 20;
    private static final long LOG = 4 << 20;

    @TempDir Path folder;
    private Path path = Path.of("");
    private final List<String> said = new ArrayList<>();

    @BeforeEach
    void make_a_device_of_zeroes() throws IOException {
        path = folder.resolve("device");
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(DEVICE);
        }
    }

    private void write(long offset, byte... bytes) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.seek(offset);
            file.write(bytes);
        }
    }

    /** A copy of a superblock as the engine writes it. */
    private static byte[] superblock(long opening, int copy) throws Exception {
        Superblock block =
                new Superblock(
                        opening + 1,
                        new UUID(1, 2),
                        new UUID(3, 4),
                        new UUID(5, 6),
                        LogLayout.of("a log", LOG, 0),
                        512,
                        opening,
                        true,
                        1);
        ByteBuffer buffer =
                ByteBuffer.allocate(SuperblockCodec.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        SuperblockCodec.encode(block, copy, buffer, 0);
        return buffer.array();
    }

    private void writeLog(long start) throws Exception {
        write(start, superblock(1, 0));
        write(start + 4096, superblock(2, 1));
        write(start + LogLayout.CHECKPOINT_OFFSET, (byte) 1);
    }

    private long admit(LogOpening opening, long start, long size) throws Exception {
        OptionalLong wanted = size == 0 ? OptionalLong.empty() : OptionalLong.of(size);
        return new LogAdmission(new LogPlace(path, start, opening, wanted), said::add)
                .sizeBytes(DEVICE);
    }

    private String refusal(LogOpening opening, long start, long size) {
        DaemonFailure refused =
                catchThrowableOfType(DaemonFailure.class, () -> admit(opening, start, size));
        assertThat(refused).isNotNull();
        assertThat(refused.exitCode()).isEqualTo(DaemonFailure.CANNOT_OPEN);
        return String.valueOf(refused.getMessage()).replace(path.toString(), "PATH");
    }

    private void assertRefusedByAll(String beginning) {
        for (LogOpening opening : LogOpening.values()) {
            assertThat(refusal(opening, 0, 0)).as(opening.name()).startsWith(beginning);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "OPEN")
    void makes_a_log_where_all_is_zeroes(LogOpening opening) throws Exception {
        assertThat(admit(opening, 0, 0)).isEqualTo(DEVICE);
        assertThat(admit(opening, 0, LOG)).isEqualTo(LOG);
        assertThat(admit(opening, 1 << 20, 0)).isEqualTo(DEVICE - (1 << 20));
        assertThat(refusal(opening, 1 << 20, DEVICE))
                .isEqualTo(
                        "PATH at byte 1048576 has 15728640 bytes for a log that is to have"
                                + " 16777216; make it larger, or the log smaller");
        assertThat(refusal(opening, DEVICE, 0)).startsWith("PATH at byte 16777216 ends before");
        assertThat(said).isEmpty();
    }

    @Test
    void open_makes_none() {
        assertThat(refusal(LogOpening.OPEN, 0, 0))
                .isEqualTo(
                        "PATH: Can't create new replog on open! There is none; correct the path, or"
                                + " have one made with auto or create");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1 << 20})
    void opens_the_log_that_is_there(long start) throws Exception {
        writeLog(start);

        assertThat(admit(LogOpening.AUTO, start, 0)).isEqualTo(LOG);
        assertThat(admit(LogOpening.AUTO, start, LOG)).isEqualTo(LOG);
        assertThat(admit(LogOpening.OPEN, start, 0)).isEqualTo(LOG);
        assertThat(admit(LogOpening.OPEN, start, LOG)).isEqualTo(LOG);
        assertThat(said).isEmpty();
        assertThat(refusal(LogOpening.OPEN, start, 2 * LOG))
                .endsWith(
                        " has a log of 4194304 bytes (4 MiB), not of 8388608; write the size it"
                                + " has, or none");
        assertThat(refusal(LogOpening.CREATE, start, LOG))
                .endsWith(
                        ": OT_CREATE requested, but existing log found! It has 4 MiB; use it with"
                                + " auto or open, or another place");
        assertThat(admit(LogOpening.AUTO, start, 2 * LOG)).isEqualTo(LOG);
        assertThat(said)
                .containsExactly(
                        path
                                + " has a log of 4194304 bytes (4 MiB), not of 8388608; it keeps"
                                + " the size it was made with");
    }

    @Test
    void a_log_that_was_never_whole_is_none() throws Exception {
        write(0, superblock(0, 0));
        assertThat(admit(LogOpening.CREATE, 0, LOG)).isEqualTo(LOG);

        write(100, (byte) 99); // its writing was torn
        assertThat(admit(LogOpening.CREATE, 0, LOG)).isEqualTo(LOG);
        assertThat(refusal(LogOpening.OPEN, 0, LOG)).contains("Can't create new replog on open!");
    }

    @Test
    void refuses_a_damaged_log() throws Exception {
        writeLog(0);
        write(100, (byte) 99);
        assertThat(admit(LogOpening.AUTO, 0, 0)).as("the other copy is sound").isEqualTo(LOG);

        write(4096 + 100, (byte) 99);
        assertRefusedByAll("PATH: damaged at offset ");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 4095, 16_384, (1 << 18) + (1 << 14) - 1})
    void refuses_any_byte_that_is_not_zero(long offset) throws Exception {
        write(offset, (byte) 7);
        assertRefusedByAll("PATH holds data of unknown kind, and no log is made over it;");
    }

    @Test
    void does_not_mind_what_is_behind_the_header_area() throws Exception {
        write((1 << 18) + (1 << 14), (byte) 7);
        assertThat(admit(LogOpening.CREATE, 0, 0)).isEqualTo(DEVICE);
    }

    @ParameterizedTest
    @CsvSource({
        "an XFS file system,0,58465342",
        "a Btrfs file system,65600,5f42485266535f4d",
        "an F2FS file system,1024,1020f5f2",
        "an NTFS file system,3,4e54465320202020",
        "a FAT file system,82,4641543332202020",
        "a LUKS volume,0,4c554b53babe0002",
        "an LVM physical volume,512,4c4142454c4f4e45",
        "swap space,4086,535741505350414345 32",
        "a member of an md array,4096,fc4e2ba9",
        "a bcache device,4120,c68573f64e1a45ca8265f57f48ba6d81",
        "a GPT partition table,512,4546492050415254",
        "a DOS partition table or boot sector,510,55aa",
    })
    void names_whose_data_it_is(String name, long offset, String mark) throws Exception {
        write(offset, HexFormat.of().parseHex(mark.replace(" ", "")));
        if (!name.startsWith("a DOS")) {
            write(510, (byte) 0x55, (byte) 0xaa); // a boot sector is no reason to say less
        }
        assertRefusedByAll(
                "PATH holds "
                        + name
                        + ", and no log is made over it; correct the path, or clear the place with"
                        + " blkdiscard -z or dd if it is not needed");
    }

    @Test
    void names_a_log_of_the_original_driver() throws Exception {
        ByteBuffer header = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);
        header.put("dm-replicatorHJM".getBytes(StandardCharsets.US_ASCII));
        header.putInt(16, 0xb9129483);
        header.putShort(24, (short) 1);
        header.putLong(26, 8192);
        header.putLong(34, 8);
        header.put(42, "ringbuffer".getBytes(StandardCharsets.US_ASCII));
        write(0, header.array());
        assertRefusedByAll(
                "PATH holds a log of the original driver (dm-replicatorHJM, 8192 sectors), and no"
                        + " log is made over it; dmctl replog reads it;");

        write(16, (byte) 0);
        assertRefusedByAll("PATH holds a log of the original driver (dm-replicatorHJM, ");
    }

    @Test
    void names_what_was_made_over_a_log() throws Exception {
        writeLog(0);
        write(0, new byte[4096]);
        write(4086, "SWAPSPACE2".getBytes(StandardCharsets.US_ASCII));
        assertRefusedByAll("PATH holds swap space over a log,");
    }

    @Test
    void makes_no_log_in_the_free_space_of_a_file_system() throws Exception {
        write(0, "XFSB".getBytes(StandardCharsets.US_ASCII));
        assertThat(refusal(LogOpening.AUTO, 8 << 20, LOG))
                .isEqualTo(
                        "PATH at byte 8388608 holds a part of an XFS file system, and no log is"
                                + " made over it; put the log on a device of its own");
        writeLog(8 << 20);
        assertThat(admit(LogOpening.AUTO, 8 << 20, LOG)).as("one that is there").isEqualTo(LOG);
    }

    @ParameterizedTest
    @CsvSource({
        "ext2,an ext2 file system",
        "ext3,an ext3 file system",
        "ext4,an ext4 file system",
    })
    void knows_what_mke2fs_makes(String type, String name) throws Exception {
        make("/usr/sbin/mke2fs", "-q", "-F", "-t", type, path.toString());
        assertRefusedByAll("PATH holds " + name + ", and no log is made over it;");
    }

    @Test
    void knows_what_mkswap_makes() throws Exception {
        make("/usr/sbin/mkswap", path.toString());
        assertRefusedByAll("PATH holds swap space, and no log is made over it;");
    }

    private static void make(String... command) throws Exception {
        assumeTrue(Files.isExecutable(Path.of(command[0])), command[0] + " is not installed");
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        assertThat(process.waitFor()).isZero();
    }
}
