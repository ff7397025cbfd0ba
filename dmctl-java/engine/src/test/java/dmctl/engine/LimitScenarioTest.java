package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupDefinition.LimitKind;
import dmctl.engine.GroupDefinition.Mode;
import dmctl.engine.GroupDefinition.Policy;
import dmctl.engine.GroupStatus.Data;
import dmctl.engine.GroupStatus.Flow;
import dmctl.engine.port.Io;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Fall-behind limits and full logs: who waits for whom, who is left behind, and what is said. */
class LimitScenarioTest {
    private static Lab with(Lab.Place far) {
        return Lab.running(Lab.primary("home"), far);
    }

    private static void untilEqual(Lab lab) {
        LabSite home = lab.site("home");
        LabSite far = lab.site("far");
        lab.until(
                "far has everything",
                () ->
                        home.sees("far").data() == Data.CONSISTENT
                                && home.sees("far").durableSeq() == home.status().headSeq());
        lab.run(3_000);
        assertThat(far.data().image()).isEqualTo(home.data().image());
    }

    // hold

    @Test
    void noMoreWritesCompleteThanTheLimitLets() {
        Lab lab = with(Lab.hold("far", LimitKind.IOS, 3));
        LabSite home = lab.site("home");
        lab.cut("home", "far");
        for (int i = 0; i < 3; i++) {
            home.write(i, "a");
        }
        LabRequest fourth = home.startWrite(3, "b");
        lab.run(60_000);
        assertThat(fourth.hasEnded()).isFalse();
        assertThat(home.sees("far").behindWrites()).isEqualTo(3);
        assertThat(home.sees("far").limitHolding()).isTrue();
        lab.mendAll();
        lab.until("the fourth completes", fourth::hasSucceeded);
        untilEqual(lab);
    }

