package dmctl.daemon.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dmctl.engine.port.Io;
import dmctl.nativebridge.Errno;
import dmctl.nativebridge.NativeFile;
import dmctl.nativebridge.NativeFile.OpenFlag;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileStorageTest {
    private static final int BLOCK = 4096;
    private static final long BYTES = 1L << 20;

    @TempDir Path dir;
    private Path path;
    private LoopWorld world;

    @BeforeEach
    void makeFile() throws IOException {
        path = dir.resolve("disk");
        StorageFiles.create(path, BYTES, StorageFiles.Space.SPARSE);
        world = new LoopWorld();
    }

    @AfterEach
    void closeWorld() {
        world.close();
    }

    private FileStorage open() throws IOException {
        return FileStorage.open(
                path, FileStorage.Options.forDevice(512), world.loop().completions());
    }

    private int run(FileStorage storage, Io io) {
        boolean[] ended = new boolean[1];
        io.done = same -> ended[0] = true;
        storage.submit(io);
        world.runUntil(() -> ended[0]);
        return io.error;
    }

    private static Io transfer(Io.Op op, ByteBuffer buffer) {
        Io io = new Io();
        io.op = op;
        io.buffer = buffer;
        return io;
    }

    @Test
    void whatIsLockedElsewhereIsRefusedByNameOfTheHolder() throws IOException {
        FileStorage first = open();
        assertThatThrownBy(this::open)
                .isInstanceOf(IOException.class)
                .hasMessageContaining(path.toString())
                .hasMessageContaining("process " + ProcessHandle.current().pid())
                .hasMessageContaining("stop that process");
        first.close();
        open().close();
    }

    @Test
    void theLockIsOnTheDescriptorThatWrites() throws IOException {
        FileStorage storage = open();
        try (NativeFile other = NativeFile.open(path, Set.of(OpenFlag.READ_WRITE))) {
            assertThat(other.tryLock()).isFalse();
            storage.close();
            assertThat(other.tryLock()).isTrue();
        }
    }

    @Test
    void theLockEndsAfterTheLastOperationWhenClosedMeanwhile() throws IOException {
        FileStorage storage = open();
        ByteBuffer buffer = ByteBuffer.allocateDirect((int) BYTES + BLOCK).alignedSlice(BLOCK);
        buffer.limit((int) BYTES);
        Io io = transfer(Io.Op.WRITE, buffer);
        boolean[] ended = new boolean[1];
        io.done = same -> ended[0] = true;
        storage.submit(io);
        storage.close();
        world.runUntil(() -> ended[0]);
        assertThat(io.error).isZero();
        open().close();
    }

    @Test
    void afterCloseAnOperationEndsWithAnError() throws IOException {
        FileStorage storage = open();
        storage.close();
        assertThat(run(storage, transfer(Io.Op.WRITE, ByteBuffer.allocateDirect(BLOCK))))
                .isEqualTo(Errno.EBADF);
    }

    @Test
    void workersEndAfterClose() throws IOException {
        FileStorage storage = open();
        assertThat(workers()).isEqualTo(4);
        storage.close();
        world.runUntil(() -> workers() == 0);
    }

    private static long workers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("disk-write"))
                .count();
    }

    @Test
    void memoryThatIsNotAlignedIsCopiedOnTheWay() throws IOException {
        FileStorage storage = open();
        byte[] text = new byte[2 * FileWorker.PIECE_BYTES / 4];
        for (int i = 0; i < text.length; i++) {
            text[i] = (byte) (i * 31);
        }
        ByteBuffer odd = ByteBuffer.allocateDirect(text.length + 2 * BLOCK).alignedSlice(BLOCK);
        odd.position(3).limit(3 + text.length);
        odd.put(3, text);
        assertThat(run(storage, transfer(Io.Op.WRITE, odd))).isZero();
        assertThat(odd.position()).isEqualTo(3);
        ByteBuffer back = ByteBuffer.allocateDirect(text.length + 2 * BLOCK).alignedSlice(BLOCK);
        back.position(7).limit(7 + text.length);
        assertThat(run(storage, transfer(Io.Op.READ, back))).isZero();
        assertThat(back.slice(7, text.length)).isEqualTo(ByteBuffer.wrap(text));
        ByteBuffer heap = ByteBuffer.allocate(text.length);
        assertThat(run(storage, transfer(Io.Op.READ, heap))).isZero();
        assertThat(heap).isEqualTo(ByteBuffer.wrap(text));
        storage.close();
    }

    @Test
    void aFileCutShortIsAReadError() throws IOException {
        FileStorage storage = open();
        try (FileChannel cutter = FileChannel.open(path, StandardOpenOption.WRITE)) {
            cutter.truncate(BLOCK);
        }
        Io io = transfer(Io.Op.READ, ByteBuffer.allocateDirect(BLOCK));
        io.offset = 8 * BLOCK;
        assertThat(run(storage, io)).isEqualTo(Errno.EIO);
        storage.close();
    }

    @Test
    void anUnmappedRangeGivesItsSpaceBack() throws IOException {
        StorageFiles.create(dir.resolve("full"), BYTES, StorageFiles.Space.WRITTEN);
        path = dir.resolve("full");
        FileStorage storage = open();
        Io io = new Io();
        io.op = Io.Op.ZERO;
        io.length = BYTES;
        io.unmap = true;
        assertThat(run(storage, io)).isZero();
        storage.close();
        try (NativeFile file = NativeFile.open(path, Set.of())) {
            assertThat(file.nextData(0)).isEqualTo(-1);
        }
    }

    @Test
    void anExtentThatWasZeroedIsKnownToBe() throws IOException {
        FileStorage storage = open();
        Io io = new Io();
        io.op = Io.Op.EXTENTS;
        io.length = BYTES;
        io.extents = new dmctl.engine.port.ExtentList();
        assertThat(run(storage, io)).isZero();
        assertThat(io.extents.size()).isEqualTo(1);
        assertThat(io.extents.readsZero(0)).isTrue();
        storage.close();
    }

    @Test
    void onlyFilesAndBlockDevicesAreStorage() {
        path = Path.of("/dev/null");
        assertThatThrownBy(this::open)
                .hasMessage("/dev/null is neither a regular file nor a block device");
        path = dir;
        assertThatThrownBy(this::open).hasMessageContaining("neither a regular file");
        path = dir.resolve("missing");
        assertThatThrownBy(this::open)
                .hasMessageContaining(path.toString())
                .hasMessageContaining("create it first");
    }

    @Test
    void aNewFileReplacesNoOther() throws IOException {
        assertThatThrownBy(() -> StorageFiles.create(path, BYTES, StorageFiles.Space.RESERVED))
                .hasMessageContaining("EEXIST");
        assertThat(Files.size(path)).isEqualTo(BYTES);
    }

    @Test
    void aFileThatDoesNotFitLeavesNothing() {
        Path huge = dir.resolve("huge");
        assertThatThrownBy(() -> StorageFiles.create(huge, 1L << 43, StorageFiles.Space.RESERVED))
                .isInstanceOf(IOException.class);
        assertThat(huge).doesNotExist();
    }

    @Test
    void aNewFileHasTheSpaceItWasMadeWith() throws IOException {
        for (StorageFiles.Space space : StorageFiles.Space.values()) {
            Path made = dir.resolve(space.name());
            StorageFiles.create(made, BYTES, space);
            assertThat(Files.size(made)).isEqualTo(BYTES);
            try (NativeFile file = NativeFile.open(made, Set.of())) {
                long data = file.nextData(0);
                assertThat(data).isEqualTo(space == StorageFiles.Space.WRITTEN ? 0 : -1);
            }
        }
    }
}
