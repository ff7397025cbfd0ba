package dmctl.replog;

import java.nio.ByteBuffer;

/**
 * The group-wide part of a batch: a header of 64 bytes and a descriptor of 32 bytes for each
 * record. The same bytes stand in the log of every site and travel on links.
 *
 * <p>A flyweight: static methods on a little-endian buffer, where {@code base} is the offset of the
 * body header (not of the frame around it). Getters check nothing; {@link #check} first.
 */
public final class Body {
    /** Bytes of the header. */
    public static final int HEADER_BYTES = 64;

    /** Bytes of one record's descriptor. */
    public static final int DESCRIPTOR_BYTES = 32;

    /** Highest count of records in a batch, so that the head of a frame fits one block. */
    public static final int MAX_RECORDS = 122;

    /** Highest length of a batch's data in bytes. */
    public static final int MAX_DATA_BYTES = 1 << 30;

    /** Record type: data for a range of sectors. */
    public static final int WRITE = 1;

    /** Record type: a range that reads as zeroes from now on and may be unmapped. */
    public static final int DISCARD = 2;

    /** Record type: a range that reads as zeroes from now on. */
    public static final int WRITE_ZEROES = 3;

    /** Record type: a named moment; its data, if any, holds the name. */
    public static final int MARK = 4;

    /** Record type: a change of devices or sites; its data describes it. */
    public static final int CHANGE = 5;

    /** Record flag: completed only when durable (force unit access). */
    public static final int FUA = 1;

    /** Record flag: the request goes on in the next record. */
    public static final int MORE = 2;

    static final int MAGIC = (int) ReplogFormat.magic("DMBD");

    static final int MAGIC_OFFSET = 0;
    static final int VERSION_OFFSET = 4;
    static final int FLAGS_OFFSET = 6;
    static final int TERM_NUMBER_OFFSET = 8;
    static final int TERM_ID_OFFSET = 16;
    static final int FIRST_SEQ_OFFSET = 24;
    static final int COUNT_OFFSET = 32;
    static final int DATA_BYTES_OFFSET = 36;
    static final int TIME_MICROS_OFFSET = 40;
    static final int RESERVED_OFFSET = 48;
    static final int BODY_CRC_OFFSET = 60;

    static final int RECORD_TYPE_OFFSET = 0;
    static final int RECORD_FLAGS_OFFSET = 1;
    static final int RECORD_RESERVED_OFFSET = 2;
    static final int RECORD_DEV_NR_OFFSET = 4;
    static final int RECORD_SECTOR_OFFSET = 8;
    static final int RECORD_SECTOR_COUNT_OFFSET = 16;
    static final int RECORD_DATA_OFFSET_OFFSET = 20;
    static final int RECORD_DATA_CRC_OFFSET = 24;
    static final int RECORD_RESERVED_2_OFFSET = 28;

    private Body() {}

    /**
     * Bytes of the header and the descriptors together.
     *
     * @param count count of records
     * @return 64 + 32 * count
     */
    public static int headBytes(int count) {
        return HEADER_BYTES + DESCRIPTOR_BYTES * count;
    }

    /**
     * Writes the header, all but its checksum.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @param termNumber number of the term
     * @param termId random id of the term
     * @param firstSeq seq of the first record, at least 1
     * @param count count of records, 1 to {@link #MAX_RECORDS}
     * @param dataBytes bytes of all data, a multiple of 512, at most {@link #MAX_DATA_BYTES}
     * @param timeMicros time of the batch in microseconds since 1970, never less than the previous
     *     batch's
     */
    public static void put(
            ByteBuffer buf,
            int base,
            long termNumber,
            long termId,
            long firstSeq,
            int count,
            int dataBytes,
            long timeMicros) {
        ReplogFormat.requireLittleEndian(buf);
        buf.putInt(base + MAGIC_OFFSET, MAGIC);
        buf.putShort(base + VERSION_OFFSET, (short) ReplogFormat.VERSION);
        buf.putShort(base + FLAGS_OFFSET, (short) 0);
        buf.putLong(base + TERM_NUMBER_OFFSET, termNumber);
        buf.putLong(base + TERM_ID_OFFSET, termId);
        buf.putLong(base + FIRST_SEQ_OFFSET, firstSeq);
        buf.putInt(base + COUNT_OFFSET, count);
        buf.putInt(base + DATA_BYTES_OFFSET, dataBytes);
        buf.putLong(base + TIME_MICROS_OFFSET, timeMicros);
        buf.putLong(base + RESERVED_OFFSET, 0);
        buf.putInt(base + RESERVED_OFFSET + 8, 0);
        buf.putInt(base + BODY_CRC_OFFSET, 0);
    }

