package dmctl.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SimDiskTest {
    private final SimRandom random = new SimRandom(5);

    private static DiskWrite write(int offset, int length, int value) {
        byte[] data = new byte[length];
        Arrays.fill(data, (byte) value);
        return new DiskWrite(offset, length, Pages.capture(ByteBuffer.wrap(data), offset, length));
    }

    @Test
    void aFlushedWriteSurvivesAPowerCutAndAnUnflushedOneMayNot() {
        Set<Byte> seen = new HashSet<>();
        for (int i = 0; i < 200; i++) {
            SimDisk disk = new SimDisk("d", 16384, true);
            disk.apply(write(0, 1024, 1));
            disk.flushed(disk.writesEnded());
            disk.apply(write(512, 1024, 2));
            disk.apply(write(512, 512, 3));
            assertThat(disk.content.at(512)).isEqualTo((byte) 3);
            disk.powerCut(random);
            assertThat(disk.content.at(0)).isEqualTo((byte) 1);
            assertThat(disk.content.at(1024)).isIn((byte) 0, (byte) 2);
            seen.add(disk.content.at(512));
        }
        assertThat(seen).containsExactlyInAnyOrder((byte) 1, (byte) 2, (byte) 3);
    }

    @Test
    void aFlushCoversWhatHadEndedWhenItWasSubmitted() {
        boolean lost = false;
        for (int i = 0; i < 100; i++) {
            SimDisk disk = new SimDisk("d", 16384, true);
            disk.apply(write(0, 512, 1));
            long covers = disk.writesEnded();
            disk.apply(write(0, 512, 2));
            disk.apply(write(8192, 512, 2));
            disk.flushed(covers);
            disk.powerCut(random);
            assertThat(disk.content.at(0)).isIn((byte) 1, (byte) 2);
            lost |= disk.content.at(0) == 1 && disk.content.at(8192) == 0;
        }
        assertThat(lost).isTrue();
    }

    @Test
    void whatAFailedFlushLostStaysLostThroughAGoodOne() {
        boolean lost = false;
        for (int i = 0; i < 100; i++) {
            SimDisk disk = new SimDisk("d", 16384, true);
            disk.apply(write(0, 512, 1));
            disk.flushFailed(disk.writesEnded(), random);
            assertThat(disk.content.at(0)).isEqualTo((byte) 1);
            disk.flushed(disk.writesEnded());
            disk.powerCut(random);
            lost |= disk.content.at(0) == 0;
        }
        assertThat(lost).isTrue();
    }

    @Test
    void aWriteAfterAFailedFlushIsDurableByTheNextFlush() {
        for (int i = 0; i < 50; i++) {
            SimDisk disk = new SimDisk("d", 16384, true);
            disk.apply(write(0, 1024, 1));
            disk.flushFailed(disk.writesEnded(), random);
            disk.apply(write(0, 512, 2));
            disk.flushed(disk.writesEnded());
            disk.powerCut(random);
            assertThat(disk.content.at(0)).isEqualTo((byte) 2);
            assertThat(disk.content.at(512)).isIn((byte) 0, (byte) 1);
        }
    }

    @Test
    void aKilledProcessLosesNothingThatHadEnded() {
        for (int i = 0; i < 50; i++) {
            SimDisk disk = new SimDisk("d", 16384, true);
            disk.apply(write(0, 512, 1));
            disk.inFlight.add(write(4096, 1024, 2));
            disk.processKilled(random);
            assertThat(disk.content.at(0)).isEqualTo((byte) 1);
            assertThat(disk.content.at(4096)).isIn((byte) 0, (byte) 2);
            assertThat(disk.inFlight).isEmpty();
        }
    }

    @Test
    void aCopyIsIndependentAndKeepsWhatIsNotDurableApart() {
        SimDisk disk = new SimDisk("d", 16384, true);
        disk.apply(write(0, 512, 1));
        boolean lost = false;
        for (int i = 0; i < 50; i++) {
            SimDisk copy = disk.copy();
            copy.powerCut(random);
            lost |= copy.content.at(0) == 0;
        }
        assertThat(lost).isTrue();
        assertThat(disk.content.at(0)).isEqualTo((byte) 1);
    }

    @Test
    void withoutAVolatileCacheACompletedWriteIsDurable() {
        SimDisk disk = new SimDisk("d", 16384, false);
        disk.apply(write(0, 512, 1));
        disk.powerCut(random);
        assertThat(disk.content.at(0)).isEqualTo((byte) 1);
    }
}
