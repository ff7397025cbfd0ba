package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupDefinition.Tuning;
import dmctl.engine.GroupStatus.Data;
import dmctl.engine.GroupStatus.Flow;
import dmctl.engine.port.Io;
import java.util.List;
import org.junit.jupiter.api.Test;

/** First syncs and resyncs: a copy, a replay, and one step from not consistent to consistent. */
class FirstSyncScenarioTest {
    private static final String GARBAGE = "#".repeat(Lab.DEVICE_SECTORS);

    private final Lab lab = Lab.of(Lab.primary("home"), Lab.async("far"));
    private final LabSite home = lab.site("home");
    private final LabSite far = lab.site("far");

    private void untilConsistent() {
        lab.until("consistent", () -> home.sees("far").data() == Data.CONSISTENT);
        lab.until("applied", () -> far.status().appliedSeq() == home.status().headSeq());
    }

    private void untilEqual() {
        lab.until(
                "all is applied",
                () ->
                        far.status().appliedSeq() == home.status().headSeq()
                                && home.status().appliedSeq() == home.status().headSeq());
        assertThat(far.data().image()).isEqualTo(home.data().image());
        assertThat(far.wal().image()).isEqualTo(home.wal().image());
    }

    @Test
    void aFirstSyncMakesTheCopyEqualZeroesIncluded() {
        home.data().fill("old contents of the device".replace(' ', '.'));
        far.data().fill(GARBAGE);
        far.wal().fill(GARBAGE);
        lab.start();
        lab.until("serving", () -> home.group().serving());
        home.write(2, "xy");
        untilConsistent();
        untilEqual();
        assertThat(far.wal().image()).doesNotContain("#");
    }

    @Test
    void beforeTheSiteHasReplayedAllItIsNotConsistentAndRefusesTakeover() {
        far.data().fill(GARBAGE);
        lab.start();
        lab.until("serving", () -> home.group().serving());
        far.data().hold(Io.Op.WRITE);
        far.data().hold(Io.Op.ZERO);
        lab.until("copying", () -> home.sees("far").flow() == Flow.RESYNC);
        home.write(0, "a");
        lab.run(1_000);
        assertThat(far.status().data()).isEqualTo(Data.NOT_CONSISTENT);
        assertThat(far.takeover()).startsWith("REFUSED").contains("not consistent");
        far.data().release();
        untilConsistent();
        untilEqual();
    }

    @Test
    void aCopyThatHoldsPartOfNewerRecordsIsNotConsistentBeforeTheyAreReplayed() {
        lab.start();
        lab.until("serving", () -> home.group().serving());
        home.data().hold(Io.Op.READ);
        lab.until("copying", () -> home.sees("far").flow() == Flow.RESYNC);
        home.write(0, "abc");
        far.log().hold("ring write");
        home.data().release();
        lab.until("replaying", () -> far.takeover().contains("replaying to seq 1"));
        lab.run(5_000);
        assertThat(far.status().data()).isEqualTo(Data.NOT_CONSISTENT);
        assertThat(home.sees("far").data()).isEqualTo(Data.NOT_CONSISTENT);
        far.log().release();
        untilConsistent();
        untilEqual();
    }

    @Test
    void aSiteIsCalledConsistentOnlyOnceThatSurvivesAPowerCut() {
        lab.start();
        lab.until("serving", () -> home.group().serving());
        far.log().hold("ring write");
        home.data().hold(Io.Op.READ);
        lab.until("copying", () -> home.sees("far").flow() == Flow.RESYNC);
        home.write(0, "abc");
        home.data().release();
        lab.until("replaying", () -> far.status().headSeq() == 1);
        far.log().hold("checkpoint write");
        far.log().release("ring write");
        lab.until("applied", () -> far.status().appliedSeq() == 1);
        lab.run(1_000);
        assertThat(far.status().data()).isEqualTo(Data.NOT_CONSISTENT);
        far.log().release();
        untilConsistent();
        far.powerCut();
        far.start();
        lab.settle();
        assertThat(far.status().data()).isEqualTo(Data.CONSISTENT);
    }

    @Test
    void aSiteThatHasNeverSyncedSaysSo() {
        lab.cut("home", "far");
        lab.start();
        assertThat(far.status().data()).isEqualTo(Data.NOT_CONSISTENT);
        assertThat(far.takeover()).startsWith("REFUSED").contains("never synced");
    }

    @Test
    void writesDuringTheCopyReachTheSiteThroughReplay() {
        far.data().fill(GARBAGE);
        lab.start();
        lab.until("serving", () -> home.group().serving());
        far.data().hold(Io.Op.READ);
        lab.until("copying", () -> home.sees("far").flow() == Flow.RESYNC);
        home.write(0, "abcdefgh");
        home.discard(4, 2);
        home.writeWal(60, "wxyz");
        far.data().release();
        untilConsistent();
        untilEqual();
        assertThat(far.data().image()).startsWith("abcd..gh");
    }

