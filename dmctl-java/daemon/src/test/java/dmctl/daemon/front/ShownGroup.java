package dmctl.daemon.front;

import dmctl.daemon.io.GroupLoop;
import dmctl.daemon.io.SystemClock;
import dmctl.daemon.io.Turn;
import dmctl.daemon.nbd.Export;
import dmctl.daemon.nbd.MemoryFrontEnd;
import dmctl.daemon.nbd.NbdLimits;
import dmctl.daemon.nbd.NbdServer;
import dmctl.engine.GroupStatus.Role;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The daemon's loop around a group in memory and a front end. */
public final class ShownGroup implements AutoCloseable, Turn {
    /** Short, for tests that wait until a front end looks again. */
    public static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    public final MemoryFrontEnd group;
    public final List<String> events = new CopyOnWriteArrayList<>();

    /** What the group says of itself. */
    public volatile Role role = Role.STARTING;

    private final GroupLoop loop;
    private final NbdServer server;
    private final DeviceFrontEnd front;
    private boolean more;
    private volatile @Nullable Throwable failure;

    /** How the front end is made. */
    @FunctionalInterface
    public interface Maker {
        DeviceFrontEnd make(NbdServer server, BackingGroup group) throws IOException;
    }

    public ShownGroup(List<Export> exports, MemoryFrontEnd group, Maker maker) throws IOException {
        this.group = group;
        loop = new GroupLoop("test", new SystemClock(), thrown -> failure = thrown);
        server = new NbdServer(exports, group, new NbdLimits(8, 32, 4 << 20), loop, events::add);
        front =
                maker.make(
                        server,
                        new BackingGroup(group, () -> role, loop, events::add, PAUSE_NANOS));
        loop.start(this);
    }

    @Override
    public void turn() {
        group.turn();
        boolean again = front.endOfRound();
        more = server.endOfRound() || again;
    }

    @Override
    public long nextWakeNanos() {
        return more || group.hasEnds() ? Long.MIN_VALUE : Long.MAX_VALUE;
    }

    /** Asks something on the loop. */
    public <T> T ask(Callable<T> question) throws Exception {
        FutureTask<T> task = new FutureTask<>(question);
        loop.execute(task);
        return task.get(10, TimeUnit.SECONDS);
    }

    /** Makes the loop look again. */
    public void wake() {
        loop.execute(() -> {});
    }

    /** Serves, or serves no more. */
    public void serve(boolean serving, Role now) {
        role = now;
        group.serving = serving;
        wake();
    }

    public List<ShownDevice> devices() throws Exception {
        return ask(front::devices);
    }

    public @Nullable FrontEndProblem problem() throws Exception {
        return ask(() -> front.problem());
    }

    /** Orders the devices away; returns what was told. */
    public String stop(boolean keepUsed) throws Exception {
        CompletableFuture<String> told = new CompletableFuture<>();
        loop.execute(() -> front.stop(keepUsed, told::complete));
        return told.get(40, TimeUnit.SECONDS);
    }

    /** Ends as a killed process does: everything is closed, nobody is told. */
    @Override
    public void close() {
        loop.execute(() -> {
            front.close();
            server.close();
        });
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
