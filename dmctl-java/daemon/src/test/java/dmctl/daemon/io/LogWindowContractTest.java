package dmctl.daemon.io;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dmctl.engine.port.Storage;
import dmctl.engine.port.StorageContract;
import dmctl.engine.port.World;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A part of a file is a storage as any other. */
class LogWindowContractTest extends StorageContract {
    private static final long START = 1 << 20;
    private static final long BEHIND = 1 << 16;

    @TempDir Path dir;
    private LoopWorld world;

    @Override
    protected Storage open(long bytes) throws IOException {
        return new LogWindow(openWhole("disk", START + bytes + BEHIND), START, bytes);
    }

    private Storage openWhole(String name, long bytes) throws IOException {
        closeWorld();
        world = new LoopWorld();
        Path path = dir.resolve(name);
        StorageFiles.create(path, bytes, StorageFiles.Space.SPARSE);
        return FileStorage.open(
                path, FileStorage.Options.forDevice(512), world.loop().completions());
    }

    @Override
    protected World world() {
        return world;
    }

    @AfterEach
    void closeWorld() {
        if (world != null) {
            world.close();
        }
    }

    @Test
    void isNoLargerThanWhatItIsAPartOf() throws IOException {
        Storage whole = openWhole("other", START);
        assertThatThrownBy(() -> new LogWindow(whole, 4096, START))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LogWindow(whole, -4096, START))
                .isInstanceOf(IllegalArgumentException.class);
        whole.close();
    }
}
