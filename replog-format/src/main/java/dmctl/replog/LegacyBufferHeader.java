package dmctl.replog;

import dmctl.replog.LegacyFields.Field;
import java.nio.ByteBuffer;

/**
 * Second header of a log of the original driver: where its ring's entries begin and end.
 *
 * @param start start of the ring, in bytes from the start of the device
 * @param head header of the oldest entry, in bytes from the start of the device
 * @param tail end of the newest entry: where the next header goes
 * @param flags the driver's own flags, see {@link #FULL} and {@link #ERRORS}
 */
public record LegacyBufferHeader(long start, long head, long tail, long flags) {
    /** Bytes of the header; a sector is written. */
    public static final int BYTES = 52;

    /** Flag: the ring is full, so head equal to tail does not mean empty. */
    public static final long FULL = 1 << 6;

    /** Flags that say that the driver met an error: ring, data, header, head, tail. */
    public static final long ERRORS = 0x3e;

    static final String MAGIC = "dm-replbufferHJM";
    static final String STRUCTURE = "dm-replicator buffer header";

    static final int MAGIC_OFFSET = LegacyFields.MAGIC_OFFSET;
    static final int CRC_OFFSET = LegacyFields.CRC_OFFSET;
    static final int START_OFFSET = 20;
    static final int HEAD_OFFSET = 28;
    static final int TAIL_OFFSET = 36;
    static final int FLAGS_OFFSET = 44;

    /**
     * Whether the ring holds no entry.
     *
     * @return true if so
     */
    public boolean isEmpty() {
        return head == tail && (flags & FULL) == 0;
    }

    /**
     * Reads the header.
     *
     * @param buf little-endian buffer with a sector
     * @param base start of the header in it
     * @param at its offset on the device, for messages
     * @param end end of the ring, in bytes from the start of the device
     * @param name name for messages
     * @return the header
     * @throws NotOurFormatException no such header is there
     * @throws DamagedException it contradicts itself
     */
    public static LegacyBufferHeader decode(
            ByteBuffer buf, int base, long at, long end, String name)
            throws NotOurFormatException, DamagedException {
        Field field = new Field(buf, base, at, name, STRUCTURE);
        LegacyFields.requireMagicAndCrc(field, MAGIC);
        long start = field.i64(START_OFFSET);
        field.require(
                start > 0
                        && start <= end - 2L * ReplogFormat.BLOCK_BYTES
                        && start % ReplogFormat.SECTOR_BYTES == 0,
                START_OFFSET,
                "start",
                "a sector that leaves room for an entry before " + end,
                start);
        long head = field.i64(HEAD_OFFSET);
        requirePlace(field, HEAD_OFFSET, "head", head, start, end);
        long tail = field.i64(TAIL_OFFSET);
        requirePlace(field, TAIL_OFFSET, "tail", tail, start, end);
        return new LegacyBufferHeader(start, head, tail, field.i64(FLAGS_OFFSET));
    }

    private static void requirePlace(
            Field field, int offset, String what, long place, long start, long end)
            throws DamagedException {
        boolean onBlock = (place - start) % ReplogFormat.BLOCK_BYTES == 0;
        field.require(
                place >= start && place <= end && onBlock,
                offset,
                what,
                "a multiple of 4096 behind " + start + ", at most " + end,
                place);
    }
}
