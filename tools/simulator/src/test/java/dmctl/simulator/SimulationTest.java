package dmctl.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SimulationTest {
    private static final int SEEDS = 100;

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

    @Test
    void theSameSeedDoesTheSame() {
        for (long seed = 1; seed <= 5; seed++) {
            long first = new Seeds(null).run(seed).hash();
            long second = new Seeds(null).run(seed).hash();
            assertThat(second).as("seed %s", seed).isEqualTo(first);
        }
    }
}
