package dmctl.replog;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * CRC32C over ranges of buffers, reusable and free of allocation.
 *
 * <p>Not safe for use by several threads at once, and neither is the buffer meanwhile: its position
 * and limit are moved during a call and put back before it returns (its mark may be lost). Give it
 * direct or writable heap buffers: for a read-only heap buffer the JDK copies through a temporary
 * array.
 */
public final class Crc {
    private final CRC32C crc = new CRC32C();

    /** Makes a calculator. */
    public Crc() {}

    /**
     * The checksum of one range.
     *
     * @param buf the buffer
     * @param offset first byte, absolute
     * @param length bytes, at least 0
     * @return CRC32C of the range
     */
    public int of(ByteBuffer buf, int offset, int length) {
        return begin().add(buf, offset, length).end();
    }

    /**
     * Starts a checksum over several ranges.
     *
     * @return this
     */
    public Crc begin() {
        crc.reset();
        return this;
    }

    /**
     * Adds a range to the checksum begun.
     *
     * @param buf the buffer
     * @param offset first byte, absolute
     * @param length bytes, at least 0
     * @return this
     */
    public Crc add(ByteBuffer buf, int offset, int length) {
        int position = buf.position();
        int limit = buf.limit();
        try {
            buf.clear();
            buf.limit(offset + length);
            buf.position(offset);
            crc.update(buf);
        } finally {
            buf.clear();
            buf.limit(limit);
            buf.position(position);
        }
        return this;
    }

    /**
     * Ends the checksum begun.
     *
     * @return CRC32C of the ranges added, in their order
     */
    public int end() {
        return (int) crc.getValue();
    }
}
