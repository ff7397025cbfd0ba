package dmctl.replog;

import dmctl.replog.Envelope.Place;
import java.nio.ByteBuffer;
import java.util.UUID;

/**
 * A page of the region map: for a run of regions of one device the seq of the last write to each.
 * Every page has two slots; a new version goes to the one that the last checkpoint does not count.
 *
 * <p>The writing side is a flyweight: {@link #put}, {@link #putSeq} for each region, {@link #seal}.
 */
public final class RegionPage {
    /** Bytes of a slot. */
    public static final int BYTES = 4096;

    /** Regions of a page at most. */
    public static final int ENTRIES = 503;

    static final long MAGIC = ReplogFormat.magic("DMCTLMAP");
    static final String STRUCTURE = "region map page";

    static final int MAGIC_OFFSET = Envelope.MAGIC_OFFSET;
    static final int FORMAT_VERSION_OFFSET = Envelope.FORMAT_VERSION_OFFSET;
    static final int MIN_READER_VERSION_OFFSET = Envelope.MIN_READER_VERSION_OFFSET;
    static final int PAGE_OFFSET = 12;
    static final int LOG_UUID_OFFSET = 16;
    static final int GENERATION_OFFSET = 32;
    static final int DEV_NR_OFFSET = 40;
    static final int COUNT_OFFSET = 44;
    static final int FIRST_REGION_OFFSET = 48;
    static final int REGION_BYTES_OFFSET = 56;
    static final int ENTRIES_OFFSET = 64;
    static final int RESERVED_OFFSET = ENTRIES_OFFSET + ENTRIES * Long.BYTES;
    static final int CHECKSUM_OFFSET = 4092;

    private RegionPage() {}

    /**
     * Writes the head.
     *
     * @param buf little-endian buffer
     * @param base start of the slot
     * @param logUuidHi more significant half of the log's UUID
     * @param logUuidLo less significant half of the log's UUID
     * @param page number of the page
     * @param generation of the checkpoint that will count it
     * @param devNr the device
     * @param firstRegion its first region in this page
     * @param count regions that will follow, at most {@link #ENTRIES}; 0 in a page that is not used
     * @param regionBytes size of a region
     */
    public static void put(
            ByteBuffer buf,
            int base,
            long logUuidHi,
            long logUuidLo,
            int page,
            long generation,
            int devNr,
            long firstRegion,
            int count,
            long regionBytes) {
        ReplogFormat.zero(buf, base, base + BYTES);
        Envelope.put(buf, base, MAGIC, Envelope.REGION_MAP_VERSION);
        buf.putInt(base + PAGE_OFFSET, page);
        buf.putLong(base + LOG_UUID_OFFSET, logUuidHi);
        buf.putLong(base + LOG_UUID_OFFSET + 8, logUuidLo);
        buf.putLong(base + GENERATION_OFFSET, generation);
        buf.putInt(base + DEV_NR_OFFSET, devNr);
        buf.putInt(base + COUNT_OFFSET, count);
        buf.putLong(base + FIRST_REGION_OFFSET, firstRegion);
        buf.putLong(base + REGION_BYTES_OFFSET, regionBytes);
    }

    /**
     * Writes the seq of one region.
     *
     * @param buf little-endian buffer
     * @param base start of the slot
     * @param index which region of the page, from 0
     * @param seq of the last write to it, 0 for none
     */
    public static void putSeq(ByteBuffer buf, int base, int index, long seq) {
        buf.putLong(base + ENTRIES_OFFSET + index * Long.BYTES, seq);
    }

    /**
     * Computes the checksum and stores it.
     *
     * @param buf little-endian buffer
     * @param base start of the slot
     * @param crc calculator
     * @return the checksum
     */
    public static int seal(ByteBuffer buf, int base, Crc crc) {
        int sum = crc.of(buf, base, CHECKSUM_OFFSET);
        buf.putInt(base + CHECKSUM_OFFSET, sum);
        return sum;
    }