    /**
     * Writes one record's descriptor.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @param index place of the record in the batch, from 0
     * @param type one of {@link #WRITE} to {@link #CHANGE}
     * @param flags any of {@link #FUA} and {@link #MORE}
     * @param devNr number of the device
     * @param sector first sector
     * @param sectorCount sectors; for a mark or a change those of its data
     * @param dataOffset bytes from the start of the batch's data, a multiple of 512; 0 without data
     * @param dataCrc CRC32C of the record's data; 0 without data
     */
    public static void putDescriptor(
            ByteBuffer buf,
            int base,
            int index,
            int type,
            int flags,
            int devNr,
            long sector,
            int sectorCount,
            int dataOffset,
            int dataCrc) {
        int at = descriptor(base, index);
        buf.put(at + RECORD_TYPE_OFFSET, (byte) type);
        buf.put(at + RECORD_FLAGS_OFFSET, (byte) flags);
        buf.putShort(at + RECORD_RESERVED_OFFSET, (short) 0);
        buf.putInt(at + RECORD_DEV_NR_OFFSET, devNr);
        buf.putLong(at + RECORD_SECTOR_OFFSET, sector);
        buf.putInt(at + RECORD_SECTOR_COUNT_OFFSET, sectorCount);
        buf.putInt(at + RECORD_DATA_OFFSET_OFFSET, dataOffset);
        buf.putInt(at + RECORD_DATA_CRC_OFFSET, dataCrc);
        buf.putInt(at + RECORD_RESERVED_2_OFFSET, 0);
    }

    /**
     * Computes the checksum over header and descriptors and stores it in the header.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @param crc calculator
     * @return the checksum
     */
    public static int seal(ByteBuffer buf, int base, Crc crc) {
        int sum = sum(buf, base, crc);
        buf.putInt(base + BODY_CRC_OFFSET, sum);
        return sum;
    }

    /**
     * The number of the term.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @return the number
     */
    public static long termNumber(ByteBuffer buf, int base) {
        return buf.getLong(base + TERM_NUMBER_OFFSET);
    }

    /**
     * The random id of the term.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @return the id
     */
    public static long termId(ByteBuffer buf, int base) {
        return buf.getLong(base + TERM_ID_OFFSET);
    }

    /**
     * The seq of the first record.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @return the seq
     */
    public static long firstSeq(ByteBuffer buf, int base) {
        return buf.getLong(base + FIRST_SEQ_OFFSET);
    }

    /**
     * The seq of the last record.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @return the seq
     */
    public static long lastSeq(ByteBuffer buf, int base) {
        return firstSeq(buf, base) + count(buf, base) - 1;
    }

    /**
     * The count of records.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @return the count
     */
    public static int count(ByteBuffer buf, int base) {
        return buf.getInt(base + COUNT_OFFSET);
    }

    /**
     * The length of the batch's data.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @return bytes
     */
    public static int dataBytes(ByteBuffer buf, int base) {
        return buf.getInt(base + DATA_BYTES_OFFSET);
    }

    /**
     * The time of the batch.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @return microseconds since 1970
     */
    public static long timeMicros(ByteBuffer buf, int base) {
        return buf.getLong(base + TIME_MICROS_OFFSET);
    }

    /**
     * The checksum as stored.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @return the checksum
     */
    public static int bodyCrc(ByteBuffer buf, int base) {
        return buf.getInt(base + BODY_CRC_OFFSET);
    }

    /**
     * The type of a record.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @param index place of the record in the batch, from 0
     * @return one of {@link #WRITE} to {@link #CHANGE}
     */
    public static int type(ByteBuffer buf, int base, int index) {
        return buf.get(descriptor(base, index) + RECORD_TYPE_OFFSET) & 0xff;
    }

    /**
     * The flags of a record.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @param index place of the record in the batch, from 0
     * @return any of {@link #FUA} and {@link #MORE}
     */
    public static int flags(ByteBuffer buf, int base, int index) {
        return buf.get(descriptor(base, index) + RECORD_FLAGS_OFFSET) & 0xff;
    }

    /**
     * The device of a record.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @param index place of the record in the batch, from 0
     * @return number of the device
     */
    public static int devNr(ByteBuffer buf, int base, int index) {
        return buf.getInt(descriptor(base, index) + RECORD_DEV_NR_OFFSET);
    }

    /**
     * The first sector of a record.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @param index place of the record in the batch, from 0
     * @return the sector
     */
    public static long sector(ByteBuffer buf, int base, int index) {
        return buf.getLong(descriptor(base, index) + RECORD_SECTOR_OFFSET);
    }

    /**
     * The length of a record.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @param index place of the record in the batch, from 0
     * @return sectors
     */
    public static int sectorCount(ByteBuffer buf, int base, int index) {
        return buf.getInt(descriptor(base, index) + RECORD_SECTOR_COUNT_OFFSET);
    }

    /**
     * The place of a record's data.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @param index place of the record in the batch, from 0
     * @return bytes from the start of the batch's data
     */
    public static int dataOffset(ByteBuffer buf, int base, int index) {
        return buf.getInt(descriptor(base, index) + RECORD_DATA_OFFSET_OFFSET);
    }

    /**
     * The checksum of a record's data.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @param index place of the record in the batch, from 0
     * @return CRC32C, 0 without data
     */
    public static int dataCrc(ByteBuffer buf, int base, int index) {
        return buf.getInt(descriptor(base, index) + RECORD_DATA_CRC_OFFSET);
    }

