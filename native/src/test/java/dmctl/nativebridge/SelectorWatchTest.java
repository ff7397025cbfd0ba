package dmctl.nativebridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SelectorWatchTest {
    @Test
    void a_selector_wakes_for_a_descriptor_that_java_has_no_channel_for() throws Exception {
        try (Selector other = Selector.open();
                Selector selector = Selector.open()) {
            assertThat(other.isOpen()).isTrue();
            SelectorWatch watch = SelectorWatch.of(selector);
            assertThat(selector.selectNow()).isZero();
            int bell = LibC.eventfd(0, LibC.O_CLOEXEC);
            watch.add(bell);
            CompletableFuture<Long> woken =
                    CompletableFuture.supplyAsync(() -> {
                        try {
                            long before = System.nanoTime();
                            selector.select(key -> {}, 20_000);
                            return System.nanoTime() - before;
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    });
            LibC.eventfdWrite(bell, 1);
            assertThat(woken.get(30, TimeUnit.SECONDS)).isLessThan(15_000_000_000L);
            assertThat(selector.selectedKeys()).isEmpty();

            watch.remove(bell);
            long before = System.nanoTime();
            selector.select(key -> {}, 30);
            assertThat(System.nanoTime() - before).isGreaterThan(25_000_000L);
            LibC.close(bell);
        }
    }

    /** Ends that wait for the ring's thread to enter, as those of ublk do. */
    @Test
    void a_selector_wakes_for_the_ends_of_a_ring(@TempDir Path folder) throws Exception {
        try (Selector selector = Selector.open();
                RingPair ring = RingPair.open(4, false);
                KernelLink link = KernelLink.open(folder)) {
            SelectorWatch.of(selector).add(ring.bell());
            MemorySegment read = Arena.ofAuto().allocate(8, 8);
            for (int round = 0; round < 10; round++) {
                UringAbi.fill(
                        ring.sqes(),
                        ring.entry(),
                        UringAbi.OP_READ,
                        link.fd(),
                        read.address(),
                        8,
                        0,
                        0,
                        5);
                ring.enter(false);
                assertThat(ring.next()).isFalse();
                selector.selectNow(key -> {});
                CompletableFuture<Integer> written =
                        CompletableFuture.supplyAsync(() -> write(link));
                long before = System.nanoTime();
                selector.select(key -> {}, 20_000);
                assertThat(System.nanoTime() - before).isLessThan(15_000_000_000L);
                assertThat(written.get(20, TimeUnit.SECONDS)).isEqualTo(8);
                ring.enter(false);
                assertThat(ring.next()).isTrue();
                assertThat(ring.data()).isEqualTo(5);
                assertThat(ring.result()).isEqualTo(8);
            }
        }
    }

    private static int write(KernelLink link) {
        try {
            return link.channel().write(ByteBuffer.allocate(8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