    /**
     * Demands that a slot holds a page as it was written.
     *
     * @param buf little-endian buffer
     * @param base start of the slot in it
     * @param origin offset in the log of the buffer's byte 0, for messages
     * @param page number of the page that belongs there
     * @param logUuid the log it must belong to
     * @param name name for messages
     * @throws NotOurFormatException no page is there
     * @throws DamagedException it is not as it was written, or another page
     * @throws WrongDeviceException it belongs to another log
     * @throws FormatTooOldException its version is not read any more
     * @throws FormatTooNewException its version is not read yet
     */
    public static void check(
            ByteBuffer buf, int base, long origin, int page, UUID logUuid, String name)
            throws NotOurFormatException,
                    DamagedException,
                    WrongDeviceException,
                    FormatTooOldException,
                    FormatTooNewException {
        Place place = new Place(buf, base, origin, name, STRUCTURE);
        Envelope.requireMagic(place, MAGIC, BYTES);
        Envelope.requireChecksum(place, CHECKSUM_OFFSET, new Crc().of(buf, base, CHECKSUM_OFFSET));
        Envelope.requireVersion(place);
        UUID actual = place.uuid(LOG_UUID_OFFSET);
        if (!actual.equals(logUuid)) {
            throw new WrongDeviceException(
                    name, place.at(LOG_UUID_OFFSET), STRUCTURE + " logUuid", logUuid, actual);
        }
        int found = place.i32(PAGE_OFFSET);
        place.require(found == page, PAGE_OFFSET, "page", page, found);
        long generation = place.i64(GENERATION_OFFSET);
        place.require(generation > 0, GENERATION_OFFSET, "generation", "1 or more", generation);
        int devNr = place.i32(DEV_NR_OFFSET);
        place.require(devNr >= 0, DEV_NR_OFFSET, "devNr", "0 or more", devNr);
        int count = place.i32(COUNT_OFFSET);
        place.require(
                count >= 0 && count <= ENTRIES, COUNT_OFFSET, "count", "0 to " + ENTRIES, count);
        long bytes = place.i64(REGION_BYTES_OFFSET);
        place.require(
                bytes >= ReplogFormat.SECTOR_BYTES && Long.bitCount(bytes) == 1,
                REGION_BYTES_OFFSET,
                "regionBytes",
                "a power of two, 512 or more",
                bytes);
        long first = place.i64(FIRST_REGION_OFFSET);
        place.require(
                first >= 0 && first <= Long.MAX_VALUE / bytes - count,
                FIRST_REGION_OFFSET,
                "firstRegion",
                "a region of a device",
                first);
        for (int i = 0; i < count; i++) {
            long seq = seq(buf, base, i);
            place.require(seq >= 0, ENTRIES_OFFSET + i * Long.BYTES, "seq", "0 or more", seq);
        }
        Envelope.requireZero(place, ENTRIES_OFFSET + count * Long.BYTES, CHECKSUM_OFFSET);
    }

    /**
     * Returns the number of a page's write.
     *
     * @param buf little-endian buffer
     * @param base start of a slot that holds a page
     * @return 1 or more
     */
    public static long generation(ByteBuffer buf, int base) {
        return buf.getLong(base + GENERATION_OFFSET);
    }

    /**
     * Returns the device of a page.
     *
     * @param buf little-endian buffer
     * @param base start of a slot that holds a page
     * @return its number
     */
    public static int devNr(ByteBuffer buf, int base) {
        return buf.getInt(base + DEV_NR_OFFSET);
    }

    /**
     * Returns how many regions a page holds.
     *
     * @param buf little-endian buffer
     * @param base start of a slot that holds a page
     * @return 0 to {@link #ENTRIES}
     */
    public static int count(ByteBuffer buf, int base) {
        return buf.getInt(base + COUNT_OFFSET);
    }

    /**
     * Returns the first region of a page.
     *
     * @param buf little-endian buffer
     * @param base start of a slot that holds a page
     * @return number of the region on its device
     */
    public static long firstRegion(ByteBuffer buf, int base) {
        return buf.getLong(base + FIRST_REGION_OFFSET);
    }

    /**
     * Returns the size of a page's regions.
     *
     * @param buf little-endian buffer
     * @param base start of a slot that holds a page
     * @return bytes, a power of two
     */
    public static long regionBytes(ByteBuffer buf, int base) {
        return buf.getLong(base + REGION_BYTES_OFFSET);
    }

    /**
     * Returns the seq of the last write to a region.
     *
     * @param buf little-endian buffer
     * @param base start of a slot that holds a page
     * @param index which region of the page, from 0
     * @return its seq, 0 for none
     */
    public static long seq(ByteBuffer buf, int base, int index) {
        return buf.getLong(base + ENTRIES_OFFSET + index * Long.BYTES);
    }

    /**
     * Returns the checksum of a page.
     *
     * @param buf little-endian buffer
     * @param base start of a slot that holds a page
     * @return what witnesses add up
     */
    public static int checksum(ByteBuffer buf, int base) {
        return buf.getInt(base + CHECKSUM_OFFSET);
    }
}
