package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupStatus.Link;
import dmctl.engine.GroupStatus.Problem;
import org.junit.jupiter.api.Test;

/** What status and events say while a state lasts. */
class StatusScenarioTest {
    private final Lab lab = Lab.running(Lab.primary("home"), Lab.async("far"));
    private final LabSite home = lab.site("home");
    private final LabSite far = lab.site("far");

    private static long since(Problem problem) {
        assertThat(problem).isNotNull();
        return problem.sinceMicros();
    }

    @Test
    void aSiteOutOfReachIsSoSinceItWasLostNotSinceTheLastTry() {
        lab.cut("home", "far");
        lab.run(100);
        long lost = since(home.sees("far").problem());
        lab.run(30_000);
        assertThat(since(home.sees("far").problem())).isEqualTo(lost);
    }

    private void fork() {
        home.write(0, "abc");
        lab.run(1_000);
        lab.cut("home", "far");
        home.write(3, "lost");
        lab.run(1_000);
        far.takeover();
        far.write(3, "new");
        lab.mendAll();
        lab.until("home is refused", () -> far.sees("home").link() == Link.REFUSED);
    }

    @Test
    void aForkIsToldOnceHoweverOftenThePrimaryTries() {
        fork();
        long lost = home.status().problems().getLast().sinceMicros();
        lab.run(60_000);
        assertThat(home.events()).filteredOn(line -> line.startsWith("forked:")).hasSize(1);
        assertThat(home.problems()).contains("forked");
        assertThat(home.status().problems().getLast().sinceMicros()).isEqualTo(lost);
    }

    /** Writes for a while, and looks at status as often as people do. */
    private long leastSecondsToFull(int rounds) {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < rounds; i++) {
            for (int j = 0; j < 10; j++) {
                home.write(j % 8, "abcdefgh".substring(j % 8, j % 8 + 1));
                lab.run(50);
            }
            long seconds = home.status().logSecondsToFull();
            least = seconds < 0 ? least : Math.min(least, seconds);
        }
        return least;
    }

    @Test
    void aLogThatCanBeReleasedDoesNotFill() {
        assertThat(leastSecondsToFull(20)).isEqualTo(Long.MAX_VALUE);
        assertThat(home.status().logUsedBytes()).isPositive();
    }

    @Test
    void aLogThatIsKeptForASiteFills() {
        home.set(
                "far",
                Lab.settings(
                        GroupDefinition.Policy.ASYNC,
                        GroupDefinition.Mode.STALL,
                        GroupDefinition.LimitKind.NONE,
                        0));
        lab.cut("home", "far");
        assertThat(leastSecondsToFull(18)).isBetween(1L, 60L);
    }
}
