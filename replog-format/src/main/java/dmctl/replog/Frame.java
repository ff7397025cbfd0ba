package dmctl.replog;

import java.nio.ByteBuffer;

/**
 * A batch as it stands in one site's log: a head of 4096 bytes (frame header, body header,
 * descriptors, unused rest), then the data, rounded up to whole blocks.
 *
 * <p>A flyweight: static methods on a little-endian buffer, where {@code base} is the offset of the
 * frame. The body begins at {@code base + BODY_OFFSET} (see {@link Body}), the data at {@code base
 * + HEAD_BYTES}. Getters check nothing; {@link #check} first.
 */
public final class Frame {
    /** Bytes of the head; the data starts there. */
    public static final int HEAD_BYTES = 4096;

    /** Bytes of the frame header. */
    public static final int HEADER_BYTES = 128;

    /** Offset of the body header in the frame. */
    public static final int BODY_OFFSET = 128;

    /** Bytes of the body header. */
    public static final int BODY_HEADER_BYTES = Body.HEADER_BYTES;

    /** Offset of the first descriptor in the frame. */
    public static final int DESCRIPTORS_OFFSET = 192;

    /** Bytes of one descriptor. */
    public static final int DESCRIPTOR_BYTES = Body.DESCRIPTOR_BYTES;

    /** Highest count of records in a batch. */
    public static final int MAX_RECORDS = Body.MAX_RECORDS;

    /**
     * Flag: the history before this batch does not join the batch before it in this log. Legal only
     * during a resync.
     */
    public static final int GAP = 1;

    /** For {@link #check}: any chain will do. */
    public static final long ANY_CHAIN = -1;

    static final long MAGIC = ReplogFormat.magic("DMCTLFRM");

    static final int MAGIC_OFFSET = 0;
    static final int VERSION_OFFSET = 8;
    static final int FLAGS_OFFSET = 10;
    static final int FRAME_BYTES_OFFSET = 12;
    static final int LOG_UUID_OFFSET = 16;
    static final int POSITION_OFFSET = 32;
    static final int OPENING_OFFSET = 40;
    static final int FLUSHED_MARK_OFFSET = 48;
    static final int RESERVED_OFFSET = 56;
    static final int CHAIN_OFFSET = 64;
    static final int RESERVED_2_OFFSET = 68;
    static final int CHECKSUM_OFFSET = 124;

    private Frame() {}

    /**
     * Length of a frame.
     *
     * @param dataBytes bytes of the batch's data, 0 to {@link Body#MAX_DATA_BYTES}
     * @return bytes, a multiple of 4096
     */
    public static int frameBytes(int dataBytes) {
        return HEAD_BYTES + (int) ReplogFormat.roundUpToBlock(dataBytes);
    }

    /**
     * Writes the frame header, all but its checksum.
     *
     * @param buf little-endian buffer
     * @param base offset of the frame
     * @param flags 0 or {@link #GAP}
     * @param frameBytes length of the frame, see {@link #frameBytes(int)}
     * @param logUuidHi more significant half of the log's UUID
     * @param logUuidLo less significant half of the log's UUID
     * @param position linear position of the frame in the log, in bytes; never wraps
     * @param opening opening number of the log
     * @param flushedMark highest seq known durable in this log
     * @param chain checksum of the frame before, 0 for the first
     */
    public static void putHeader(
            ByteBuffer buf,
            int base,
            int flags,
            int frameBytes,
            long logUuidHi,
            long logUuidLo,
            long position,
            long opening,
            long flushedMark,
            int chain) {
        ReplogFormat.requireLittleEndian(buf);
        buf.putLong(base + MAGIC_OFFSET, MAGIC);
        buf.putShort(base + VERSION_OFFSET, (short) ReplogFormat.VERSION);
        buf.putShort(base + FLAGS_OFFSET, (short) flags);
        buf.putInt(base + FRAME_BYTES_OFFSET, frameBytes);
        buf.putLong(base + LOG_UUID_OFFSET, logUuidHi);
        buf.putLong(base + LOG_UUID_OFFSET + 8, logUuidLo);
        buf.putLong(base + POSITION_OFFSET, position);
        buf.putLong(base + OPENING_OFFSET, opening);
        buf.putLong(base + FLUSHED_MARK_OFFSET, flushedMark);
        buf.putLong(base + RESERVED_OFFSET, 0);
        buf.putInt(base + CHAIN_OFFSET, chain);
        ReplogFormat.zero(buf, base + RESERVED_2_OFFSET, base + CHECKSUM_OFFSET);
        buf.putInt(base + CHECKSUM_OFFSET, 0);
    }

