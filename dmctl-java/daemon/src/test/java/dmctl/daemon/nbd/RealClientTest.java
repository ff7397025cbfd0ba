package dmctl.daemon.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The clients people use, where they are installed. */
@Timeout(60)
final class RealClientTest {
    private static final int BYTES = 8 << 20;

    @TempDir Path folder;
    private ServedGroup served;

    @BeforeEach
    void serve() throws Exception {
        List<Export> exports =
                List.of(
                        new Export("data", "g", 0, BYTES, 4096),
                        new Export("wal", "g", 1, BYTES, 512));
        served = new ServedGroup(folder, NbdLimits.DEFAULT, exports);
    }

    @AfterEach
    void stop() {
        served.close();
    }

    private String uri(String export) {
        return "nbd+unix:///" + export + "?socket=" + served.unix;
    }

    /** Runs a program to its good end and returns what it says. */
    private String run(String program, String... arguments) throws Exception {
        boolean installed =
                Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
                        .anyMatch(dir -> Files.isExecutable(Path.of(dir, program)));
        assumeTrue(installed, program + " is not installed");
        Path output = folder.resolve("output");
        List<String> command = new java.util.ArrayList<>(List.of(program));
        command.addAll(List.of(arguments));
        Process process =
                new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        boolean ended = process.waitFor(30, TimeUnit.SECONDS);
        process.destroyForcibly();
        String said = Files.readString(output);
        assertThat(ended).as(said).isTrue();
        assertThat(process.exitValue()).as(said).isZero();
        return said;
    }

    private Path image() throws IOException {
        byte[] bytes = new byte[BYTES];
        new Random(1).nextBytes(bytes);
        Arrays.fill(bytes, 1 << 20, 3 << 20, (byte) 0);
        return Files.write(folder.resolve("image"), bytes);
    }

    @Test
    void nbdinfo_shows_exports_and_extents() throws Exception {
        assertThat(run("nbdinfo", "--list", uri(""))).contains("export=\"data\"", "export=\"wal\"");
        run("qemu-io", "-f", "raw", "-c", "write -P 5 64k 128k", uri("g/data"));
        assertThat(run("nbdinfo", "--map", uri("data")).lines())
                .extracting(line -> line.strip().replaceAll(" +", " "))
                .containsExactly(
                        "0 65536 3 hole,zero", "65536 131072 0 data", "196608 8192000 3 hole,zero");
    }

    @Test
    void nbdcopy_and_qemu_img_see_the_same_bytes() throws Exception {
        Path image = image();
        run("nbdcopy", image.toString(), uri("wal"));
        assertThat(served.group.bytes(1, 0, BYTES)).isEqualTo(Files.readAllBytes(image));
        run("nbdcopy", uri("wal"), "copy");
        assertThat(Files.mismatch(image, folder.resolve("copy"))).isEqualTo(-1);
        run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image.toString(), uri("data"));
        run("qemu-img", "compare", "-f", "raw", "-F", "raw", image.toString(), uri("data"));
    }

    @Test
    void qemu_io_finds_its_patterns() throws Exception {
        String said =
                run(
                        "qemu-io",
                        "-f",
                        "raw",
                        "-c",
                        "write -f -P 7 1M 3M",
                        "-c",
                        "read -P 7 1M 3M",
                        "-c",
                        "write -z -u 2M 64k",
                        "-c",
                        "read -P 0 2M 64k",
                        "-c",
                        "discard 0 1M",
                        "-c",
                        "flush",
                        "-c",
                        "read -P 7 2112k 4k",
                        "-c",
                        "write -P 9 513 3",
                        "-c",
                        "read -P 9 513 3",
                        uri("wal"));
        assertThat(said).doesNotContainIgnoringCase("verification failed").doesNotContain("error");
        assertThat(served.group.flushes).isPositive();
    }

    @Test
    void fio_verifies_what_several_jobs_wrote() throws Exception {
        String said =
                run(
                        "fio",
                        "--name=check",
                        "--ioengine=nbd",
                        "--uri=" + uri("data"),
                        "--rw=randwrite",
                        "--bsrange=4k-64k",
                        "--blockalign=4k",
                        "--iodepth=16",
                        "--verify=crc32c",
                        "--size=2m",
                        "--numjobs=3",
                        "--offset_increment=2m",
                        "--fsync=32");
        assertThat(said).contains("err= 0").doesNotContain("verify:");
    }
}
