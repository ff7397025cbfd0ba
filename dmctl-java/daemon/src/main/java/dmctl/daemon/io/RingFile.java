package dmctl.daemon.io;

import dmctl.engine.port.Io;
import dmctl.nativebridge.NativeFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A file served by a {@link DiskRing}, with what has been submitted and waits for its turn. */
final class RingFile {
    /** Told of each end. */
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

    private final DiskRing ring;
    private final StorageFile open;
    private final Done done;

    /** Oldest first; the operations themselves are the links. */
    private @Nullable Io firstHeld;

    private @Nullable Io lastHeld;
    private int underWay;

    RingFile(DiskRing ring, StorageFile open, Done done) {
        this.ring = ring;
        this.open = open;
        this.done = done;
    }

    NativeFile file() {
        return open.file();
    }

    /** Whether the kernel can do it as it stands; everything else is for a worker. */
    boolean takes(Io io) {
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

    /** Has the ring do what the file {@link #takes}. */
    void submit(Io io) {
        ring.submit(this, io);
    }

    /** Has the ring forget the file, of which nothing is under way. From any thread. */
    void leave() {
        ring.remove(this);
    }

    boolean mayStart() {
        return underWay < UNDER_WAY_MAX;
    }

    void started() {
        underWay++;
    }

    /** Keeps an operation until {@link #release}. */
    void hold(Io io) {
        io.next = null;
        Io last = lastHeld;
        if (last == null) {
            firstHeld = io;
        } else {
            last.next = io;
        }
        lastHeld = io;
    }

    /** The oldest that is kept, which is no longer; null if there is none. */
    @Nullable Io release() {
        Io io = firstHeld;
        if (io != null) {
            firstHeld = io.next;
            io.next = null;
            if (firstHeld == null) {
                lastHeld = null;
            }
        }
        return io;
    }

    void ended(Io io) {
        underWay--;
        done.ended(io);
    }
}
