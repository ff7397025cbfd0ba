package dmctl.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dmctl.cli.Main;
import dmctl.config.GroupConfig;
import dmctl.config.GroupFile;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A daemon whose log is a part of a larger file. */
class LogInAPartTest {
    private static final DaemonOptions CREATE =
            new DaemonOptions(Path.of("group.yaml"), "home", true, false);

    private static final int START = 1 << 20;
    private static final int BYTES = 4 << 20;
    private static final int DEVICE = 8 << 20;
    private static final byte FOREIGN = 0x5b;

    @TempDir Path folder;

    private Path file() {
        return folder.resolve("g.yaml");
    }

    private GroupConfig config(String open, String size) throws Exception {
        Files.writeString(
                file(),
                """
                group: part
                memory: 8MiB
                devices:
                  - {name: data, size: 1MiB}
                sites:
                  - name: home
                    listen: unix:home/link.sock
                    log: {path: log, start: 1MiB, size: SIZE, open: OPEN}
                    devices: {data: data.img}
                """
                        .replace("SIZE", size)
                        .replace("OPEN", open));
        return GroupFile.read(file());
    }

    private void runOnce(String open, String size) throws Exception {
        GroupConfig config = config(open, size);
        SiteDaemon daemon =
                SiteDaemon.start(
                        config, config.site("home").orElseThrow(), CREATE, ServiceNotices.NONE);
        StringWriter told = new StringWriter();
        PrintWriter writer = new PrintWriter(told);
        int exit = Main.run(writer, writer, "wait", "serving", "home", "-f", file().toString());
        assertThat(exit).as(told.toString()).isZero();
        assertThat(daemon.stop(false).getBoolean("ok")).isTrue();
    }

    @Test
    void makes_and_opens_its_log_there_and_touches_nothing_else() throws Exception {
        Path log = folder.resolve("log");
        byte[] foreign = new byte[DEVICE];
        Arrays.fill(foreign, FOREIGN);
        Arrays.fill(foreign, START, START + BYTES, (byte) 0);
        Files.write(log, foreign);

        runOnce("create", "4MiB");

        byte[] written = Files.readAllBytes(log);
        assertThat(Arrays.copyOfRange(written, START, START + 8)).asString().isEqualTo("DMCTLRLG");
        Arrays.fill(written, START, START + BYTES, (byte) 0);
        assertThat(Arrays.equals(written, foreign)).as("all but the log is as it was").isTrue();

        runOnce("open", "4MiB");
        runOnce("auto", "6MiB");
        DaemonFailure refusal =
                catchThrowableOfType(DaemonFailure.class, () -> runOnce("create", "4MiB"));
        assertThat(refusal).hasMessageContaining("OT_CREATE requested, but existing log found!");
    }

    @Test
    void makes_a_new_file_large_enough() throws Exception {
        runOnce("auto", "2MiB");
        try (RandomAccessFile file = new RandomAccessFile(folder.resolve("log").toFile(), "r")) {
            assertThat(file.length()).isEqualTo(START + (2 << 20));
        }
    }

    @Test
    void open_makes_no_file() {
        DaemonFailure refusal =
                catchThrowableOfType(DaemonFailure.class, () -> runOnce("open", "2MiB"));
        assertThat(refusal)
                .hasMessage(
                        "log of site home: "
                                + folder.resolve("log")
                                + " does not exist, and \"open: open\" makes none; mount or restore"
                                + " it, or correct the path");
        assertThat(folder.resolve("log")).doesNotExist();
    }
}
