package dmctl.daemon.io;

import dmctl.engine.port.Storage;
import dmctl.engine.port.StorageContract;
import dmctl.engine.port.World;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The promises of a storage, kept by files past the page cache and through it. */
class FileStorageContractTest {
    abstract static class OnFile extends StorageContract {
        @TempDir Path dir;
        private LoopWorld world;

        abstract FileStorage.Options options();

        @Override
        protected Storage open(long bytes) throws IOException {
            world = new LoopWorld();
            Path path = dir.resolve("disk");
            StorageFiles.create(path, bytes, StorageFiles.Space.SPARSE);
            return FileStorage.open(path, options(), world.loop().completions(), ring());
        }

        @Nullable DiskRing ring() throws IOException {
            return null;
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

    @Nested
    class DirectDevice extends OnFile {
        @Override
        FileStorage.Options options() {
            return FileStorage.Options.forDevice(512);
        }
    }

    @Nested
    class BufferedDevice extends OnFile {
        @Override
        FileStorage.Options options() {
            return FileStorage.Options.forDevice(512).withDirect(FileStorage.Direct.OFF);
        }
    }

    abstract static class OnRing extends OnFile {
        private @Nullable DiskRing ring;

        @Override
        @Nullable DiskRing ring() throws IOException {
            ring = DiskRing.open();
            ((LoopWorld) world()).loop().serve(ring);
            return ring;
        }

        @AfterEach
        void closeRing() {
            if (ring != null) {
                ring.close();
            }
        }
    }

    @Nested
    class RingDevice extends OnRing {
        @Override
        FileStorage.Options options() {
            return FileStorage.Options.forDevice(512);
        }
    }

    @Nested
    class RingLog extends OnRing {
        @Override
        FileStorage.Options options() {
            return FileStorage.Options.forLog();
        }
    }

    @Nested
    class Log extends OnFile {
        @Override
        FileStorage.Options options() {
            return FileStorage.Options.forLog();
        }
    }
}
