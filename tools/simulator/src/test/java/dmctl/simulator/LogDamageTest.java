package dmctl.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.replog.Body;
import dmctl.replog.Crc;
import dmctl.replog.Frame;
import dmctl.simulator.LogDamage.Where;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class LogDamageTest {
    private static final int PAGES = 8;

    private final SimDisk log = new SimDisk("log", PAGES * Pages.BYTES, false);
    private final SimRandom random = new SimRandom(7);

    private void write(int page, byte[] bytes) {
        int offset = page * Pages.BYTES;
        log.apply(
                new DiskWrite(
                        offset,
                        bytes.length,
                        Pages.capture(ByteBuffer.wrap(bytes), offset, bytes.length)));
    }

    private static byte[] frame(long seq, long flushedMark) {
        ByteBuffer frame = ByteBuffer.allocate(Pages.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        Body.put(frame, Frame.BODY_OFFSET, 1, 1, seq, 1, 0, 0);
        Body.seal(frame, Frame.BODY_OFFSET, new Crc());
        Frame.putHeader(frame, 0, 0, Pages.BYTES, 1, 2, 0, 1, flushedMark, 0);
        Frame.seal(frame, 0, new Crc());
        return frame.array();
    }

    private static byte[] data() {
        byte[] data = new byte[Pages.BYTES];
        data[0] = 1;
        return data;
    }

    @Test
    void theEndOfAFrameAtTheStartOfTheRingIsMissedOnlyWhereALaterFrameSaysItIsDurable() {
        write(PAGES - 1, frame(9, 5));
        write(2, data());
        log.covered(2);
        write(3, frame(10, 8));
        assertThat(LogDamage.LOST_WRITE.inflict(log, Where.DURABLE, random)).isFalse();

        write(4, frame(11, 10));
        assertThat(LogDamage.LOST_WRITE.inflict(log, Where.DURABLE, random)).isTrue();
    }

    @Test
    void aFrameThatIsNotWhollyThereBearsNoWitness() {
        write(2, frame(9, 5));
        log.covered(1);
        write(3, frame(11, 10));
        byte[] kept = log.content.get(3);
        log.content.set(3, data());
        assertThat(LogDamage.LOST_WRITE.inflict(log, Where.DURABLE, random)).isFalse();

        log.content.set(3, kept);
        assertThat(LogDamage.LOST_WRITE.inflict(log, Where.DURABLE, random)).isTrue();
    }

    @Test
    void aLostCheckpointNeedsNoWitness() {
        byte[] checkpoint = data();
        System.arraycopy(
                "DMCTLCKP".getBytes(java.nio.charset.StandardCharsets.US_ASCII),
                0,
                checkpoint,
                0,
                8);
        write(2, checkpoint);
        log.covered(1);
        assertThat(LogDamage.LOST_WRITE.inflict(log, Where.DURABLE, random)).isTrue();
    }
}
