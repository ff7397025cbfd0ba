package dmctl.engine.port;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One request of an application, from a front end. Pooled by the front end; the engine's from
 * {@code submit} until {@link Done#requestDone}.
 */
public final class Request {
    /** What is asked. */
    public enum Op {
        /** Read {@code length} bytes into {@code data}. */
        READ,
        /** Write the bytes of {@code data}. */
        WRITE,
        /** Make all completed writes durable. */
        FLUSH,
        /** Make a range read as zeroes; {@code unmap}: it may be unmapped (TRIM). */
        ZERO,
        /** Fill {@code extents}. */
        EXTENTS
    }

    /** Told of the stages of a request, on the thread that owns the group. */
    public interface Done {
        /**
         * The bytes of a WRITE that had to wait for room have been copied; its {@code data} is the
         * front end's again. Called only after a submit that returned false.
         *
         * @param request the request
         */
        void requestTaken(Request request);

        /**
         * The request has ended; {@link Request#error} is set. May be called from inside submit.
         *
         * @param request the request
         */
        void requestDone(Request request);
    }

    /** What is asked. */
    public Op op = Op.READ;

    /** The device. */
    public int devNr;

    /** Byte offset on the device; a multiple of the group's block size. */
    public long offset;

    /** Bytes; a multiple of the group's block size, more than 0 except for FLUSH. */
    public long length;

    /** WRITE, ZERO: complete only when durable. */
    public boolean fua;

    /** ZERO: the range may be unmapped. */
    public boolean unmap;

    /** Position to limit: the payload, or where a READ goes (4 KiB aligned, direct). */
    public @Nullable ByteBuffer data;

    /** EXTENTS: the answer. */
    public @Nullable ExtentList extents;

    /** 0, or a positive Linux errno. */
    public int error;

    /** Who is told. */
    public @Nullable Done done;

    /** For the front end: never touched by the engine. */
    public long cookie;

    /** For the front end: never touched by the engine. */
    public @Nullable Object owner;

    /** For the engine: the last record's seq, or what it waits for. */
    public long seq;

    /** For the engine: intrusive queue. */
    public @Nullable Request next;

    /** For the engine: parts still under way. */
    public int pending;

    /** For the engine: bytes already taken of a WRITE or ZERO that is split. */
    public long taken;

    /** For the engine: records written by this request, up to and with this one. */
    public long bytesAtSeq;

    /** Creates an idle request. */
    public Request() {}
}
