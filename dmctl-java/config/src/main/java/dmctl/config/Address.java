package dmctl.config;

import java.nio.file.Path;

/** Where a server listens or is reached. */
public sealed interface Address {
    /**
     * A Unix socket.
     *
     * @param path of the socket, absolute
     */
    record Unix(Path path) implements Address {
        @Override
        public String toString() {
            return "unix:" + path;
        }
    }

    /**
     * A TCP port.
     *
     * @param host name or literal address, without brackets
     * @param port 1 to 65535
     */
    record Tcp(String host, int port) implements Address {
        @Override
        public String toString() {
            return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
        }

        boolean isLoopback() {
            return host.equals("localhost")
                    || host.equals("::1")
                    || host.matches("127(\\.[0-9]{1,3}){3}");
        }

        boolean isWildcard() {
            return host.equals("0.0.0.0") || host.equals("::");
        }
    }
}
