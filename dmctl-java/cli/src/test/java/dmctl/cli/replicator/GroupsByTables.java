package dmctl.cli.replicator;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.cli.dmsetup.Dmsetup;
import dmctl.cli.dmsetup.MemoryMapper;
import dmctl.cli.dmsetup.MemoryMapper.Mapped;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.FrontEnd;
import dmctl.config.GroupConfig.Site;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Groups made by the command lines of dmsetup(8), on a kernel and with daemons of memory. */
abstract class GroupsByTables {
    @TempDir Path folder;

    final MemoryMapper kernel = new MemoryMapper();
    final FakeDaemons daemons = new FakeDaemons(kernel);
    final StringWriter out = new StringWriter();
    final StringWriter err = new StringWriter();
    String control = "";
    String data = "";
    String wal = "";

    @BeforeEach
    void tables() throws IOException {
        Files.createFile(folder.resolve("replog"));
        control =
                "0 8 replicator ringbuffer 4 "
                        + folder
                        + "/replog 0 auto 8192 blockdev 2 0 async blockdev 4 1 async ios 1000";
        data = device("erp", 0, "data");
        wal = device("erp", 1, "wal");
    }

    String device(String replicator, int nr, String name) {
        return String.format(
                Locale.ROOT,
                "0 4096 replicator-dev /dev/mapper/%s %d 0 1 %s/%s nolog 0 1 1 %s/far-%s core 1 2048",
                replicator,
                nr,
                folder,
                name,
                folder,
                name);
    }

    Places places() {
        return new Places(
                folder.resolve("run"),
                folder.resolve("etc"),
                folder.resolve("var"),
                () -> FrontEnd.KERNEL_NBD,
                Duration.ofSeconds(30),
                Duration.ofMillis(500));
    }

    int run(String... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return Dmsetup.run(
                new PrintWriter(out),
                new PrintWriter(err),
                List.of(args),
                log -> {
                    kernel.log = log;
                    return new ReplicatorMapper(kernel, log, places(), daemons, "1.2.3");
                });
    }

    void does(String... args) {
        assertThat(run(args)).as("%s: %s", List.of(args), err).isZero();
        assertThat(err.toString()).isEmpty();
    }

    void prints(String expected, String... args) {
        does(args);
        assertThat(out.toString()).isEqualTo(expected);
    }

    void refuses(String part, String... args) {
        assertThat(run(args)).as(List.of(args).toString()).isEqualTo(1);
        assertThat(err.toString()).contains(part).endsWith("Command failed.\n");
    }

    void message(String text) {
        String[] words = text.split(" ", -1);
        String[] args = new String[words.length + 2];
        args[0] = "message";
        args[1] = words[0];
        args[2] = "0";
        System.arraycopy(words, 1, args, 3, words.length - 1);
        does(args);
    }

    Mapped mapped(String name) {
        Mapped device = kernel.devices.get(name);
        assertThat(device).as(name).isNotNull();
        return device;
    }

    GroupConfig served() {
        return Objects.requireNonNull(daemons.running);
    }

    Site site(int nr) {
        return served().site(nr).orElseThrow();
    }

    void createBoth() {
        does("create", "erp", "--table", control);
        does("create", "erp-data", "--table", data);
        does("create", "erp-wal", "--table", wal);
    }
}
