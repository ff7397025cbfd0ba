package dmctl.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.grack.nanojson.JsonObject;
import com.grack.nanojson.JsonParser;
import dmctl.cli.Main;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** dmctl and dmctld as processes, on real files and sockets. */
class SystemTest {
    private static final String SITE =
            """
              - name: %1$s
                listen: unix:%1$s/link.sock
                log: {path: %1$s/replog, size: 8MiB}
                devices: {data: %1$s/data.img, wal: %1$s/wal.img}
                nbd: unix:%1$s/nbd.sock
                policy: %2$s
            """;

    @TempDir Path folder;
    private Path file = Path.of("");

    /** What a command said and how it ended. */
    private record Outcome(int exit, String text) {}

    @BeforeEach
    void describe_the_group() throws IOException {
        file = folder.resolve("g.yaml");
        Files.writeString(
                file,
                """
                group: test
                memory: 8MiB
                heartbeat: 200ms
                link-timeout: 1s
                ask-sites: 500ms
                devices:
                  - {name: data, size: 4MiB}
                  - {name: wal, size: 1MiB}
                sites:
                """
                        + String.format(java.util.Locale.ROOT, SITE, "home", "async")
                        + String.format(java.util.Locale.ROOT, SITE, "near", "sync")
                        + """
                          - name: vault
                            link: blockdev
                            devices: {data: vault/data.img, wal: vault/wal.img}
                        """);
    }

    @AfterEach
    void kill_what_is_left() throws Exception {
        for (String site : List.of("home", "near")) {
            kill(site);
        }
    }