    /**
     * The length of a record's data.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @param index place of the record in the batch, from 0
     * @return bytes; 0 for discard and write-zeroes
     */
    public static int dataBytes(ByteBuffer buf, int base, int index) {
        return hasData(type(buf, base, index))
                ? sectorCount(buf, base, index) * ReplogFormat.SECTOR_BYTES
                : 0;
    }

    /**
     * Whether records of a type carry their sectors as data.
     *
     * @param type type of a record
     * @return false for discard and write-zeroes
     */
    public static boolean hasData(int type) {
        return type == WRITE || type == MARK || type == CHANGE;
    }

    /**
     * Judges header and descriptors, not the data.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @param availableBytes bytes that may be looked at from there on
     * @param crc calculator
     * @return what is wrong first
     */
    public static BodyFault check(ByteBuffer buf, int base, int availableBytes, Crc crc) {
        ReplogFormat.requireLittleEndian(buf);
        if (availableBytes < HEADER_BYTES || buf.getInt(base + MAGIC_OFFSET) != MAGIC) {
            return BodyFault.NOT_A_BODY;
        }
        int version = buf.getShort(base + VERSION_OFFSET) & 0xffff;
        if (version > ReplogFormat.VERSION) {
            return BodyFault.TOO_NEW;
        }
        int count = count(buf, base);
        if (count < 1 || count > MAX_RECORDS || headBytes(count) > availableBytes) {
            return BodyFault.BAD_COUNT;
        }
        if (sum(buf, base, crc) != bodyCrc(buf, base)) {
            return BodyFault.BAD_CHECKSUM;
        }
        if (version == 0) {
            return BodyFault.NOT_A_BODY;
        }
        if (buf.getShort(base + FLAGS_OFFSET) != 0
                || !ReplogFormat.isZero(buf, base + RESERVED_OFFSET, base + BODY_CRC_OFFSET)) {
            return BodyFault.TOO_NEW;
        }
        long firstSeq = firstSeq(buf, base);
        int dataBytes = dataBytes(buf, base);
        if (firstSeq < 1
                || firstSeq > Long.MAX_VALUE - count
                || dataBytes < 0
                || dataBytes > MAX_DATA_BYTES
                || dataBytes % ReplogFormat.SECTOR_BYTES != 0) {
            return BodyFault.BAD_COUNT;
        }
        return checkDescriptors(buf, base, count, dataBytes);
    }

    private static BodyFault checkDescriptors(ByteBuffer buf, int base, int count, int dataBytes) {
        long dataEnd = 0;
        for (int i = 0; i < count; i++) {
            int type = type(buf, base, i);
            long sectors = sectorCount(buf, base, i);
            long dataOffset = dataOffset(buf, base, i);
            int at = descriptor(base, i);
            if (!typeAndRangeSound(type, sectors, sector(buf, base, i))
                    || (flags(buf, base, i) & ~(FUA | MORE)) != 0
                    || buf.getShort(at + RECORD_RESERVED_OFFSET) != 0
                    || buf.getInt(at + RECORD_RESERVED_2_OFFSET) != 0
                    || dataOffset < 0
                    || dataOffset > dataBytes
                    || dataOffset % ReplogFormat.SECTOR_BYTES != 0) {
                return BodyFault.BAD_DESCRIPTOR;
            }
            if (hasData(type) && sectors > 0) {
                long end = dataOffset + sectors * ReplogFormat.SECTOR_BYTES;
                if (dataOffset < dataEnd || end > dataBytes) {
                    return BodyFault.BAD_DESCRIPTOR;
                }
                dataEnd = end;
            } else if (dataCrc(buf, base, i) != 0) {
                return BodyFault.BAD_DESCRIPTOR;
            }
        }
        return BodyFault.NONE;
    }

    private static boolean typeAndRangeSound(int type, long sectors, long sector) {
        return switch (type) {
            case WRITE, DISCARD, WRITE_ZEROES ->
                    sectors > 0 && sector >= 0 && sector <= (Long.MAX_VALUE >> 9) - sectors;
            case MARK, CHANGE -> sectors >= 0;
            default -> false;
        };
    }

    /**
     * Whether a record's data is what was sealed. The body must have passed {@link #check}.
     *
     * @param buf little-endian buffer
     * @param base offset of the body header
     * @param dataBase offset of the start of the batch's data in the same buffer
     * @param index place of the record in the batch, from 0
     * @param crc calculator
     * @return true if the checksum agrees or the record has no data
     */
    public static boolean dataIntact(ByteBuffer buf, int base, int dataBase, int index, Crc crc) {
        int bytes = dataBytes(buf, base, index);
        return bytes == 0
                || crc.of(buf, dataBase + dataOffset(buf, base, index), bytes)
                        == dataCrc(buf, base, index);
    }

    private static int sum(ByteBuffer buf, int base, Crc crc) {
        return crc.begin()
                .add(buf, base, BODY_CRC_OFFSET)
                .add(buf, base + HEADER_BYTES, DESCRIPTOR_BYTES * count(buf, base))
                .end();
    }

    private static int descriptor(int base, int index) {
        return base + HEADER_BYTES + index * DESCRIPTOR_BYTES;
    }
}
