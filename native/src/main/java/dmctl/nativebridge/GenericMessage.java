package dmctl.nativebridge;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Puts a generic netlink message together, in host byte order:
 *
 * <pre>
 *   0 length u32 | 4 family u16 | 6 flags u16 | 8 sequence u32 | 12 port u32      struct nlmsghdr
 *  16 command u8 | 17 version u8 | 18 reserved u16                                struct genlmsghdr
 *  20 attributes, each at a multiple of 4: length u16 (head and value) | type u16 | value
 * </pre>
 */
final class GenericMessage {
    static final int HEAD_BYTES = 16;
    static final int GENERIC_HEAD_BYTES = 4;
    static final int ATTRIBUTE_HEAD_BYTES = 4;

    static final int FLAG_REQUEST = 0x01;
    static final int FLAG_ACK = 0x04;

    private static final int CAPACITY = 4096;

    private final ByteBuffer out = ByteBuffer.allocate(CAPACITY).order(ByteOrder.nativeOrder());

    GenericMessage(int family, int sequence, int command, int version) {
        out.putInt(0).putShort((short) family);
        out.putShort((short) (FLAG_REQUEST | FLAG_ACK)).putInt(sequence).putInt(0);
        out.put((byte) command).put((byte) version).putShort((short) 0);
    }

    GenericMessage u32(int type, int value) {
        head(type, Integer.BYTES);
        out.putInt(value);
        return this;
    }

    GenericMessage u64(int type, long value) {
        head(type, Long.BYTES);
        out.putLong(value);
        return this;
    }

    /** A string with the zero byte at its end. */
    GenericMessage string(int type, String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        head(type, bytes.length + 1);
        out.put(bytes).put((byte) 0);
        while (out.position() % ATTRIBUTE_HEAD_BYTES != 0) {
            out.put((byte) 0);
        }
        return this;
    }

    /** Begins an attribute that holds others; returns where, for {@link #end}. */
    int begin(int type) {
        int at = out.position();
        head(type, 0);
        return at;
    }

    GenericMessage end(int begun) {
        out.putShort(begun, (short) (out.position() - begun));
        return this;
    }

    private void head(int type, int valueBytes) {
        out.putShort((short) (ATTRIBUTE_HEAD_BYTES + valueBytes)).putShort((short) type);
    }

    byte[] bytes() {
        out.putInt(0, out.position());
        return Arrays.copyOf(out.array(), out.position());
    }
}
