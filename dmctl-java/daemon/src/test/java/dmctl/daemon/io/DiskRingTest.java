package dmctl.daemon.io;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.port.Io;
import dmctl.nativebridge.Errno;
import dmctl.nativebridge.NativeFile;
import dmctl.nativebridge.NativeFile.OpenFlag;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskRingTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 512;

    @TempDir Path dir;
    private Path path;
    private LoopWorld world;
    private DiskRing ring;

    @BeforeEach
    void makeRing() throws IOException {
        path = dir.resolve("disk");
        StorageFiles.create(path, (long) BLOCKS * BLOCK, StorageFiles.Space.WRITTEN);
        world = new LoopWorld();
        ring = DiskRing.open();
        world.loop().serve(ring);
    }

    @AfterEach
    void closeWorld() {
        ring.close();
        world.close();
    }

    private FileStorage open(Path file) throws IOException {
        FileStorage storage =
                FileStorage.open(
                        file, FileStorage.Options.forDevice(512), world.loop().completions(), ring);
        assertThat(storage.direct()).isTrue();
        return storage;
    }

    private static Io transfer(Io.Op op, long block, int blocks, byte value) {
        Io io = new Io();
        io.op = op;
        io.offset = block * BLOCK;
        io.buffer = ByteBuffer.allocateDirect((blocks + 1) * BLOCK).alignedSlice(BLOCK);
        for (int i = 0; i < blocks * BLOCK; i++) {
            io.buffer.put(i, value);
        }
        io.buffer.limit(blocks * BLOCK);
        return io;
    }

    private void cutTo(int blocks) throws IOException {
        try (NativeFile file = NativeFile.open(path, Set.of(OpenFlag.READ_WRITE))) {
            file.truncate((long) blocks * BLOCK);
        }
    }

    private int run(FileStorage storage, Io io) {
        AtomicInteger ended = new AtomicInteger();
        io.done = same -> ended.incrementAndGet();
        storage.submit(io);
        world.runUntil(() -> ended.get() == 1);
        return io.error;
    }

    @Test
    void aFileCutShortIsAReadErrorAlsoInTheMiddleOfARead() throws IOException {
        FileStorage storage = open(path);
        cutTo(8);
        assertThat(run(storage, transfer(Io.Op.READ, 8, 1, (byte) 0))).isEqualTo(Errno.EIO);
        assertThat(run(storage, transfer(Io.Op.READ, 7, 2, (byte) 0))).isEqualTo(Errno.EIO);
        assertThat(run(storage, transfer(Io.Op.READ, 7, 1, (byte) 0))).isZero();
        storage.close();
    }

    @Test
    void whatAFileOrTheRingHasNoPlaceForWaitsAndIsDone() throws IOException {
        List<FileStorage> storages = new ArrayList<>();
        AtomicInteger ended = new AtomicInteger();
        for (int file = 0; file < 6; file++) {
            Path each = dir.resolve("disk" + file);
            StorageFiles.create(each, (long) BLOCKS * BLOCK, StorageFiles.Space.SPARSE);
            FileStorage storage = open(each);
            storages.add(storage);
            for (int block = 0; block < BLOCKS; block++) {
                Io io = transfer(Io.Op.WRITE, block, 1, (byte) (1 + block % 100));
                io.done = same -> ended.addAndGet(same.error == 0 ? 1 : 0);
                storage.submit(io);
            }
        }
        world.runUntil(() -> ended.get() == 6 * BLOCKS);
        for (FileStorage storage : storages) {
            Io io = transfer(Io.Op.READ, 0, BLOCKS, (byte) 0);
            assertThat(run(storage, io)).isZero();
            for (int block = 0; block < BLOCKS; block++) {
                assertThat(io.buffer.get(block * BLOCK)).isEqualTo((byte) (1 + block % 100));
            }
            storage.close();
        }
    }

    @Test
    void aFileThatIsClosedIsReleasedWhenItsLastOperationHasEnded() throws IOException {
        FileStorage storage = open(path);
        AtomicInteger ended = new AtomicInteger();
        for (int block = 0; block < 100; block++) {
            Io io = transfer(Io.Op.WRITE, block, 1, (byte) 5);
            io.done = same -> ended.addAndGet(same.error == 0 ? 1 : 0);
            storage.submit(io);
        }
        storage.close();
        ring.pump();
        ring.drain();
        world.runUntil(() -> ended.get() == 100);
        open(path).close();
    }
}
