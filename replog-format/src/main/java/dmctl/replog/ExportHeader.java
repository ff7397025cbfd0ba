package dmctl.replog;

import dmctl.replog.Envelope.Place;
import java.nio.ByteBuffer;
import java.util.UUID;

/**
 * First block of an export: records that were cut off a log, kept as the frames they stood in. The
 * frames follow it, each as it was in the log.
 *
 * @param groupUuid the group
 * @param siteUuid the site whose log it was
 * @param firstSeq first seq in the export
 * @param lastSeq last seq in the export
 * @param frameBytesTotal bytes of the frames that follow, a multiple of 4096
 * @param createdMicros time of the export in microseconds since 1970
 * @param reason why they were cut off, cut to {@link #MAX_REASON_BYTES}
 */
public record ExportHeader(
        UUID groupUuid,
        UUID siteUuid,
        long firstSeq,
        long lastSeq,
        long frameBytesTotal,
        long createdMicros,
        String reason) {
    /** Bytes of the header; the first frame follows. */
    public static final int BYTES = 4096;

    /** Longest reason in bytes of UTF-8; longer ones are cut. */
    public static final int MAX_REASON_BYTES = 256;

    static final long MAGIC = ReplogFormat.magic("DMCTLEXP");
    static final String STRUCTURE = "export header";

    static final int MAGIC_OFFSET = Envelope.MAGIC_OFFSET;
    static final int FORMAT_VERSION_OFFSET = Envelope.FORMAT_VERSION_OFFSET;
    static final int MIN_READER_VERSION_OFFSET = Envelope.MIN_READER_VERSION_OFFSET;
    static final int REASON_BYTES_OFFSET = 12;
    static final int GROUP_UUID_OFFSET = 16;
    static final int SITE_UUID_OFFSET = 32;
    static final int FIRST_SEQ_OFFSET = 48;
    static final int LAST_SEQ_OFFSET = 56;
    static final int FRAME_BYTES_TOTAL_OFFSET = 64;
    static final int CREATED_MICROS_OFFSET = 72;
    static final int REASON_OFFSET = 80;
    static final int RESERVED_OFFSET = REASON_OFFSET + MAX_REASON_BYTES;
    static final int CHECKSUM_OFFSET = 4092;

    /** Cuts the reason to what is stored. */
    public ExportHeader {
        reason = ShortText.cut(reason, MAX_REASON_BYTES);
    }

    /**
     * Writes the header.
     *
     * @param buf little-endian buffer
     * @param base where in it; {@link #BYTES} are written
     */
    public void encode(ByteBuffer buf, int base) {
        ReplogFormat.zero(buf, base, base + BYTES);
        Envelope.put(buf, base, MAGIC);
        byte[] text = ShortText.bytes(reason);
        buf.putInt(base + REASON_BYTES_OFFSET, text.length);
        Envelope.putUuid(buf, base + GROUP_UUID_OFFSET, groupUuid);
        Envelope.putUuid(buf, base + SITE_UUID_OFFSET, siteUuid);
        buf.putLong(base + FIRST_SEQ_OFFSET, firstSeq);
        buf.putLong(base + LAST_SEQ_OFFSET, lastSeq);
        buf.putLong(base + FRAME_BYTES_TOTAL_OFFSET, frameBytesTotal);
        buf.putLong(base + CREATED_MICROS_OFFSET, createdMicros);
        buf.put(base + REASON_OFFSET, text);
        buf.putInt(base + CHECKSUM_OFFSET, new Crc().of(buf, base, CHECKSUM_OFFSET));
    }

    /**
     * Reads the header.
     *
     * @param buf little-endian buffer, its byte 0 standing for byte 0 of the export
     * @param base where in it
     * @param name name for messages
     * @return the header
     * @throws NotOurFormatException no export begins here
     * @throws DamagedException it is not as it was written
     * @throws FormatTooOldException its version is not read any more
     * @throws FormatTooNewException its version is not read yet
     */
    public static ExportHeader decode(ByteBuffer buf, int base, String name)
            throws NotOurFormatException,
                    DamagedException,
                    FormatTooOldException,
                    FormatTooNewException {
        Place place = new Place(buf, base, 0, name, STRUCTURE);
        Envelope.requireMagic(place, MAGIC, BYTES);
        Envelope.requireChecksum(place, CHECKSUM_OFFSET, new Crc().of(buf, base, CHECKSUM_OFFSET));
        Envelope.requireVersion(place);
        int bytes = place.i32(REASON_BYTES_OFFSET);
        place.require(
                bytes >= 0 && bytes <= MAX_REASON_BYTES,
                REASON_BYTES_OFFSET,
                "reasonBytes",
                "at most " + MAX_REASON_BYTES,
                bytes);
        long total = place.i64(FRAME_BYTES_TOTAL_OFFSET);
        place.require(
                total >= 0 && total % ReplogFormat.BLOCK_BYTES == 0,
                FRAME_BYTES_TOTAL_OFFSET,
                "frameBytesTotal",
                "a multiple of 4096",
                total);
        Envelope.requireZero(place, REASON_OFFSET + bytes, CHECKSUM_OFFSET);
        return new ExportHeader(
                place.uuid(GROUP_UUID_OFFSET),
                place.uuid(SITE_UUID_OFFSET),
                place.i64(FIRST_SEQ_OFFSET),
                place.i64(LAST_SEQ_OFFSET),
                total,
                place.i64(CREATED_MICROS_OFFSET),
                ShortText.read(buf, base + REASON_OFFSET, bytes));
    }
}