    /**
     * Computes the checksum over frame header, body header and descriptors and stores it. The body
     * must have been sealed before.
     *
     * @param buf little-endian buffer
     * @param base offset of the frame
     * @param crc calculator
     * @return the checksum, which is the next frame's chain
     */
    public static int seal(ByteBuffer buf, int base, Crc crc) {
        int sum = sum(buf, base, Body.count(buf, base + BODY_OFFSET), crc);
        buf.putInt(base + CHECKSUM_OFFSET, sum);
        return sum;
    }

    /**
     * The version of the frame's format.
     *
     * @param buf little-endian buffer
     * @param base offset of the frame
     * @return the version
     */
    public static int version(ByteBuffer buf, int base) {
        return buf.getShort(base + VERSION_OFFSET) & 0xffff;
    }

    /**
     * The flags.
     *
     * @param buf little-endian buffer
     * @param base offset of the frame
     * @return 0 or {@link #GAP}
     */
    public static int flags(ByteBuffer buf, int base) {
        return buf.getShort(base + FLAGS_OFFSET) & 0xffff;
    }

    /**
     * The length as stored.
     *
     * @param buf little-endian buffer
     * @param base offset of the frame
     * @return bytes
     */
    public static int frameBytes(ByteBuffer buf, int base) {
        return buf.getInt(base + FRAME_BYTES_OFFSET);
    }

    /**
     * The more significant half of the log's UUID.
     *
     * @param buf little-endian buffer
     * @param base offset of the frame
     * @return 64 bits
     */
    public static long logUuidHi(ByteBuffer buf, int base) {
        return buf.getLong(base + LOG_UUID_OFFSET);
    }

    /**
     * The less significant half of the log's UUID.
     *
     * @param buf little-endian buffer
     * @param base offset of the frame
     * @return 64 bits
     */
    public static long logUuidLo(ByteBuffer buf, int base) {
        return buf.getLong(base + LOG_UUID_OFFSET + 8);
    }

    /**
     * The linear position of the frame in its log.
     *
     * @param buf little-endian buffer
     * @param base offset of the frame
     * @return bytes; the place in the ring is this modulo the ring's size
     */
    public static long position(ByteBuffer buf, int base) {
        return buf.getLong(base + POSITION_OFFSET);
    }

    /**
     * The opening number of the log when the frame was written.
     *
     * @param buf little-endian buffer
     * @param base offset of the frame
     * @return the number
     */
    public static long opening(ByteBuffer buf, int base) {
        return buf.getLong(base + OPENING_OFFSET);
    }

    /**
     * The highest seq known durable when the batch was closed.
     *
     * @param buf little-endian buffer
     * @param base offset of the frame
     * @return the seq
     */
    public static long flushedMark(ByteBuffer buf, int base) {
        return buf.getLong(base + FLUSHED_MARK_OFFSET);
    }

    /**
     * The checksum of the frame before.
     *
     * @param buf little-endian buffer
     * @param base offset of the frame
     * @return the checksum
     */
    public static int chain(ByteBuffer buf, int base) {
        return buf.getInt(base + CHAIN_OFFSET);
    }

