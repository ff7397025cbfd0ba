package dmctl.daemon.io;

import dmctl.engine.port.Clock;
import dmctl.nativebridge.SelectorWatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The loop of the one thread that owns a group. Each round: channels that are ready, ends of
 * operations, tasks, timers that are due, then the group's {@link Turn}; what that has submitted to
 * a {@link DiskRing} goes to the kernel at its end. Sleeps in the selector when nothing is left to
 * do; others wake it only when it sleeps. A round allocates nothing.
 *
 * <p>Whatever is thrown in a round ends the loop: a group that has failed an invariant must not go
 * on. The failure is logged and handed to the failure handler; every channel is closed, so that
 * clients and other sites see at once that nobody serves them.
 */
public final class GroupLoop implements Executor {
    /** Ends told in one round before channels are looked at again. */
    private static final int COMPLETIONS_MAX = 1024;

    /** Tasks run in one round. */
    private static final int TASKS_MAX = 256;

    private static final long NANOS_PER_MILLI = 1_000_000;

    private static final Logger LOG = LoggerFactory.getLogger(GroupLoop.class);

    private final String name;
    private final Clock clock;
    private final Consumer<Throwable> failed;
    private final Selector selector;
    private final SelectorWatch watch;
    private final CompletionQueue completions = new CompletionQueue(this::wakeIfAsleep);
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final PriorityQueue<LoopTimer> timers = new PriorityQueue<>();
    private final AtomicBoolean asleep = new AtomicBoolean();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Consumer<SelectionKey> readyKeys = GroupLoop::tellReady;
    private final Thread thread;
    private volatile boolean stopping;
    private @Nullable Turn turn;
    private @Nullable DiskRing ring;

    /**
     * Makes a loop that does not run yet.
     *
     * @param name of the group, for the thread and messages
     * @param clock whose monotonic time the timers are in
     * @param failed told once, on the loop's thread, when the loop has ended by a failure
     * @throws IOException if the system gives no selector
     */
    public GroupLoop(String name, Clock clock, Consumer<Throwable> failed) throws IOException {
        this.name = name;
        this.clock = clock;
        this.failed = failed;
        selector = Selector.open();
        watch = SelectorWatch.of(selector);
        thread = Thread.ofPlatform().name("group-" + name).unstarted(this::run);
    }

    /**
     * Starts the thread.
     *
     * @param group what is run after each round
     */
    public void start(Turn group) {
        turn = group;
        thread.start();
    }

    /**
     * Serves a ring on this thread, too. On the loop, or before it starts.
     *
     * @param made what to serve
     * @throws IOException if its bell cannot be watched
     */
    void serve(DiskRing made) throws IOException {
        watch(made.bell());
        ring = made;
    }

    /**
     * Returns where ends of operations go.
     *
     * @return the queue that this loop drains
     */
    public CompletionQueue completions() {
        return completions;
    }

    /** The name of the group. */
    String name() {
        return name;
    }

    /**
     * Returns the clock of the loop.
     *
     * @return as given
     */
    public Clock clock() {
        return clock;
    }

    /**
     * Tells whether the caller runs on the loop.
     *
     * @return true if so
     */
    public boolean onLoop() {
        return thread.equals(Thread.currentThread());
    }

    /**
     * Runs a task on the loop, in a later step of this round or the next. From any thread. After
     * the end of the loop nothing runs: who waits for an answer waits for a bounded time.
     */
    @Override
    public void execute(Runnable task) {
        tasks.add(task);
        wakeIfAsleep();
    }

    /**
     * Runs a task on the loop after a while. On the loop only.
     *
     * @param delayNanos from now
     * @param task what to run, once
     * @return can be cancelled
     */
    public LoopTimer schedule(long delayNanos, Runnable task) {
        LoopTimer timer = new LoopTimer(clock.monotonicNanos() + delayNanos, task);
        timers.add(timer);
        return timer;
    }

