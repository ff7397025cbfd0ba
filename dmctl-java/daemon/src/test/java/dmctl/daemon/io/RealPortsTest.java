package dmctl.daemon.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dmctl.engine.port.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RealPortsTest {
    private static final long BYTES = 1L << 20;
    private static final int BLOCKDEV_SITE = 3;

    @TempDir Path dir;
    private final List<String> told = new ArrayList<>();
    private LoopWorld world;
    private RealPorts.Places places;

    @BeforeEach
    void makeFiles() throws IOException {
        world = new LoopWorld();
        for (String name : List.of("log", "data", "wal", "far-data", "far-wal")) {
            StorageFiles.create(dir.resolve(name), BYTES, StorageFiles.Space.SPARSE);
        }
        places =
                new RealPorts.Places(
                        dir.resolve("log"),
                        Map.of(0, dir.resolve("data"), 7, dir.resolve("wal")),
                        Map.of(
                                BLOCKDEV_SITE,
                                List.of(dir.resolve("far-data"), dir.resolve("far-wal"))),
                        dir.resolve("exports"),
                        512,
                        FileStorage.Direct.AUTO,
                        DiskAccess.AUTO);
    }

    @AfterEach
    void closeWorld() {
        world.close();
    }

    private RealPorts open() throws IOException {
        return new RealPorts(
                places, world.loop(), new SocketNetwork(world.loop(), Map.of(), 100), told::add);
    }

    @Test
    void logAndDevicesAreOpenUnderTheirNumbers() throws IOException {
        try (RealPorts ports = open()) {
            assertThat(ports.log().name()).endsWith("log");
            assertThat(ports.device(0).name()).endsWith("data");
            assertThat(ports.device(7).name()).endsWith("wal");
            assertThatThrownBy(() -> ports.device(1)).hasMessageContaining("device 1");
            ports.events().accept("a line");
            assertThat(told).containsExactly("a line");
            assertThat(ports.clock()).isSameAs(world.loop().clock());
        }
    }

    @Test
    void aGroupIsOpenedOnlyOnce() throws IOException {
        try (RealPorts ports = open()) {
            assertThat(ports.log().sizeBytes()).isEqualTo(BYTES);
            assertThatThrownBy(this::open).hasMessageContaining("is locked by");
        }
        open().close();
    }

    @Test
    void whereADeviceIsMissingNothingStaysLocked() throws IOException {
        RealPorts.Places whole = places;
        places =
                new RealPorts.Places(
                        whole.log(),
                        Map.of(0, dir.resolve("data"), 1, dir.resolve("missing")),
                        Map.of(),
                        whole.exports(),
                        512,
                        FileStorage.Direct.AUTO,
                        DiskAccess.AUTO);
        assertThatThrownBy(this::open).hasMessageContaining("missing");
        places = whole;
        open().close();
    }

    @Test
    void theDevicesOfABlockdevSiteComeInOrderAllOrNone() throws IOException {
        try (RealPorts ports = open()) {
            Storage[] devices = ports.remoteDevices(BLOCKDEV_SITE);
            assertThat(devices).extracting(Storage::name).allMatch(name -> name.contains("far-"));
            assertThat(devices[0].name()).endsWith("data");
            assertThatThrownBy(() -> ports.remoteDevices(BLOCKDEV_SITE))
                    .hasMessageContaining("is locked by");
            devices[0].close();
            assertThatThrownBy(() -> ports.remoteDevices(BLOCKDEV_SITE))
                    .hasMessageContaining("far-wal");
            devices[1].close();
            for (Storage device : ports.remoteDevices(BLOCKDEV_SITE)) {
                device.close();
            }
            assertThatThrownBy(() -> ports.remoteDevices(9)).hasMessageContaining("site 9");
        }
    }

    @Test
    void anExportIsANewFileInItsFolder() throws IOException {
        try (RealPorts ports = open()) {
            Storage export = ports.createExport("cut-1", BYTES);
            assertThat(export.sizeBytes()).isEqualTo(BYTES);
            assertThat(dir.resolve("exports").resolve("cut-1")).exists();
            export.close();
            assertThatThrownBy(() -> ports.createExport("cut-1", BYTES))
                    .hasMessageContaining("EEXIST");
            assertThatThrownBy(() -> ports.createExport("../cut", BYTES))
                    .hasMessageContaining("not a name");
        }
    }
}