    private static List<String> java(String mainClass, String... words) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC",
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                mainClass));
        command.addAll(Arrays.asList(words));
        return command;
    }

    private Outcome run(List<String> command) throws Exception {
        Path output = Files.createTempFile(folder, "out", "");
        Process process =
                new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        assertThat(process.waitFor(90, TimeUnit.SECONDS)).as("ends: %s", command).isTrue();
        return new Outcome(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
    }

    private String dmctl(int exit, String command, String... words) {
        StringWriter said = new StringWriter();
        PrintWriter out = new PrintWriter(said);
        List<String> line = new ArrayList<>(List.of(command, "-f", file.toString()));
        line.addAll(Arrays.asList(words));
        int actual = Main.run(out, out, line.toArray(String[]::new));
        assertThat(actual).as("%s: %s", line, said).isEqualTo(exit);
        return said.toString();
    }

    private Optional<ProcessHandle> process(String site) throws IOException {
        Path pidFile = folder.resolve(site).resolve("dmctld.pid");
        String pid = Files.exists(pidFile) ? Files.readString(pidFile).strip() : "";
        return pid.isEmpty() ? Optional.empty() : ProcessHandle.of(Long.parseLong(pid));
    }

    private void kill(String site) throws Exception {
        Optional<ProcessHandle> process = process(site);
        if (process.isPresent()) {
            process.get().destroyForcibly();
            process.get().onExit().get(20, TimeUnit.SECONDS);
        }
    }

    private PlainNbd client(String site, String export) throws IOException {
        return new PlainNbd(folder.resolve(site).resolve("nbd.sock"), export);
    }

    private static byte[] filled(int value, int length) {
        byte[] data = new byte[length];
        Arrays.fill(data, (byte) value);
        return data;
    }

    private JsonObject status() throws Exception {
        return JsonParser.object().from(dmctl(0, "status", "--json"));
    }

    private void assertSameEverywhere(int value) throws IOException {
        for (String device : List.of("data.img", "wal.img")) {
            byte[] home = Files.readAllBytes(folder.resolve("home").resolve(device));
            assertThat(home[4096]).as(device).isEqualTo((byte) value);
            for (String site : List.of("near", "vault")) {
                Path other = folder.resolve(site).resolve(device);
                assertThat(Files.mismatch(folder.resolve("home").resolve(device), other))
                        .as("first byte of %s that differs", other)
                        .isEqualTo(-1);
            }
        }
    }

    @Test
    void a_killed_target_leaves_the_others_and_catches_up_when_it_is_back() throws Exception {
        assertThat(dmctl(0, "up", "--detach"))
                .contains("the group is served at home:", "nbd+unix:///wal?socket=");
        dmctl(0, "wait", "caught-up", "near");
        kill("near");
        try (PlainNbd data = client("home", "data");
                PlainNbd wal = client("home", "wal")) {
            assertThat(status().getObject("verdict").getString("level")).isEqualTo("warning");
            dmctl(0, "set", "near", "degrade-after", "100ms");
            data.write(4096, filled(0x5a, 65_536));
            wal.write(4096, filled(0x5a, 4_096));
            wal.flush();
            assertThat(data.read(8192, 512)).isEqualTo(filled(0x5a, 512));
        }
        assertThat(dmctl(0, "status")).contains("sync (degraded)", "(no answer)");

        dmctl(0, "up", "--detach", "--site", "near");
        dmctl(0, "wait", "caught-up", "near");
        dmctl(0, "wait", "caught-up", "vault");
        assertThatADaemonOutOfDescriptorsCanBeToldToStopLater("home");
        assertThat(dmctl(0, "down"))
                .contains(
                        "home: stopped cleanly: all is on the devices",
                        "near: stopped cleanly: all is on the devices");
        assertSameEverywhere(0x5a);
        dmctl(3, "status");
    }

    private void assertThatADaemonOutOfDescriptorsCanBeToldToStopLater(String site)
            throws Exception {
        long pid = process(site).orElseThrow().pid();
        int free = 0;
        while (Files.exists(Path.of("/proc/" + pid + "/fd/" + free))) {
            free++;
        }
        limitDescriptors(pid, free);
        dmctl(0, "status"); // takes the one that accept has put aside
        assertThat(dmctl(0, "status")).contains("(no answer)");
        limitDescriptors(pid, 4096);
        await().untilAsserted(() -> assertThat(dmctl(0, "status")).doesNotContain("(no answer)"));
    }

    private void limitDescriptors(long pid, int most) throws Exception {
        assertThat(run(List.of("prlimit", "--pid", "" + pid, "--nofile=" + most + ":")).exit())
                .isZero();
    }

    @Test
    void a_site_takes_over_and_the_old_primary_is_fenced_and_follows() throws Exception {
        dmctl(0, "up", "--detach");
        dmctl(0, "wait", "caught-up", "near");
        try (PlainNbd data = client("home", "data")) {
            data.write(4096, filled(0x11, 4_096));
        }
        kill("home");

        assertThat(dmctl(1, "takeover", "near")).contains("nothing was done; add --yes");
        assertThat(dmctl(0, "takeover", "near", "--yes")).contains("near/nbd.sock");
        try (PlainNbd data = client("near", "data");
                PlainNbd wal = client("near", "wal")) {
            assertThat(data.read(4096, 4_096)).isEqualTo(filled(0x11, 4_096));
            data.write(4096, filled(0x22, 4_096));
            wal.write(4096, filled(0x22, 4_096));
        }

        dmctl(0, "up", "--detach", "--site", "home");
        dmctl(0, "wait", "caught-up", "home");
        assertThatThrownBy(() -> client("home", "data").read(0, 512))
                .isInstanceOf(IOException.class);
        dmctl(0, "wait", "caught-up", "vault");
        dmctl(0, "down");
        assertSameEverywhere(0x22);
    }

    @Test
    void the_daemon_ends_with_the_exit_codes_it_states() throws Exception {
        String daemon = "dmctl.daemon.Dmctld";
        assertThat(run(java(daemon, "--config", "none.yaml", "--site", "home")).exit())
                .isEqualTo(2);
        assertThat(run(java(daemon, "--config", "g.yaml", "--site", "vault")).exit()).isEqualTo(2);
        assertThat(run(java(daemon, "--config", "g.yaml", "--site", "home")))
                .satisfies(outcome -> {
                    assertThat(outcome.exit()).isEqualTo(3);
                    assertThat(outcome.text()).contains("replog does not exist");
                });

        Process up =
                new ProcessBuilder(java("dmctl.cli.Main", "up", "--site", "home"))
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .start();
        BufferedReader said = up.inputReader(StandardCharsets.UTF_8);
        assertThat(said.lines().anyMatch(line -> line.startsWith("Ctrl-C stops"))).isTrue();
        assertThat(run(java(daemon, "--config", "g.yaml", "--site", "home")))
                .satisfies(outcome -> {
                    assertThat(outcome.exit()).isEqualTo(3);
                    assertThat(outcome.text()).contains("has a daemon already: process ");
                });
        up.toHandle().destroy(); // Process.destroy would close the stream, too
        assertThat(said.lines().anyMatch(line -> line.startsWith("home: stopped"))).isTrue();
        assertThat(up.waitFor()).isZero();
        assertThat(folder.resolve("home/admin.sock")).doesNotExist();

        Files.write(folder.resolve("home/wal.img"), new byte[4096]);
        assertThat(run(java(daemon, "--config", "g.yaml", "--site", "home")))
                .satisfies(outcome -> {
                    assertThat(outcome.exit()).isEqualTo(3);
                    assertThat(outcome.text())
                            .contains("has 4096 bytes, device wal of the group has 1048576");
                });
    }
}
