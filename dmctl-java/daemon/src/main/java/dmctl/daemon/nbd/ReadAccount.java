package dmctl.daemon.nbd;

import org.jspecify.annotations.Nullable;

/** What one connection holds of the read buffers, and its place in the queue for more. */
abstract class ReadAccount {
    /** A buffer of its own, so that clients that do not read their replies cannot starve it. */
    final ReadBuffer reserve;

    boolean reserveFree = true;

    /** Bytes held from the pool. */
    int heldBytes;

    /** Bytes it waits for, 0 while it waits for none. */
    int wantedBytes;

    /** Queue of the pool. */
    @Nullable ReadAccount next;

    boolean queued;

    ReadAccount(ReadBuffer reserve) {
        this.reserve = reserve;
    }

    /** A buffer it held is free again. */
    abstract void freed();

    /** It may ask again for what it waits for. */
    abstract void served();
}
