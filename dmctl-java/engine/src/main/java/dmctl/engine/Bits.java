package dmctl.engine;

import java.nio.ByteBuffer;

/** Bit maps in messages: bit i is bit {@code i % 8} of byte {@code i / 8}. */
final class Bits {
    private Bits() {}

    static boolean get(ByteBuffer buffer, int at, int bit) {
        return (buffer.get(at + (bit >> 3)) & 1 << (bit & 7)) != 0;
    }

    static void set(ByteBuffer buffer, int at, int bit) {
        int place = at + (bit >> 3);
        buffer.put(place, (byte) (buffer.get(place) | 1 << (bit & 7)));
    }
}
