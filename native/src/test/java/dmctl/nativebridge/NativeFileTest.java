package dmctl.nativebridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dmctl.nativebridge.NativeFile.OpenFlag;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeFileTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 64;

    @TempDir Path dir;
    private Arena arena;
    private NativeFile file;

    @BeforeEach
    void makeFile() throws IOException {
        arena = Arena.ofShared();
        file = NativeFile.open(dir.resolve("disk"), Set.of(OpenFlag.READ_WRITE, OpenFlag.CREATE));
        file.truncate((long) BLOCKS * BLOCK);
    }

    @AfterEach
    void closeFile() {
        file.close();
        arena.close();
    }

    private MemorySegment block(int value) {
        return arena.allocate(BLOCK, BLOCK).fill((byte) value);
    }

    private byte byteAt(long offset) throws IOException {
        MemorySegment target = block(0x55);
        assertThat(file.read(target.address(), 1, offset)).isEqualTo(1);
        return target.get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0);
    }

    @Test
    void whatWasWrittenIsRead() throws IOException {
        MemorySegment source = block(7);
        file.write(source.address(), BLOCK, 3 * BLOCK);
        MemorySegment target = block(0);
        assertThat(file.read(target.address(), BLOCK, 3 * BLOCK)).isEqualTo(BLOCK);
        assertThat(target.mismatch(source)).isEqualTo(-1);
        file.syncData();
        file.sync();
        assertThat(Files.readAllBytes(dir.resolve("disk"))[3 * BLOCK]).isEqualTo((byte) 7);
    }

    @Test
    void aReadEndsWithTheFile() throws IOException {
        MemorySegment target = block(0);
        assertThat(file.read(target.address(), BLOCK, (long) BLOCKS * BLOCK - 512)).isEqualTo(512);
        assertThat(file.read(target.address(), BLOCK, (long) BLOCKS * BLOCK)).isZero();
    }

    @Test
    void anErrorNamesCallPathAndErrno() {
        Path missing = dir.resolve("missing");
        ErrnoException error =
                catchThrowableOfType(
                        ErrnoException.class, () -> NativeFile.open(missing, Set.of()));
        assertThat(error)
                .hasMessage(missing + ": open: no such file or directory (ENOENT)")
                .extracting(ErrnoException::errno)
                .isEqualTo(Errno.ENOENT);
    }

    @Test
    void aWriteToADescriptorOpenedForReadingFails() throws IOException {
        try (NativeFile reader = NativeFile.open(dir.resolve("disk"), Set.of())) {
            assertThatThrownBy(() -> reader.write(block(1).address(), BLOCK, 0))
                    .isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("pwrite")
                    .hasMessageContaining("EBADF");
        }
    }

    @Test
    void aFullDeviceIsSaidToBeFull() throws IOException {
        try (NativeFile full = NativeFile.open(Path.of("/dev/full"), Set.of(OpenFlag.READ_WRITE))) {
            assertThatThrownBy(() -> full.write(block(1).address(), BLOCK, 0))
                    .hasMessage("/dev/full: pwrite: no space left on device (ENOSPC)");
        }
    }

    @Test
    void aSecondDescriptorCannotLockUntilTheFirstIsClosed() throws IOException {
        Path path = dir.resolve("locked");
        Set<OpenFlag> flags = Set.of(OpenFlag.READ_WRITE, OpenFlag.CREATE);
        try (NativeFile second = NativeFile.open(path, flags)) {
            try (NativeFile first = NativeFile.open(path, flags)) {
                assertThat(first.tryLock()).isTrue();
                assertThat(second.tryLock()).isFalse();
            }
            assertThat(second.tryLock()).isTrue();
        }
    }

    @Test
    void anExclusiveCreateRefusesAFileThatExists() {
        Set<OpenFlag> flags =
                Set.of(OpenFlag.READ_WRITE, OpenFlag.CREATE, OpenFlag.EXCLUSIVE, OpenFlag.DSYNC);
        assertThatThrownBy(() -> NativeFile.open(dir.resolve("disk"), flags))
                .hasMessageContaining("EEXIST");
    }

    @Test
    void aPunchedRangeReadsAsZeroesAndIsAHole() throws IOException {
        for (int i = 0; i < BLOCKS; i++) {
            file.write(block(9).address(), BLOCK, (long) i * BLOCK);
        }
        file.punchHole(8 * BLOCK, 16 * BLOCK);
        assertThat(byteAt(8 * BLOCK - 1)).isEqualTo((byte) 9);
        assertThat(byteAt(8 * BLOCK)).isZero();
        assertThat(byteAt(24 * BLOCK - 1)).isZero();
        assertThat(byteAt(24 * BLOCK)).isEqualTo((byte) 9);
        assertThat(file.nextHole(0)).isEqualTo(8 * BLOCK);
        assertThat(file.nextData(8 * BLOCK)).isEqualTo(24 * BLOCK);
        assertThat(file.size()).isEqualTo((long) BLOCKS * BLOCK);
    }

    @Test
    void aZeroedRangeReadsAsZeroes() throws IOException {
        file.write(block(9).address(), BLOCK, 0);
        file.zeroRange(512, 1024);
        assertThat(byteAt(511)).isEqualTo((byte) 9);
        assertThat(byteAt(512)).isZero();
        assertThat(byteAt(1535)).isZero();
        assertThat(byteAt(1536)).isEqualTo((byte) 9);
    }

    @Test
    void afterTheLastDataThereIsNone() throws IOException {
        file.write(block(1).address(), BLOCK, 0);
        assertThat(file.nextData(8 * BLOCK)).isEqualTo(-1);
        assertThat(file.nextHole(8 * BLOCK)).isEqualTo(8 * BLOCK);
    }

    @Test
    void reservedSpaceCountsToTheSize() throws IOException {
        file.reserve(0, 128L * BLOCK);
        assertThat(file.size()).isEqualTo(128L * BLOCK);
        assertThat(byteAt(100L * BLOCK)).isZero();
    }

    @Test
    void aFileIsNoBlockDevice() throws IOException {
        assertThat(file.facts().regular()).isTrue();
        assertThat(file.facts().blockDevice()).isFalse();
        assertThat(file.logicalBlockBytes()).isEqualTo(512);
        assertThat(FileFacts.of(dir).regular()).isFalse();
        assertThat(FileFacts.of(dir.resolve("disk")).inode())
                .isEqualTo(
                        ((Number) Files.getAttribute(dir.resolve("disk"), "unix:ino")).longValue());
        assertThatThrownBy(() -> file.discard(0, BLOCK)).isInstanceOf(ErrnoException.class);
    }

    @Test
    void aDirectoryCanBeMadeDurable() throws IOException {
        NativeFile.syncDirectory(dir);
        assertThatThrownBy(() -> NativeFile.syncDirectory(dir.resolve("missing")))
                .hasMessageContaining("ENOENT");
    }

    @Test
    void anUnknownErrorIsGivenByNumber() {
        assertThat(Errno.describe(133)).isEqualTo("errno 133");
        assertThat(Errno.name(133)).isEqualTo("errno 133");
        assertThat(Errno.name(Errno.ENOSPC)).isEqualTo("ENOSPC");
    }
}
