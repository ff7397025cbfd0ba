package dmctl.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.grack.nanojson.JsonObject;
import dmctl.cli.Main;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.LogPlace;
import dmctl.config.GroupFile;
import dmctl.engine.GroupStatus;
import dmctl.engine.GroupStatus.Role;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A log in a part of a file gets another size; what was written stays. */
class LogResizeTest {
    private static final DaemonOptions CREATE =
            new DaemonOptions(Path.of("group.yaml"), "home", true, false);

    private static final long MIB = 1 << 20;
    private static final long START = 64 << 10;
    private static final int PIECE = 256 << 10;

    @TempDir Path folder;

    @BeforeEach
    void a_file_with_room() throws Exception {
        try (RandomAccessFile file = new RandomAccessFile(folder.resolve("log").toFile(), "rw")) {
            file.setLength(START + 8 * MIB);
        }
    }

    private GroupConfig config() throws Exception {
        Path file = folder.resolve("g.yaml");
        Files.writeString(
                file,
                """
                group: part
                memory: 8MiB
                devices:
                  - {name: data, size: 4MiB}
                sites:
                  - name: home
                    listen: unix:home/link.sock
                    nbd: unix:home/nbd.sock
                    log: {path: log, start: 64KiB, size: 4MiB}
                    devices: {data: data.img}
                  - name: vault
                    link: blockdev
                    devices: {data: vault.img}
                """);
        return GroupFile.read(file);
    }

    private SiteDaemon start() throws Exception {
        GroupConfig config = config();
        SiteDaemon daemon =
                SiteDaemon.start(
                        config, config.site("home").orElseThrow(), CREATE, ServiceNotices.NONE);
        says("wait", "serving", "home");
        return daemon;
    }

    private void says(String... words) {
        StringWriter told = new StringWriter();
        PrintWriter writer = new PrintWriter(told);
        String[] all = Arrays.copyOf(words, words.length + 2);
        all[words.length] = "-f";
        all[words.length + 1] = folder.resolve("g.yaml").toString();
        assertThat(Main.run(writer, writer, all)).as(told.toString()).isZero();
    }

    private PlainNbd client() throws Exception {
        return new PlainNbd(folder.resolve("home/nbd.sock"), "data");
    }

