package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FillRateTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long RING = 1_000_000;

    private final FillRate rate = new FillRate();

    @Test
    void timeToFullFollowsWhatIsWrittenAndCannotBeReleased() {
        rate.secondsToFull(0, 0, RING, SECOND);
        for (long second = 1; second < 10; second++) {
            rate.secondsToFull(second * 10_000, second * 10_000, RING, (1 + second) * SECOND);
        }
        assertThat(rate.secondsToFull(100_000, 100_000, RING, 11 * SECOND)).isBetween(89L, 91L);
    }

    @Test
    void whatASiteLacksWhenItComesIntoViewIsNoRate() {
        rate.secondsToFull(0, 500_000, RING, SECOND);
        assertThat(rate.secondsToFull(400_000, 500_000, RING, 2 * SECOND)).isEqualTo(-1);
    }

    @Test
    void aLogWhoseSpaceIsReleasedDoesNotFill() {
        rate.secondsToFull(500_000, 500_000, RING, SECOND);
        assertThat(rate.secondsToFull(100_000, 900_000, RING, 2 * SECOND)).isEqualTo(-1);
    }
}
