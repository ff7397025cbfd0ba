package dmctl.simulator;

import dmctl.engine.port.Network;
import dmctl.engine.port.Wire;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The network between the sites: who reaches whom, and every connection with its faults. */
final class SimNetwork {
    /** How a connection ends when it is cut. */
    enum Cut {
        /** Both ends are told, at different times. */
        BOTH_TOLD,
        /** One end is told; the other finds out by its own timeout. */
        ONE_TOLD,
        /** Neither is told. */
        SILENT,
        /** One end is told; the other goes on receiving late bytes until then. */
        HALF_DEAD
    }

    /** The process of a site that listens. */
    record Listener(SimThread thread, Consumer<Wire> accept) {}

    private record Connection(
            int from, int to, SimWire fromEnd, SimWire toEnd, SimStream there, SimStream back) {
        boolean open() {
            return fromEnd.open() || toEnd.open();
        }

        boolean between(int a, int b) {
            return (from == a && to == b) || (from == b && to == a);
        }

        boolean touches(int site) {
            return from == site || to == site;
        }
    }

    private static final long CONNECT_TIMEOUT = 150_000_000L;

    private final EventQueue queue;
    private final SimRandom random;
    private final boolean[][] partitioned;
    private final @Nullable Listener[] listeners;
    private final boolean[] poweredOff;
    private final List<Connection> connections = new ArrayList<>();
    private final long[][] latencies;
    private final int capacity;

    /** Chance in percent that a connection is refused though the peer listens. */
    int refusePercent;

    SimNetwork(EventQueue queue, SimRandom random, int sites, int capacity, long maxLatency) {
        this.queue = queue;
        this.random = random;
        this.capacity = capacity;
        partitioned = new boolean[sites][sites];
        listeners = new @Nullable Listener[sites];
        poweredOff = new boolean[sites];
        latencies = new long[sites][sites];
        for (int a = 0; a < sites; a++) {
            for (int b = 0; b < a; b++) {
                long latency = random.between(30_000L, maxLatency);
                latencies[a][b] = latency;
                latencies[b][a] = latency;
            }
        }
    }

    void listen(int site, Listener listener) {
        listeners[site] = listener;
        poweredOff[site] = false;
    }

    Network of(int site, SimThread thread) {
        return (to, done) -> connect(site, thread, to, done);
    }

    boolean partitioned(int a, int b) {
        return partitioned[a][b];
    }

    private void connect(int from, SimThread thread, int to, Network.ConnectDone done) {
        Listener listener = listeners[to];
        boolean refused = random.percent(refusePercent);
        if (partitioned[from][to] || poweredOff[to]) {
            thread.after(CONNECT_TIMEOUT, () -> done.failed("site " + to + ": timed out"));
        } else if (refused || listener == null) {
            thread.after(
                    random.around(2 * latencies[from][to]),
                    () -> done.failed("site " + to + ": connection refused"));
        } else {
            queue.after(
                    random.around(latencies[from][to]),
                    () -> established(from, thread, to, listener, done));
        }
    }

    private void established(
            int from, SimThread thread, int to, Listener listener, Network.ConnectDone done) {
        if (!thread.alive() || !listener.thread().alive() || partitioned[from][to]) {
            thread.after(CONNECT_TIMEOUT, () -> done.failed("site " + to + ": timed out"));
            return;
        }
        long latency = latencies[from][to];
        SimStream there = new SimStream(queue, random, capacity, latency, 300);
        SimStream back = new SimStream(queue, random, capacity, latency, 300);
        SimWire fromEnd = new SimWire(thread, random, "site " + to, back, there);
        SimWire toEnd = new SimWire(listener.thread(), random, "site " + from, there, back);
        there.connect(fromEnd, toEnd);
        back.connect(toEnd, fromEnd);
        connections.removeIf(connection -> !connection.open());
        connections.add(new Connection(from, to, fromEnd, toEnd, there, back));
        listener.thread().after(0, () -> listener.accept().accept(toEnd));
        thread.after(random.around(latency), () -> done.connected(fromEnd));
    }

    /** The process of a site has ended: its sockets are closed or reset by its kernel. */
    void processDied(int site) {
        listeners[site] = null;
        for (Connection connection : connections) {
            if (connection.touches(site)) {
                boolean isFrom = connection.from == site;
                SimWire dead = isFrom ? connection.fromEnd : connection.toEnd;
                SimWire other = isFrom ? connection.toEnd : connection.fromEnd;
                if (random.oneIn(2)) {
                    dead.out().swallow();
                    tell(other, random.around(1_000_000), "connection reset by peer");
                } else {
                    dead.close();
                }
            }
        }
    }

    /** The power of a site is gone: nobody tells its peers, or much later. */
    void powerCut(int site) {
        listeners[site] = null;
        poweredOff[site] = true;
        for (Connection connection : connections) {
            if (connection.touches(site)) {
                connection.there.swallow();
                connection.back.swallow();
                SimWire other = connection.from == site ? connection.toEnd : connection.fromEnd;
                tell(other, 3_000_000_000L, "no route to host");
            }
        }
    }

    private void tell(SimWire end, long delay, String reason) {
        queue.after(delay, () -> end.ended(reason, true));
    }

    /** Cuts off two sites from each other until {@link #heal}. */
    void partition(int a, int b) {
        partitioned[a][b] = true;
        partitioned[b][a] = true;
        boolean silent = random.oneIn(2);
        for (Connection connection : connections) {
            if (connection.between(a, b)) {
                cut(connection, silent ? Cut.SILENT : Cut.ONE_TOLD);
            }
        }
    }

    void heal(int a, int b) {
        partitioned[a][b] = false;
        partitioned[b][a] = false;
    }

    void healAll() {
        refusePercent = 0;
        for (boolean[] row : partitioned) {
            java.util.Arrays.fill(row, false);
        }
    }

    /** Cuts one of the open connections; null if there is none. */
    @Nullable Cut cutOne() {
        Connection connection = pick();
        if (connection == null) {
            return null;
        }
        Cut how = Cut.values()[random.below(Cut.values().length)];
        cut(connection, how);
        return how;
    }

    private void cut(Connection connection, Cut how) {
        boolean fromFirst = random.oneIn(2);
        SimWire first = fromFirst ? connection.fromEnd : connection.toEnd;
        SimWire second = fromFirst ? connection.toEnd : connection.fromEnd;
        if (how == Cut.HALF_DEAD) {
            second.out().swallow();
            tell(first, random.around(100_000), "connection reset");
            tell(second, random.around(150_000_000), "connection timed out");
            return;
        }
        connection.there.swallow();
        connection.back.swallow();
        if (how != Cut.SILENT) {
            tell(first, random.around(500_000), "connection reset");
        }
        if (how == Cut.BOTH_TOLD) {
            tell(second, random.around(20_000_000), "connection reset");
        }
    }

    /** Stalls one direction of an open connection for a while; false if there is none. */
    boolean stallOne(long nanos) {
        Connection connection = pick();
        if (connection == null) {
            return false;
        }
        (random.oneIn(2) ? connection.there : connection.back).stall(nanos);
        return true;
    }

    private @Nullable Connection pick() {
        connections.removeIf(connection -> !connection.open());
        return connections.isEmpty() ? null : connections.get(random.below(connections.size()));
    }
}
