package dmctl.daemon.io;

import dmctl.engine.port.Io;
import dmctl.engine.port.Storage;
import dmctl.engine.port.StorageContract;
import dmctl.engine.port.World;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * The promises of a storage, kept by a block device of 2 MiB whose content is lost, given as {@code
 * -Ddmctl.test.blockDevice=/dev/...}.
 */
@EnabledIfSystemProperty(
        named = "dmctl.test.blockDevice",
        matches = "/dev/.+",
        disabledReason = "no block device given")
class BlockDeviceContractTest extends StorageContract {
    private LoopWorld world;

    @Override
    protected Storage open(long bytes) throws IOException {
        world = new LoopWorld();
        Path path = Path.of(System.getProperty("dmctl.test.blockDevice", ""));
        Storage storage =
                FileStorage.open(
                        path, FileStorage.Options.forDevice(4096), world.loop().completions());
        Io io = new Io();
        io.op = Io.Op.ZERO;
        io.length = bytes;
        boolean[] ended = new boolean[1];
        io.done = same -> ended[0] = true;
        storage.submit(io);
        world.runUntil(() -> ended[0]);
        return storage;
    }

    @Override
    protected World world() {
        return world;
    }

    @AfterEach
    void closeWorld() {
        world.close();
    }
}
