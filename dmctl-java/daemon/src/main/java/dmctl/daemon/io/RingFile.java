package dmctl.daemon.io;

import dmctl.engine.port.Io;
import dmctl.nativebridge.NativeFile;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A file served by a {@link DiskRing}, with what has been submitted for it and not been taken. */
final class RingFile {
    /** Told, on the ring's thread, of each end. */
    interface Done {
        /**
         * An operation has ended.
         *
         * @param io which, its error set
         */
        void ended(Io io);
    }

    /** Operations under way at most, so that one file that hangs leaves room for the others. */
    private static final int UNDER_WAY_MAX = 64;

    private static final VarHandle SUBMITTED;

    static {
        try {
            SUBMITTED = MethodHandles.lookup().findVarHandle(RingFile.class, "submitted", Io.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final StorageFile open;
    private final boolean readsOnly;
    private final Done done;

    /** Newest first. Emptied only as a whole, so that an operation that comes back is no danger. */
    private volatile @Nullable Io submitted;

    /** Oldest first; of the ring's thread alone. */
    private @Nullable Io taken;

    private int underWay;

    RingFile(StorageFile open, boolean readsOnly, Done done) {
        this.open = open;
        this.readsOnly = readsOnly;
        this.done = done;
    }

    NativeFile file() {
        return open.file();
    }

    /** Whether the kernel can do it as it stands; everything else is for a worker. */
    boolean takes(Io io) {
        if (readsOnly && io.op != Io.Op.READ) {
            return false;
        }
        if (io.op == Io.Op.FLUSH) {
            return true;
        }
        ByteBuffer buffer = io.buffer;
        if ((io.op != Io.Op.READ && io.op != Io.Op.WRITE) || buffer == null || !buffer.isDirect()) {
            return false;
        }
        int length = buffer.remaining();
        return length > 0
                && io.offset >= 0
                && io.offset <= open.sizeBytes() - length
                && (MemorySegment.ofBuffer(buffer).address() & (open.memoryAlign() - 1)) == 0;
    }

    void submit(Io io) {
        Io newest;
        do {
            newest = submitted;
            io.next = newest;
        } while (!SUBMITTED.compareAndSet(this, newest, io));
    }

    boolean hasSubmitted() {
        return submitted != null;
    }

    /** On the ring's thread: whether {@link #take} gives something. */
    boolean mayStart() {
        return underWay < UNDER_WAY_MAX && (taken != null || submitted != null);
    }

    /** The oldest not yet taken, on the ring's thread; null if it has to wait. */
    @Nullable Io take() {
        if (underWay == UNDER_WAY_MAX) {
            return null;
        }
        if (taken == null) {
            taken = CompletionQueue.reversed((Io) SUBMITTED.getAndSet(this, null));
        }
        Io io = taken;
        if (io != null) {
            taken = io.next;
            io.next = null;
            underWay++;
        }
        return io;
    }

    void ended(Io io) {
        underWay--;
        done.ended(io);
    }
}
