package dmctl.daemon.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class AllocationTest {
    private static final int DEPTH = 16;

    @TempDir Path folder;

    /** Sends reads and writes, {@code DEPTH} at a time, and takes the replies. */
    private static void exchange(NbdClient client, int rounds, int length) throws IOException {
        ByteBuffer requests = ByteBuffer.allocateDirect(DEPTH * (Nbd.REQUEST_BYTES + length));
        int readers = DEPTH / 2;
        ByteBuffer replies =
                ByteBuffer.allocateDirect(DEPTH * Nbd.SIMPLE_REPLY_BYTES + readers * length);
        for (int i = 0; i < DEPTH; i++) {
            boolean read = i < readers;
            int type = read ? Nbd.CMD_READ : Nbd.CMD_WRITE;
            requests.put(NbdClient.request(0, type, i, (long) i * length, length));
            if (!read) {
                requests.position(requests.position() + length);
            }
        }
        requests.flip();
        for (int round = 0; round < rounds; round++) {
            client.send(requests.rewind());
            replies.clear();
            while (replies.hasRemaining()) {
                if (client.channel.read(replies) < 0) {
                    throw new IOException("closed");
                }
            }
        }
    }

    @Test
    void the_loop_allocates_nothing_per_request() throws Exception {
        try (ServedGroup served = new ServedGroup(folder, NbdLimits.DEFAULT);
                NbdClient client = served.simple("data")) {
            CompletableFuture<Long> thread = new CompletableFuture<>();
            served.loop.execute(() -> thread.complete(Thread.currentThread().threadId()));
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            exchange(client, 1500, 4096);
            exchange(client, 300, 32768);
            long requests = served.group.submitted;
            long before = threads.getThreadAllocatedBytes(thread.get());
            exchange(client, 1000, 4096);
            exchange(client, 200, 32768);
            long bytes = threads.getThreadAllocatedBytes(thread.get()) - before;
            requests = served.group.submitted - requests;
            assertThat(requests).isEqualTo(1200L * DEPTH);
            // A recompilation or a thread dump may allocate something once.
            assertThat(bytes).as("bytes for %s requests", requests).isLessThan(requests);
        }
    }
}
