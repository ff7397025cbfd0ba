package dmctl.replog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FrameTest {
    private static final int BASE = 512;
    private static final int BODY = BASE + Frame.BODY_OFFSET;
    private static final int DATA = BASE + Frame.HEAD_BYTES;
    private static final long POSITION = 40L << 30;

    private final Crc crc = new Crc();
    private final ByteBuffer buf = Samples.buffer(BASE + 5 * 4096);

    private void sample() {
        Samples.frame(buf, BASE, POSITION, 101, 100, 0xfeedface, crc);
    }

    private FrameFault check() {
        return Samples.check(buf, BASE, POSITION, 0xfeedfaceL, crc);
    }

    private BodyFault checkBody() {
        return Body.check(buf, BODY, Frame.HEAD_BYTES - Frame.BODY_OFFSET, crc);
    }

    @Test
    void aSealedFrameReadsBackAsWritten() {
        sample();
        assertThat(check()).isEqualTo(FrameFault.NONE);
        assertThat(Frame.position(buf, BASE)).isEqualTo(POSITION);
        assertThat(Frame.opening(buf, BASE)).isEqualTo(2);
        assertThat(Frame.flushedMark(buf, BASE)).isEqualTo(100);
        assertThat(Frame.chain(buf, BASE)).isEqualTo(0xfeedface);
        assertThat(Frame.flags(buf, BASE)).isZero();
        assertThat(Frame.version(buf, BASE)).isEqualTo(1);
        assertThat(Frame.frameBytes(buf, BASE)).isEqualTo(3 * 4096);
        assertThat(Body.termNumber(buf, BODY)).isEqualTo(3);
        assertThat(Body.termId(buf, BODY)).isEqualTo(0x5eed5eed5eed5eedL);
        assertThat(Body.firstSeq(buf, BODY)).isEqualTo(101);
        assertThat(Body.lastSeq(buf, BODY)).isEqualTo(104);
        assertThat(Body.count(buf, BODY)).isEqualTo(4);
        assertThat(Body.dataBytes(buf, BODY)).isEqualTo(5120);
        assertThat(Body.timeMicros(buf, BODY)).isEqualTo(Samples.TIME + 101);
        assertThat(Body.type(buf, BODY, 1)).isEqualTo(Body.WRITE);
        assertThat(Body.flags(buf, BODY, 1)).isEqualTo(Body.FUA);
        assertThat(Body.devNr(buf, BODY, 1)).isEqualTo(2);
        assertThat(Body.sector(buf, BODY, 1)).isEqualTo(77);
        assertThat(Body.sectorCount(buf, BODY, 1)).isEqualTo(2);
        assertThat(Body.dataOffset(buf, BODY, 1)).isEqualTo(4096);
        assertThat(Body.dataBytes(buf, BODY, 1)).isEqualTo(1024);
        assertThat(Body.dataBytes(buf, BODY, 2)).isZero();
        for (int i = 0; i < 4; i++) {
            assertThat(Body.dataIntact(buf, BODY, DATA, i, crc)).isTrue();
        }
    }

    @Test
    void everyChangedByteOfTheSealedHeadIsFound() {
        sample();
        Random random = new Random(7);
        for (int i = 0; i < Frame.BODY_OFFSET + Body.headBytes(4); i++) {
            byte before = buf.get(BASE + i);
            buf.put(BASE + i, (byte) (before ^ (1 + random.nextInt(255))));
            assertThat(check()).as("byte %d", i).isNotEqualTo(FrameFault.NONE);
            buf.put(BASE + i, before);
        }
        assertThat(check()).isEqualTo(FrameFault.NONE);
    }

    @Test
    void everyChangedByteOfTheBodyIsFoundWithoutTheFrame() {
        sample();
        for (int i = 0; i < Body.headBytes(4); i++) {
            byte before = buf.get(BODY + i);
            buf.put(BODY + i, (byte) (before ^ 0x10));
            assertThat(checkBody()).as("byte %d", i).isNotEqualTo(BodyFault.NONE);
            buf.put(BODY + i, before);
        }
    }

    @Test
    void everyChangedByteOfTheDataIsFound() {
        sample();
        for (int i = 0; i < 5120; i++) {
            byte before = buf.get(DATA + i);
            buf.put(DATA + i, (byte) (before ^ 0x01));
            int record = i < 4096 ? 0 : 1;
            assertThat(Body.dataIntact(buf, BODY, DATA, record, crc)).as("byte %d", i).isFalse();
            buf.put(DATA + i, before);
        }
    }

    @Test
    void aFrameOfAnotherLogPositionOrChainIsNamedSo() {
        sample();
        assertThat(Frame.check(buf, BASE, 1, 2, POSITION, Frame.ANY_CHAIN, crc))
                .isEqualTo(FrameFault.OTHER_LOG);
        assertThat(Samples.check(buf, BASE, POSITION + 4096, Frame.ANY_CHAIN, crc))
                .isEqualTo(FrameFault.OTHER_POSITION);
        assertThat(Samples.check(buf, BASE, POSITION, 0, crc)).isEqualTo(FrameFault.BROKEN_CHAIN);
        assertThat(Samples.check(buf, BASE, POSITION, Frame.ANY_CHAIN, crc))
                .isEqualTo(FrameFault.NONE);
    }

    @Test
    void aNewerFrameStopsTheReaderOnlyAtItsOwnPlace() {
        sample();
        buf.putShort(BASE + Frame.VERSION_OFFSET, (short) 2);
        assertThat(check()).isEqualTo(FrameFault.TOO_NEW);
        assertThat(Samples.check(buf, BASE, POSITION + 4096, Frame.ANY_CHAIN, crc))
                .isEqualTo(FrameFault.OTHER_POSITION);
        assertThat(Frame.check(buf, BASE, 1, 2, POSITION, Frame.ANY_CHAIN, crc))
                .isEqualTo(FrameFault.OTHER_LOG);
    }

    @Test
    void anUnknownFlagOrReservedByteMeansANewerWriter() {
        for (int offset : new int[] {Frame.FLAGS_OFFSET, Frame.RESERVED_OFFSET, 68, 123}) {
            sample();
            buf.put(BASE + offset, (byte) 2);
            Frame.seal(buf, BASE, crc);
            assertThat(check()).as("offset %d", offset).isEqualTo(FrameFault.TOO_NEW);
        }
        sample();
        buf.put(BODY + Body.FLAGS_OFFSET, (byte) 1);
        Body.seal(buf, BODY, crc);
        Frame.seal(buf, BASE, crc);
        assertThat(check()).isEqualTo(FrameFault.TOO_NEW);
        assertThat(checkBody()).isEqualTo(BodyFault.TOO_NEW);
    }

    @Test
    void aLengthThatDoesNotFollowFromTheDataIsFound() {
        sample();
        buf.putInt(BASE + Frame.FRAME_BYTES_OFFSET, 2 * 4096);
        Frame.seal(buf, BASE, crc);
        assertThat(check()).isEqualTo(FrameFault.BAD_LENGTH);
    }

    @Test
    void aSealedBodyThatBreaksARuleMakesABadFrame() {
        sample();
        buf.put(BODY + Body.HEADER_BYTES, (byte) 9);
        Body.seal(buf, BODY, crc);
        Frame.seal(buf, BASE, crc);
        assertThat(check()).isEqualTo(FrameFault.BAD_BODY);
    }

    /** One rule of the descriptors, and how to break it. */
    enum Rule {
        TYPE_KNOWN(Body.RECORD_TYPE_OFFSET, 6),
        TYPE_NOT_ZERO(Body.RECORD_TYPE_OFFSET, 0),
        FLAGS_KNOWN(Body.RECORD_FLAGS_OFFSET, 4),
        RESERVED_ZERO(Body.RECORD_RESERVED_OFFSET, 1),
        RESERVED_2_ZERO(Body.RECORD_RESERVED_2_OFFSET, 1),
        SECTOR_IN_RANGE(Body.RECORD_SECTOR_OFFSET + 7, 0x80),
        COUNT_NOT_ZERO(Body.RECORD_SECTOR_COUNT_OFFSET, 0),
        COUNT_NOT_NEGATIVE(Body.RECORD_SECTOR_COUNT_OFFSET + 3, 0x80),
        DATA_FITS(Body.RECORD_SECTOR_COUNT_OFFSET, 3),
        OFFSET_ON_SECTOR(Body.RECORD_DATA_OFFSET_OFFSET, 1),
        NO_OVERLAP(Body.RECORD_DATA_OFFSET_OFFSET + 1, 0x0e),
        OFFSET_NOT_NEGATIVE(Body.RECORD_DATA_OFFSET_OFFSET + 3, 0x80);

        final int offset;
        final int value;

        Rule(int offset, int value) {
            this.offset = offset;
            this.value = value;
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyRuleOfADescriptorIsChecked(Rule rule) {
        sample();
        int second = BODY + Body.HEADER_BYTES + Body.DESCRIPTOR_BYTES;
        buf.put(second + rule.offset, (byte) rule.value);
        Body.seal(buf, BODY, crc);
        assertThat(checkBody()).isEqualTo(BodyFault.BAD_DESCRIPTOR);
    }

    @Test
    void aRecordWithoutDataMustNotHaveAChecksum() {
        sample();
        Body.putDescriptor(buf, BODY, 2, Body.DISCARD, 0, 1, 4096, 2048, 0, 1);
        Body.seal(buf, BODY, crc);
        assertThat(checkBody()).isEqualTo(BodyFault.BAD_DESCRIPTOR);
    }

    @Test
    void countsOutOfRangeAreFound() {
        for (int count : new int[] {0, -1, Body.MAX_RECORDS + 1, Integer.MAX_VALUE}) {
            sample();
            buf.putInt(BODY + Body.COUNT_OFFSET, count);
            assertThat(checkBody()).isEqualTo(BodyFault.BAD_COUNT);
            assertThat(check()).isEqualTo(FrameFault.BAD_CHECKSUM);
        }
        sample();
        assertThat(Body.check(buf, BODY, Body.headBytes(4) - 1, crc))
                .isEqualTo(BodyFault.BAD_COUNT);
        assertThat(Body.check(buf, BODY, Body.HEADER_BYTES - 1, crc))
                .isEqualTo(BodyFault.NOT_A_BODY);
        for (long seq : new long[] {0, -5, Long.MAX_VALUE}) {
            buf.putLong(BODY + Body.FIRST_SEQ_OFFSET, seq);
            Body.seal(buf, BODY, crc);
            assertThat(checkBody()).isEqualTo(BodyFault.BAD_COUNT);
        }
    }

    @Test
    void theFullestHeadFitsItsBlock() {
        assertThat(Frame.BODY_OFFSET + Body.headBytes(Body.MAX_RECORDS))
                .isLessThanOrEqualTo(Frame.HEAD_BYTES)
                .isGreaterThan(Frame.HEAD_BYTES - Body.DESCRIPTOR_BYTES);
        assertThat(Frame.frameBytes(0)).isEqualTo(4096);
        assertThat(Frame.frameBytes(512)).isEqualTo(8192);
        assertThat(Frame.frameBytes(4096)).isEqualTo(8192);
        assertThat(Frame.frameBytes(Body.MAX_DATA_BYTES)).isPositive();
    }

    @Test
    void checksumsLeavePositionAndLimitAlone() {
        ByteBuffer small = Samples.random(100, 1);
        small.position(10).limit(20);
        int whole = crc.of(small, 5, 90);
        assertThat(small.position()).isEqualTo(10);
        assertThat(small.limit()).isEqualTo(20);
        assertThat(crc.begin().add(small, 5, 40).add(small, 45, 50).end()).isEqualTo(whole);
        assertThatThrownBy(() -> crc.of(small, 50, 51)).isInstanceOf(RuntimeException.class);
        assertThat(small.limit()).isEqualTo(20);
    }

    @Test
    void aBigEndianBufferIsRefused() {
        ByteBuffer big = ByteBuffer.allocate(8192);
        assertThatThrownBy(() -> Samples.check(big, 0, 0, 0, crc))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("LITTLE_ENDIAN");
    }

    @Test
    void randomBytesNeverPassAndNeverThrow() {
        Random random = new Random(42);
        for (int i = 0; i < 20_000; i++) {
            sample();
            int changes = 1 + random.nextInt(8);
            for (int j = 0; j < changes; j++) {
                buf.put(BASE + random.nextInt(400), (byte) random.nextInt());
            }
            if (random.nextBoolean()) {
                Body.seal(buf, BODY, clamped(crc));
            }
            FrameFault fault = check();
            BodyFault body = checkBody();
            if (fault == FrameFault.NONE) {
                assertThat(body).isEqualTo(BodyFault.NONE);
            }
        }
    }

    /** Sealing trusts the count: put a sane one first. */
    private Crc clamped(Crc calculator) {
        int count = Body.count(buf, BODY);
        if (count < 0 || count > Body.MAX_RECORDS) {
            buf.putInt(BODY + Body.COUNT_OFFSET, 4);
        }
        return calculator;
    }
}