    @Test
    void writesThatShareABatchAreCountedOneByOne() {
        Lab lab = with(Lab.hold("far", LimitKind.IOS, 3));
        LabSite home = lab.site("home");
        lab.cut("home", "far");
        List<LabRequest> writes = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            writes.add(home.startWrite(i, "a"));
        }
        lab.run(1_000);
        assertThat(writes).filteredOn(LabRequest::hasSucceeded).hasSize(3);
        assertThat(home.sees("far").behindWrites()).isEqualTo(3);
        lab.mendAll();
        lab.until("all complete", () -> writes.stream().allMatch(LabRequest::hasSucceeded));
    }

    @Test
    void aLimitIsHeldAgainAfterARestart() {
        Lab lab = with(Lab.hold("far", LimitKind.IOS, 3));
        LabSite home = lab.site("home");
        lab.cut("home", "far");
        home.write(0, "a");
        home.write(1, "a");
        home.restart();
        lab.until("serving", () -> home.group().serving());
        home.write(2, "a");
        LabRequest fourth = home.startWrite(3, "b");
        lab.run(10_000);
        assertThat(fourth.hasEnded()).isFalse();
        assertThat(home.sees("far").behindWrites()).isEqualTo(3);
        lab.mendAll();
        lab.until("the fourth completes", fourth::hasSucceeded);
        untilEqual(lab);
    }

    @Test
    void heldWritesGoOnOneByOneAsTheSiteMakesThemDurable() {
        Lab lab = with(Lab.hold("far", LimitKind.IOS, 1));
        LabSite home = lab.site("home");
        LabSite far = lab.site("far");
        far.log().hold(Io.Op.FLUSH);
        home.write(0, "a");
        LabRequest second = home.startWrite(1, "b");
        lab.run(1_000);
        assertThat(home.sees("far").receivedSeq()).isEqualTo(2);
        assertThat(second.hasEnded()).as("received is not durable").isFalse();
        far.log().release();
        lab.settle();
        assertThat(second.hasSucceeded()).isTrue();
    }

    @Test
    void noMoreBytesCompleteThanTheLimitLets() {
        Lab lab = with(Lab.hold("far", LimitKind.SIZE, 4L * LabSite.SECTOR));
        LabSite home = lab.site("home");
        lab.cut("home", "far");
        home.write(0, "aa");
        home.write(2, "bb");
        LabRequest small = home.startWrite(4, "c");
        lab.run(1_000);
        assertThat(small.hasEnded()).isFalse();
        assertThat(home.sees("far").behindBytes()).isEqualTo(4L * LabSite.SECTOR);
        lab.mendAll();
        lab.until("the write completes", small::hasSucceeded);
    }

    @Test
    void noWriteCompletesWhileTheOldestOutstandingOneIsOlderThanTheLimit() {
        Lab lab = with(Lab.hold("far", LimitKind.TIME, 500));
        LabSite home = lab.site("home");
        lab.cut("home", "far");
        home.write(0, "a");
        lab.run(450);
        home.write(1, "b");
        lab.run(60);
        LabRequest late = home.startWrite(2, "c");
        lab.run(1_000);
        assertThat(late.hasEnded()).isFalse();
        assertThat(home.sees("far").behindMillis()).isGreaterThan(500);
        lab.mendAll();
        lab.until("the write completes", late::hasSucceeded);
    }

    @Test
    void aHigherLimitLetsWritesGo() {
        Lab lab = with(Lab.hold("far", LimitKind.IOS, 1));
        LabSite home = lab.site("home");
        lab.cut("home", "far");
        home.write(0, "a");
        LabRequest held = home.startWrite(1, "b");
        lab.run(1_000);
        assertThat(held.hasEnded()).isFalse();
        home.set("far", Lab.settings(Policy.ASYNC, Mode.HOLD, LimitKind.IOS, 2));
        lab.settle();
        assertThat(held.hasSucceeded()).isTrue();
    }

    @Test
    void theLocalDevicesMayHaveALimitToo() {
        Lab lab = with(Lab.async("far"));
        LabSite home = lab.site("home");
        home.set("home", Lab.settings(Policy.ASYNC, Mode.HOLD, LimitKind.IOS, 2));
        home.data().hold(Io.Op.WRITE);
        home.write(0, "a");
        home.write(1, "b");
        LabRequest third = home.startWrite(2, "c");
        lab.run(5_000);
        assertThat(third.hasEnded()).isFalse();
        home.data().release();
        lab.run(1_000);
        assertThat(third.hasSucceeded()).isTrue();
    }

    @Test
    void warnSaysSoAndHoldsNothing() {
        Lab lab =
                with(
                        new Lab.Place(
                                "far",
                                "tcp",
                                Lab.settings(Policy.ASYNC, Mode.WARN, LimitKind.IOS, 1)));
        LabSite home = lab.site("home");
        lab.cut("home", "far");
        for (int i = 0; i < 5; i++) {
            home.write(i, "a");
        }
        assertThat(home.sees("far").problem().reason()).contains("past its limit");
        assertThat(home.events()).contains("site far: past its limit");
    }

    @Test
    void aSiteDroppedAtItsLimitCatchesUpFromTheLogWhileThatStillHoldsWhatItLacks() {
        Lab lab =
                with(
                        new Lab.Place(
                                "far",
                                "tcp",
                                Lab.settings(Policy.ASYNC, Mode.DROP, LimitKind.IOS, 2)));
        LabSite home = lab.site("home");
        lab.cut("home", "far");
        for (int i = 0; i < 5; i++) {
            home.write(i, "a");
        }
        lab.settle();
        assertThat(home.events()).anyMatch(line -> line.contains("far: out of the log"));
        lab.mendAll();
        untilEqual(lab);
        assertThat(home.events()).filteredOn(line -> line.contains("out of the log")).hasSize(1);
        assertThat(home.events()).filteredOn(line -> line.contains("resync begins")).hasSize(1);
    }

    @Test
    void aSiteDroppedAtItsLimitIsResyncedWhenTheLogHasGoneOn() {
        Lab lab =
                with(
                        new Lab.Place(
                                "far",
                                "tcp",
                                Lab.settings(Policy.ASYNC, Mode.DROP, LimitKind.IOS, 2)));
        LabSite home = lab.site("home");
        lab.cut("home", "far");
        fill(lab, 600);
        lab.mendAll();
        untilEqual(lab);
        assertThat(home.events()).filteredOn(line -> line.contains("resync begins")).hasSize(2);
    }

    @Test
    void dropSetOnASiteThatIsPastItsLimitTakesEffect() {
        Lab lab = with(Lab.hold("far", LimitKind.IOS, 2));
        LabSite home = lab.site("home");
        lab.cut("home", "far");
        home.write(0, "a");
        home.write(1, "b");
        LabRequest third = home.startWrite(2, "c");
        lab.run(1_000);
        home.set("far", Lab.settings(Policy.ASYNC, Mode.DROP, LimitKind.IOS, 1));
        lab.settle();
        assertThat(third.hasSucceeded()).isTrue();
        assertThat(home.sees("far").problem().reason()).isNotEmpty();
        assertThat(home.events()).anyMatch(line -> line.contains("far: out of the log"));
    }

    // Full logs

    private static LabRequest fill(Lab lab, int writes) {
        LabRequest last = lab.site("home").startWrite(0, "w");
        for (int i = 0; i < writes && last.isTaken(); i++) {
            last = lab.site("home").startWrite(i % 32, "w");
            lab.run(5);
        }
        return last;
    }

    @Test
    void aFullLogStallsForASiteThatMustNotBeLeftBehindAndSaysSo() {
        Lab lab = with(Lab.stall("far"));
        LabSite home = lab.site("home");
        lab.cut("home", "far");
        home.startWrite(40, "not overwritten");
        LabRequest stalled = fill(lab, 1_000);
        lab.run(10_000);
        assertThat(stalled.hasEnded()).isFalse();
        assertThat(home.status().stalled().reason()).contains("kept for site far (stall)");
        assertThat(home.status().stalled().nextStep()).contains("bring site far back");
        assertThat(home.read(0, 32)).isEqualTo("w".repeat(32));
        lab.mendAll();
        lab.until("the write completes", stalled::hasSucceeded);
        assertThat(home.status().stalled()).isNull();
        untilEqual(lab);
        assertThat(home.events()).filteredOn(line -> line.contains("resync begins")).hasSize(1);
    }

    @Test
    void aStallCanBeEndedByLeavingTheSiteBehind() {
        Lab lab = with(Lab.stall("far"));
        LabSite home = lab.site("home");
        lab.cut("home", "far");
        home.startWrite(40, "not overwritten");
        LabRequest stalled = fill(lab, 1_000);
        home.set("far", Lab.settings(Policy.ASYNC, Mode.DROP, LimitKind.NONE, 0));
        lab.run(1_000);
        assertThat(stalled.hasSucceeded()).isTrue();
        lab.mendAll();
        untilEqual(lab);
    }

    @Test
    void aFullLogDropsASiteThatMayBeLeftBehindAndGoesOn() {
        Lab lab = with(Lab.drop("far"));
        LabSite home = lab.site("home");
        lab.cut("home", "far");
        LabRequest last = fill(lab, 600);
        lab.run(100);
        assertThat(last.hasSucceeded()).isTrue();
        assertThat(home.sees("far").problem().what()).isEqualTo("out-of-log");
        assertThat(home.events()).anyMatch(line -> line.contains("the log was full"));
        lab.mendAll();
        untilEqual(lab);
    }

    @Test
    void aDropIsRememberedOverARestart() {
        Lab lab = with(Lab.drop("far"));
        LabSite home = lab.site("home");
        lab.cut("home", "far");
        fill(lab, 600);
        home.powerCut();
        lab.mendAll();
        home.restart();
        lab.until("serving", () -> home.group().serving());
        untilEqual(lab);
        assertThat(home.events()).filteredOn(line -> line.contains("resync begins")).hasSize(2);
    }

    @Test
    void aDegradedSyncSiteDoesNotFillTheLogForEver() {
        Lab lab = with(Lab.sync("far"));
        LabSite home = lab.site("home");
        lab.cut("home", "far");
        home.writePatiently(0, "w");
        LabRequest last = fill(lab, 600);
        lab.run(100);
        assertThat(last.hasSucceeded()).isTrue();
        lab.mendAll();
        untilEqual(lab);
        lab.until("sync again", () -> !home.sees("far").degraded());
    }

    @Test
    void aFirstSyncNeverStallsWhateverTheMode() {
        Lab lab = Lab.of(Lab.primary("home"), Lab.stall("far"));
        LabSite home = lab.site("home");
        lab.site("far").data().hold(Io.Op.READ);
        lab.start();
        lab.until("serving", () -> home.group().serving());
        lab.until("copying", () -> home.sees("far").flow() == Flow.RESYNC);
        LabRequest last = fill(lab, 600);
        lab.run(100);
        assertThat(last.hasSucceeded()).isTrue();
        lab.site("far").data().release();
        untilEqual(lab);
    }

    @Test
    void aTargetWhoseLogIsFullPushesBackAndGoesOn() {
        Lab lab = with(Lab.stall("far"));
        LabSite home = lab.site("home");
        LabSite far = lab.site("far");
        far.data().hold(Io.Op.WRITE);
        home.startWrite(40, "not overwritten");
        LabRequest stalled = fill(lab, 1_000);
        lab.run(5_000);
        assertThat(stalled.hasEnded()).isFalse();
        assertThat(far.status().logUsedBytes()).isGreaterThan(far.status().logBytes() / 2);
        far.data().release();
        lab.until("the write completes", stalled::hasSucceeded);
        untilEqual(lab);
        assertThat(home.events()).noneMatch(line -> line.contains("no sign of life"));
    }
}
