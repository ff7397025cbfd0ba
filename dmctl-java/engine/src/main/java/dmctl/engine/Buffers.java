package dmctl.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Buffers as the ports want them. */
final class Buffers {
    private static final int ALIGNMENT = 4096;

    private Buffers() {}

    /** A direct little-endian buffer that begins on a 4 KiB boundary; for start-up only. */
    static ByteBuffer aligned(int bytes) {
        // An aligned slice ends on a boundary, too, and would cut a small buffer away.
        int whole = (bytes + ALIGNMENT - 1) & -ALIGNMENT;
        return ByteBuffer.allocateDirect(whole + ALIGNMENT)
                .alignedSlice(ALIGNMENT)
                .slice(0, bytes)
                .order(ByteOrder.LITTLE_ENDIAN);
    }
}
