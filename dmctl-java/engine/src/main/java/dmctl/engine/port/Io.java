package dmctl.engine.port;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One operation given to a {@link Storage}. The engine keeps these in pools: between {@link
 * Storage#submit} and {@link IoDone#ioDone} the port owns the object and the bytes of its buffer.
 */
public final class Io {
    /** What to do. */
    public enum Op {
        /**
         * Fill {@code buffer} from {@code offset}; a range that cannot be read whole is an error.
         */
        READ,
        /** Write {@code buffer} at {@code offset}, whole. */
        WRITE,
        /**
         * Make {@code length} bytes at {@code offset} read as zeroes; may unmap them if {@code
         * unmap}.
         */
        ZERO,
        /** Make durable every write and zero whose end was told before this was submitted. */
        FLUSH,
        /** Fill {@code extents} with what is known to read as zeroes in the range. */
        EXTENTS
    }

    /** What to do. */
    public Op op = Op.READ;

    /**
     * Position to limit is the range read into or written from. The port leaves position and limit
     * as they were. Direct and, with its position, aligned to the block size of the storage.
     */
    public @Nullable ByteBuffer buffer;

    /** Byte offset in the storage. */
    public long offset;

    /** Bytes, for ZERO and EXTENTS only. */
    public long length;

    /** ZERO: whether the range may be unmapped (a discard). */
    public boolean unmap;

    /** EXTENTS: where the answer goes. */
    public @Nullable ExtentList extents;

    /** 0, or the positive Linux errno; set by the port before the end is told. */
    public int error;

    /** Who is told of the end, on the thread that owns the group. */
    public @Nullable IoDone done;

    /** For whoever submits: never touched by a port. */
    public int kind;

    /** For whoever submits: never touched by a port. */
    public long tag;

    /** For whoever submits: never touched by a port. */
    public @Nullable Object owner;

    /** For whoever submits: never touched by a port. */
    public @Nullable Object attachment;

    /** Link for intrusive queues of the port while it owns the object; null otherwise. */
    public @Nullable Io next;

    /** Creates an idle operation. */
    public Io() {}
}
