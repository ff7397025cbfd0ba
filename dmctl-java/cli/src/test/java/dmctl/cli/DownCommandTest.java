package dmctl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.grack.nanojson.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DownCommandTest {
    /** No process has it: the kernel's numbers are smaller. */
    private static final int NO_PROCESS = Integer.MAX_VALUE;

    @TempDir Path folder;
    private Path file = Path.of("");
    private final StringWriter out = new StringWriter();
    private final Map<String, FakeDaemon> daemons = new TreeMap<>();

    @BeforeEach
    void write_the_example() throws IOException {
        file = folder.resolve("lab.yaml");
        Files.writeString(file, StatusTextTest.resource("lab.yaml"));
    }

    @AfterEach
    void stop_the_daemons() throws Exception {
        for (FakeDaemon daemon : daemons.values()) {
            daemon.stop();
        }
    }

    private int down() {
        PrintWriter writer = new PrintWriter(out);
        return Main.run(writer, writer, "down", "-f", file.toString());
    }

    private void daemon(String site, JsonObject answer) throws Exception {
        JsonObject status = FakeDaemon.status("live", site);
        status.put("pid", NO_PROCESS);
        status.put("completedSeq", 0); // nothing to wait for
        daemon(site, status, answer);
    }

    private void daemon(String site, @Nullable JsonObject status, JsonObject answer)
            throws Exception {
        Path socket = folder.resolve(site).resolve("admin.sock");
        daemons.put(site, FakeDaemon.telling(socket, status, request -> answer));
    }

    /** Who was told to stop. */
    private List<String> told() {
        return daemons.entrySet().stream()
                .filter(daemon ->
                        daemon.getValue().requests.stream()
                                .anyMatch(order -> order.getString("op").equals("shutdown")))
                .map(Map.Entry::getKey)
                .toList();
    }

    @Test
    void stops_the_targets_after_the_primary() throws Exception {
        daemon("home", FakeDaemon.ok("stopped"));
        daemon("near", FakeDaemon.ok("stopped"));

        assertThat(down()).isZero();
        assertThat(out).hasToString("home: stopped\nnear: stopped\nfar: not running\n");
    }

    @Test
    void leaves_the_targets_to_a_primary_that_refuses() throws Exception {
        daemon("home", FakeDaemon.refused("/dev/ublkb0 is mounted at /srv"));
        daemon("near", FakeDaemon.ok("stopped"));
        daemon("far", FakeDaemon.ok("stopped"));

        assertThat(down()).isEqualTo(ExitCode.FAILED);
        assertThat(told()).containsExactly("home");
        assertThat(out.toString())
                .endsWith(
                        """
                        home: not stopped: /dev/ublkb0 is mounted at /srv
                        near, far: left running, for home was not stopped
                        """);
    }

    @Test
    void leaves_the_targets_to_a_primary_that_does_not_tell_its_state() throws Exception {
        daemon("home", null, FakeDaemon.ok("stopped"));
        daemon("near", FakeDaemon.ok("stopped"));

        assertThat(down()).isEqualTo(ExitCode.FAILED);
        assertThat(told()).isEmpty();
        assertThat(out)
                .hasToString(
                        "home: not stopped: the daemon cannot tell its state: the group's"
                                + " thread has not answered for 5 s\n"
                                + "near: left running, for home was not stopped\n");
    }

    @Test
    void goes_on_after_a_target_that_does_not_tell_its_state() throws Exception {
        daemon("home", FakeDaemon.ok("stopped"));
        daemon("near", null, FakeDaemon.ok("stopped"));
        daemon("far", FakeDaemon.ok("stopped"));

        assertThat(down()).isEqualTo(ExitCode.FAILED);
        assertThat(told()).containsExactly("far", "home");
        assertThat(out.toString())
                .contains(
                        "near: not stopped: the daemon cannot tell its state: the group's thread");
    }

    @Test
    void says_of_a_daemon_that_left_its_socket_that_it_does_not_run() throws Exception {
        daemon("near", FakeDaemon.ok("stopped"));
        Objects.requireNonNull(daemons.get("near")).stop();

        assertThat(folder.resolve("near/admin.sock")).exists();
        assertThat(down()).isZero();
        assertThat(out).hasToString("home: not running\nnear: not running\nfar: not running\n");
    }
}
