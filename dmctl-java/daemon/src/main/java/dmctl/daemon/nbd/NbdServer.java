package dmctl.daemon.nbd;

import dmctl.daemon.io.Acceptor;
import dmctl.daemon.io.GroupLoop;
import dmctl.daemon.io.SocketWire;
import dmctl.engine.port.FrontEnd;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Serves the devices of one group over NBD. Everything happens on the thread that owns the group.
 * Its {@link dmctl.daemon.io.Turn} calls {@link #endOfRound} after the engine's turn and, if that
 * returns true, asks for the next turn at once.
 */
public final class NbdServer implements AutoCloseable {
    final ExportTable exports;
    final FrontEnd frontEnd;
    final NbdLimits limits;
    final ReadBuffers readBuffers;

    /** Requests given to the engine so far. */
    long submitted;

    private final GroupLoop loop;
    private final Consumer<String> events;
    private final List<Acceptor> acceptors = new ArrayList<>();
    private final List<Connection> connections = new ArrayList<>();
    private final ArrayDeque<ConnectionBuffers> freeBuffers = new ArrayDeque<>();
    private @Nullable Connection firstTouched;
    private long accepted;
    private int reserved;

    /**
     * Creates a server that listens nowhere yet.
     *
     * @param exports one per device of the group
     * @param frontEnd the group
     * @param limits what all clients together may use
     * @param loop of the thread that owns the group
     * @param events told what an administrator should read, one line each
     */
    public NbdServer(
            List<Export> exports,
            FrontEnd frontEnd,
            NbdLimits limits,
            GroupLoop loop,
            Consumer<String> events) {
        this.exports = new ExportTable(exports);
        this.frontEnd = frontEnd;
        this.limits = limits;
        this.loop = loop;
        this.events = events;
        this.readBuffers = new ReadBuffers(limits.readPoolBytes());
    }

    /**
     * Listens at one more address.
     *
     * @param address of a Unix socket, or TCP; port 0 for any
     * @param insecure whether an address that others can reach is wanted ({@link ListenPolicy})
     * @return the address it got
     * @throws IOException if it cannot listen there, with the address and the reason
     */
    public SocketAddress listen(SocketAddress address, boolean insecure) throws IOException {
        String refusal = ListenPolicy.refusal("nbd", address, insecure);
        if (refusal != null) {
            throw new IOException(refusal);
        }
        String name = SocketWire.nameOf(address);
        Acceptor acceptor = Acceptor.open(loop, address, channel -> accept(channel, name));
        acceptors.add(acceptor);
        return acceptor.address();
    }

    /**
     * Keeps connections for {@link #attach}.
     *
     * @param attached how many there may be at a time
     * @throws IOException if that leaves none for others
     */
    public void reserve(int attached) throws IOException {
        if (attached >= limits.connections()) {
            throw new IOException(
                    "nbd: "
                            + attached
                            + " devices, but at most "
                            + (limits.connections() - 1)
                            + " can be served to the kernel; split the group, or write"
                            + " \"front-end: sockets\"");
        }
        reserved = attached;
    }

    /**
     * Serves one device to a client that begins with the transmission phase: the kernel's. It gets
     * simple replies, and it is not answered while the group is not served.
     *
     * @param channel connected
     * @param devNr of an export
     * @param peer its name in messages
     * @param ended told when it is over
     * @return to end it
     * @throws IOException if there is no room for it
     */
    public Attached attach(SocketChannel channel, int devNr, String peer, Attached.Ended ended)
            throws IOException {
        Export export = exports.byNumber(devNr);
        ConnectionBuffers buffers = freeBuffers.pollFirst();
        if (buffers == null) {
            buffers = newBuffers();
        }
        if (buffers == null) {
            throw new IOException("nbd: no memory; raise -XX:MaxDirectMemorySize");
        }
        channel.configureBlocking(false);
        Connection connection = new Connection(this, channel, peer, buffers);
        connections.add(connection);
        SelectionKey key = loop.register(channel, SelectionKey.OP_READ, connection);
        connection.startAttached(key, export, ended);
        return new Attached(connection);
    }

    /**
     * Returns what the server can do for a client that is attached.
     *
     * @return transmission flags of the protocol
     */
    public static int attachedFlags() {
        return Nbd.TX_HAS_FLAGS
                | Nbd.TX_SEND_FLUSH
                | Nbd.TX_SEND_FUA
                | Nbd.TX_SEND_TRIM
                | Nbd.TX_SEND_WRITE_ZEROES;
    }

    /**
     * Sends the replies of the round and goes on with clients that had to wait.
     *
     * @return true if there is more to do: the engine should have its turn without waiting for
     *     events
     */
    public boolean endOfRound() {
        long before = submitted;
        if (!frontEnd.serving()) {
            cutAttached();
        }
        Connection connection = firstTouched;
        firstTouched = null;
        while (connection != null) {
            Connection next = connection.nextTouched;
            connection.nextTouched = null;
            connection.touched = false;
            connection.endOfRound();
            connection = next;
        }
        serveWaiters();
        if (!frontEnd.serving()) {
            endTransmissions();
        }
        return firstTouched != null || submitted != before;
    }

    private void serveWaiters() {
        for (ReadAccount account = readBuffers.servedWaiter();
                account != null;
                account = readBuffers.servedWaiter()) {
            account.served();
            if (account.wantedBytes != 0) {
                return;
            }
        }
    }

    /** Before errors get out that only say that the group is not served here now. */
    private void cutAttached() {
        for (int i = connections.size() - 1; i >= 0; i--) {
            if (connections.get(i).sendsAgain()) {
                connections.get(i).close("the group is not served here any more");
            }
        }
    }

    private void endTransmissions() {
        for (int i = connections.size() - 1; i >= 0; i--) {
            connections.get(i).endUnserved();
        }
    }

    /** Says why a client cannot have an export now, or null. */
    @Nullable String refusal(Connection asking) {
        if (!frontEnd.serving()) {
            return "not served here: " + frontEnd.notServingReason();
        }
        int transmitting = 0;
        for (Connection connection : connections) {
            if (connection != asking && connection.isTransmitting() && !connection.sendsAgain()) {
                transmitting++;
            }
        }
        int connectionsMax = limits.connections() - reserved;
        return transmitting < connectionsMax
                ? null
                : "all " + connectionsMax + " connections are in use; close one first";
    }

    void touch(Connection connection) {
        connection.nextTouched = firstTouched;
        firstTouched = connection;
    }

    private void accept(SocketChannel channel, String listenerName) {
        try {
            begin(channel, listenerName);
        } catch (IOException e) {
            event(listenerName, "left while it was accepted: " + e.getMessage());
            close(channel);
        }
    }

    private void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            event(channel.toString(), "close: " + e.getMessage());
        }
    }

    private void begin(SocketChannel channel, String listenerName) throws IOException {
        String peer = peerName(channel, listenerName);
        long others = connections.stream().filter(known -> !known.sendsAgain()).count();
        if (others >= limits.connections() - reserved + NbdLimits.SPARE_CONNECTIONS) {
            endOldestHandshake();
        }
        channel.configureBlocking(false);
        if (channel.getRemoteAddress() instanceof InetSocketAddress) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        }
        ConnectionBuffers buffers = freeBuffers.pollFirst();
        if (buffers == null) {
            buffers = newBuffers();
        }
        if (buffers == null) {
            event(peer, "refused: no memory; raise -XX:MaxDirectMemorySize");
            channel.close();
            return;
        }
        Connection connection = new Connection(this, channel, peer, buffers);
        connections.add(connection);
        connection.start(loop.register(channel, SelectionKey.OP_READ, connection));
    }

    /** Makes room for a client, which is to be told in the handshake if it cannot be served. */
    private void endOldestHandshake() {
        for (Connection connection : connections) {
            if (!connection.isTransmitting()) {
                connection.close("still in the handshake when too many others came");
                return;
            }
        }
    }

    private static @Nullable ConnectionBuffers newBuffers() {
        try {
            return ConnectionBuffers.allocate();
        } catch (OutOfMemoryError e) {
            return null;
        }
    }

    private String peerName(SocketChannel channel, String listenerName) throws IOException {
        accepted++;
        return channel.getRemoteAddress() instanceof InetSocketAddress internet
                ? internet.getAddress().getHostAddress() + ":" + internet.getPort()
                : listenerName + "#" + accepted;
    }

    void left(Connection connection) {
        connections.remove(connection);
        freeBuffers.addFirst(connection.buffers());
    }

    void event(String peer, String what) {
        events.accept("nbd client " + peer + ": " + what);
    }

    /**
     * Returns how many clients are connected.
     *
     * @return those in the handshake, too
     */
    public int connectionCount() {
        return connections.size();
    }

    /** Stops listening and ends all connections at once; what is at the engine ends unheard. */
    @Override
    public void close() {
        acceptors.forEach(Acceptor::close);
        acceptors.clear();
        for (Connection connection : List.copyOf(connections)) {
            connection.close("the server stops");
        }
    }
}
