package dmctl.daemon.io;

import dmctl.engine.port.WireContract;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The promises of a wire, kept by sockets. */
class SocketWireContractTest {
    abstract static class OnSocket extends WireContract {
        private LoopWorld world;

        abstract ServerSocketChannel server() throws IOException;

        abstract SocketAddress address();

        @Override
        protected Pair connect() throws IOException {
            world = new LoopWorld();
            try (ServerSocketChannel server = server()) {
                server.bind(address());
                SocketChannel left = SocketChannel.open(server.getLocalAddress());
                SocketChannel right = server.accept();
                return new Pair(
                        SocketWire.of(world.loop(), left, "right"),
                        SocketWire.of(world.loop(), right, "left"));
            }
        }

        @Override
        protected World world() {
            return world;
        }

        @AfterEach
        void closeWorld() {
            world.close();
        }
    }

    @Nested
    class Tcp extends OnSocket {
        @Override
        ServerSocketChannel server() throws IOException {
            return ServerSocketChannel.open();
        }

        @Override
        SocketAddress address() {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        }
    }

    @Nested
    class Unix extends OnSocket {
        @TempDir Path dir;

        @Override
        ServerSocketChannel server() throws IOException {
            return ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        }

        @Override
        SocketAddress address() {
            return UnixDomainSocketAddress.of(dir.resolve("socket"));
        }
    }
}
