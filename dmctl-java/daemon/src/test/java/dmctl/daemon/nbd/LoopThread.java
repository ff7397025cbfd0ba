package dmctl.daemon.nbd;

import dmctl.daemon.io.GroupLoop;
import dmctl.daemon.io.SystemClock;
import dmctl.daemon.io.Turn;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/** The daemon's loop around a server and a group in memory. */
final class LoopThread implements AutoCloseable, Turn {
    final NbdServer server;
    final List<String> events = new CopyOnWriteArrayList<>();
    private final MemoryFrontEnd group;
    private final GroupLoop loop;
    private boolean more;
    volatile long rounds;
    volatile @Nullable Throwable failure;

    LoopThread(MemoryFrontEnd group, List<Export> exports, NbdLimits limits) throws IOException {
        this.group = group;
        loop = new GroupLoop("test", new SystemClock(), thrown -> failure = thrown);
        server = new NbdServer(exports, group, limits, loop, events::add);
        loop.start(this);
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
    public void turn() {
        rounds++;
        group.turn();
        more = server.endOfRound();
    }

    @Override
    public long nextWakeNanos() {
        return more || group.hasEnds() ? Long.MIN_VALUE : Long.MAX_VALUE;
    }

    SocketAddress listen(SocketAddress address) throws Exception {
        FutureTask<SocketAddress> task = new FutureTask<>(() -> server.listen(address, false));
        loop.execute(task);
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : e;
        }
    }

    /** Runs something on the loop. */
    void execute(Runnable task) {
        loop.execute(task);
    }

    /** Makes the loop look again after a field of the group was changed. */
    void wake() {
        loop.execute(() -> {});
    }

    void awaitEnd() throws InterruptedException {
        while (!loop.awaitEnd(1000)) {
            wake();
        }
    }

    @Override
    public void close() {
        loop.execute(server::close);
        loop.stop();
        try {
            if (!loop.awaitEnd(10_000)) {
                throw new AssertionError("the loop does not end");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while the loop ends", e);
        }
        if (failure != null) {
            throw new AssertionError("the loop failed", failure);
        }
    }
}
