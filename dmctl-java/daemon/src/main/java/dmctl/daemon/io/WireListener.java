package dmctl.daemon.io;

import dmctl.engine.port.Wire;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Accepts connections from other sites. On the thread of its loop. */
public final class WireListener implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WireListener.class);

    private final GroupLoop loop;
    private final Consumer<Wire> accepted;
    private final Acceptor acceptor;

    /**
     * Begins to accept. On the loop, or before it starts.
     *
     * @param loop of the group
     * @param address where; port 0 for any
     * @param accepted given each connection, on the loop's thread
     * @throws IOException if the address cannot be had
     */
    public WireListener(GroupLoop loop, SocketAddress address, Consumer<Wire> accepted)
            throws IOException {
        this.loop = loop;
        this.accepted = accepted;
        acceptor = Acceptor.open(loop, address, this::accept);
    }

    /**
     * Returns where it listens.
     *
     * @return the address, with the port that was given for 0
     */
    public SocketAddress address() {
        return acceptor.address();
    }

    private void accept(SocketChannel channel) {
        SocketWire wire;
        try {
            wire = SocketWire.of(loop, channel, SocketWire.nameOf(channel.getRemoteAddress()));
        } catch (IOException e) {
            LOG.info("a connection ended before it was taken: {}", e.getMessage());
            return;
        }
        accepted.accept(wire);
    }

    /** Stops accepting; wires stay. */
    @Override
    public void close() {
        acceptor.close();
    }
}