    /**
     * The checksum as stored.
     *
     * @param buf little-endian buffer
     * @param base offset of the frame
     * @return the checksum
     */
    public static int checksum(ByteBuffer buf, int base) {
        return buf.getInt(base + CHECKSUM_OFFSET);
    }

    /**
     * Whether the bytes at a place begin with the magic of a frame. Says nothing more.
     *
     * @param buf little-endian buffer
     * @param base offset of the frame
     * @return true if so
     */
    public static boolean hasMagic(ByteBuffer buf, int base) {
        return buf.getLong(base + MAGIC_OFFSET) == MAGIC;
    }

    /**
     * Judges the head of a frame at a place of a log; the data is not looked at. {@link
     * #HEAD_BYTES} must be readable.
     *
     * @param buf little-endian buffer
     * @param base offset of the frame
     * @param logUuidHi more significant half of the log's UUID
     * @param logUuidLo less significant half of the log's UUID
     * @param expectedPosition linear position of the place
     * @param expectedChain checksum of the frame before, as {@link Integer#toUnsignedLong}, or
     *     {@link #ANY_CHAIN}
     * @param crc calculator
     * @return what is wrong first
     */
    public static FrameFault check(
            ByteBuffer buf,
            int base,
            long logUuidHi,
            long logUuidLo,
            long expectedPosition,
            long expectedChain,
            Crc crc) {
        ReplogFormat.requireLittleEndian(buf);
        if (!hasMagic(buf, base)) {
            return FrameFault.NOT_A_FRAME;
        }
        int version = version(buf, base);
        boolean tooNew = version > ReplogFormat.VERSION;
        if (!tooNew && !checksumRight(buf, base, crc)) {
            return FrameFault.BAD_CHECKSUM;
        }
        // A newer version keeps log and position where they are, so that only this log's frame,
        // at its place, can stop an older reader; a leftover of another log cannot.
        if (logUuidHi(buf, base) != logUuidHi || logUuidLo(buf, base) != logUuidLo) {
            return FrameFault.OTHER_LOG;
        }
        if (position(buf, base) != expectedPosition) {
            return FrameFault.OTHER_POSITION;
        }
        if (tooNew || usesUnknown(buf, base)) {
            return FrameFault.TOO_NEW;
        }
        if (version == 0) {
            return FrameFault.NOT_A_FRAME;
        }
        if (expectedChain != ANY_CHAIN && (int) expectedChain != chain(buf, base)) {
            return FrameFault.BROKEN_CHAIN;
        }
        BodyFault body = Body.check(buf, base + BODY_OFFSET, HEAD_BYTES - BODY_OFFSET, crc);
        if (body != BodyFault.NONE) {
            return body == BodyFault.TOO_NEW ? FrameFault.TOO_NEW : FrameFault.BAD_BODY;
        }
        return frameBytes(buf, base) == frameBytes(Body.dataBytes(buf, base + BODY_OFFSET))
                ? FrameFault.NONE
                : FrameFault.BAD_LENGTH;
    }

    private static boolean checksumRight(ByteBuffer buf, int base, Crc crc) {
        int count = Body.count(buf, base + BODY_OFFSET);
        return count >= 0
                && count <= MAX_RECORDS
                && sum(buf, base, count, crc) == checksum(buf, base);
    }

    private static boolean usesUnknown(ByteBuffer buf, int base) {
        return (flags(buf, base) & ~GAP) != 0
                || buf.getLong(base + RESERVED_OFFSET) != 0
                || !ReplogFormat.isZero(buf, base + RESERVED_2_OFFSET, base + CHECKSUM_OFFSET);
    }

    private static int sum(ByteBuffer buf, int base, int count, Crc crc) {
        return crc.begin()
                .add(buf, base, CHECKSUM_OFFSET)
                .add(buf, base + BODY_OFFSET, Body.headBytes(count))
                .end();
    }
}
