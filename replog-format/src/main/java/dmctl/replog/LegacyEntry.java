package dmctl.replog;

import dmctl.replog.LegacyFields.Field;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * One write in a log of the original driver: the header in front of its data.
 *
 * @param devNr number of the device
 * @param offset where it goes on that device, in bytes
 * @param size its length in bytes
 * @param headerAt place of this header, in bytes from the start of the log's device
 * @param dataAt place of the data, in bytes from the start of the log's device
 * @param valid the driver's mark of a valid entry
 * @param wrap where data and next header go
 * @param slinkWords bits of the site links that it still has to be copied to, 64 to a word; words
 *     above the highest link configured hold anything
 */
public record LegacyEntry(
        long devNr,
        long offset,
        long size,
        long headerAt,
        long dataAt,
        int valid,
        Wrap wrap,
        List<Long> slinkWords) {
    /** Bytes of the header; it has a slot of {@link LegacyLogHeader#SLOT_SECTORS} sectors. */
    public static final int BYTES = 512;

    /** Count of the bits. */
    public static final int MAX_SLINKS = 2048;

    static final String MAGIC = "dm-replicdataHJM";
    static final String STRUCTURE = "dm-replicator data header";

    static final int MAGIC_OFFSET = LegacyFields.MAGIC_OFFSET;
    static final int CRC_OFFSET = LegacyFields.CRC_OFFSET;
    static final int FILLER_OFFSET = 20;
    static final int REGION_DEV_OFFSET = 24;
    static final int REGION_OFFSET_OFFSET = 32;
    static final int REGION_SIZE_OFFSET = 40;
    static final int POS_HEADER_OFFSET = 48;
    static final int POS_DATA_OFFSET = 56;
    static final int VALID_OFFSET = 64;
    static final int WRAP_OFFSET = 65;
    static final int BARRIER_OFFSET = 66;
    static final int FILLER_2_OFFSET = 67;
    static final int SLINK_BITS_OFFSET = 256;

    /** Where an entry's data and the next header go. The order is that of the stored values. */
    public enum Wrap {
        /** One behind the other. */
        NONE,
        /** The data is at the start of the ring. */
        DATA,
        /** The next header is at the start of the ring. */
        NEXT
    }

    /** Copies the list. */
    public LegacyEntry {
        slinkWords = List.copyOf(slinkWords);
    }

    /**
     * Whether it still has to be copied to a site link.
     *
     * @param slink number of the link, 0 to 2047; above the highest one configured the answer may
     *     be anything
     * @return true if so
     */
    public boolean pendingFor(int slink) {
        return (slinkWords.get(slink >> 6) >>> (slink & 63) & 1) == 1;
    }

    /**
     * Room that the data takes.
     *
     * @return bytes, a multiple of 4096
     */
    public long roomBytes() {
        return ReplogFormat.roundUpToBlock(size);
    }

    /**
     * Place of the next header.
     *
     * @param ringStart start of the ring
     * @return bytes from the start of the log's device
     */
    public long next(long ringStart) {
        return wrap == Wrap.NEXT ? ringStart : dataAt + roomBytes();
    }

    /**
     * Whether such a header begins at a place.
     *
     * @param buf little-endian buffer
     * @param base the place
     * @return true if the magic is there
     */
    public static boolean startsAt(ByteBuffer buf, int base) {
        return LegacyFields.hasMagic(buf, base, MAGIC);
    }

    /**
     * Reads a header and compares it with the place where it was found.
     *
     * @param buf little-endian buffer with a sector
     * @param base start of the header in it
     * @param at its offset on the device
     * @param ringStart start of the ring, in bytes from the start of the device
     * @param ringEnd end of the ring, in bytes from the start of the device
     * @param name name for messages
     * @return the entry
     * @throws NotOurFormatException no such header is there
     * @throws DamagedException it contradicts itself or its place
     */
    public static LegacyEntry decode(
            ByteBuffer buf, int base, long at, long ringStart, long ringEnd, String name)
            throws NotOurFormatException, DamagedException {
        Field field = new Field(buf, base, at, name, STRUCTURE);
        LegacyFields.requireMagicAndCrc(field, MAGIC);
        int wrapCode = field.u8(WRAP_OFFSET);
        Wrap[] wraps = Wrap.values();
        field.require(wrapCode < wraps.length, WRAP_OFFSET, "wrap", "0, 1 or 2", wrapCode);
        Wrap wrap = wraps[wrapCode];
        long header = field.i64(POS_HEADER_OFFSET);
        field.require(header == at, POS_HEADER_OFFSET, "pos.header", at, header);
        long slotEnd = at + ReplogFormat.BLOCK_BYTES;
        long expected = wrap == Wrap.DATA ? ringStart : slotEnd;
        long data = field.i64(POS_DATA_OFFSET);
        field.require(data == expected, POS_DATA_OFFSET, "pos.data", expected, data);
        long size = field.i64(REGION_SIZE_OFFSET);
        long room = wrap == Wrap.DATA ? at - ringStart : ringEnd - slotEnd;
        field.require(
                size > 0
                        && size % ReplogFormat.SECTOR_BYTES == 0
                        && ReplogFormat.roundUpToBlock(size) <= room,
                REGION_SIZE_OFFSET,
                "region.size",
                "a multiple of 512 that fits " + room + " bytes",
                size);
        long offset = field.i64(REGION_OFFSET_OFFSET);
        field.require(
                offset >= 0
                        && offset % ReplogFormat.SECTOR_BYTES == 0
                        && offset <= Long.MAX_VALUE - size,
                REGION_OFFSET_OFFSET,
                "region.offset",
                "a multiple of 512",
                offset);
        long devNr = field.i64(REGION_DEV_OFFSET);
        field.require(devNr >= 0, REGION_DEV_OFFSET, "region.dev", "0 or more", devNr);
        List<Long> words = new ArrayList<>(MAX_SLINKS / 64);
        for (int i = 0; i < MAX_SLINKS / 64; i++) {
            words.add(field.i64(SLINK_BITS_OFFSET + 8 * i));
        }
        return new LegacyEntry(
                devNr, offset, size, header, data, field.u8(VALID_OFFSET), wrap, words);
    }
}
