package dmctl.nativebridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NbdDisksTest {
    @TempDir Path root;
    private NbdDisks disks;

    @BeforeEach
    void makeDevices() throws IOException {
        disks = new NbdDisks(root);
        device("nbd0", null, null);
        device("nbd1", "4711", "somebody");
        device("nbd12", "4712", "dmctl:g:home:0");
        device("nbdx", "1", "dmctl:g:home:1");
        device("loop0", "1", "dmctl:g:home:1");
    }

    private void device(String name, String pid, String backend) throws IOException {
        Path disk = Files.createDirectories(root.resolve(name).resolve("queue")).getParent();
        Files.writeString(disk.resolve("size"), "2048\n");
        Files.writeString(disk.resolve("queue").resolve("io_timeout"), "30000\n");
        if (pid != null) {
            Files.writeString(disk.resolve("pid"), pid + "\n");
        }
        if (backend != null) {
            Files.writeString(disk.resolve("backend"), backend + "\n");
        }
    }

    @Test
    void itSaysWhoseADeviceIs() throws IOException {
        assertThat(disks.connected(0)).isFalse();
        assertThat(disks.backend(0)).isEmpty();
        assertThat(disks.connected(12)).isTrue();
        assertThat(disks.backend(12)).contains("dmctl:g:home:0");
        assertThat(disks.sizeBytes(12)).isEqualTo(1 << 20);
        assertThat(disks.connected(99)).isFalse();
        assertThat(disks.backend(99)).isEmpty();
        assertThat(disks.sizeBytes(99)).isZero();
    }

    @Test
    void aDeviceIsFoundByTheWholeNameOnly() throws IOException {
        assertThat(disks.find("dmctl:g:home:0")).hasValue(12);
        assertThat(disks.find("dmctl:g:home")).isEmpty();
        assertThat(disks.find("dmctl:g:home:1")).isEmpty();
        assertThat(new NbdDisks(root.resolve("nowhere")).find("dmctl:g:home:0")).isEmpty();
    }

    @Test
    void theKernelIsToldHowOftenToLook() throws IOException {
        disks.lookAfterMillis(12, 5_000);
        assertThat(root.resolve("nbd12/queue/io_timeout")).hasContent("5000");
    }

    @Test
    void whatIsSoAlreadyIsNotWrittenForThatWaitsForAllRequests() throws IOException {
        Path file = root.resolve("nbd12/queue/io_timeout");
        disks.lookAfterMillis(12, 30_000);
        // As the kernel wrote it, with the end of its line.
        assertThat(Files.readString(file)).isEqualTo("30000\n");
    }
}