    /**
     * Registers a channel. On the loop, or before it starts.
     *
     * @param channel non-blocking
     * @param interest operations of {@link SelectionKey}, or 0
     * @param ready told
     * @return the key
     */
    public SelectionKey register(SelectableChannel channel, int interest, Ready ready) {
        try {
            channel.configureBlocking(false);
            return channel.register(selector, interest, ready);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Wakes the loop whenever a descriptor becomes readable anew. Nobody is told which: the turn
     * after that has to look. On the loop.
     *
     * @param fd that of a ring's bell
     * @throws IOException if it cannot be watched
     */
    public void watch(int fd) throws IOException {
        watch.add(fd);
    }

    /**
     * Does not wake for a descriptor any more. On the loop.
     *
     * @param fd as given to {@link #watch}
     * @throws IOException if it was not watched
     */
    public void unwatch(int fd) throws IOException {
        watch.remove(fd);
    }

    /** Ends the loop after the tasks posted so far; its channels are closed. From any thread. */
    public void stop() {
        execute(() -> stopping = true);
    }

    /**
     * Waits for the end of the loop.
     *
     * @param millis at most
     * @return false if it still runs
     * @throws InterruptedException if interrupted
     */
    public boolean awaitEnd(long millis) throws InterruptedException {
        return ended.await(millis, TimeUnit.MILLISECONDS);
    }

    private void run() {
        Throwable failure = null;
        try {
            Turn group = turn;
            if (group == null) {
                throw new IllegalStateException("group " + name + ": nothing to run");
            }
            // What was submitted before the loop ran waits for nobody else.
            pumpRing();
            while (!stopping) {
                round(group);
            }
            if (ring != null) {
                ring.drain();
            }
        } catch (Throwable e) {
            failure = e;
            LOG.error("group={} stopped by a failure", name, e);
        }
        closeChannels();
        ended.countDown();
        if (failure != null) {
            failed.accept(failure);
        }
    }

    /** One round; sleeps if there is nothing to do. */
    void round(Turn group) throws IOException {
        select(group);
        pumpRing();
        completions.drain(COMPLETIONS_MAX);
        runTasks();
        runTimers();
        group.turn();
        pumpRing();
    }

    private void pumpRing() throws IOException {
        if (ring != null) {
            ring.pump();
        }
    }

    private void select(Turn group) throws IOException {
        if (hasWork()) {
            selector.selectNow(readyKeys);
            return;
        }
        long wake = wakeNanos(group);
        long millis = 0;
        if (wake != Long.MAX_VALUE) {
            long now = clock.monotonicNanos();
            // Compared, not subtracted: "at once" may be too far back for the difference.
            if (wake <= now) {
                selector.selectNow(readyKeys);
                return;
            }
            millis = (wake - now) / NANOS_PER_MILLI + 1;
        }
        // Who brings work looks at the flag after it, so one of the two sees the other.
        asleep.set(true);
        if (hasWork()) {
            asleep.set(false);
            selector.selectNow(readyKeys);
            return;
        }
        selector.select(readyKeys, millis);
        asleep.set(false);
    }

    private boolean hasWork() {
        return !completions.isEmpty() || !tasks.isEmpty() || (ring != null && ring.due());
    }

    private long wakeNanos(Turn group) {
        LoopTimer first = timers.peek();
        long wake = group.nextWakeNanos();
        return first == null ? wake : Math.min(wake, first.deadline());
    }

    private static void tellReady(SelectionKey key) {
        if (key.isValid() && key.attachment() instanceof Ready ready) {
            ready.ready(key);
        }
    }

    private void wakeIfAsleep() {
        if (asleep.get() && asleep.compareAndSet(true, false)) {
            selector.wakeup();
        }
    }

    private void runTasks() {
        for (int i = 0; i < TASKS_MAX; i++) {
            Runnable task = tasks.poll();
            if (task == null) {
                return;
            }
            task.run();
        }
    }

    private void runTimers() {
        LoopTimer first = timers.peek();
        while (first != null && (first.cancelled() || first.deadline() <= clock.monotonicNanos())) {
            timers.remove();
            first.run();
            first = timers.peek();
        }
    }

    void closeChannels() {
        for (SelectionKey key : new ArrayList<>(selector.keys())) {
            try {
                key.channel().close();
            } catch (IOException e) {
                LOG.warn("group={} close: {}", name, e.getMessage());
            }
        }
        try {
            selector.close();
        } catch (IOException e) {
            LOG.warn("group={} close: {}", name, e.getMessage());
        }
    }
}
