package dmctl.daemon.nbd;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.List;

/** Two devices of a group in memory behind a Unix socket and a TCP port. */
final class ServedGroup implements AutoCloseable {
    static final int BYTES = 10 << 20;
    static final int SMALL_BYTES = 1 << 20;

    final MemoryFrontEnd group;
    final LoopThread loop;
    final SocketAddress unix;
    final SocketAddress tcp;

    ServedGroup(Path folder, NbdLimits limits) throws Exception {
        this(
                folder,
                limits,
                List.of(
                        new Export("data", "g", 0, BYTES, 4096),
                        new Export("wal", "g", 1, SMALL_BYTES, 512)));
    }

    ServedGroup(Path folder, NbdLimits limits, List<Export> exports) throws Exception {
        group = new MemoryFrontEnd(exports);
        loop = new LoopThread(group, exports, limits);
        unix = loop.listen(UnixDomainSocketAddress.of(folder.resolve("nbd.sock")));
        tcp = loop.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    NbdClient client() throws IOException {
        return new NbdClient(unix);
    }

    NbdClient simple(String export) throws IOException {
        return NbdClient.transmitting(unix, export, false);
    }

    NbdClient structured(String export) throws IOException {
        return NbdClient.transmitting(unix, export, true);
    }

    @Override
    public void close() {
        group.holding = false;
        group.full = false;
        loop.close();
    }
}
