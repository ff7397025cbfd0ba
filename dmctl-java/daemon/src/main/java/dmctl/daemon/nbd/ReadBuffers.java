package dmctl.daemon.nbd;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Buffers for the data of reads, shared by the connections of a server: bounded, made on first use
 * and kept. Memory comes in slabs; a slab is cut into buffers of one size and may be cut anew when
 * all of them are free. Who finds none waits in a queue; nobody overtakes.
 */
final class ReadBuffers {
    static final int SLAB_BYTES = 512 << 10;
    private static final int SMALLEST_BYTES = 4096;
    private static final int CLASSES =
            Integer.numberOfTrailingZeros(SLAB_BYTES / SMALLEST_BYTES) + 1;

    private int maxSlabs;
    private int slabs;
    private @Nullable Slab idle;
    private final @Nullable Slab[] partial = new @Nullable Slab[CLASSES];
    private @Nullable ReadAccount firstWaiter;
    private @Nullable ReadAccount lastWaiter;

    ReadBuffers(int poolBytes) {
        maxSlabs = poolBytes / SLAB_BYTES;
    }

    static ByteBuffer aligned(int bytes) {
        return ByteBuffer.allocateDirect(bytes + SMALLEST_BYTES)
                .alignedSlice(SMALLEST_BYTES)
                .slice(0, bytes);
    }

    /**
     * Takes a buffer.
     *
     * @param bytes at most {@link #SLAB_BYTES}
     * @param account who asks; queued if there is none for it
     * @return position 0, limit {@code bytes}; or null: ask again when {@link #servedWaiter} says
     *     so or when one that the account holds was freed
     */
    @Nullable ReadBuffer take(int bytes, ReadAccount account) {
        ReadBuffer buffer = null;
        boolean itsTurn = firstWaiter == null || isFirst(account);
        long capacity = (long) SMALLEST_BYTES << sizeClass(bytes);
        // Nobody gets more than half of the pool; the exception is a pool of one slab.
        boolean itsShare = account.heldBytes + capacity <= maxSlabs * (long) SLAB_BYTES / 2;
        if (itsTurn && (itsShare || account.heldBytes == 0)) {
            buffer = fromPool(bytes);
        }
        if (buffer != null) {
            account.heldBytes += buffer.capacity;
        } else {
            buffer = fromReserve(account);
        }
        if (buffer == null) {
            // Beyond its share it waits for its own buffers, and must not keep others waiting.
            account.wantedBytes = itsShare ? bytes : 0;
            if (itsShare) {
                enqueue(account);
            }
            return null;
        }
        account.wantedBytes = 0;
        buffer.holder = account;
        buffer.bytes.limit(bytes).position(0);
        return buffer;
    }

    @SuppressWarnings("ReferenceEquality") // an account is itself only
    private boolean isFirst(ReadAccount account) {
        return firstWaiter == account;
    }

    private @Nullable ReadBuffer fromPool(int bytes) {
        int sizeClass = sizeClass(bytes);
        Slab slab = partial[sizeClass];
        if (slab == null) {
            slab = idleSlab();
            if (slab == null) {
                return null;
            }
            slab.cut(sizeClass);
            partial[sizeClass] = slab;
        }
        ReadBuffer buffer = slab.pop();
        if (slab.free == null) {
            partial[sizeClass] = slab.next;
            if (slab.next != null) {
                slab.next.previous = null;
                slab.next = null;
            }
        }
        return buffer;
    }

    private static int sizeClass(int bytes) {
        int units = (bytes + SMALLEST_BYTES - 1) / SMALLEST_BYTES;
        return units <= 1 ? 0 : 32 - Integer.numberOfLeadingZeros(units - 1);
    }

    private @Nullable Slab idleSlab() {
        Slab slab = idle;
        if (slab != null) {
            idle = slab.next;
            slab.next = null;
            return slab;
        }
        return slabs < maxSlabs ? newSlab() : null;
    }

