package dmctl.nativebridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DmUserChannelTest {
    private static final int BLOCK = 4096;

    private final Arena arena = Arena.ofShared();
    private final DmUserDriver driver = new DmUserDriver();
    private final DmUserCalls calls = driver.open();
    private final DmUserChannel channel = new DmUserChannel(calls, "/dev/dm-user/x");
    private final MemorySegment head = arena.allocate(DmUserMessage.HEAD_BYTES);
    private final MemorySegment data = arena.allocate(BLOCK);

    @AfterEach
    void close() {
        calls.close();
        arena.close();
    }

    private void answer(long seq, long type) throws IOException {
        DmUserMessage.put(head, seq, type, 0, 0, 0);
        channel.write(head.address(), DmUserMessage.HEAD_BYTES);
    }

    private static byte[] block(int value) {
        byte[] bytes = new byte[BLOCK];
        java.util.Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    @Test
    void theHeadIsLaidOutAsTheDriverHasIt() {
        byte[] bytes = DmUserDriver.head(7, 1, 0x200, 99, 4096);
        MemorySegment there = MemorySegment.ofArray(bytes);
        assertThat(DmUserMessage.seq(there)).isEqualTo(7);
        assertThat(DmUserMessage.type(there)).isEqualTo(DmUserMessage.WRITE);
        assertThat(DmUserMessage.flags(there)).isEqualTo(DmUserMessage.FUA);
        assertThat(DmUserMessage.sector(there)).isEqualTo(99);
        assertThat(DmUserMessage.length(there)).isEqualTo(4096);
        byte[] own = new byte[DmUserMessage.HEAD_BYTES];
        DmUserMessage.put(MemorySegment.ofArray(own), 7, 1, 0x200, 99, 4096);
        assertThat(own).isEqualTo(bytes);
    }

    @Test
    void shortCallsAreGoneOnWith() throws IOException {
        driver.callBytesMax = 7;
        CompletableFuture<byte[]> write = driver.write(8 * BLOCK, block(3), DmUserMessage.FUA);
        assertThat(channel.readHead(head)).isTrue();
        assertThat(DmUserMessage.sector(head)).isEqualTo(64);
        assertThat(DmUserMessage.length(head)).isEqualTo(BLOCK);
        assertThat(DmUserMessage.flags(head)).isEqualTo(DmUserMessage.FUA);
        assertThat(channel.readData(data.address(), BLOCK)).isTrue();
        assertThat(data.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(block(3));
        assertThat(write).isNotDone();
        answer(DmUserMessage.seq(head), DmUserMessage.SUCCESS);
        assertThat(write).isCompleted();
    }

    @Test
    void oneReadNeverHoldsHeadAndPayload() {
        CompletableFuture<byte[]> write = driver.write(0, block(3), 0);
        assertThat(calls.read(data.address(), BLOCK)).isEqualTo(DmUserMessage.HEAD_BYTES);
        assertThat(write).isNotDone();
        assertThat(calls.read(data.address(), BLOCK)).isEqualTo(BLOCK);
    }

    @Test
    void aReadIsAnsweredWithItsData() throws IOException {
        CompletableFuture<byte[]> read = driver.read(0, 2 * BLOCK);
        assertThat(channel.readHead(head)).isTrue();
        data.fill((byte) 5);
        answer(DmUserMessage.seq(head), DmUserMessage.SUCCESS);
        channel.write(data.address(), BLOCK);
        assertThat(read).isNotDone();
        data.fill((byte) 6);
        channel.write(data.address(), BLOCK);
        assertThat(ByteBuffer.wrap(read.join()).get(BLOCK - 1)).isEqualTo((byte) 5);
        assertThat(ByteBuffer.wrap(read.join()).get(BLOCK)).isEqualTo((byte) 6);
    }

    @Test
    void aBadWritePoisonsTheChannelAndNothingElse() throws IOException {
        CompletableFuture<byte[]> read = driver.read(0, BLOCK);
        assertThat(channel.readHead(head)).isTrue();
        answer(4711, DmUserMessage.SUCCESS);
        ErrnoException e =
                catchThrowableOfType(ErrnoException.class, () -> answer(0, DmUserMessage.SUCCESS));
        assertThat(e.errno()).isEqualTo(Errno.EINVAL);
        assertThat(e).hasMessageContaining("/dev/dm-user/x: write");
        assertThat(read).isNotDone();
        DmUserCalls second = driver.open();
        calls.close();
        assertThat(read).isCompletedExceptionally();
        CompletableFuture<byte[]> next = driver.flush();
        DmUserChannel fresh = new DmUserChannel(second, "/dev/dm-user/x");
        assertThat(fresh.readHead(head)).isTrue();
        assertThat(DmUserMessage.flags(head)).isEqualTo(DmUserMessage.PREFLUSH);
        assertThat(DmUserMessage.type(head)).isEqualTo(DmUserMessage.WRITE);
        long seq = DmUserMessage.seq(head);
        DmUserMessage.put(head, seq, DmUserMessage.SUCCESS, 0, 0, 0);
        fresh.write(head.address(), DmUserMessage.HEAD_BYTES);
        assertThat(next).isCompleted();
        second.close();
        assertThat(driver.read(0, BLOCK)).isCompletedExceptionally();
    }

    @Test
    void anErrorForAReadFailsItWithoutData() throws IOException {
        CompletableFuture<byte[]> read = driver.read(0, BLOCK);
        assertThat(channel.readHead(head)).isTrue();
        answer(DmUserMessage.seq(head), DmUserMessage.ERROR);
        assertThat(read).isCompletedExceptionally();
        assertThat(driver.warnings).isEqualTo(1);
        assertThat(driver.poisoned).isZero();
    }

    @Test
    void aDeviceThatIsRemovedEndsTheReading() throws IOException {
        driver.destroy();
        assertThat(channel.readHead(head)).isFalse();
        assertThat(channel.readData(data.address(), BLOCK)).isFalse();
    }

    @Test
    void theCallsMoveBytesOfARealDescriptor(@TempDir Path dir) throws IOException {
        try (KernelLink link = KernelLink.open(dir)) {
            DmUserFile file = DmUserFile.of(link.fd());
            DmUserChannel real = new DmUserChannel(file, "pair");
            byte[] message = DmUserDriver.head(1, DmUserMessage.WRITE, 0, 8, 4);
            link.channel().write(ByteBuffer.wrap(message, 0, 11));
            link.channel().write(ByteBuffer.wrap(message, 11, 29));
            assertThat(real.readHead(head)).isTrue();
            assertThat(DmUserMessage.sector(head)).isEqualTo(8);
            link.channel().write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4}));
            assertThat(real.readData(data.address(), 4)).isTrue();
            assertThat(data.get(ValueLayout.JAVA_BYTE, 3)).isEqualTo((byte) 4);
            real.write(head.address(), DmUserMessage.HEAD_BYTES);
            ByteBuffer back = ByteBuffer.allocate(64);
            assertThat(link.channel().read(back)).isEqualTo(DmUserMessage.HEAD_BYTES);
            link.channel().close();
            assertThatThrownBy(() -> real.readHead(head))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("pair: read");
        }
    }

    @Test
    void aDeviceThatNoTableNamesIsNotThere(@TempDir Path dir) {
        ErrnoException e =
                catchThrowableOfType(
                        ErrnoException.class, () -> DmUserFile.open(dir.resolve("none")));
        assertThat(e.errno()).isEqualTo(Errno.ENOENT);
    }
}
