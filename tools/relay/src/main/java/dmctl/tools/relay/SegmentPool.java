package dmctl.tools.relay;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/** Buffers kept for reuse; used on one thread. */
final class SegmentPool {
    private static final int SEGMENT_BYTES = 256 << 10;

    private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();

    ByteBuffer take() {
        ByteBuffer buffer = free.poll();
        return buffer == null ? ByteBuffer.allocateDirect(SEGMENT_BYTES) : buffer.clear();
    }

    void give(ByteBuffer buffer) {
        free.push(buffer);
    }
}
