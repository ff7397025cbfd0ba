package dmctl.replog;

import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.UUID;

/**
 * What all structures but frames begin with: magic, version, and the lowest version of a reader
 * that understands them. Magic, versions and checksum keep place and meaning in every version, so
 * that damage is never taken for a newer format.
 */
final class Envelope {
    static final int MAGIC_OFFSET = 0;
    static final int FORMAT_VERSION_OFFSET = 8;
    static final int MIN_READER_VERSION_OFFSET = 10;

    /** Newest version read. */
    static final int NEWEST_VERSION = 2;

    /** First version that knows of a region map; a log without one is written as version 1. */
    static final int REGION_MAP_VERSION = 2;

    /** Oldest version still read. */
    static final int OLDEST_VERSION = 1;

    private Envelope() {}

    /** A structure in a buffer, as the messages name it. */
    record Place(ByteBuffer buf, int base, long origin, String name, String structure) {
        long at(int offset) {
            return origin + base + offset;
        }

        DamagedException damaged(int offset, String field, Object expected, Object actual) {
            return new DamagedException(
                    name,
                    at(offset),
                    structure + " " + field,
                    String.valueOf(expected),
                    String.valueOf(actual));
        }

        void require(boolean sound, int offset, String field, Object expected, Object actual)
                throws DamagedException {
            if (!sound) {
                throw damaged(offset, field, expected, actual);
            }
        }

        int u8(int offset) {
            return buf.get(base + offset) & 0xff;
        }

        int u16(int offset) {
            return buf.getShort(base + offset) & 0xffff;
        }

        int i32(int offset) {
            return buf.getInt(base + offset);
        }

        long i64(int offset) {
            return buf.getLong(base + offset);
        }

        UUID uuid(int offset) {
            return new UUID(i64(offset), i64(offset + 8));
        }
    }

    static void put(ByteBuffer buf, int base, long magic) {
        put(buf, base, magic, ReplogFormat.VERSION);
    }

    static void put(ByteBuffer buf, int base, long magic, int version) {
        ReplogFormat.requireLittleEndian(buf);
        buf.putLong(base + MAGIC_OFFSET, magic);
        buf.putShort(base + FORMAT_VERSION_OFFSET, (short) version);
        buf.putShort(base + MIN_READER_VERSION_OFFSET, (short) version);
    }

    static void requireMagic(Place place, long magic, int bytes) throws NotOurFormatException {
        ReplogFormat.requireLittleEndian(place.buf());
        if (place.i64(MAGIC_OFFSET) != magic) {
            boolean blank = ReplogFormat.isZero(place.buf(), place.base(), place.base() + bytes);
            throw new NotOurFormatException(place.name(), place.structure(), place.at(0), blank);
        }
    }

    static void requireChecksum(Place place, int offset, int computed) throws DamagedException {
        int stored = place.i32(offset);
        place.require(stored == computed, offset, "checksum", hex(computed), hex(stored));
    }

    static void requireVersion(Place place) throws FormatTooNewException, FormatTooOldException {
        int minReader = place.u16(MIN_READER_VERSION_OFFSET);
        int version = place.u16(FORMAT_VERSION_OFFSET);
        if (minReader > NEWEST_VERSION) {
            throw new FormatTooNewException(
                    place.name(), place.structure(), place.at(0), version, NEWEST_VERSION);
        }
        if (version < OLDEST_VERSION) {
            throw new FormatTooOldException(
                    place.name(), place.structure(), place.at(0), version, OLDEST_VERSION);
        }
    }

    /** A newer writer may use reserved bytes and still say that this reader will do. */
    static void requireZero(Place place, int from, int to) throws DamagedException {
        if (place.u16(FORMAT_VERSION_OFFSET) > NEWEST_VERSION) {
            return;
        }
        requireZeroes(place, from, to);
    }

    /** What a writer of the first version left zero has no meaning in its structures. */
    static void requireZeroIfFirst(Place place, int from, int to) throws DamagedException {
        if (place.u16(FORMAT_VERSION_OFFSET) < REGION_MAP_VERSION) {
            requireZeroes(place, from, to);
        }
    }

    private static void requireZeroes(Place place, int from, int to) throws DamagedException {
        for (int i = from; i < to; i++) {
            place.require(place.u8(i) == 0, i, "reserved byte", 0, place.u8(i));
        }
    }

    static void putUuid(ByteBuffer buf, int at, UUID uuid) {
        buf.putLong(at, uuid.getMostSignificantBits());
        buf.putLong(at + 8, uuid.getLeastSignificantBits());
    }

    static String hex(int value) {
        return String.format(Locale.ROOT, "0x%08x", value);
    }
}
