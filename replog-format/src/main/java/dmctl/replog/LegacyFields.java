package dmctl.replog;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/** What the headers of the original driver have in common: a magic and its useless checksum. */
final class LegacyFields {
    static final int MAGIC_OFFSET = 0;
    static final int CRC_OFFSET = 16;
    static final int MAGIC_BYTES = 16;

    private LegacyFields() {}

    /** A header in a buffer, as the messages name it. */
    record Field(ByteBuffer buf, int base, long at, String name, String structure) {
        int u8(int offset) {
            return buf.get(base + offset) & 0xff;
        }

        int u16(int offset) {
            return buf.getShort(base + offset) & 0xffff;
        }

        long i64(int offset) {
            return buf.getLong(base + offset);
        }

        void require(boolean sound, int offset, String field, Object expected, Object actual)
                throws DamagedException {
            if (!sound) {
                throw new DamagedException(
                        name,
                        at + offset,
                        structure + " " + field,
                        String.valueOf(expected),
                        String.valueOf(actual));
            }
        }
    }

    static boolean hasMagic(ByteBuffer buf, int base, String magic) {
        for (int i = 0; i < MAGIC_BYTES; i++) {
            if (buf.get(base + i) != magic.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    static void requireMagicAndCrc(Field field, String magic)
            throws NotOurFormatException, DamagedException {
        ReplogFormat.requireLittleEndian(field.buf());
        if (!hasMagic(field.buf(), field.base(), magic)) {
            int base = field.base();
            boolean blank =
                    ReplogFormat.isZero(field.buf(), base, base + ReplogFormat.SECTOR_BYTES);
            throw new NotOurFormatException(field.name(), field.structure(), field.at(), blank);
        }
        int stored = field.buf().getInt(field.base() + CRC_OFFSET);
        int on64 = crc(magic, 8);
        int on32 = crc(magic, 4);
        boolean known =
                stored == on64
                        || stored == on32
                        || stored == Integer.reverseBytes(on64)
                        || stored == Integer.reverseBytes(on32);
        field.require(
                known,
                CRC_OFFSET,
                "crc",
                Envelope.hex(on64) + " or " + Envelope.hex(on32),
                Envelope.hex(stored));
    }

    /**
     * The driver's checksum. By a slip it covers no more than the size of a pointer: the first 8
     * bytes of the magic, or 4 on 32-bit machines; and it is stored in the machine's own order.
     */
    static int crc(String magic, int pointerBytes) {
        CRC32 crc = new CRC32();
        crc.update(magic.getBytes(StandardCharsets.US_ASCII), 0, pointerBytes);
        return ~(int) crc.getValue();
    }
}
