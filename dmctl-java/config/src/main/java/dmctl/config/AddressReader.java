package dmctl.config;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Reads addresses. */
final class AddressReader {
    /** Longest path of a Unix socket on Linux, in bytes. */
    private static final int UNIX_PATH_MAX = 107;

    private AddressReader() {}

    /**
     * Reads an address.
     *
     * @param text {@code unix:PATH}, {@code HOST:PORT} or {@code [IPV6]:PORT}
     * @param folder what a relative path is relative to
     */
    static Address parse(String text, Path folder) throws WordException {
        if (text.startsWith("unix:")) {
            return new Address.Unix(socketPath(PathReader.parse(text.substring(5), folder)));
        }
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.indexOf(':') >= 0) {
            throw new WordException("an IPv6 address without brackets", "write [ADDRESS]:PORT");
        }
        if (host.isEmpty() || !host.matches("[A-Za-z0-9.:%_-]+")) {
            throw new WordException("not an address", "write HOST:PORT or unix:PATH");
        }
        String digits = text.substring(colon + 1);
        int port = digits.matches("[0-9]{1,5}") ? Integer.parseInt(digits) : 0;
        if (port < 1 || port > 65_535) {
            throw new WordException(
                    "not a port: \"" + digits + "\"", "write a number from 1 to 65535");
        }
        return new Address.Tcp(host, port);
    }

    /** Refuses a path that the kernel would not take as a socket's name. */
    static Path socketPath(Path path) throws WordException {
        int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (bytes > UNIX_PATH_MAX) {
            throw new WordException(
                    "the socket's path "
                            + path
                            + " has "
                            + bytes
                            + " bytes, the kernel takes "
                            + UNIX_PATH_MAX,
                    "use a folder with a shorter path");
        }
        return path;
    }
}