    @Test
    void aFirstSyncSurvivesTheDeathOfEitherEnd() {
        home.data().fill("a".repeat(Lab.DEVICE_SECTORS));
        far.data().fill(GARBAGE);
        lab.start();
        lab.until("serving", () -> home.group().serving());
        for (LabSite victim : List.of(far, home, far, home)) {
            far.data().hold(Io.Op.WRITE);
            lab.until("copying", () -> home.sees("far").flow() == Flow.RESYNC);
            lab.run(50);
            victim.kill();
            victim.restart();
            lab.until("serving", () -> home.group().serving());
            home.write(7, "b");
        }
        far.data().release();
        untilConsistent();
        untilEqual();
    }

    @Test
    void theCopyIsNeverAheadOfWhatThePrimaryHasDurable() {
        lab.start();
        lab.until("serving", () -> home.group().serving());
        home.log().hold(Io.Op.FLUSH);
        home.write(0, "abc");
        lab.run(1_000);
        assertThat(far.data().image()).doesNotContain("a");
        home.powerCut();
        home.log().release();
        home.start();
        lab.until("serving", () -> home.group().serving());
        untilConsistent();
        assertThat(home.read(0, 3)).isEqualTo("...");
        untilEqual();
    }

    @Test
    void aLinkLostWhileRegionsWaitForTheLogToBeDurableIsNoReasonToStop() {
        lab.start();
        lab.until("serving", () -> home.group().serving());
        home.log().hold(Io.Op.FLUSH);
        home.write(0, "abc");
        lab.until("copying", () -> home.sees("far").flow() == Flow.RESYNC);
        lab.cut("home", "far");
        lab.run(500);
        home.log().release();
        lab.mendAll();
        untilConsistent();
        untilEqual();
    }

    @Test
    void aBlockdevSiteIsCopiedAndThenFollows() {
        Lab withDevices = Lab.of(Lab.primary("home"), Lab.blockdev("vault"));
        LabSite primary = withDevices.site("home");
        LabSite vault = withDevices.site("vault");
        primary.data().fill("abc");
        vault.data().fill(GARBAGE);
        withDevices.start();
        withDevices.until("serving", () -> primary.group().serving());
        withDevices.until("consistent", () -> primary.sees("vault").data() == Data.CONSISTENT);
        primary.write(10, "xyz");
        withDevices.run(1_000);
        assertThat(vault.data().image()).startsWith("abc.......xyz").doesNotContain("#");
        assertThat(vault.data().durableImage()).isEqualTo(vault.data().image());
    }

    @Test
    void whatABlockdevSiteLacksComesFromTheLogWhenItsDevicesAreBack() {
        Lab withDevices = Lab.running(Lab.primary("home"), Lab.blockdev("vault"));
        LabSite primary = withDevices.site("home");
        LabSite vault = withDevices.site("vault");
        vault.data().breakDown(Io.Op.WRITE);
        primary.write(0, "ab");
        withDevices.run(500);
        vault.unreachableDevices(true);
        withDevices.run(5_000);
        assertThat(primary.sees("vault").problem().reason()).contains("no way to the devices");
        primary.write(2, "cd");
        vault.data().mend();
        vault.unreachableDevices(false);
        withDevices.until("live", () -> primary.sees("vault").durableSeq() == 2);
        assertThat(vault.data().image()).startsWith("abcd");
        assertThat(primary.events()).noneMatch(line -> line.contains("resync begins, 0"));
    }

    @Test
    void regionsLargerThanTheBatchesOfASmallLogAreCopiedToo() {
        int sectors = 1024;
        Lab large =
                Lab.of(
                        sectors,
                        new Tuning(2 << 20, 512 << 10, 512 << 10, 500, 2_000, 1_000, 200),
                        Lab.primary("home"),
                        Lab.async("far"));
        LabSite primary = large.site("home");
        primary.data().fill("x".repeat(sectors));
        large.site("far").data().fill("#".repeat(sectors));
        large.start();
        large.until("serving", () -> primary.group().serving());
        large.until("consistent", () -> primary.sees("far").data() == Data.CONSISTENT);
        assertThat(large.site("far").data().image()).isEqualTo("x".repeat(sectors));
    }

    @Test
    void aReadErrorAtThePrimaryIsSaidAndTheCopyIsTriedAgain() {
        copiedInTheEndThoughReadsFail("far");
    }

    @Test
    void aReadErrorWhileABlockdevSiteIsCopiedIsSaidAndTheCopyIsTriedAgain() {
        copiedInTheEndThoughReadsFail("vault");
    }

    private static void copiedInTheEndThoughReadsFail(String name) {
        Lab both =
                Lab.of(
                        Lab.primary("home"),
                        name.equals("far") ? Lab.async(name) : Lab.blockdev(name));
        LabSite primary = both.site("home");
        LabSite copy = both.site(name);
        primary.data().fill("abc");
        copy.data().fill(GARBAGE);
        primary.data().breakDown(Io.Op.READ);
        both.start();
        both.until(
                "said", () -> primary.sees(name).problem().reason().contains("local device data"));
        assertThat(primary.sees(name).problem().nextStep()).contains("mend the device");
        both.run(20_000);
        assertThat(primary.events().stream().filter(line -> line.contains("resync begins")))
                .as("with back-off")
                .hasSizeBetween(2, 20);
        primary.data().mend();
        both.until("consistent", () -> primary.sees(name).data() == Data.CONSISTENT);
        assertThat(copy.data().image()).startsWith("abc...").doesNotContain("#");
    }
}