    private @Nullable Slab newSlab() {
        try {
            Slab slab = new Slab(this, aligned(SLAB_BYTES));
            slabs++;
            return slab;
        } catch (OutOfMemoryError e) {
            maxSlabs = slabs; // the limit of direct memory is below ours: go on with what there is
            return null;
        }
    }

    private static @Nullable ReadBuffer fromReserve(ReadAccount account) {
        if (!account.reserveFree) {
            return null;
        }
        account.reserveFree = false;
        return account.reserve;
    }

    private void enqueue(ReadAccount account) {
        if (account.queued) {
            return;
        }
        account.queued = true;
        account.next = null;
        if (lastWaiter == null) {
            firstWaiter = account;
        } else {
            lastWaiter.next = account;
        }
        lastWaiter = account;
    }

    /**
     * Finds the connection whose turn it is, if there is something for it now.
     *
     * @return the one to ask again, still first in the queue; null if nobody can be served
     */
    @Nullable ReadAccount servedWaiter() {
        while (firstWaiter != null && firstWaiter.wantedBytes == 0) {
            leaveQueue();
        }
        ReadAccount first = firstWaiter;
        if (first == null) {
            return null;
        }
        boolean room =
                partial[sizeClass(first.wantedBytes)] != null || idle != null || slabs < maxSlabs;
        return room || first.reserveFree ? first : null;
    }

    /** Takes the first out of the queue, after it was asked again. */
    void leaveQueue() {
        ReadAccount first = firstWaiter;
        if (first != null) {
            firstWaiter = first.next;
            if (firstWaiter == null) {
                lastWaiter = null;
            }
            first.next = null;
            first.queued = false;
        }
    }

    /** A piece of the pool's memory. */
    static final class Slab {
        private final ReadBuffers pool;
        private final ByteBuffer memory;
        private final ReadBuffer[] @Nullable [] buffers = new ReadBuffer[CLASSES] @Nullable [];
        private @Nullable ReadBuffer free;
        private @Nullable Slab next;
        private @Nullable Slab previous;
        private int sizeClass = -1;
        private int used;

        Slab(ReadBuffers pool, ByteBuffer memory) {
            this.pool = pool;
            this.memory = memory;
        }

        private void cut(int intoClass) {
            if (intoClass == sizeClass) {
                return; // all are free, so the list is whole
            }
            sizeClass = intoClass;
            ReadBuffer[] cutBuffers = buffers[intoClass];
            if (cutBuffers == null) {
                cutBuffers = slices(SMALLEST_BYTES << intoClass);
                buffers[intoClass] = cutBuffers;
            }
            free = null;
            for (ReadBuffer buffer : cutBuffers) {
                buffer.next = free;
                free = buffer;
            }
        }

        private ReadBuffer[] slices(int bytes) {
            ReadBuffer[] made = new ReadBuffer[SLAB_BYTES / bytes];
            for (int i = 0; i < made.length; i++) {
                made[i] = new ReadBuffer(memory.slice(i * bytes, bytes), this);
            }
            return made;
        }

        private ReadBuffer pop() {
            ReadBuffer buffer = java.util.Objects.requireNonNull(free);
            free = buffer.next;
            buffer.next = null;
            used++;
            return buffer;
        }

        void release(ReadBuffer buffer) {
            boolean wasFull = free == null;
            buffer.next = free;
            free = buffer;
            used--;
            if (used == 0) {
                if (!wasFull) {
                    unlink();
                }
                next = pool.idle;
                pool.idle = this;
            } else if (wasFull) {
                previous = null;
                next = pool.partial[sizeClass];
                if (next != null) {
                    next.previous = this;
                }
                pool.partial[sizeClass] = this;
            }
        }

        private void unlink() {
            if (previous == null) {
                pool.partial[sizeClass] = next;
            } else {
                previous.next = next;
            }
            if (next != null) {
                next.previous = previous;
            }
            previous = null;
            next = null;
        }
    }
}
