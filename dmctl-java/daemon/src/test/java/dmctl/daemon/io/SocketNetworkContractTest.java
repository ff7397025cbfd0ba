package dmctl.daemon.io;

import dmctl.engine.port.Network;
import dmctl.engine.port.NetworkContract;
import dmctl.engine.port.Wire;
import dmctl.engine.port.World;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The promises of a network, kept by sockets. */
class SocketNetworkContractTest {
    private static final long TIMEOUT_MILLIS = 200;

    abstract static class OnSocket extends NetworkContract {
        private final List<AutoCloseable> open = new ArrayList<>();
        private LoopWorld world;

        abstract StandardProtocolFamily family();

        abstract SocketAddress address(String name);

        @Override
        protected Network open(List<Wire> inbound) throws IOException {
            world = new LoopWorld();
            WireListener there = new WireListener(world.loop(), address("there"), inbound::add);
            open.add(there);
            return new SocketNetwork(
                    world.loop(),
                    Map.of(THERE, there.address(), NOBODY, nobody(), SILENT, silent()),
                    TIMEOUT_MILLIS);
        }

        private SocketAddress nobody() throws IOException {
            try (ServerSocketChannel server = ServerSocketChannel.open(family())) {
                server.bind(address("nobody"));
                return server.getLocalAddress();
            }
        }

        /** Its queue of connections is full. */
        private SocketAddress silent() throws IOException {
            ServerSocketChannel server = ServerSocketChannel.open(family());
            open.add(server);
            server.bind(address("silent"), 1);
            for (int i = 0; i < 3; i++) {
                SocketChannel filler = SocketChannel.open(family());
                open.add(filler);
                filler.configureBlocking(false);
                try {
                    filler.connect(server.getLocalAddress());
                } catch (IOException e) {
                    // Full already.
                    break;
                }
            }
            return server.getLocalAddress();
        }

        @Override
        protected World world() {
            return world;
        }

        @AfterEach
        void closeAll() throws Exception {
            for (AutoCloseable each : open) {
                each.close();
            }
            world.close();
        }
    }

    @Nested
    class Tcp extends OnSocket {
        @Override
        StandardProtocolFamily family() {
            return StandardProtocolFamily.INET;
        }

        @Override
        SocketAddress address(String name) {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        }
    }

    @Nested
    class Unix extends OnSocket {
        @TempDir Path dir;

        @Override
        StandardProtocolFamily family() {
            return StandardProtocolFamily.UNIX;
        }

        @Override
        SocketAddress address(String name) {
            return UnixDomainSocketAddress.of(dir.resolve(name));
        }
    }
}
