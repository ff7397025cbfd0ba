package dmctl.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;

/** Buffers of links, kept for the next connection: direct memory is slow to give back. */
final class LinkBuffers {
    private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();

    ByteBuffer take(int bytes) {
        ByteBuffer buffer = free.poll();
        if (buffer == null || buffer.capacity() < bytes) {
            buffer = Buffers.aligned(bytes);
        }
        return buffer.clear().order(ByteOrder.LITTLE_ENDIAN);
    }

    void give(ByteBuffer buffer) {
        free.push(buffer);
    }
}
