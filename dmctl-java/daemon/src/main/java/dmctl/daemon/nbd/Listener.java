package dmctl.daemon.nbd;

import dmctl.daemon.io.Ready;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A listening socket. */
final class Listener implements Ready {
    private static final int ACCEPTED_PER_ROUND = 8;
    private static final int BACKLOG = 64;
    private static final long PAUSE_NANOS = 1_000_000_000L;

    private final NbdServer server;
    private final ServerSocketChannel channel;
    private final SocketAddress address;
    private final String name;
    private @Nullable SelectionKey key;
    private boolean paused;
    private long pausedAt;

    private Listener(NbdServer server, ServerSocketChannel channel, SocketAddress address) {
        this.server = server;
        this.channel = channel;
        this.address = address;
        this.name = address.toString();
    }

    static Listener open(
            NbdServer server,
            SocketAddress address,
            boolean insecure,
            NbdServer.Registrar registrar)
            throws IOException {
        String refusal = ListenPolicy.refusal("nbd", address, insecure);
        if (refusal != null) {
            throw new IOException(refusal);
        }
        boolean unix = address instanceof UnixDomainSocketAddress;
        if (address instanceof UnixDomainSocketAddress at) {
            removeStale(at);
        }
        ServerSocketChannel channel =
                unix
                        ? ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                        : ServerSocketChannel.open();
        try {
            channel.bind(address, BACKLOG);
            channel.configureBlocking(false);
            Listener listener = new Listener(server, channel, channel.getLocalAddress());
            listener.key = registrar.register(channel, SelectionKey.OP_ACCEPT, listener);
            return listener;
        } catch (IOException e) {
            channel.close();
            throw new IOException("nbd: cannot listen on " + address + ": " + e.getMessage(), e);
        }
    }

    /** Removes the socket file of a server that is gone, but not one that somebody listens on. */
    private static void removeStale(UnixDomainSocketAddress address) throws IOException {
        Path path = address.getPath();
        boolean socket =
                Files.exists(path) && !Files.isRegularFile(path) && !Files.isDirectory(path);
        if (!socket) {
            return;
        }
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.connect(address);
            throw new IOException(
                    "nbd: cannot listen on "
                            + path
                            + ": another server does; stop it or use another path");
        } catch (java.net.ConnectException e) {
            Files.deleteIfExists(path);
        }
    }

    SocketAddress address() {
        return address;
    }

    @Override
    public void ready(SelectionKey readyKey) {
        for (int i = 0; i < ACCEPTED_PER_ROUND; i++) {
            try {
                SocketChannel client = channel.accept();
                if (client == null) {
                    return;
                }
                server.accept(client, name);
            } catch (IOException e) {
                // Out of descriptors, most likely: the client keeps waiting, and so do we.
                server.event(name, "cannot be accepted now: " + e.getMessage());
                paused = true;
                pausedAt = System.nanoTime();
                readyKey.interestOps(0);
                return;
            }
        }
    }

    /** Accepts again, some time after that failed. */
    void endOfRound() {
        if (paused && key != null && System.nanoTime() - pausedAt > PAUSE_NANOS) {
            paused = false;
            key.interestOps(SelectionKey.OP_ACCEPT);
        }
    }

    void close() {
        try {
            channel.close();
            if (address instanceof UnixDomainSocketAddress unix) {
                Files.deleteIfExists(unix.getPath());
            }
        } catch (IOException e) {
            throw new UncheckedIOException("nbd: closing " + address, e);
        }
    }
}