    private static byte[] piece(int value) {
        byte[] bytes = new byte[PIECE];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private static JsonObject resize(SiteDaemon daemon, long bytes) {
        JsonObject request = new JsonObject();
        request.put("op", "resize-log");
        request.put("bytes", bytes);
        return daemon.answer(request);
    }

    private LogResize log() throws Exception {
        LogPlace place = config().site("home").orElseThrow().daemon().orElseThrow().log();
        return new LogResize(place);
    }

    /** More than once round the ring, the newest value of each piece last. */
    private void writeRound(int value) throws Exception {
        try (PlainNbd client = client()) {
            for (int i = 0; i < 40; i++) {
                client.write((long) i % 16 * PIECE, piece(value + i / 16));
            }
            client.flush();
        }
    }

    private void assertRound(int value) throws Exception {
        try (PlainNbd client = client()) {
            for (int i = 0; i < 16; i++) {
                assertThat(client.read((long) i * PIECE, PIECE))
                        .as("piece %d", i)
                        .isEqualTo(piece(value + (i < 8 ? 2 : 1)));
            }
        }
    }

    private static void assertDone(JsonObject answer) {
        assertThat(answer.getString("text")).startsWith("the log has ");
        assertThat(answer).containsEntry("ok", true).containsEntry("ended", true);
    }

    @Test
    void all_that_was_written_is_there_and_the_ring_goes_round_in_its_new_size() throws Exception {
        SiteDaemon daemon = start();
        writeRound(1);
        says("wait", "caught-up", "vault");
        assertDone(resize(daemon, 8 * MIB));
        assertThat(log().bytes()).isEqualTo(8 * MIB);
        daemon = start();
        assertRound(1);
        writeRound(11);
        says("wait", "caught-up", "vault");
        assertDone(resize(daemon, 3 * MIB));
        daemon = start();
        assertRound(11);
        writeRound(21);
        assertThat(daemon.stop(false).getBoolean("ok")).isTrue();
        daemon = start();
        assertRound(21);
        says("wait", "caught-up", "vault");
        assertThat(daemon.stop(false).getBoolean("ok")).isTrue();
        assertThat(Files.mismatch(folder.resolve("data.img"), folder.resolve("vault.img")))
                .isEqualTo(-1);
    }

    @Test
    void torn_anywhere_the_log_has_its_old_size_or_its_new_one() throws Exception {
        SiteDaemon daemon = start();
        writeRound(1);
        says("wait", "caught-up", "vault");
        assertDone(resize(daemon, 6 * MIB));
        byte[] before = Files.readAllBytes(folder.resolve("log"));
        log().apply(8 * MIB, String::valueOf);
        byte[] after = Files.readAllBytes(folder.resolve("log"));
        int first = Arrays.mismatch(before, after);
        int block = first & -4096;
        assertThat(
                        Arrays.mismatch(
                                Arrays.copyOfRange(before, block + 4096, before.length),
                                Arrays.copyOfRange(after, block + 4096, after.length)))
                .as("what differs behind the block")
                .isEqualTo(-1);
        for (int cut = 0; cut <= 4096; cut += 512) {
            byte[] torn = before.clone();
            System.arraycopy(after, block, torn, block, cut);
            Files.write(folder.resolve("log"), torn);
            assertThat(log().bytes()).isEqualTo((cut == 4096 ? 8 : 6) * MIB);
            if (cut == 512) {
                daemon = start();
                assertRound(1);
                assertThat(daemon.stop(false).getBoolean("ok")).isTrue();
            }
        }
    }

    @Test
    void nothing_is_stopped_for_a_size_that_it_cannot_have() throws Exception {
        SiteDaemon daemon = start();
        assertThat(resize(daemon, 8 * MIB + 512))
                .containsEntry("ok", false)
                .doesNotContainKey("ended");
        assertThat(resize(daemon, 8 * MIB + 512).getString("text"))
                .endsWith(
                        "/log has room for a log of 16384 sectors, not of 16385; make it larger first");
        assertThat(resize(daemon, 2 * MIB - 512).getString("text"))
                .contains("the log needs 2097152 bytes")
                .contains("make it at least 4096 sectors");
        assertThat(resize(daemon, 4 * MIB)).containsEntry("ok", true).doesNotContainKey("ended");
        writeRound(1);
        assertThat(daemon.stop(false).getBoolean("ok")).isTrue();
        assertThat(log().bytes()).isEqualTo(4 * MIB);
    }

    @Test
    void what_a_site_lacks_is_not_let_go() throws Exception {
        SiteDaemon daemon = start();
        says("wait", "caught-up", "vault");
        says("pause", "vault");
        try (PlainNbd client = client()) {
            client.write(0, piece(1));
        }
        JsonObject answer = resize(daemon, 8 * MIB);
        assertThat(answer.getString("text"))
                .contains("keeps its size: it keeps what vault lacks; let the site catch up");
        assertThat(answer).containsEntry("ok", false).containsEntry("ended", true);
        assertThat(log().bytes()).isEqualTo(4 * MIB);
        daemon = start();
        says("resume", "vault");
        says("wait", "caught-up", "vault");
        assertDone(resize(daemon, 8 * MIB));
    }

    @Test
    void a_log_that_is_not_closed_keeps_its_size() throws Exception {
        SiteDaemon daemon = start();
        assertThatThrownBy(() -> log().apply(8 * MIB, String::valueOf))
                .hasMessageContaining("not all of it could be brought to the devices");
        assertThat(daemon.stop(false).getBoolean("ok")).isTrue();
    }

    @Test
    void a_device_that_fails_and_a_copy_under_way_are_obstacles() {
        GroupStatus status = new StubAdmin().status();
        assertThat(LogResize.obstacle(status.role(), status.problems(), List.of(), "starts"))
                .isEqualTo(
                        "what is in the log cannot be brought to the devices: data: EIO; replace it");
        assertThat(LogResize.obstacle(status.role(), List.of(), status.sites(), "starts"))
                .isEqualTo("site far is being copied from the log; wait until that is done");
        assertThat(LogResize.obstacle(Role.STARTING, List.of(), List.of(), "it reads its log"))
                .isEqualTo("the log is not open: it reads its log");
    }

    @Test
    void requests_and_the_log_are_counted_from_the_reset_on() throws Exception {
        SiteDaemon daemon = start();
        writeRound(1);
        assertThat(counts(daemon).getObject("requests"))
                .containsEntry("writes", 40L)
                .containsEntry("writesServed", 40L)
                .containsEntry("reads", 0L);
        JsonObject log = counts(daemon).getObject("log");
        assertThat(log.getLong("records")).isGreaterThanOrEqualTo(40);
        assertThat(log.getLong("wraps")).isGreaterThanOrEqualTo(2);
        assertThat(log.getLong("writes")).isGreaterThanOrEqualTo(40);
        assertThat(log.getLong("ringEndByte")).isEqualTo(START + 4 * MIB);
        for (String part : new String[] {"replicator", "replog"}) {
            JsonObject request = new JsonObject();
            request.put("op", "reset-statistics");
            request.put("part", part);
            assertThat(daemon.answer(request)).containsEntry("ok", true);
        }
        try (PlainNbd client = client()) {
            client.read(0, 4096);
        }
        assertThat(counts(daemon).getObject("requests"))
                .containsEntry("writes", 0L)
                .containsEntry("reads", 1L)
                .containsEntry("readsServed", 1L);
        assertThat(counts(daemon).getObject("log"))
                .containsEntry("records", 0L)
                .containsEntry("wraps", 0L);
        assertThat(daemon.stop(false).getBoolean("ok")).isTrue();
    }

    private static JsonObject counts(SiteDaemon daemon) {
        JsonObject request = new JsonObject();
        request.put("op", "status");
        return daemon.answer(request).getObject("status").getObject("statistics");
    }
}
