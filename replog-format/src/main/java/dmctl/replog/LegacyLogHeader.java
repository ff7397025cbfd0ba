package dmctl.replog;

import dmctl.replog.LegacyFields.Field;
import java.nio.ByteBuffer;

/**
 * First header of a log of the original driver, dm-replicator. Read only; nothing here writes one.
 *
 * @param major major version
 * @param minor minor version
 * @param subminor third part of the version
 * @param sizeSectors size of the log with its headers
 * @param bufferHeaderSector sector of the buffer header, from the start of the device
 * @param handlerName name of the log type, {@code ringbuffer}
 */
public record LegacyLogHeader(
        int major,
        int minor,
        int subminor,
        long sizeSectors,
        long bufferHeaderSector,
        String handlerName) {
    /** Bytes of the header; a sector is written. */
    public static final int BYTES = 58;

    /** Sectors kept for each header. */
    public static final int SLOT_SECTORS = 8;

    static final String MAGIC = "dm-replicatorHJM";
    static final String HANDLER = "ringbuffer";
    static final String STRUCTURE = "dm-replicator log header";

    static final int MAGIC_OFFSET = LegacyFields.MAGIC_OFFSET;
    static final int CRC_OFFSET = LegacyFields.CRC_OFFSET;
    static final int VERSION_MAJOR_OFFSET = 20;
    static final int VERSION_MINOR_OFFSET = 22;
    static final int VERSION_SUBMINOR_OFFSET = 24;
    static final int SIZE_OFFSET = 26;
    static final int BUFFER_HEADER_OFFSET = 34;
    static final int HANDLER_NAME_OFFSET = 42;

    /**
     * Whether such a log begins at a place.
     *
     * @param buf little-endian buffer
     * @param base the place
     * @return true if the magic is there
     */
    public static boolean startsAt(ByteBuffer buf, int base) {
        return LegacyFields.hasMagic(buf, base, MAGIC);
    }

    /**
     * Reads the header.
     *
     * @param buf little-endian buffer with a sector
     * @param base start of the header in it
     * @param at its offset on the device, for messages
     * @param name name for messages
     * @return the header
     * @throws NotOurFormatException no such header is there
     * @throws DamagedException it contradicts itself
     * @throws FormatTooOldException its version is lower than 0.0.1
     * @throws FormatTooNewException its version is higher than 0.0.1
     */
    public static LegacyLogHeader decode(ByteBuffer buf, int base, long at, String name)
            throws NotOurFormatException,
                    DamagedException,
                    FormatTooOldException,
                    FormatTooNewException {
        Field field = new Field(buf, base, at, name, STRUCTURE);
        LegacyFields.requireMagicAndCrc(field, MAGIC);
        int major = field.u16(VERSION_MAJOR_OFFSET);
        int minor = field.u16(VERSION_MINOR_OFFSET);
        int subminor = field.u16(VERSION_SUBMINOR_OFFSET);
        if (major != 0 || minor != 0 || subminor > 1) {
            int version = major << 24 | minor << 16 | subminor;
            throw new FormatTooNewException(name, STRUCTURE, at, version, 1);
        }
        if (subminor < 1) {
            throw new FormatTooOldException(name, STRUCTURE, at, subminor, 1);
        }
        String handler = ShortText.read(buf, base + HANDLER_NAME_OFFSET, 16).replace("\0", "");
        field.require(
                handler.equals(HANDLER), HANDLER_NAME_OFFSET, "handlerName", HANDLER, handler);
        long size = field.i64(SIZE_OFFSET);
        field.require(
                size > 3L * SLOT_SECTORS && size <= Long.MAX_VALUE >> 10,
                SIZE_OFFSET,
                "size",
                "more than 24 sectors",
                size);
        long bufferHeader = field.i64(BUFFER_HEADER_OFFSET);
        field.require(
                bufferHeader > 0 && bufferHeader <= Long.MAX_VALUE >> 10,
                BUFFER_HEADER_OFFSET,
                "bufferHeader",
                "a sector behind the log header",
                bufferHeader);
        return new LegacyLogHeader(major, minor, subminor, size, bufferHeader, handler);
    }
}
