package dmctl.daemon.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * What is to be sent to one client, in order: stretches of a staging buffer, where headers and
 * small data are put together, and read buffers, sent without copying. Bounded: whoever wants to
 * add asks for room first.
 */
final class Outbox {
    static final int STAGING_BYTES = 256 << 10;
    private static final int SEGMENTS = 1024;
    private static final int GATHERED = 64;

    private final ByteBuffer staging;
    private final @Nullable ReadBuffer[] data = new @Nullable ReadBuffer[SEGMENTS];
    private final int[] from = new int[SEGMENTS];
    private final int[] to = new int[SEGMENTS];
    private int first;
    private int count;
    private int stagedTo;

    private final ByteBuffer[] views = new ByteBuffer[GATHERED];
    private final ByteBuffer[] gather = new ByteBuffer[GATHERED];

    Outbox(ByteBuffer staging) {
        this.staging = staging;
        for (int i = 0; i < GATHERED; i++) {
            views[i] = staging.duplicate();
            gather[i] = views[i];
        }
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** Whether the client should read before it gets more. */
    boolean isBacklogged() {
        return count > 1;
    }

    /**
     * Tells whether something can be added.
     *
     * @param stagingBytes bytes to put into staging
     * @param buffers read buffers to append
     */
    boolean hasRoom(int stagingBytes, int buffers) {
        return staging.capacity() - stagedTo >= stagingBytes && SEGMENTS - count > 2 * buffers;
    }

    /**
     * Returns where to put bytes: relative puts, then {@link #staged}. The room must be there.
     *
     * @return positioned behind what is staged
     */
    ByteBuffer stage() {
        return staging.limit(staging.capacity()).position(stagedTo);
    }

    /** Appends what was put into staging since {@link #stage}. */
    void staged() {
        int end = staging.position();
        if (end == stagedTo) {
            return;
        }
        int last = (first + count - 1) & (SEGMENTS - 1);
        if (count > 0 && data[last] == null && to[last] == stagedTo) {
            to[last] = end;
        } else {
            int next = (first + count) & (SEGMENTS - 1);
            data[next] = null;
            from[next] = stagedTo;
            to[next] = end;
            count++;
        }
        stagedTo = end;
    }

    /**
     * Appends a buffer from its position to its limit; released when sent.
     *
     * @param buffer not empty
     */
    void append(ReadBuffer buffer) {
        data[(first + count) & (SEGMENTS - 1)] = buffer;
        count++;
    }

    /**
     * Appends bytes of any length, for the few answers of a handshake.
     *
     * @param bytes copied
     */
    void put(byte[] bytes) {
        if (hasRoom(bytes.length, 0)) {
            stage().put(bytes);
            staged();
        } else {
            append(new ReadBuffer(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip(), null));
        }
    }

    /**
     * Sends as much as the channel takes, in as few calls as possible.
     *
     * @param channel of the client
     * @return true if anything was sent
     * @throws IOException if the channel fails
     */
    boolean flush(GatheringByteChannel channel) throws IOException {
        boolean sent = false;
        while (count > 0) {
            int buffers = Math.min(count, GATHERED);
            long offered = prepare(buffers);
            long written =
                    buffers == 1 ? channel.write(gather[0]) : channel.write(gather, 0, buffers);
            sent |= written > 0;
            consume(buffers);
            if (written < offered) {
                break;
            }
        }
        return sent;
    }

    private long prepare(int buffers) {
        long bytes = 0;
        for (int i = 0; i < buffers; i++) {
            int segment = (first + i) & (SEGMENTS - 1);
            ReadBuffer buffer = data[segment];
            ByteBuffer piece;
            if (buffer == null) {
                piece = views[i].limit(to[segment]).position(from[segment]);
            } else {
                piece = buffer.bytes;
            }
            gather[i] = piece;
            bytes += piece.remaining();
        }
        return bytes;
    }

    private void consume(int buffers) {
        for (int i = 0; i < buffers; i++) {
            if (gather[i].hasRemaining()) {
                if (data[first] == null) {
                    from[first] = gather[i].position();
                }
                return;
            }
            removeFirst();
        }
    }

    private void removeFirst() {
        ReadBuffer buffer = data[first];
        data[first] = null;
        first = (first + 1) & (SEGMENTS - 1);
        count--;
        if (count == 0) {
            stagedTo = 0;
        }
        if (buffer != null) {
            buffer.release();
        }
    }

    /** Drops everything. */
    void clear() {
        while (count > 0) {
            removeFirst();
        }
    }
}
