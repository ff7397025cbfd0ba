package dmctl.daemon.io;

import dmctl.engine.port.Wire;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A wire over a TCP or Unix socket. All on the thread of its loop. Bytes are moved between socket
 * and caller's buffer (direct, or the JDK copies once more) inside {@link #read} and {@link
 * #write}; nothing is kept here.
 */
public final class SocketWire implements Wire, Ready {
    private static final Logger LOG = LoggerFactory.getLogger(SocketWire.class);

    private final GroupLoop loop;
    private final SocketChannel channel;
    private final SelectionKey key;
    private final String peer;
    private @Nullable Events events;
    private boolean readWanted = true;
    private boolean writeWanted;

    /** Why the stream has ended; told once, in a step of its own. */
    private @Nullable String endReason;

    /** Why nothing can be written any more, while what has arrived is still read. */
    private @Nullable String writeFault;

    private boolean closed;

    private SocketWire(GroupLoop loop, SocketChannel channel, String peer) {
        this.loop = loop;
        this.channel = channel;
        this.peer = peer;
        key = loop.register(channel, 0, this);
    }

    /**
     * Takes over a connected channel.
     *
     * @param loop of the group
     * @param channel connected; closed with the wire
     * @param peer name of the other end for messages
     * @return the wire
     * @throws IOException if the channel is closed already
     */
    public static SocketWire of(GroupLoop loop, SocketChannel channel, String peer)
            throws IOException {
        if (channel.supportedOptions().contains(StandardSocketOptions.TCP_NODELAY)) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        }
        return new SocketWire(loop, channel, peer);
    }

    /**
     * Names an address for messages.
     *
     * @param address of a socket
     * @return {@code host:port} or a path
     */
    public static String nameOf(java.net.@Nullable SocketAddress address) {
        return switch (address) {
            case null -> "an unknown address";
            case InetSocketAddress inet -> inet.getHostString() + ":" + inet.getPort();
            case UnixDomainSocketAddress unix ->
                    unix.getPath().toString().isEmpty()
                            ? "a Unix socket"
                            : unix.getPath().toString();
            default -> address.toString();
        };
    }

    @Override
    public void listen(Events receiver) {
        events = receiver;
        updateInterest();
    }

    @Override
    public int read(ByteBuffer target) {
        if (closed || endReason != null || !target.hasRemaining()) {
            return 0;
        }
        try {
            int count = channel.read(target);
            if (count >= 0) {
                return count;
            }
            end(writeFault == null ? "closed by " + peer : writeFault);
        } catch (IOException e) {
            end(peer + ": " + e.getMessage());
        }
        return 0;
    }

    @Override
    public int write(ByteBuffer source) {
        if (closed || endReason != null || writeFault != null) {
            return 0;
        }
        try {
            int count = channel.write(source);
            if (source.hasRemaining()) {
                writeWanted = true;
                updateInterest();
            }
            return count;
        } catch (IOException e) {
            failWrites(peer + ": " + e.getMessage());
            return 0;
        }
    }

    /** What the peer said before it left may be why it did: that is read first. */
    private void failWrites(String reason) {
        writeFault = reason;
        writeWanted = false;
        if (readWanted) {
            updateInterest();
        } else {
            end(reason);
        }
    }

    @Override
    public void wantRead(boolean wanted) {
        readWanted = wanted;
        if (!wanted && writeFault != null && endReason == null) {
            end(writeFault);
        }
        updateInterest();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            closeChannel();
        }
    }

    @Override
    public String peer() {
        return peer;
    }

    @Override
    public void ready(SelectionKey ready) {
        if (ready.isWritable() && writeWanted) {
            writeWanted = false;
            updateInterest();
            if (events != null) {
                events.writable(this);
            }
        }
        if (mayRead() && ready.isReadable() && events != null) {
            events.readable(this);
        }
    }

    private boolean mayRead() {
        return !closed && endReason == null && readWanted;
    }

    private void updateInterest() {
        if (closed || endReason != null || events == null) {
            return;
        }
        int interest =
                (readWanted ? SelectionKey.OP_READ : 0) | (writeWanted ? SelectionKey.OP_WRITE : 0);
        if (key.interestOps() != interest) {
            key.interestOps(interest);
        }
    }

    private void end(String reason) {
        endReason = reason;
        closeChannel();
        loop.execute(this::tellEnd);
    }

    private void tellEnd() {
        if (!closed && events != null && endReason != null) {
            events.closed(this, endReason);
        }
    }

    private void closeChannel() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("peer={} close: {}", peer, e.getMessage());
        }
    }
}
