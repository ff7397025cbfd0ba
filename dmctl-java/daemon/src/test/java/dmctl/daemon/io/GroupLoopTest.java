package dmctl.daemon.io;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.port.Io;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GroupLoopTest {
    private static final long PATIENCE_MILLIS = 20_000;

    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    private final AtomicInteger turns = new AtomicInteger();
    private volatile long wakeNanos = Long.MAX_VALUE;
    private GroupLoop loop;

    @BeforeEach
    void makeLoop() throws IOException {
        loop = new GroupLoop("test", new SystemClock(), failure::complete);
    }

    @AfterEach
    void stopLoop() throws InterruptedException {
        loop.stop();
        assertThat(loop.awaitEnd(PATIENCE_MILLIS)).isTrue();
    }

    private void start() {
        loop.start(
                new Turn() {
                    @Override
                    public void turn() {
                        turns.incrementAndGet();
                    }

                    @Override
                    public long nextWakeNanos() {
                        return wakeNanos;
                    }
                });
    }

    private static void await(CountDownLatch latch) throws InterruptedException {
        assertThat(latch.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)).isTrue();
    }

    @Test
    void tasksRunOnTheLoopInTheOrderInWhichTheyCame() throws InterruptedException {
        start();
        List<Integer> order = new ArrayList<>();
        CountDownLatch done = new CountDownLatch(1000);
        for (int i = 0; i < 1000; i++) {
            int number = i;
            loop.execute(() -> {
                assertThat(loop.onLoop()).isTrue();
                order.add(number);
                done.countDown();
            });
        }
        await(done);
        assertThat(order).hasSize(1000).isSorted();
        assertThat(loop.onLoop()).isFalse();
    }

    @Test
    void aLoopThatSleepsIsWokenByAnEndFromAnotherThread() throws InterruptedException {
        start();
        for (int i = 0; i < 1000; i++) {
            CountDownLatch told = new CountDownLatch(1);
            Io io = new Io();
            io.done = same -> told.countDown();
            loop.completions().push(io);
            await(told);
        }
        assertThat(turns.get()).isPositive();
    }

    @Test
    void endsOfManyThreadsAreAllToldOnce() throws InterruptedException {
        start();
        int count = 4 * 5000;
        CountDownLatch told = new CountDownLatch(count);
        for (int thread = 0; thread < 4; thread++) {
            Thread.ofPlatform()
                    .start(() -> {
                        for (int i = 0; i < 5000; i++) {
                            Io io = new Io();
                            io.done = same -> told.countDown();
                            loop.completions().push(io);
                        }
                    });
        }
        await(told);
        assertThat(told.getCount()).isZero();
    }

    @Test
    void timersRunInTheOrderOfTheirTimesUnlessCancelled() throws InterruptedException {
        start();
        List<String> order = new ArrayList<>();
        CountDownLatch done = new CountDownLatch(2);
        loop.execute(() -> {
            long start = loop.clock().monotonicNanos();
            loop.schedule(
                    30_000_000,
                    () -> {
                        order.add("late");
                        assertThat(loop.clock().monotonicNanos() - start)
                                .isGreaterThanOrEqualTo(30_000_000);
                        done.countDown();
                    });
            loop.schedule(20_000_000, () -> order.add("cancelled")).cancel();
            loop.schedule(
                    10_000_000,
                    () -> {
                        order.add("early");
                        done.countDown();
                    });
        });
        await(done);
        assertThat(order).containsExactly("early", "late");
    }

    @Test
    void theGroupIsGivenATurnWhenItAsksForOne() throws InterruptedException {
        CountDownLatch woken = new CountDownLatch(1);
        long due = loop.clock().monotonicNanos() + 20_000_000;
        wakeNanos = due;
        loop.start(
                new Turn() {
                    @Override
                    public void turn() {
                        if (loop.clock().monotonicNanos() >= due) {
                            wakeNanos = Long.MAX_VALUE;
                            woken.countDown();
                        }
                    }

                    @Override
                    public long nextWakeNanos() {
                        return wakeNanos;
                    }
                });
        await(woken);
        assertThat(loop.clock().monotonicNanos()).isGreaterThanOrEqualTo(due);
    }

    @Test
    void aGroupThatAsksForAnotherTurnAtOnceIsGivenIt() throws InterruptedException {
        CountDownLatch given = new CountDownLatch(3);
        loop.start(
                new Turn() {
                    @Override
                    public void turn() {
                        given.countDown();
                    }

                    @Override
                    public long nextWakeNanos() {
                        return given.getCount() > 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
                    }
                });
        await(given);
        assertThat(given.getCount()).isZero();
    }

    @Test
    void anIdleLoopSleeps() throws InterruptedException {
        start();
        CountDownLatch running = new CountDownLatch(1);
        loop.execute(running::countDown);
        await(running);
        int before = turns.get();
        CountDownLatch later = new CountDownLatch(1);
        loop.execute(() -> loop.schedule(100_000_000, later::countDown));
        await(later);
        assertThat(turns.get() - before).isLessThan(10);
    }

    @Test
    void aReadyChannelIsTold() throws IOException, InterruptedException {
        CountDownLatch told = new CountDownLatch(1);
        try (ServerSocketChannel server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            try (SocketChannel client = SocketChannel.open(server.getLocalAddress())) {
                SocketChannel accepted = server.accept();
                loop.register(
                        accepted,
                        SelectionKey.OP_READ,
                        key -> {
                            assertThat(key.isReadable()).isTrue();
                            key.interestOps(0);
                            told.countDown();
                        });
                start();
                assertThat(client.write(ByteBuffer.wrap(new byte[] {1}))).isEqualTo(1);
                await(told);
                loop.stop();
                assertThat(loop.awaitEnd(PATIENCE_MILLIS)).isTrue();
                assertThat(accepted.isOpen()).as("open after the end of the loop").isFalse();
            }
        }
    }

    @Test
    void aFailureEndsTheLoopAndIsHandedOver() throws Exception {
        start();
        AssertionError thrown = new AssertionError("an invariant of the test");
        loop.execute(() -> {
            throw thrown;
        });
        assertThat(failure.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)).isSameAs(thrown);
        int before = turns.get();
        assertThat(loop.awaitEnd(PATIENCE_MILLIS)).isTrue();
        loop.execute(turns::incrementAndGet);
        assertThat(turns.get()).isEqualTo(before);
    }
}
