package dmctl.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventQueueTest {
    @Test
    void eventsComeInOrderOfTimeAndThoseOfOneMomentAsAskedFor() {
        EventQueue queue = new EventQueue();
        List<Long> expected = new ArrayList<>();
        List<Long> seen = new ArrayList<>();
        SimRandom random = new SimRandom(1);
        for (long i = 0; i < 5_000; i++) {
            long time = random.below(200);
            long key = time * 10_000 + i;
            expected.add(key);
            queue.at(time, () -> seen.add(key));
        }
        while (queue.runNext()) {}
        expected.sort(null);
        assertThat(seen).isEqualTo(expected);
        assertThat(queue.now()).isEqualTo(199);
    }
}
