package dmctl.nativebridge;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * The socket on which systemd hears from a service: datagrams on a Unix socket, which the JDK has
 * no words for. The protocol is that of sd_notify(3).
 */
public final class NotifySocket implements AutoCloseable {
    private static final int PATH_AT = Short.BYTES;
    private static final int PATH_BYTES_MAX = 107;

    private final String name;
    private final int fd;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment address;

    private NotifySocket(String name, int fd) {
        this.name = name;
        this.fd = fd;
        byte[] path = name.getBytes(StandardCharsets.UTF_8);
        address = arena.allocate(PATH_AT + path.length, Short.BYTES);
        address.set(ValueLayout.JAVA_SHORT, 0, (short) LibC.AF_UNIX);
        MemorySegment.copy(path, 0, address, ValueLayout.JAVA_BYTE, PATH_AT, path.length);
        if (name.startsWith("@")) { // a name outside the file system
            address.set(ValueLayout.JAVA_BYTE, PATH_AT, (byte) 0);
        }
    }

    /**
     * Makes a socket to talk from; whether anybody listens shows when something is sent.
     *
     * @param name what {@code NOTIFY_SOCKET} says: an absolute path, or {@code @} and a name
     * @return the socket
     * @throws IOException if the name cannot be one, or the system gives no socket
     */
    public static NotifySocket to(String name) throws IOException {
        if ((!name.startsWith("/") && !name.startsWith("@"))
                || name.getBytes(StandardCharsets.UTF_8).length > PATH_BYTES_MAX) {
            throw new IOException("not the name of a Unix socket: '" + name + "'");
        }
        int fd = LibC.socket(LibC.AF_UNIX, LibC.SOCK_DGRAM | LibC.SOCK_CLOEXEC, 0);
        if (fd < 0) {
            throw new ErrnoException("socket", name, -fd);
        }
        return new NotifySocket(name, fd);
    }

    /**
     * Sends one message, without ever waiting.
     *
     * @param message lines of {@code NAME=value}
     * @throws IOException if nobody listens, or the other end has too much unread
     */
    public void send(String message) throws IOException {
        byte[] text = message.getBytes(StandardCharsets.UTF_8);
        try (Arena once = Arena.ofConfined()) {
            MemorySegment bytes = once.allocateFrom(ValueLayout.JAVA_BYTE, text);
            long result = LibC.sendto(fd, bytes, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL, address);
            if (result < 0) {
                throw new ErrnoException("sendto", name, (int) -result);
            }
        }
    }

    @Override
    public void close() {
        int result = LibC.close(fd);
        arena.close();
        if (result < 0) {
            throw new IllegalStateException(name + ": close: " + Errno.describe(-result));
        }
    }
}
