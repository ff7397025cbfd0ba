package dmctl.tools.relay;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** A client, the connection made for it to the target, and what is under way between them. */
final class Connection {
    private final SocketChannel client;
    private final SocketChannel target;
    private final SelectionKey clientKey;
    private final SelectionKey targetKey;
    private final Direction forward;
    private final Direction back;
    private boolean connected;

    Connection(
            SocketChannel client,
            SocketChannel target,
            Direction forward,
            Direction back,
            Selector selector)
            throws IOException {
        this.client = client;
        this.target = target;
        this.forward = forward;
        this.back = back;
        client.configureBlocking(false);
        for (SocketChannel channel : new SocketChannel[] {client, target}) {
            if (channel.supportedOptions().contains(StandardSocketOptions.TCP_NODELAY)) {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            }
        }
        this.clientKey = client.register(selector, 0, this);
        this.targetKey = target.register(selector, 0, this);
        this.connected = target.isConnected();
    }

    /** Ends the connecting, if the target has answered. */
    boolean isConnected() throws IOException {
        if (!connected) {
            connected = target.finishConnect();
        }
        return connected;
    }

    Direction forward() {
        return forward;
    }

    Direction back() {
        return back;
    }

    boolean isEnded() {
        return forward.isEnded() && back.isEnded();
    }

    /** Asks the selector for nothing: nothing may move. */
    void await() {
        clientKey.interestOps(0);
        targetKey.interestOps(0);
    }

    /** Asks the selector for what would let something move. */
    void await(long now, long delayNanos) {
        if (!connected) {
            clientKey.interestOps(0);
            targetKey.interestOps(SelectionKey.OP_CONNECT);
            return;
        }
        clientKey.interestOps(
                interest(forward.wantsToRead(now), back.wantsToWrite(now, delayNanos)));
        targetKey.interestOps(
                interest(back.wantsToRead(now), forward.wantsToWrite(now, delayNanos)));
    }

    private static int interest(boolean read, boolean write) {
        return (read ? SelectionKey.OP_READ : 0) | (write ? SelectionKey.OP_WRITE : 0);
    }

    /** Returns nanoseconds until something can be done that no readiness tells of, -1 if never. */
    long nanosToWork(long now, long delayNanos) {
        if (!connected) {
            return -1;
        }
        long first = forward.nanosToWork(now, delayNanos);
        long second = back.nanosToWork(now, delayNanos);
        return first < 0 ? second : second < 0 ? first : Math.min(first, second);
    }

    /** Closes both sides; what was under way is lost. */
    void close(boolean abruptly) throws IOException {
        forward.discard();
        back.discard();
        try (client;
                target) {
            if (abruptly) {
                reset(client);
                reset(target);
            }
        }
    }

    /** Lets the close be seen as a reset, as from a host that is gone. */
    private static void reset(SocketChannel channel) throws IOException {
        if (channel.isConnected() && channel.getLocalAddress() instanceof InetSocketAddress) {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        }
    }
}
