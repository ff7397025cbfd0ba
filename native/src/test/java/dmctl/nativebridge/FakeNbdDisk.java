package dmctl.nativebridge;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One device of a fake NBD client: speaks the transmission phase over the socket it was given, and
 * sends what was not answered again over the next one.
 */
public final class FakeNbdDisk {
    private static final int REQUEST_MAGIC = 0x25609513;
    private static final int REPLY_MAGIC = 0x67446698;
    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int DISCONNECT = 2;
    private static final int FLUSH = 3;
    private static final int HEAD_BYTES = 28;
    private static final int REPLY_BYTES = 16;
    private static final int SECONDS = 10;
    private static final MethodHandle DUP =
            LibC.function("dup", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private final Arena arena = Arena.ofShared();
    private final Map<Long, byte[]> pending = new LinkedHashMap<>();
    private int fd;
    private boolean dead;
    private long nextHandle;

    /** Sockets taken so far. */
    public int sockets;

    FakeNbdDisk(int given) throws IOException {
        take(given);
    }

    private void take(int given) throws IOException {
        try {
            fd = (int) DUP.invokeExact(LibC.STATE.get(), given);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        if (fd < 0) {
            throw new IOException("dup");
        }
        MemorySegment time = arena.allocate(ValueLayout.JAVA_LONG, 2);
        time.setAtIndex(ValueLayout.JAVA_LONG, 0, SECONDS);
        SocketCalls.setOption(fd, SocketCalls.SOL_SOCKET, SocketCalls.SO_RCVTIMEO, time);
        dead = false;
        sockets++;
    }

    /** A new socket; not taken while the old one is alive, and nobody is told so. */
    synchronized void reconfigure(int given) throws IOException {
        if (!dead) {
            return;
        }
        LibC.close(fd);
        take(given);
        List<byte[]> again = new ArrayList<>(pending.values());
        for (byte[] bytes : again) {
            send(bytes);
        }
    }

    /** Whether the other end is closed: noticed only by who reads. */
    public synchronized boolean noticeEnd() {
        MemorySegment one = arena.allocate(1);
        dead |= SocketCalls.read(fd, one.address(), 1) <= 0;
        return dead;
    }

    synchronized void disconnect() {
        byte[] head = new byte[HEAD_BYTES];
        ByteBuffer.wrap(head)
                .putInt(REQUEST_MAGIC)
                .putShort((short) 0)
                .putShort((short) DISCONNECT);
        send(head);
        LibC.close(fd);
        dead = true;
    }

    private boolean send(byte[] bytes) {
        try (Arena once = Arena.ofConfined()) {
            MemorySegment memory = once.allocate(bytes.length);
            memory.copyFrom(MemorySegment.ofArray(bytes));
            long done = 0;
            while (done < bytes.length) {
                long result = SocketCalls.send(fd, memory.asSlice(done));
                if (result <= 0) {
                    dead = true;
                    return false;
                }
                done += result;
            }
            return true;
        }
    }

    private long request(int type, long offset, int length, byte[] payload) {
        long handle = nextHandle++;
        ByteBuffer out = ByteBuffer.allocate(HEAD_BYTES + payload.length);
        out.putInt(REQUEST_MAGIC).putShort((short) 0).putShort((short) type).putLong(handle);
        out.putLong(offset).putInt(length).put(payload);
        pending.put(handle, out.array());
        send(out.array());
        return handle;
    }

    /** Sends a write; ends with {@link #await}. */
    public synchronized long write(long offset, byte[] data) {
        return request(WRITE, offset, data.length, data);
    }

    /** Sends a flush. */
    public synchronized long flush() {
        return request(FLUSH, 0, 0, new byte[0]);
    }

    /** Waits for the answer to a request: 0 or its error; -1 if the socket ends first. */
    public synchronized int await(long handle) {
        while (pending.containsKey(handle)) {
            ByteBuffer reply = receive(REPLY_BYTES);
            if (reply == null) {
                return -1;
            }
            if (reply.getInt() != REPLY_MAGIC) {
                throw new AssertionError("magic of a reply");
            }
            int error = reply.getInt();
            long answered = reply.getLong();
            if (pending.remove(answered) == null) {
                throw new AssertionError("a reply to nothing");
            }
            if (error != 0 && answered == handle) {
                return error;
            }
        }
        return 0;
    }

    /** Reads, with nothing else under way. */
    public synchronized byte[] read(long offset, int length) {
        long handle = request(READ, offset, length, new byte[0]);
        int error = await(handle);
        ByteBuffer data = error == 0 ? receive(length) : null;
        if (data == null) {
            throw new AssertionError("read: " + error);
        }
        byte[] bytes = new byte[length];
        data.get(bytes);
        return bytes;
    }

    private ByteBuffer receive(int length) {
        ByteBuffer in = ByteBuffer.allocate(length);
        try (Arena once = Arena.ofConfined()) {
            MemorySegment memory = once.allocate(length);
            int done = 0;
            while (done < length) {
                long result = SocketCalls.read(fd, memory.address() + done, length - done);
                if (result <= 0) {
                    dead = true;
                    return null;
                }
                done += (int) result;
            }
            MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, 0, in.array(), 0, length);
        }
        return in;
    }
}
