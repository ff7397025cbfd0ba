package dmctl.nativebridge;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dmctl.nativebridge.NativeFile.OpenFlag;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IoUringTest {
    private static final int BLOCK = 4096;
    private static final int ENTRIES = 8;

    @TempDir Path dir;
    private Arena arena;
    private NativeFile file;
    private IoUring ring;

    @BeforeEach
    void open() throws IOException {
        arena = Arena.ofShared();
        file = NativeFile.open(dir.resolve("disk"), Set.of(OpenFlag.READ_WRITE, OpenFlag.CREATE));
        file.truncate(64L * BLOCK);
        try {
            ring = IoUring.open(ENTRIES);
        } catch (IOException e) {
            assumeTrue(false, "no io_uring here: " + e.getMessage());
        }
    }

    @AfterEach
    void close() {
        if (ring != null) {
            ring.close();
        }
        file.close();
        arena.close();
    }

    private void await(long data, int result) throws IOException {
        while (!ring.next()) {
            ring.await();
        }
        assertThat(ring.data()).isEqualTo(data);
        assertThat(ring.result()).isEqualTo(result);
    }

    private static ErrnoException failed(int errno) {
        return new ErrnoException("io_uring_setup", "io_uring", errno);
    }

    @Test
    void aRefusalNamesItsRemedy() {
        assertThat(IoUring.refused(failed(Errno.EPERM)))
                .hasMessageContaining("io_uring is forbidden here")
                .hasMessageContaining("kernel.io_uring_disabled=0");
        assertThat(IoUring.refused(failed(Errno.ENOSYS)))
                .hasMessageContaining("Linux 5.6 or newer");
        assertThat(IoUring.refused(failed(Errno.ENOMEM))).hasMessageContaining("ulimit -l");
        assertThat(IoUring.refused(failed(Errno.EIO))).hasMessageContaining("io_uring_setup");
    }

    @Test
    void whatIsWrittenIsReadBack() throws IOException {
        MemorySegment source = arena.allocate(BLOCK, BLOCK).fill((byte) 7);
        ring.write(file, source.address(), BLOCK, 3 * BLOCK, 1);
        await(1, BLOCK);
        MemorySegment target = arena.allocate(BLOCK, BLOCK);
        ring.read(file, target.address(), BLOCK, 3 * BLOCK, 3);
        await(3, BLOCK);
        assertThat(target.mismatch(source)).isEqualTo(-1);
    }

    @Test
    void aReadBeyondTheEndIsShort() throws IOException {
        MemorySegment target = arena.allocate(2 * BLOCK, BLOCK);
        ring.read(file, target.address(), 2 * BLOCK, 63 * BLOCK, 5);
        await(5, BLOCK);
        ring.read(file, target.address(), BLOCK, 64 * BLOCK, 6);
        await(6, 0);
    }

    @Test
    void anErrorIsTheNegativeErrno() throws IOException {
        ring.read(file, 8, BLOCK, 0, 9);
        await(9, -14);
    }

    @Test
    void everyOperationEndsOnceHoweverOftenTheRingGoesRound() throws IOException {
        MemorySegment source = arena.allocate(BLOCK, BLOCK);
        BitSet ended = new BitSet();
        int next = 0;
        while (ended.cardinality() < 1000) {
            while (ring.room() > 0 && next < 1000) {
                ring.write(file, source.address(), BLOCK, next % 64 * (long) BLOCK, next++);
            }
            ring.await();
            while (ring.next()) {
                assertThat(ring.result()).isEqualTo(BLOCK);
                assertThat(ended.get((int) ring.data())).isFalse();
                ended.set((int) ring.data());
            }
        }
        assertThat(ring.room()).isEqualTo(ENTRIES);
    }

    @Test
    void itBelongsToTheThreadThatSubmitsFirst() throws Exception {
        MemorySegment target = arena.allocate(BLOCK, BLOCK);
        BitSet ended = new BitSet();
        Thread other =
                Thread.ofPlatform()
                        .start(() -> {
                            try {
                                ring.read(file, target.address(), BLOCK, 0, 4);
                                await(4, BLOCK);
                                ended.set(4);
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        });
        other.join();
        assertThat(ended.get(4)).isTrue();
    }

    @Test
    void itsBellRingsForEachEnd() throws IOException {
        MemorySegment target = arena.allocate(BLOCK, BLOCK);
        MemorySegment descriptor = arena.allocate(Long.BYTES, Integer.BYTES);
        descriptor.set(JAVA_INT, 0, ring.bell());
        descriptor.set(JAVA_SHORT, 4, LibC.POLLIN);
        assertThat(LibC.poll(descriptor, 0)).isZero();
        ring.read(file, target.address(), BLOCK, 0, 1);
        await(1, BLOCK);
        assertThat(LibC.poll(descriptor, 1)).isEqualTo(1);
    }

    @Test
    void aRingOfNoEntriesIsRefusedByTheKernel() {
        assertThatThrownBy(() -> IoUring.open(0))
                .isInstanceOf(ErrnoException.class)
                .hasMessageContaining("io_uring_setup");
    }
}
