package dmctl.daemon.nbd;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Where the data of one read goes and from where it is sent: direct, aligned to 4 KiB. */
final class ReadBuffer {
    /** Set position and limit at will; released, it is somebody else's. */
    final ByteBuffer bytes;

    /** Bytes it can hold. */
    final int capacity;

    final ReadBuffers.@Nullable Slab slab;

    /** Free list of the slab. */
    @Nullable ReadBuffer next;

    /** Who holds it. */
    @Nullable ReadAccount holder;

    ReadBuffer(ByteBuffer bytes, ReadBuffers.@Nullable Slab slab) {
        this.bytes = bytes;
        this.capacity = bytes.capacity();
        this.slab = slab;
    }

    /** Gives the buffer back to where it came from. */
    void release() {
        ReadAccount account = holder;
        if (account == null) {
            return; // a long answer of the handshake, never pooled
        }
        holder = null;
        if (slab == null) {
            account.reserveFree = true;
        } else {
            account.heldBytes -= capacity;
            slab.release(this);
        }
        account.freed();
    }
}
