package dmctl.config;

import java.nio.file.Path;

/** Where a server listens or is reached. */
public sealed interface Address {
    /**
     * Reads an address.
     *
     * @param text {@code HOST:PORT}, {@code [IPV6]:PORT} or {@code unix:PATH} with an absolute path
     * @return the address
     * @throws ConfigException names what is wrong and the remedy
     */
    static Address parse(String text) throws ConfigException {
        if (text.startsWith("unix:") && !text.startsWith("unix:/")) {
            throw new ConfigException("not an absolute path; write unix:/PATH");
        }
        try {
            return AddressReader.parse(text, Path.of("/"));
        } catch (WordException e) {
            throw new ConfigException(String.valueOf(e.getMessage()));
        }
    }

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

        /**
         * Tells whether only this machine reaches it.
         *
         * @return true if so
         */
        public boolean isLoopback() {
            return host.equals("localhost")
                    || host.equals("::1")
                    || host.matches("127(\\.[0-9]{1,3}){3}");
        }

        boolean isWildcard() {
            return host.equals("0.0.0.0") || host.equals("::");
        }
    }
}
