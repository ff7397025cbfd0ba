package dmctl.nativebridge;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A socket for generic netlink that hears the kernel only. */
final class NetlinkSocket implements Netlink {
    /** As many devices as the largest status names: 12,000. */
    private static final int ANSWER_BYTES = 256 << 10;

    /** struct sockaddr_nl: family u16, pad u16, port u32, groups u32. All zero but the family. */
    private static final int ADDRESS_BYTES = 12;

    private static final String NAME = "generic netlink";

    private final int fd;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment answer = arena.allocate(ANSWER_BYTES, Long.BYTES);

    private NetlinkSocket(int fd) {
        this.fd = fd;
    }

    /**
     * Opens a socket.
     *
     * @param seconds that an answer may take
     */
    static NetlinkSocket open(int seconds) throws IOException {
        int fd =
                SocketCalls.socket(
                        SocketCalls.AF_NETLINK,
                        SocketCalls.SOCK_RAW | SocketCalls.SOCK_CLOEXEC,
                        SocketCalls.NETLINK_GENERIC);
        if (fd < 0) {
            throw new ErrnoException("socket", NAME, -fd);
        }
        NetlinkSocket socket = new NetlinkSocket(fd);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment time = arena.allocate(ValueLayout.JAVA_LONG, 2);
            time.setAtIndex(ValueLayout.JAVA_LONG, 0, seconds);
            for (int option : new int[] {SocketCalls.SO_RCVTIMEO, SocketCalls.SO_SNDTIMEO}) {
                check(
                        "setsockopt",
                        SocketCalls.setOption(fd, SocketCalls.SOL_SOCKET, option, time));
            }
            // Connected to port 0, it is sent nothing by other processes.
            MemorySegment kernel = arena.allocate(ADDRESS_BYTES, Integer.BYTES);
            kernel.set(ValueLayout.JAVA_SHORT, 0, (short) SocketCalls.AF_NETLINK);
            check("connect", SocketCalls.connect(fd, kernel, ADDRESS_BYTES));
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private static long check(String call, long result) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, NAME, (int) -result);
        }
        return result;
    }

    @Override
    public void send(byte[] message) throws IOException {
        try (Arena once = Arena.ofConfined()) {
            MemorySegment bytes = once.allocate(message.length, Long.BYTES);
            bytes.copyFrom(MemorySegment.ofArray(message));
            check("send", SocketCalls.send(fd, bytes));
        }
    }

    @Override
    public ByteBuffer receive() throws IOException {
        long length = check("recv", SocketCalls.receive(fd, answer));
        if (length > ANSWER_BYTES) {
            throw new IOException(NAME + ": an answer of " + length + " bytes");
        }
        return answer.asSlice(0, length).asByteBuffer().order(ByteOrder.nativeOrder());
    }

    @Override
    public void close() {
        LibC.close(fd);
        arena.close();
    }
}
