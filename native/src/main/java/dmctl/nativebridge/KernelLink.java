package dmctl.nativebridge;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A connected pair of Unix stream sockets: a channel for a selector of this process, and a
 * descriptor to give to the kernel. Not by socketpair(2), whose descriptors no selector of the JDK
 * takes: one end is accepted, the other connected by hand, in a folder that nobody else may enter.
 */
public final class KernelLink implements AutoCloseable {
    private static final int FAMILY_BYTES = 2;
    private static final int PATH_BYTES = 108;

    private final SocketChannel channel;
    private final int fd;
    private boolean handedOver;

    private KernelLink(SocketChannel channel, int fd) {
        this.channel = channel;
        this.fd = fd;
    }

    /**
     * Makes a pair.
     *
     * @param folder where a folder may be made for a moment; one caller at a time
     * @return to be closed
     * @throws IOException if the system refuses
     */
    public static KernelLink open(Path folder) throws IOException {
        Path hidden = folder.resolve(".k");
        Path meeting = hidden.resolve("k");
        Files.deleteIfExists(meeting);
        Files.deleteIfExists(hidden);
        Files.createDirectory(
                hidden,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(meeting), 1);
            int fd = connect(meeting);
            try {
                return new KernelLink(server.accept(), fd);
            } catch (IOException e) {
                LibC.close(fd);
                throw e;
            }
        } finally {
            Files.deleteIfExists(meeting);
            Files.deleteIfExists(hidden);
        }
    }

    private static int connect(Path path) throws IOException {
        byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
        if (name.length >= PATH_BYTES) {
            throw new IOException(path + ": too long for the name of a socket");
        }
        int fd =
                SocketCalls.socket(
                        SocketCalls.AF_UNIX, SocketCalls.SOCK_STREAM | SocketCalls.SOCK_CLOEXEC, 0);
        if (fd < 0) {
            throw new ErrnoException("socket", path.toString(), -fd);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(FAMILY_BYTES + PATH_BYTES, Short.BYTES);
            address.set(ValueLayout.JAVA_SHORT, 0, (short) SocketCalls.AF_UNIX);
            MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, FAMILY_BYTES, name.length);
            int result = SocketCalls.connect(fd, address, FAMILY_BYTES + name.length + 1);
            if (result < 0) {
                LibC.close(fd);
                throw new ErrnoException("connect", path.toString(), -result);
            }
            return fd;
        }
    }

    /**
     * Returns this process's end.
     *
     * @return blocking until it is registered with a selector
     */
    public SocketChannel channel() {
        return channel;
    }

    /**
     * Returns the end for the kernel.
     *
     * @return a descriptor, until {@link #handedOver}
     */
    public int fd() {
        return fd;
    }

    /** Closes the kernel's end here: the kernel keeps its own reference, if it took one. */
    public void handedOver() {
        if (!handedOver) {
            handedOver = true;
            LibC.close(fd);
        }
    }

    /** Closes both ends. */
    @Override
    public void close() throws IOException {
        handedOver();
        channel.close();
    }
}
