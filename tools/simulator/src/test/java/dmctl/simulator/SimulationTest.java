package dmctl.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SimulationTest {
    private static final int SEEDS = 40;

    @Test
    void noPromiseIsBrokenInAFixedNumberOfSeeds() {
        Seeds seeds = new Seeds(null);
        for (long seed = 1; seed <= SEEDS; seed++) {
            Seeds.Outcome outcome = seeds.run(seed);
            Violation violation = outcome.violation();
            assertThat(violation).as("replay with --seed %s --trace", seed).isNull();
        }
        assertThat(seeds.counters().of("judged: all sites equal at the end")).isEqualTo(SEEDS);
    }

    /**
     * Found something once: 1332 a primary that was one before, 5157 and 5444 stops amid faults,
     * 1449081 a full log at a target whose source's flushed mark stood behind the next batch.
     */
    @ParameterizedTest
    @ValueSource(longs = {1332, 5157, 5444, 1449081})
    void noPromiseIsBrokenInSeedsThatOnceFailed(long seed) {
        assertThat(new Seeds(null).run(seed).violation()).isNull();
    }

    @Test
    void theSameSeedDoesTheSame() {
        for (long seed = 1; seed <= 5; seed++) {
            long first = new Seeds(null).run(seed).hash();
            long second = new Seeds(null).run(seed).hash();
            assertThat(second).as("seed %s", seed).isEqualTo(first);
        }
    }
}
