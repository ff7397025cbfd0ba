package dmctl.nativebridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.channels.Selector;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

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
                        } catch (java.io.IOException e) {
                            throw new java.io.UncheckedIOException(e);
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
}
