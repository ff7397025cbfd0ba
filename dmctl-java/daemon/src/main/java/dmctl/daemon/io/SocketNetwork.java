package dmctl.daemon.io;

import dmctl.engine.port.Network;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Connections to other sites over TCP and Unix sockets. On the thread of its loop. */
public final class SocketNetwork implements Network {
    private final GroupLoop loop;
    private final Map<Integer, SocketAddress> addresses;
    private final long timeoutNanos;

    /**
     * Makes a network; it connects only when asked.
     *
     * @param loop of the group
     * @param addresses by site number; host names were resolved when these were made
     * @param timeoutMillis after which an attempt has failed
     */
    public SocketNetwork(
            GroupLoop loop, Map<Integer, SocketAddress> addresses, long timeoutMillis) {
        this.loop = loop;
        this.addresses = Map.copyOf(addresses);
        this.timeoutNanos = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    }

    @Override
    public void connect(int siteNr, ConnectDone done) {
        SocketAddress address = addresses.get(siteNr);
        if (address == null) {
            loop.execute(
                    () -> done.failed("site " + siteNr + " has no address in the group's file"));
            return;
        }
        new Attempt(address, done).start();
    }

    private final class Attempt implements Ready {
        private final SocketAddress address;
        private final String name;
        private final ConnectDone done;
        private @Nullable SocketChannel channel;
        private @Nullable LoopTimer timer;

        Attempt(SocketAddress address, ConnectDone done) {
            this.address = address;
            this.name = SocketWire.nameOf(address);
            this.done = done;
        }

        void start() {
            try {
                SocketChannel opened = open();
                channel = opened;
                opened.configureBlocking(false);
                if (opened.connect(address)) {
                    loop.execute(() -> connected(opened));
                    return;
                }
                loop.register(opened, SelectionKey.OP_CONNECT, this);
                timer = loop.schedule(timeoutNanos, this::timedOut);
            } catch (IOException | RuntimeException e) {
                loop.execute(() -> failed(reason(e)));
            }
        }

        private SocketChannel open() throws IOException {
            return switch (address) {
                case UnixDomainSocketAddress unix ->
                        SocketChannel.open(StandardProtocolFamily.UNIX);
                case InetSocketAddress inet when inet.isUnresolved() ->
                        throw new IOException(
                                "host name cannot be resolved: correct it, or add it to the DNS");
                default -> SocketChannel.open();
            };
        }

        private String reason(Exception e) {
            return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        }

        @Override
        public void ready(SelectionKey key) {
            SocketChannel opened = (SocketChannel) key.channel();
            try {
                if (opened.finishConnect()) {
                    cancelTimer();
                    connected(opened);
                }
            } catch (IOException e) {
                failed(reason(e));
            }
        }

        private void connected(SocketChannel opened) {
            SocketWire wire;
            try {
                wire = SocketWire.of(loop, opened, name);
            } catch (IOException e) {
                failed(reason(e));
                return;
            }
            done.connected(wire);
        }

        private void timedOut() {
            failed("no answer within " + TimeUnit.NANOSECONDS.toMillis(timeoutNanos) + " ms");
        }

        private void failed(String why) {
            cancelTimer();
            String reason = "connect to " + name + ": " + why;
            if (channel != null) {
                try {
                    channel.close();
                } catch (IOException e) {
                    reason = reason + "; close: " + e.getMessage();
                }
            }
            done.failed(reason);
        }

        private void cancelTimer() {
            if (timer != null) {
                timer.cancel();
            }
        }
    }
}
