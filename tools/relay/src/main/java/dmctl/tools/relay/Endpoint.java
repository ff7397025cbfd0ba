package dmctl.tools.relay;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where the relay listens or connects to: a loopback TCP port or a Unix socket.
 *
 * @param address of the socket
 */
record Endpoint(SocketAddress address) {

    /**
     * Reads {@code HOST:PORT}, {@code tcp:HOST:PORT}, {@code unix:PATH} or an absolute path.
     *
     * @param text as typed
     * @return the endpoint
     * @throws IllegalArgumentException for anything else, or a host that is not loopback
     */
    static Endpoint parse(String text) {
        if (text.startsWith("unix:") || text.startsWith("/")) {
            String path = text.startsWith("unix:") ? text.substring("unix:".length()) : text;
            if (path.isEmpty()) {
                throw new IllegalArgumentException(
                        "address '" + text + "': the path is missing; use unix:PATH");
            }
            return new Endpoint(UnixDomainSocketAddress.of(path));
        }
        String rest = text.startsWith("tcp:") ? text.substring("tcp:".length()) : text;
        int colon = rest.lastIndexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException(
                    "address '" + text + "': use HOST:PORT or unix:PATH");
        }
        return new Endpoint(
                new InetSocketAddress(
                        loopback(text, rest.substring(0, colon)),
                        port(text, rest.substring(colon + 1))));
    }

    private static InetAddress loopback(String text, String host) {
        InetAddress found;
        try {
            found = InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(
                    "address '" + text + "': host '" + host + "' is unknown; use 127.0.0.1", e);
        }
        if (!found.isLoopbackAddress()) {
            throw new IllegalArgumentException(
                    "address '"
                            + text
                            + "': the relay serves loopback only; use 127.0.0.1 or unix:PATH");
        }
        return found;
    }

    private static int port(String text, String digits) {
        try {
            int port = Integer.parseInt(digits);
            if (port >= 0 && port <= 65535) {
                return port;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "address '" + text + "': port '" + digits + "' is not a number", e);
        }
        throw new IllegalArgumentException(
                "address '" + text + "': port '" + digits + "' is not in 0 to 65535");
    }

    /**
     * Listens here. A Unix socket left behind by a process that is gone is replaced.
     *
     * @return the open channel, non-blocking
     */
    ServerSocketChannel listen() throws IOException {
        ServerSocketChannel channel;
        if (address instanceof UnixDomainSocketAddress unix) {
            removeStaleSocket(unix.getPath());
            channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        } else {
            channel = ServerSocketChannel.open();
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        }
        try {
            channel.bind(address);
            channel.configureBlocking(false);
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private static void removeStaleSocket(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        if (Files.isRegularFile(path) || Files.isDirectory(path)) {
            throw new IOException(path + " exists and is not a socket; name another path");
        }
        Files.delete(path);
    }

    /**
     * Begins to connect.
     *
     * @return a non-blocking channel, connected or about to be
     */
    SocketChannel connect() throws IOException {
        SocketChannel channel =
                address instanceof UnixDomainSocketAddress
                        ? SocketChannel.open(StandardProtocolFamily.UNIX)
                        : SocketChannel.open();
        try {
            channel.configureBlocking(false);
            channel.connect(address);
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public String toString() {
        return switch (address) {
            case UnixDomainSocketAddress unix -> "unix:" + unix.getPath();
            case InetSocketAddress inet ->
                    inet.getAddress().getHostAddress() + ":" + inet.getPort();
            default -> address.toString();
        };
    }
}
