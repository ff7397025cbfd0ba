package dmctl.daemon.nbd;

import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.List;

/** Serves a device in memory, for measuring: arguments are a socket path and a size in bytes. */
final class NullServer {
    private NullServer() {}

    public static void main(String[] args) throws Exception {
        int size = Integer.parseInt(args[1]);
        List<Export> exports = List.of(new Export("d0", "g", 0, size, 512));
        MemoryFrontEnd group = new MemoryFrontEnd(exports);
        try (LoopThread loop = new LoopThread(group, exports, NbdLimits.DEFAULT)) {
            loop.listen(UnixDomainSocketAddress.of(Path.of(args[0])));
            loop.awaitEnd();
        }
    }
}
