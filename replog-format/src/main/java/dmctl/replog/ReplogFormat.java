package dmctl.replog;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What every part of the on-disk format shares: the version, the units and the byte order. */
public final class ReplogFormat {
    /**
     * Version of frames and of all structures of a log without a region map. The superblock of a
     * log with one, its checkpoints and the pages of the map are of version 2.
     */
    public static final int VERSION = 1;

    /** Bytes of a sector, the unit of every position on a device. */
    public static final int SECTOR_BYTES = 512;

    /** Bytes of a block, the unit of every position in a log. */
    public static final int BLOCK_BYTES = 4096;

    private ReplogFormat() {}

    /**
     * Eight or four letters as the little-endian number that stores them in this order.
     *
     * @param letters at most eight ASCII letters
     * @return the number
     */
    static long magic(String letters) {
        long value = 0;
        for (int i = letters.length() - 1; i >= 0; i--) {
            value = value << 8 | (letters.charAt(i) & 0xff);
        }
        return value;
    }

    /**
     * Rounds up to whole blocks.
     *
     * @param bytes a length in bytes, at least 0
     * @return the same or the next higher multiple of {@link #BLOCK_BYTES}
     */
    public static long roundUpToBlock(long bytes) {
        return (bytes + BLOCK_BYTES - 1) & -BLOCK_BYTES;
    }

    static void requireLittleEndian(ByteBuffer buf) {
        if (buf.order() != ByteOrder.LITTLE_ENDIAN) {
            throw new IllegalArgumentException(
                    "the format is little-endian: set order(ByteOrder.LITTLE_ENDIAN) on the buffer");
        }
    }

    static boolean isZero(ByteBuffer buf, int from, int to) {
        for (int i = from; i < to; i++) {
            if (buf.get(i) != 0) {
                return false;
            }
        }
        return true;
    }

    static void zero(ByteBuffer buf, int from, int to) {
        int i = from;
        for (; i + 8 <= to; i += 8) {
            buf.putLong(i, 0);
        }
        for (; i < to; i++) {
            buf.put(i, (byte) 0);
        }
    }
}
