package dmctl.replog;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

/** The data path allocates nothing. */
class AllocationTest {
    private static final int ROUNDS = 20_000;

    private final Crc crc = new Crc();
    private final ByteBuffer buf =
            ByteBuffer.allocateDirect(3 * 4096).order(ByteOrder.LITTLE_ENDIAN);

    private int round(int chain) {
        int sum = Samples.frame(buf, 0, 0, 101, 100, chain, crc);
        FrameFault fault = Samples.check(buf, 0, 0, Integer.toUnsignedLong(chain), crc);
        boolean intact = Body.dataIntact(buf, Frame.BODY_OFFSET, Frame.HEAD_BYTES, 1, crc);
        boolean opening = intact && fault == FrameFault.NONE;
        RecoveryCase row =
                RecoveryCase.decide(fault, opening, true, RecoveryCase.Data.INTACT, false);
        LinkCursors.put(buf, 0, 1, 2, 3, 1);
        LinkCursors.putEntry(buf, 0, 0, 1, 2, 3, 4, 5);
        LinkCursors.seal(buf, 0, crc);
        return row == RecoveryCase.ACCEPTED ? sum : 0;
    }

    @Test
    void sealingAndCheckingFramesAllocatesNothing() {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        int chain = 1;
        for (int i = 0; i < ROUNDS; i++) {
            chain = round(chain);
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < ROUNDS; i++) {
            chain = round(chain);
        }
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(chain).isNotZero();
        assertThat(bytes / ROUNDS).as("bytes a round").isZero();
    }
}
