package dmctl.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SimulationTest {
    @Test
    void theSameSeedDoesTheSame() {
        for (long seed = 1; seed <= 5; seed++) {
            long first = new Seeds(null).run(seed).hash();
            long second = new Seeds(null).run(seed).hash();
            assertThat(second).as("seed %s", seed).isEqualTo(first);
        }
    }
}
