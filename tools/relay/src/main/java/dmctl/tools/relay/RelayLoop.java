package dmctl.tools.relay;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/** Forwards every connection to the target, on one thread that calls {@link #run}. */
final class RelayLoop implements AutoCloseable {
    private enum State {
        OPEN,
        STALLED,
        CUT
    }

    private record Asked(Command command, CompletableFuture<String> answer) {}

    private final Endpoint target;
    private final long queueBytesMax;
    private final Selector selector;
    private final SegmentPool pool = new SegmentPool();
    private final Throttle forwardThrottle = new Throttle();
    private final Throttle backThrottle = new Throttle();
    private final List<Connection> connections = new ArrayList<>();
    private final ConcurrentLinkedQueue<Asked> asked = new ConcurrentLinkedQueue<>();
    private final Endpoint listen;
    private @Nullable ServerSocketChannel listener;
    private State state = State.OPEN;
    private boolean ended;
    private long delayNanos;
    private long forwardBytes;
    private long backBytes;
    private long accepted;
    private String lastError = "none";

    /**
     * Begins to listen.
     *
     * @param listen where clients connect; port 0 takes a free one
     * @param target where they are forwarded to
     * @param queueBytesMax most bytes under way per connection and direction
     * @param delay at first
     * @param rate at first
     */
    RelayLoop(
            Endpoint listen,
            Endpoint target,
            long queueBytesMax,
            Command.Delay delay,
            Command.Rate rate)
            throws IOException {
        this.target = target;
        this.queueBytesMax = queueBytesMax;
        this.selector = Selector.open();
        ServerSocketChannel channel = listen.listen();
        this.listener = channel;
        channel.register(selector, SelectionKey.OP_ACCEPT);
        this.listen =
                channel.getLocalAddress() instanceof InetSocketAddress bound
                        ? new Endpoint(bound)
                        : listen;
        carryOut(delay);
        carryOut(rate);
    }

    /** Returns where it listens, with the port it got. */
    Endpoint listen() {
        return listen;
    }

    /**
     * Has a command carried out; may be called from any thread.
     *
     * @return one line, or the failure
     */
    CompletableFuture<String> ask(Command command) {
        CompletableFuture<String> answer = new CompletableFuture<>();
        asked.add(new Asked(command, answer));
        selector.wakeup();
        return answer;
    }

    /** Forwards until told to exit. */
    void run() throws IOException {
        long now = System.nanoTime();
        while (!ended) {
            selector.selectedKeys().clear();
            // The time of the last turn: what was not due then must not become so unseen.
            select(nanosToWork(now));
            answer();
            now = System.nanoTime();
            if (state == State.OPEN) {
                accept();
                moveAll(now);
            } else {
                connections.forEach(Connection::await);
            }
        }
    }

    private void select(long nanos) throws IOException {
        if (nanos < 0) {
            selector.select();
        } else if (nanos == 0) {
            selector.selectNow();
        } else {
            selector.select(Math.max(1, (nanos + 999_999) / 1_000_000));
        }
    }

    private long nanosToWork(long now) {
        long least = -1;
        if (state == State.OPEN) {
            for (Connection connection : connections) {
                long wait = connection.nanosToWork(now, delayNanos);
                least = wait < 0 ? least : least < 0 ? wait : Math.min(least, wait);
            }
        }
        return least;
    }

    private void accept() throws IOException {
        ServerSocketChannel channel = listener;
        SocketChannel client = channel == null ? null : channel.accept();
        while (channel != null && client != null) {
            accepted++;
            try {
                SocketChannel upstream = target.connect();
                connections.add(
                        new Connection(
                                client,
                                upstream,
                                new Direction(client, upstream, forwardThrottle, queue()),
                                new Direction(upstream, client, backThrottle, queue()),
                                selector));
            } catch (IOException e) {
                lastError = "target " + target + ": " + e.getMessage();
                client.close();
            }
            client = channel.accept();
        }
    }

    private DelayQueue queue() {
        return new DelayQueue(pool, queueBytesMax);
    }

    private void moveAll(long now) throws IOException {
        for (Iterator<Connection> i = connections.iterator(); i.hasNext(); ) {
            Connection connection = i.next();
            try {
                if (connection.isConnected()) {
                    forwardBytes += connection.forward().move(now, delayNanos);
                    backBytes += connection.back().move(now, delayNanos);
                }
                if (connection.isEnded()) {
                    connection.close(false);
                    i.remove();
                } else {
                    connection.await(now, delayNanos);
                }
            } catch (IOException e) {
                lastError = String.valueOf(e.getMessage());
                connection.close(true);
                i.remove();
            }
        }
    }

    private void answer() throws IOException {
        for (Asked next = asked.poll(); next != null; next = asked.poll()) {
            try {
                carryOut(next.command());
                next.answer().complete(describe());
            } catch (IOException e) {
                next.answer().completeExceptionally(e);
            }
        }
    }

    private void carryOut(Command command) throws IOException {
        switch (command) {
            case Command.Delay(long nanos) -> delayNanos = nanos;
            case Command.Rate(long bytesPerSecond) -> {
                forwardThrottle.limit(bytesPerSecond, System.nanoTime());
                backThrottle.limit(bytesPerSecond, System.nanoTime());
            }
            case Command.Stall() -> {
                heal();
                state = State.STALLED;
            }
            case Command.Cut() -> {
                breakAll();
                state = State.CUT;
            }
            case Command.Heal() -> heal();
            case Command.Status() -> {}
            case Command.Exit() -> {
                breakAll();
                ended = true;
            }
        }
    }

    private void breakAll() throws IOException {
        ServerSocketChannel channel = listener;
        if (channel != null) {
            channel.close();
            listener = null;
        }
        for (Connection connection : connections) {
            connection.close(true);
        }
        connections.clear();
        // A closed channel is let go of only when its key is.
        selector.selectNow();
    }

    private void heal() throws IOException {
        if (listener == null) {
            ServerSocketChannel channel = listen.listen();
            channel.register(selector, SelectionKey.OP_ACCEPT);
            listener = channel;
        }
        state = State.OPEN;
    }

    private String describe() {
        long forwardQueued = 0;
        long backQueued = 0;
        for (Connection connection : connections) {
            forwardQueued += connection.forward().queuedBytes();
            backQueued += connection.back().queuedBytes();
        }
        return "state="
                + state.name().toLowerCase(Locale.ROOT)
                + " delay-us="
                + delayNanos / 1000
                + " rate="
                + forwardThrottle.bytesPerSecond()
                + " connections="
                + connections.size()
                + " accepted="
                + accepted
                + " forward-bytes="
                + forwardBytes
                + " forward-queued="
                + forwardQueued
                + " back-bytes="
                + backBytes
                + " back-queued="
                + backQueued
                + " last-error="
                + lastError;
    }

    @Override
    public void close() throws IOException {
        breakAll();
        selector.close();
    }
}
