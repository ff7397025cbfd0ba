package dmctl.tools.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class RelayLoopTest {
    private static final int MIB = 1 << 20;

    @TempDir Path folder;
    private ServerSocketChannel server;
    private RelayLoop loop;
    private CompletableFuture<Void> running;

    @BeforeEach
    void startServer() throws IOException {
        server = Endpoint.parse("127.0.0.1:0").listen();
        server.configureBlocking(true);
    }

    @AfterEach
    void stop() throws Exception {
        if (loop != null) {
            loop.ask(new Command.Exit()).get(10, TimeUnit.SECONDS);
            running.get(10, TimeUnit.SECONDS);
            loop.close();
        }
        server.close();
    }

    private void startRelay(String listen, String delay, String rate) throws IOException {
        loop =
                new RelayLoop(
                        Endpoint.parse(listen),
                        new Endpoint(server.getLocalAddress()),
                        64L * MIB,
                        new Command.Delay(Quantity.nanos(delay)),
                        new Command.Rate(Quantity.bytesPerSecond(rate)));
        running = new CompletableFuture<>();
        Thread.ofPlatform()
                .name("relay")
                .start(() -> {
                    try {
                        loop.run();
                        running.complete(null);
                    } catch (IOException | RuntimeException e) {
                        running.completeExceptionally(e);
                    }
                });
    }

    /** Both ends of one connection through the relay. */
    private record Pair(SocketChannel client, SocketChannel served) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            client.close();
            served.close();
        }
    }

    private Pair connect() throws IOException {
        SocketChannel client = SocketChannel.open(loop.listen().address());
        return new Pair(client, server.accept());
    }

    private String tell(String command) throws Exception {
        return loop.ask(Command.parse(command)).get(10, TimeUnit.SECONDS);
    }

    private static byte[] randomBytes(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static CompletableFuture<Void> send(SocketChannel channel, byte[] bytes) {
        return CompletableFuture.runAsync(() -> {
            try {
                for (ByteBuffer b = ByteBuffer.wrap(bytes); b.hasRemaining(); ) {
                    channel.write(b);
                }
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
    }

    private static byte[] receive(SocketChannel channel, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
            assertThat(buffer.position()).isPositive();
        }
        assertThat(buffer.remaining()).as("bytes missing at the end").isZero();
        return buffer.array();
    }

    private static long millisOf(long startNanos) {
        return (System.nanoTime() - startNanos) / 1_000_000;
    }

    @Test
    void forwardsBothWaysUnchanged() throws Exception {
        startRelay("127.0.0.1:0", "0", "unlimited");
        byte[] there = randomBytes(5 * MIB + 17, 1);
        byte[] back = randomBytes(3 * MIB + 5, 2);
        try (Pair pair = connect()) {
            CompletableFuture<Void> sent = send(pair.client(), there);
            assertThat(receive(pair.served(), there.length)).isEqualTo(there);
            sent.get();
            sent = send(pair.served(), back);
            assertThat(receive(pair.client(), back.length)).isEqualTo(back);
            sent.get();
            assertThat(tell("status"))
                    .contains("state=open")
                    .contains("forward-bytes=" + there.length)
                    .contains("back-bytes=" + back.length);
        }
    }

    @Test
    void unixSocketsAreForwardedToTcp() throws Exception {
        startRelay("unix:" + folder.resolve("relay.sock"), "0", "unlimited");
        byte[] bytes = randomBytes(1000, 3);
        try (Pair pair = connect()) {
            send(pair.client(), bytes).get();
            assertThat(receive(pair.served(), bytes.length)).isEqualTo(bytes);
        }
    }

    @Test
    void theEndOfOneDirectionLeavesTheOther() throws Exception {
        startRelay("127.0.0.1:0", "20ms", "unlimited");
        byte[] bytes = randomBytes(100, 4);
        try (Pair pair = connect()) {
            send(pair.client(), bytes).get();
            pair.client().shutdownOutput();
            assertThat(receive(pair.served(), bytes.length)).isEqualTo(bytes);
            assertThat(pair.served().read(ByteBuffer.allocate(1))).isEqualTo(-1);
            send(pair.served(), bytes).get();
            assertThat(receive(pair.client(), bytes.length)).isEqualTo(bytes);
        }
    }

    @Test
    void everyByteTakesTheDelay() throws Exception {
        startRelay("127.0.0.1:0", "120ms", "unlimited");
        try (Pair pair = connect()) {
            long start = System.nanoTime();
            send(pair.client(), new byte[] {1}).get();
            receive(pair.served(), 1);
            assertThat(millisOf(start)).isGreaterThanOrEqualTo(120);
            send(pair.served(), new byte[] {2}).get();
            receive(pair.client(), 1);
            assertThat(millisOf(start)).isBetween(240L, 2000L);
        }
    }

    @Test
    void delayKeepsTheBandwidth() throws Exception {
        startRelay("127.0.0.1:0", "300ms", "unlimited");
        byte[] bytes = randomBytes(32 * MIB, 5);
        try (Pair pair = connect()) {
            long start = System.nanoTime();
            CompletableFuture<Void> sent = send(pair.client(), bytes);
            assertThat(receive(pair.served(), bytes.length)).isEqualTo(bytes);
            sent.get();
            // A window of socket buffers alone would need a delay for every few hundred KiB.
            assertThat(millisOf(start)).isBetween(300L, 3000L);
        }
    }

    @Test
    void rateLimitsTheBandwidth() throws Exception {
        startRelay("127.0.0.1:0", "0", "4MiB/s");
        byte[] bytes = randomBytes(2 * MIB, 6);
        try (Pair pair = connect()) {
            long start = System.nanoTime();
            CompletableFuture<Void> sent = send(pair.client(), bytes);
            assertThat(receive(pair.served(), bytes.length)).isEqualTo(bytes);
            sent.get();
            assertThat(millisOf(start)).isBetween(450L, 3000L);
        }
    }

    @Test
    void stallKeepsConnectionsAndLosesNothing() throws Exception {
        startRelay("127.0.0.1:0", "0", "unlimited");
        try (Pair pair = connect()) {
            send(pair.client(), new byte[] {1}).get();
            receive(pair.served(), 1);
            assertThat(tell("stall")).contains("state=stalled").contains("connections=1");
            send(pair.client(), new byte[] {2, 3}).get();
            pair.served().socket().setSoTimeout(150);
            assertThatThrownBy(() -> pair.served().socket().getInputStream().read())
                    .isInstanceOf(SocketTimeoutException.class);
            assertThat(tell("heal")).contains("state=open");
            pair.served().socket().setSoTimeout(10_000);
            assertThat(pair.served().socket().getInputStream().readNBytes(2)).containsExactly(2, 3);
        }
    }

    @Test
    void cutBreaksConnectionsAndRefusesNewOnesUntilHealed() throws Exception {
        startRelay("127.0.0.1:0", "0", "unlimited");
        try (Pair pair = connect()) {
            send(pair.client(), new byte[] {1}).get();
            receive(pair.served(), 1);
            assertThat(tell("cut")).contains("state=cut").contains("connections=0");
            assertThatThrownBy(() -> pair.client().read(ByteBuffer.allocate(1)))
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(() -> SocketChannel.open(loop.listen().address()))
                    .isInstanceOf(IOException.class);
        }
        tell("heal");
        try (Pair pair = connect()) {
            send(pair.client(), new byte[] {4}).get();
            assertThat(receive(pair.served(), 1)).containsExactly(4);
        }
    }

    @Test
    void aTargetThatRefusesIsSaid() throws Exception {
        startRelay("127.0.0.1:0", "0", "unlimited");
        server.close();
        try (SocketChannel client = SocketChannel.open(loop.listen().address())) {
            assertThatThrownBy(
                            () -> {
                                if (client.read(ByteBuffer.allocate(1)) < 0) {
                                    throw new IOException("closed");
                                }
                            })
                    .isInstanceOf(IOException.class);
        }
        assertThat(tell("status")).contains("connections=0").doesNotContain("last-error=none");
    }
}
