package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupStatus.Data;
import dmctl.engine.GroupStatus.Link;
import dmctl.engine.GroupStatus.Role;
import dmctl.engine.port.Io;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What connections and copies take is bounded, however often they come and go. */
class ResourceScenarioTest {
    private static final int FRAME_BYTES = 12 << 10;
    private static final int RECORDS = 120;

    private final Lab lab = Lab.running(Lab.primary("home"), Lab.async("far"));
    private final LabSite home = lab.site("home");
    private final LabSite far = lab.site("far");

    private Stranger stranger() {
        return new Stranger(lab, far, home, FRAME_BYTES);
    }

    /** More than memory holds, so that old records are read back from the log. */
    private void fillMemory() {
        lab.cut("home", "far");
        home.set(
                "far",
                Lab.settings(
                        GroupDefinition.Policy.ASYNC,
                        GroupDefinition.Mode.STALL,
                        GroupDefinition.LimitKind.NONE,
                        0));
        for (int i = 0; i < RECORDS; i++) {
            home.writePatiently(0, "abcdefgh".repeat(2));
        }
        lab.run(1_000);
    }

    @Test
    void readersOfConnectionsThatHaveEndedAreUsedAgain() {
        fillMemory();
        Stranger first = stranger();
        first.fetch(1);
        first.hangUp();
        long made = home.group().linkBuffers().madeBytes();
        int readers = home.group().replica().readers().size();
        assertThat(readers).isPositive();
        for (int i = 0; i < 10; i++) {
            Stranger next = stranger();
            next.fetch(1);
            next.hangUp();
        }
        assertThat(home.group().replica().readers().size()).isEqualTo(readers);
        assertThat(home.group().linkBuffers().madeBytes()).isEqualTo(made);
    }

    @Test
    void oneWhoConnectsAgainAndAgainIsHeldToAFewConnections() {
        List<Stranger> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            all.add(stranger());
        }
        lab.settle();
        assertThat(all).filteredOn(each -> !each.isHungUpOn()).hasSize(4);
        assertThat(all.getLast().isHungUpOn()).isFalse();
    }

    @Test
    void connectionsWithoutEndDoNotEndTheOneThatSends() {
        home.write(0, "abc");
        for (int i = 0; i < 20; i++) {
            new Stranger(lab, home, far, FRAME_BYTES);
        }
        lab.run(100);
        assertThat(home.sees("far").link()).isEqualTo(Link.UP);
        assertThat(home.events()).filteredOn(line -> line.contains("far: connected")).hasSize(1);
    }

    @Test
    void aSiteThatHasFailedTakesNoConnection() {
        home.group().replica().fail("for this test");
        assertThat(home.status().role()).isEqualTo(Role.FAILED);
        assertThat(stranger().isHungUpOn()).isTrue();
    }

    @Test
    void aBlockdevSiteTriedAgainAndAgainTakesNoMoreBuffers() {
        Lab other = Lab.running(Lab.primary("home"), Lab.blockdev("vault"));
        LabSite primary = other.site("home");
        LabSite vault = other.site("vault");
        vault.data().breakDown(Io.Op.WRITE);
        primary.write(0, "a");
        other.run(10_000);
        long made = primary.group().linkBuffers().madeBytes();
        other.run(60_000);
        assertThat(primary.group().linkBuffers().madeBytes()).isEqualTo(made);
        vault.data().mend();
        other.until("again", () -> primary.sees("vault").data() == Data.CONSISTENT);
    }

    @Test
    void copiesThatBreakOffAgainAndAgainTakeNoMoreBuffers() {
        Lab other = Lab.of(Lab.primary("home"), Lab.async("far"));
        LabSite source = other.site("home");
        LabSite target = other.site("far");
        source.data().fill("x".repeat(Lab.DEVICE_SECTORS));
        target.data().breakDown(Io.Op.WRITE);
        other.start();
        other.run(20_000);
        long made = target.group().linkBuffers().madeBytes();
        assertThat(made).isPositive();
        other.run(60_000);
        assertThat(target.group().linkBuffers().madeBytes()).isEqualTo(made);
        target.data().mend();
        other.until("synced", () -> source.sees("far").data() == Data.CONSISTENT);
    }
}
