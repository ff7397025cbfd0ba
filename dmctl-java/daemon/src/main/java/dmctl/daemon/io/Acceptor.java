package dmctl.daemon.io;

import java.io.IOException;
import java.net.BindException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Accepts connections on one address, on the thread of a loop. */
public final class Acceptor implements Ready, AutoCloseable {
    private static final int BACKLOG = 128;

    /** Accepted in one round before other channels have their turn. */
    private static final int ACCEPTS_MAX = 16;

    /** Pause when the process has no descriptor left. */
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final Logger LOG = LoggerFactory.getLogger(Acceptor.class);

    private final GroupLoop loop;
    private final ServerSocketChannel server;
    private final SocketAddress address;
    private final Consumer<SocketChannel> accepted;
    private final SelectionKey key;

    private Acceptor(GroupLoop loop, ServerSocketChannel server, Consumer<SocketChannel> accepted)
            throws IOException {
        this.loop = loop;
        this.server = server;
        this.address = server.getLocalAddress();
        this.accepted = accepted;
        key = loop.register(server, SelectionKey.OP_ACCEPT, this);
    }

    /**
     * Begins to accept. On the loop, or before it starts. A Unix socket that nobody listens on any
     * more is replaced.
     *
     * @param loop that accepts
     * @param address where; port 0 for any
     * @param accepted given each connection, blocking as it came, on the loop's thread
     * @return the acceptor
     * @throws IOException if the address cannot be had, with the address
     */
    public static Acceptor open(
            GroupLoop loop, SocketAddress address, Consumer<SocketChannel> accepted)
            throws IOException {
        ServerSocketChannel server =
                address instanceof UnixDomainSocketAddress
                        ? ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                        : ServerSocketChannel.open();
        try {
            bind(server, address);
            return new Acceptor(loop, server, accepted);
        } catch (IOException | RuntimeException e) {
            server.close();
            throw new IOException(
                    "listen on "
                            + SocketWire.nameOf(address)
                            + ": "
                            + e.getMessage()
                            + ": choose another address, or stop who uses it",
                    e);
        }
    }

    private static void bind(ServerSocketChannel server, SocketAddress address) throws IOException {
        if (!(address instanceof UnixDomainSocketAddress unix)) {
            server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            server.bind(address, BACKLOG);
            return;
        }
        Path path = unix.getPath();
        if (Files.exists(path)) {
            if (answers(unix)) {
                throw new BindException("another process listens there");
            }
            Files.delete(path);
        }
        server.bind(address, BACKLOG);
    }

    private static boolean answers(UnixDomainSocketAddress address) throws IOException {
        if (Files.isRegularFile(address.getPath()) || Files.isDirectory(address.getPath())) {
            throw new BindException("it is not a socket");
        }
        try (SocketChannel probe = SocketChannel.open(address)) {
            return probe.isConnected();
        } catch (IOException e) {
            LOG.debug("stale socket path={}: {}", address.getPath(), e.getMessage());
            return false;
        }
    }

    /**
     * Returns where it listens.
     *
     * @return the address, with the port that was given for 0
     */
    public SocketAddress address() {
        return address;
    }

    @Override
    public void ready(SelectionKey ready) {
        for (int i = 0; i < ACCEPTS_MAX && server.isOpen(); i++) {
            SocketChannel channel;
            try {
                channel = server.accept();
            } catch (IOException e) {
                LOG.error(
                        "address={} cannot accept, tries again in 1 s: {}",
                        SocketWire.nameOf(address),
                        e.getMessage());
                key.interestOps(0);
                loop.schedule(RETRY_NANOS, this::resume);
                return;
            }
            if (channel == null) {
                return;
            }
            accepted.accept(channel);
        }
    }

    private void resume() {
        if (key.isValid()) {
            key.interestOps(SelectionKey.OP_ACCEPT);
        }
    }

    /** Stops accepting; connections stay. A Unix socket's path is removed. */
    @Override
    public void close() {
        try {
            server.close();
            if (address instanceof UnixDomainSocketAddress unix) {
                Files.deleteIfExists(unix.getPath());
            }
        } catch (IOException e) {
            LOG.warn("address={} close: {}", SocketWire.nameOf(address), e.getMessage());
        }
    }
}
