package dmctl.replog;

import dmctl.replog.Envelope.Place;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How far each {@code blockdev} site has got. Written, alternately into two slots, before a batch
 * is written to such a site's devices, so that after a crash it is known which batch may stand
 * there in part.
 *
 * <p>The writing side is a flyweight: {@link #put}, {@link #putEntry} for each, {@link #seal}.
 *
 * @param logUuid the log it belongs to
 * @param generation counts up with each write, from 1; 0: none was written yet
 * @param entries one for each site
 */
public record LinkCursors(UUID logUuid, long generation, List<Entry> entries) {
    /** Bytes of a slot. */
    public static final int BYTES = LogLayout.LINK_CURSORS_BYTES;

    /** Highest count of entries. */
    public static final int MAX_ENTRIES = 100;

    static final long MAGIC = ReplogFormat.magic("DMCTLCUR");
    static final String STRUCTURE = "link cursors";

    static final int MAGIC_OFFSET = Envelope.MAGIC_OFFSET;
    static final int FORMAT_VERSION_OFFSET = Envelope.FORMAT_VERSION_OFFSET;
    static final int MIN_READER_VERSION_OFFSET = Envelope.MIN_READER_VERSION_OFFSET;
    static final int COUNT_OFFSET = 12;
    static final int LOG_UUID_OFFSET = 16;
    static final int GENERATION_OFFSET = 32;
    static final int RESERVED_OFFSET = 40;
    static final int ENTRIES_OFFSET = 64;
    static final int ENTRY_BYTES = 40;
    static final int RESERVED_2_OFFSET = ENTRIES_OFFSET + MAX_ENTRIES * ENTRY_BYTES;
    static final int CHECKSUM_OFFSET = 4092;

    static final int ENTRY_SITE_NR_OFFSET = 0;
    static final int ENTRY_RESERVED_OFFSET = 4;
    static final int ENTRY_STARTED_SEQ_OFFSET = 8;
    static final int ENTRY_DONE_SEQ_OFFSET = 16;
    static final int ENTRY_TERM_NUMBER_OFFSET = 24;
    static final int ENTRY_TERM_ID_OFFSET = 32;

    /**
     * One site.
     *
     * @param siteNr the site
     * @param startedSeq highest seq that may have been written there, in part
     * @param doneSeq highest seq that is written and flushed there
     * @param termNumber number of the term of {@code doneSeq}
     * @param termId id of that term
     */
    public record Entry(int siteNr, long startedSeq, long doneSeq, long termNumber, long termId) {}

    /** Copies the list. */
    public LinkCursors {
        entries = List.copyOf(entries);
    }

    /**
     * Writes the head.
     *
     * @param buf little-endian buffer
     * @param base start of the slot
     * @param logUuidHi more significant half of the log's UUID
     * @param logUuidLo less significant half of the log's UUID
     * @param generation one more than the last one written
     * @param count entries that will follow, at most {@link #MAX_ENTRIES}
     */
    public static void put(
            ByteBuffer buf, int base, long logUuidHi, long logUuidLo, long generation, int count) {
        if (count < 0 || count > MAX_ENTRIES) {
            throw new IllegalArgumentException(
                    String.format(
                            Locale.ROOT,
                            "%d blockdev sites; at most %d fit the link cursors",
                            count,
                            MAX_ENTRIES));
        }
        ReplogFormat.zero(buf, base, base + BYTES);
        Envelope.put(buf, base, MAGIC);
        buf.putInt(base + COUNT_OFFSET, count);
        buf.putLong(base + LOG_UUID_OFFSET, logUuidHi);
        buf.putLong(base + LOG_UUID_OFFSET + 8, logUuidLo);
        buf.putLong(base + GENERATION_OFFSET, generation);
    }

    /**
     * Writes one entry.
     *
     * @param buf little-endian buffer
     * @param base start of the slot
     * @param index which entry, from 0
     * @param siteNr the site
     * @param startedSeq highest seq that may have been written there, in part
     * @param doneSeq highest seq that is written and flushed there
     * @param termNumber number of the term of {@code doneSeq}
     * @param termId id of that term
     */
    public static void putEntry(
            ByteBuffer buf,
            int base,
            int index,
            int siteNr,
            long startedSeq,
            long doneSeq,
            long termNumber,
            long termId) {
        int at = base + ENTRIES_OFFSET + index * ENTRY_BYTES;
        buf.putInt(at + ENTRY_SITE_NR_OFFSET, siteNr);
        buf.putLong(at + ENTRY_STARTED_SEQ_OFFSET, startedSeq);
        buf.putLong(at + ENTRY_DONE_SEQ_OFFSET, doneSeq);
        buf.putLong(at + ENTRY_TERM_NUMBER_OFFSET, termNumber);
        buf.putLong(at + ENTRY_TERM_ID_OFFSET, termId);
    }

    /**
     * Computes the checksum and stores it.
     *
     * @param buf little-endian buffer
     * @param base start of the slot
     * @param crc calculator
     */
    public static void seal(ByteBuffer buf, int base, Crc crc) {
        buf.putInt(base + CHECKSUM_OFFSET, crc.of(buf, base, CHECKSUM_OFFSET));
    }

    /**
     * Reads a slot.
     *
     * @param buf little-endian buffer, its byte 0 standing for byte 0 of the log
     * @param base start of the slot
     * @param logUuid the log it must belong to
     * @param name name for messages
     * @return the cursors
     * @throws ReplogException when the slot is not usable
     */
    public static LinkCursors decode(ByteBuffer buf, int base, UUID logUuid, String name)
            throws ReplogException {
        Place place = new Place(buf, base, 0, name, STRUCTURE);
        Envelope.requireMagic(place, MAGIC, BYTES);
        Envelope.requireChecksum(place, CHECKSUM_OFFSET, new Crc().of(buf, base, CHECKSUM_OFFSET));
        Envelope.requireVersion(place);
        UUID actual = place.uuid(LOG_UUID_OFFSET);
        if (!actual.equals(logUuid)) {
            throw new WrongDeviceException(
                    name, place.at(LOG_UUID_OFFSET), STRUCTURE + " logUuid", logUuid, actual);
        }
        int count = place.i32(COUNT_OFFSET);
        place.require(count >= 0 && count <= MAX_ENTRIES, COUNT_OFFSET, "count", "0 to 100", count);
        long generation = place.i64(GENERATION_OFFSET);
        place.require(generation > 0, GENERATION_OFFSET, "generation", "1 or more", generation);
        Envelope.requireZero(place, RESERVED_OFFSET, ENTRIES_OFFSET);
        Envelope.requireZero(place, ENTRIES_OFFSET + count * ENTRY_BYTES, CHECKSUM_OFFSET);
        List<Entry> entries = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int at = ENTRIES_OFFSET + i * ENTRY_BYTES;
            Envelope.requireZero(place, at + ENTRY_RESERVED_OFFSET, at + ENTRY_STARTED_SEQ_OFFSET);
            entries.add(
                    new Entry(
                            place.i32(at + ENTRY_SITE_NR_OFFSET),
                            place.i64(at + ENTRY_STARTED_SEQ_OFFSET),
                            place.i64(at + ENTRY_DONE_SEQ_OFFSET),
                            place.i64(at + ENTRY_TERM_NUMBER_OFFSET),
                            place.i64(at + ENTRY_TERM_ID_OFFSET)));
        }
        return new LinkCursors(actual, generation, entries);
    }

    /**
     * Reads both slots and takes the newer sound one. A blank slot was never written; nor was one
     * that was torn while the other is still blank: the next write goes there again, so that a
     * second one that is torn leaves the other blank as well.
     *
     * @param buf little-endian buffer, its byte 0 standing for byte 0 of the log, with both slots
     * @param logUuid the log they must belong to
     * @param name name for messages
     * @return the cursors (generation 0 and no entries when none was ever written whole)
     * @throws ReplogException when both slots were written and neither is usable, or when a newer
     *     release wrote one
     */
    public static Chosen<LinkCursors> choose(ByteBuffer buf, UUID logUuid, String name)
            throws ReplogException {
        LinkCursors newest = new LinkCursors(logUuid, 0, List.of());
        int copy = 1;
        @Nullable ReplogException fault = null;
        for (int slot = 0; slot < 2; slot++) {
            int base = (int) LogLayout.linkCursorsOffset(slot);
            if (ReplogFormat.isZero(buf, base, base + BYTES)) {
                continue;
            }
            try {
                LinkCursors read = decode(buf, base, logUuid, name);
                if (read.generation() > newest.generation()) {
                    newest = read;
                    copy = slot;
                }
            } catch (FormatTooNewException e) {
                throw e;
            } catch (ReplogException e) {
                if (fault != null) {
                    throw fault;
                }
                fault = e;
                if (newest.generation() == 0) {
                    copy = 1 - slot;
                }
            }
        }
        return new Chosen<>(newest, copy, fault);
    }
}
