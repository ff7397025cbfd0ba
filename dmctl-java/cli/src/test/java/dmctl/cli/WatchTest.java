package dmctl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The command as a process, with stand-ins for the daemons: its exit code is that of a shutdown.
 */
class WatchTest {
    private static final Pattern STARTED = Pattern.compile("(\\w+): started, process (\\d+), .*");

    @TempDir Path folder;
    private Path file = Path.of("");
    private final List<Process> commands = new ArrayList<>();
    private final List<ProcessHandle> standIns = new ArrayList<>();

    @BeforeEach
    void write_the_example() throws IOException {
        file = folder.resolve("lab.yaml");
        Files.writeString(file, StatusTextTest.resource("lab.yaml"));
    }

    @AfterEach
    void end_what_is_left() {
        commands.forEach(Process::destroyForcibly);
        standIns.forEach(ProcessHandle::destroyForcibly);
    }

    private Process up(String... sites) throws IOException {
        List<String> line =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                Objects.requireNonNull(System.getProperty("java.class.path")),
                                "dmctl.cli.Main",
                                "up",
                                file.toString()));
        for (String site : sites) {
            line.addAll(List.of("--site", site));
        }
        Process command = new ProcessBuilder(line).redirectErrorStream(true).start();
        commands.add(command);
        return command;
    }

    /** Reads until so many daemons were started. */
    private void awaitStart(BufferedReader lines, int count) throws IOException {
        while (standIns.size() < count) {
            Matcher start = STARTED.matcher(Objects.requireNonNull(lines.readLine()));
            if (start.matches()) {
                ProcessHandle.of(Long.parseLong(start.group(2))).ifPresent(standIns::add);
            }
        }
    }

    private static BufferedReader lines(Process command) {
        return command.inputReader(StandardCharsets.UTF_8);
    }

    private static int exitCode(Process command) throws InterruptedException {
        assertThat(command.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return command.exitValue();
    }

    @Test
    void ends_with_1_and_stops_what_runs_when_a_daemon_does_not_start() throws Exception {
        StandIn.write(file, "home", StandIn.Conduct.SERVE);
        StandIn.write(file, "near", StandIn.Conduct.FAIL);

        Process command = up("home", "near");
        BufferedReader lines = lines(command);
        awaitStart(lines, 2);
        String said = lines.lines().collect(Collectors.joining("\n"));

        assertThat(exitCode(command)).isEqualTo(ExitCode.FAILED);
        assertThat(said)
                .contains("dmctl: the daemon of near ended with exit code 3")
                .contains("stopping, the primary first");
        assertThat(standIns).noneMatch(ProcessHandle::isAlive);
    }

    @ParameterizedTest
    @CsvSource({"CRASH, 1", "END, 0"})
    void ends_as_its_daemons_have_ended(StandIn.Conduct conduct, int exitCode) throws Exception {
        StandIn.write(file, "home", conduct);

        Process command = up("home");
        String said = lines(command).lines().collect(Collectors.joining("\n"));

        assertThat(said).contains("no daemon that was started here runs any more");
        assertThat(exitCode(command)).isEqualTo(exitCode);
    }

    @Test
    void ends_with_0_when_it_was_told_to_stop_and_all_have_ended() throws Exception {
        StandIn.write(file, "home", StandIn.Conduct.SERVE);

        Process command = up("home");
        BufferedReader lines = lines(command);
        awaitStart(lines, 1);
        while (!Objects.requireNonNull(lines.readLine()).startsWith("Ctrl-C stops")) {
            // what is said of the start
        }
        command.toHandle().destroy();

        assertThat(lines.lines()).contains("home: stopped");
        assertThat(exitCode(command)).isZero();
        assertThat(standIns).noneMatch(ProcessHandle::isAlive);
    }

    @Test
    void ends_daemons_that_have_no_socket_yet() throws Exception {
        StandIn.write(file, "home", StandIn.Conduct.HANG);
        StandIn.write(file, "near", StandIn.Conduct.HANG);

        Process command = up("home", "near");
        BufferedReader lines = lines(command);
        awaitStart(lines, 2);
        command.toHandle().destroy();
        String said = lines.lines().collect(Collectors.joining("\n"));

        assertThat(standIns).hasSize(2).noneMatch(ProcessHandle::isAlive);
        assertThat(said).contains("home: ended by a signal, for it gave no answer");
        assertThat(exitCode(command)).isZero();
    }
}
