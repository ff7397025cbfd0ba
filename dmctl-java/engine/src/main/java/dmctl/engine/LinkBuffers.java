package dmctl.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Buffers of links and copies, kept for the next connection: direct memory is slow to give back.
 */
final class LinkBuffers {
    private final List<ByteBuffer> free = new ArrayList<>();
    private long madeBytes;

    /** A buffer of so many bytes or more, with anything in it. */
    ByteBuffer take(int bytes) {
        int best = -1;
        for (int i = 0; i < free.size(); i++) {
            int capacity = free.get(i).capacity();
            if (capacity >= bytes && (best < 0 || capacity < free.get(best).capacity())) {
                best = i;
            }
        }
        if (best >= 0 && free.get(best).capacity() / 2 <= bytes) {
            return free.remove(best).clear().order(ByteOrder.LITTLE_ENDIAN);
        }
        madeBytes += bytes;
        return Buffers.aligned(bytes);
    }

    void give(ByteBuffer buffer) {
        free.add(buffer);
    }

    /** Bytes of all buffers ever made. */
    long madeBytes() {
        return madeBytes;
    }
}
