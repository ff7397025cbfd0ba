package dmctl.nativebridge;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The head of a message of dm-user (Android's {@code uapi/linux/dm-user.h}), in host byte order:
 *
 * <pre>
 *   0 seq u64 | 8 type u64 | 16 flags u64 | 24 sector u64 | 32 length in bytes u64 | 40 payload
 * </pre>
 *
 * A flyweight over memory; never holds any.
 */
public final class DmUserMessage {
    /** Length of the head. */
    public static final int HEAD_BYTES = 40;

    /** Bytes of a sector. */
    public static final int SECTOR_BYTES = 512;

    /** Request: read. The answer carries the data. */
    public static final long READ = 0;

    /** Request: write; data follows. With {@link #PREFLUSH} and no data: a flush. */
    public static final long WRITE = 1;

    /** Request: make completed writes durable. */
    public static final long FLUSH = 2;

    /** Request: the range is not needed any more. */
    public static final long DISCARD = 3;

    /** Request: the range must not be readable any more, by whatever means. */
    public static final long SECURE_ERASE = 4;

    /** Request: the same block over and over; of older kernels. */
    public static final long WRITE_SAME = 5;

    /** Request: the range shall read as zeroes. */
    public static final long WRITE_ZEROES = 6;

    /** Flag: completed only when durable. */
    public static final long FUA = 0x200;

    /** Flag: what was completed before is durable first. */
    public static final long PREFLUSH = 0x400;

    /** Flag of WRITE_ZEROES: the space is kept. */
    public static final long NOUNMAP = 0x8000;

    /** Answer: done. */
    public static final long SUCCESS = 0;

    /** Answer: failed. */
    public static final long ERROR = 1;

    /** Answer: not known here. The driver makes of it the same error as of ERROR. */
    public static final long UNSUPPORTED = 2;

    private static final long SEQ_AT = 0;
    private static final long TYPE_AT = 8;
    private static final long FLAGS_AT = 16;
    private static final long SECTOR_AT = 24;
    private static final long LENGTH_AT = 32;

    private DmUserMessage() {}

    /**
     * Returns the number that the answer has to bear.
     *
     * @param head of a message
     * @return its seq
     */
    public static long seq(MemorySegment head) {
        return head.get(ValueLayout.JAVA_LONG_UNALIGNED, SEQ_AT);
    }

    /**
     * Returns what is asked.
     *
     * @param head of a message
     * @return its type
     */
    public static long type(MemorySegment head) {
        return head.get(ValueLayout.JAVA_LONG_UNALIGNED, TYPE_AT);
    }

    /**
     * Returns how it is asked.
     *
     * @param head of a message
     * @return its flags
     */
    public static long flags(MemorySegment head) {
        return head.get(ValueLayout.JAVA_LONG_UNALIGNED, FLAGS_AT);
    }

    /**
     * Returns where.
     *
     * @param head of a message
     * @return a sector
     */
    public static long sector(MemorySegment head) {
        return head.get(ValueLayout.JAVA_LONG_UNALIGNED, SECTOR_AT);
    }

    /**
     * Returns how much.
     *
     * @param head of a message
     * @return bytes
     */
    public static long length(MemorySegment head) {
        return head.get(ValueLayout.JAVA_LONG_UNALIGNED, LENGTH_AT);
    }

    /**
     * Writes a head.
     *
     * @param head where to
     * @param seq its number
     * @param type of request or answer
     * @param flags of a request
     * @param sector where
     * @param length bytes
     */
    public static void put(
            MemorySegment head, long seq, long type, long flags, long sector, long length) {
        head.set(ValueLayout.JAVA_LONG_UNALIGNED, SEQ_AT, seq);
        head.set(ValueLayout.JAVA_LONG_UNALIGNED, TYPE_AT, type);
        head.set(ValueLayout.JAVA_LONG_UNALIGNED, FLAGS_AT, flags);
        head.set(ValueLayout.JAVA_LONG_UNALIGNED, SECTOR_AT, sector);
        head.set(ValueLayout.JAVA_LONG_UNALIGNED, LENGTH_AT, length);
    }
}
