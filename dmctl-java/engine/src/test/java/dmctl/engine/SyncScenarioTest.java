package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupStatus.Flow;
import dmctl.engine.port.Io;
import org.junit.jupiter.api.Test;

/** Sync sites: what completions wait for, and what happens when such a site is out of reach. */
class SyncScenarioTest {
    private static Lab degrading() {
        return Lab.running(Lab.primary("home"), Lab.sync("near"));
    }

    @Test
    void aWriteCompletesOnlyWhenTheSyncSiteHoldsItDurably() {
        Lab lab = degrading();
        LabSite home = lab.site("home");
        LabSite near = lab.site("near");
        near.log().hold(Io.Op.FLUSH);
        LabRequest write = home.startWrite(0, "ab");
        lab.settle();
        assertThat(home.sees("near").receivedSeq()).isEqualTo(1);
        assertThat(write.hasEnded()).isFalse();
        near.log().release();
        lab.settle();
        assertThat(write.hasSucceeded()).isTrue();
        near.powerCut();
        near.start();
        lab.settle();
        assertThat(near.status().durableSeq()).isEqualTo(1);
    }

    @Test
    void withoutTheSiteWritesWaitForTheStatedTimeAndThenGoOnLoudly() {
        Lab lab = degrading();
        LabSite home = lab.site("home");
        lab.cut("home", "near");
        lab.settle();
        LabRequest write = home.startWrite(0, "a");
        lab.run(990);
        assertThat(write.hasEnded()).isFalse();
        lab.run(20);
        assertThat(write.hasSucceeded()).isTrue();
        assertThat(home.sees("near").degraded()).isTrue();
        assertThat(home.events()).anyMatch(line -> line.contains("sync degraded to async"));
    }

    @Test
    void aStandstillOfTheLinkIsNoticedAndCountsAsOutOfReach() {
        Lab lab = degrading();
        LabSite home = lab.site("home");
        lab.stall("home", "near");
        LabRequest write = home.startWrite(0, "a");
        lab.run(1_900);
        assertThat(write.hasEnded()).isFalse();
        lab.run(1_200);
        assertThat(write.hasSucceeded()).isTrue();
    }

    @Test
    void aStandstillShorterThanTheTimeoutOnlyDelays() {
        Lab lab = degrading();
        LabSite home = lab.site("home");
        lab.stall("home", "near");
        LabRequest write = home.startWrite(0, "a");
        lab.run(1_500);
        assertThat(write.hasEnded()).isFalse();
        lab.unstall("home", "near");
        lab.run(10);
        assertThat(write.hasSucceeded()).isTrue();
        assertThat(home.sees("near").degraded()).isFalse();
        assertThat(home.events()).filteredOn(line -> line.contains("connected, from")).hasSize(1);
    }

    @Test
    void aSiteThatIsBackIsSyncAgainOnceItHasCaughtUp() {
        Lab lab = degrading();
        LabSite home = lab.site("home");
        lab.cut("home", "near");
        home.startWrite(0, "a");
        lab.run(1_100);
        home.write(1, "b");
        lab.mendAll();
        lab.until("sync again", () -> !home.sees("near").degraded());
        assertThat(home.sees("near").durableSeq()).isEqualTo(2);
        assertThat(home.events()).anyMatch(line -> line.contains("sync again, caught up"));
        lab.site("near").log().hold(Io.Op.FLUSH);
        LabRequest write = home.startWrite(2, "c");
        lab.settle();
        assertThat(write.hasEnded()).isFalse();
    }

    @Test
    void aSiteThatMustNotBeLeftBehindHoldsWritesForAsLongAsItIsAway() {
        Lab lab = Lab.running(Lab.primary("home"), Lab.syncOrWait("near"));
        LabSite home = lab.site("home");
        lab.cut("home", "near");
        LabRequest write = home.startWrite(0, "a");
        lab.run(60_000);
        assertThat(write.hasEnded()).isFalse();
        assertThat(home.sees("near").limitHolding()).isTrue();
        lab.mendAll();
        lab.until("the write completes", write::hasSucceeded);
    }

    @Test
    void aPausedSiteDegradesToo() {
        Lab lab = degrading();
        LabSite home = lab.site("home");
        home.admin(done -> home.group().pause(1, "maintenance", done));
        LabRequest write = home.startWrite(0, "a");
        lab.run(1_100);
        assertThat(write.hasSucceeded()).isTrue();
        assertThat(home.sees("near").flow()).isEqualTo(Flow.PAUSED);
        assertThat(home.sees("near").problem().reason()).contains("maintenance");
        home.admin(done -> home.group().resume(1, done));
        lab.until("sync again", () -> !home.sees("near").degraded());
    }

    @Test
    void aFailingDiskAtTheSiteDoesNotFreezeThePrimaryForGood() {
        Lab lab = degrading();
        LabSite home = lab.site("home");
        lab.site("near").log().breakDown(Io.Op.FLUSH);
        LabRequest write = home.startWrite(0, "a");
        lab.run(30_000);
        assertThat(write.hasSucceeded()).isTrue();
        assertThat(home.sees("near").degraded()).isTrue();
        assertThat(home.sees("near").problem()).isNotNull();
    }

    @Test
    void aSiteThatAnswersButMakesNothingDurableCountsAsOutOfReach() {
        Lab lab = degrading();
        LabSite home = lab.site("home");
        lab.site("near").log().hold(Io.Op.FLUSH);
        LabRequest write = home.startWrite(0, "a");
        lab.run(2_900);
        assertThat(write.hasEnded()).isFalse();
        lab.run(200);
        assertThat(write.hasSucceeded()).isTrue();
        assertThat(home.sees("near").problem().reason()).contains("makes nothing durable");
        lab.site("near").log().release();
        lab.until("sync again", () -> !home.sees("near").degraded());
    }

    @Test
    void flushesAtAnAsyncSiteAreLazyAndAtASyncSiteAreNot() {
        Lab lab = Lab.running(Lab.primary("home"), Lab.sync("near"), Lab.async("far"));
        LabSite home = lab.site("home");
        home.write(0, "a");
        assertThat(home.sees("near").durableSeq()).isEqualTo(1);
        assertThat(home.sees("far").durableSeq()).isZero();
        lab.run(400);
        assertThat(home.sees("far").durableSeq()).isEqualTo(1);
    }
}
