package dmctl.replog;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.UUID;

/** Structures with known content, for tests. */
final class Samples {
    static final UUID LOG = new UUID(0x0102030405060708L, 0x090a0b0c0d0e0f10L);
    static final UUID GROUP = new UUID(0x1112131415161718L, 0x191a1b1c1d1e1f20L);
    static final UUID SITE = new UUID(0x2122232425262728L, 0x292a2b2c2d2e2f30L);
    static final long TIME = 1_795_257_600_000_000L;

    private Samples() {}

    static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static ByteBuffer random(int bytes, long seed) {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Two writes, a discard and a mark without data; returns the frame's checksum. */
    static int frame(
            ByteBuffer buf,
            int base,
            long position,
            long firstSeq,
            long flushedMark,
            int chain,
            Crc crc) {
        int body = base + Frame.BODY_OFFSET;
        int data = base + Frame.HEAD_BYTES;
        int dataBytes = 4096 + 1024;
        for (int i = 0; i < dataBytes; i++) {
            buf.put(data + i, (byte) (i * 31L + firstSeq));
        }
        Body.put(buf, body, 3, 0x5eed5eed5eed5eedL, firstSeq, 4, dataBytes, TIME + firstSeq);
        Body.putDescriptor(
                buf, body, 0, Body.WRITE, 0, 1, 8 * firstSeq, 8, 0, crc.of(buf, data, 4096));
        Body.putDescriptor(
                buf, body, 1, Body.WRITE, Body.FUA, 2, 77, 2, 4096, crc.of(buf, data + 4096, 1024));
        Body.putDescriptor(buf, body, 2, Body.DISCARD, Body.MORE, 1, 4096, 2048, 0, 0);
        Body.putDescriptor(buf, body, 3, Body.MARK, 0, 0, 0, 0, 0, 0);
        Body.seal(buf, body, crc);
        Frame.putHeader(
                buf,
                base,
                0,
                Frame.frameBytes(dataBytes),
                LOG.getMostSignificantBits(),
                LOG.getLeastSignificantBits(),
                position,
                2,
                flushedMark,
                chain);
        return Frame.seal(buf, base, crc);
    }

    static FrameFault check(ByteBuffer buf, int base, long position, long chain, Crc crc) {
        return Frame.check(
                buf,
                base,
                LOG.getMostSignificantBits(),
                LOG.getLeastSignificantBits(),
                position,
                chain,
                crc);
    }
}
