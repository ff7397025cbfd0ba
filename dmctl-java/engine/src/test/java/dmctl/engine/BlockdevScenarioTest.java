package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupStatus.Data;
import dmctl.engine.GroupStatus.Flow;
import dmctl.engine.port.Io;
import org.junit.jupiter.api.Test;

/** A site whose devices are visible at the primary: one batch between two flushes of them. */
class BlockdevScenarioTest {
    private final Lab lab = Lab.running(Lab.primary("home"), Lab.blockdev("vault"));
    private final LabSite home = lab.site("home");
    private final LabSite vault = lab.site("vault");

    private void untilEqual() {
        lab.until(
                "vault has everything",
                () ->
                        home.sees("vault").data() == Data.CONSISTENT
                                && home.sees("vault").durableSeq() == home.status().headSeq());
        assertThat(vault.data().durableImage()).isEqualTo(home.read(0, Lab.DEVICE_SECTORS));
        assertThat(vault.wal().durableImage()).isEqualTo(home.readWal(0, Lab.DEVICE_SECTORS));
    }

    @Test
    void writesAndDiscardsReachTheDevicesOfTheSite() {
        home.write(0, "abcdef");
        home.discard(2, 2);
        home.writeWal(7, "xyz");
        untilEqual();
        assertThat(vault.data().image()).startsWith("ab..ef");
    }

    @Test
    void theNextBatchIsNotBegunBeforeTheLastOneIsFlushed() {
        home.write(0, "a");
        untilEqual();
        vault.wal().hold(Io.Op.FLUSH);
        home.write(0, "b");
        home.write(0, "c");
        lab.run(5_000);
        assertThat(vault.data().image()).startsWith("b");
        assertThat(home.sees("vault").durableSeq()).isEqualTo(1);
        vault.wal().release();
        untilEqual();
    }

    @Test
    void aBatchGoesToTheSiteOnlyWhenTheLogHoldsItDurably() {
        home.log().hold(Io.Op.FLUSH);
        home.write(0, "a");
        lab.run(5_000);
        assertThat(vault.data().image()).startsWith(".");
        home.powerCut();
        home.log().release();
        home.restart();
        lab.until("serving", () -> home.group().serving());
        untilEqual();
        assertThat(vault.data().image()).startsWith(".");
    }

    @Test
    void theCursorIsDurableBeforeEachBatch() {
        home.log().hold("cursors write");
        home.write(0, "a");
        lab.run(5_000);
        assertThat(vault.data().image()).startsWith(".");
        home.log().release();
        untilEqual();
    }

    @Test
    void dependentWritesNeverAppearInTheWrongOrder() {
        for (int step = 1; step < 150; step += 4) {
            Lab each = Lab.running(Lab.primary("home"), Lab.blockdev("vault"));
            LabSite primary = each.site("home");
            LabSite copy = each.site("vault");
            each.afterOperations(
                    step,
                    () -> {
                        primary.kill();
                        copy.powerCut();
                    });
            for (int i = 0; i < 12 && primary.isRunning(); i++) {
                LabRequest first = primary.startWrite(i, "A");
                each.settle();
                if (primary.isRunning() && first.hasSucceeded()) {
                    primary.startWal(i, "B");
                }
                each.settle();
            }
            each.accidentHappened();
            for (int i = 0; i < 12; i++) {
                if (copy.wal().image().charAt(i) == 'B') {
                    assertThat(copy.data().image().charAt(i)).as("pair %d", i).isEqualTo('A');
                }
            }
            primary.restart();
            each.until("serving", () -> primary.group().serving());
            each.until(
                    "vault has everything",
                    () -> primary.sees("vault").durableSeq() == primary.status().headSeq());
            assertThat(copy.data().image()).isEqualTo(primary.read(0, Lab.DEVICE_SECTORS));
            assertThat(copy.wal().image()).isEqualTo(primary.readWal(0, Lab.DEVICE_SECTORS));
        }
    }

    @Test
    void aFailedBatchIsWrittenAgainWholeOnceTheDeviceWorks() {
        home.write(0, "a");
        untilEqual();
        vault.wal().breakDown(Io.Op.FLUSH);
        home.write(0, "bc");
        home.write(1, "d");
        lab.run(3_000);
        assertThat(home.sees("vault").problem().reason()).contains("failed with errno 5");
        assertThat(home.sees("vault").durableSeq()).isEqualTo(1);
        vault.wal().mend();
        untilEqual();
        assertThat(vault.data().image()).startsWith("bd");
    }

    @Test
    void applicationsDoNotFeelAnAsyncSiteThatStandsStill() {
        vault.data().hold(Io.Op.WRITE);
        for (int i = 0; i < 20; i++) {
            home.write(i, "a");
        }
        lab.run(5_000);
        assertThat(home.sees("vault").behindWrites()).isEqualTo(20);
        vault.data().release();
        untilEqual();
    }

    @Test
    void aRestartGoesOnWithTheBatchThatMayBeThereInPart() {
        home.write(0, "a");
        untilEqual();
        vault.wal().hold(Io.Op.FLUSH);
        home.write(0, "bcd");
        lab.settle();
        home.kill();
        vault.wal().release();
        home.restart();
        lab.until("serving", () -> home.group().serving());
        untilEqual();
        assertThat(home.events()).filteredOn(line -> line.contains("resync begins")).hasSize(1);
    }

    @Test
    void aPausedSiteIsLeftAloneAndThenCatchesUp() {
        home.admin(done -> home.group().pause(1, "backup", done));
        home.write(0, "abc");
        lab.run(5_000);
        assertThat(vault.data().image()).startsWith("...");
        assertThat(home.sees("vault").flow()).isEqualTo(Flow.PAUSED);
        home.restart();
        lab.until("serving", () -> home.group().serving());
        lab.run(3_000);
        assertThat(home.sees("vault").flow()).as("kept over a restart").isEqualTo(Flow.PAUSED);
        home.admin(done -> home.group().resume(1, done));
        untilEqual();
    }

    @Test
    void aPausedSiteStaysSoAndSaysSoWhateverElseIsFoundOut() {
        home.admin(done -> home.group().pause(1, "backup", done));
        home.resync("vault", true);
        lab.run(3_000);
        assertThat(home.sees("vault").flow()).isEqualTo(Flow.PAUSED);
        home.admin(done -> home.group().resume(1, done));
        untilEqual();
    }

    @Test
    void aPauseInTheMiddleOfABatchEndsThatBatchFirst() {
        vault.data().hold(Io.Op.WRITE);
        home.write(0, "abc");
        lab.run(500);
        home.admin(done -> home.group().pause(1, "", done));
        home.write(3, "d");
        vault.data().release();
        lab.run(3_000);
        home.admin(done -> home.group().resume(1, done));
        untilEqual();
        home.write(4, "e");
        untilEqual();
    }

    @Test
    void aSiteThatFellOutOfTheLogIsCopiedAgainAndIsNotConsistentMeanwhile() {
        vault.unreachableDevices(true);
        vault.data().breakDown(Io.Op.WRITE);
        for (int i = 0; i < 600; i++) {
            home.startWrite(i % 32, "w");
            lab.run(5);
        }
        vault.data().mend();
        vault.data().hold(Io.Op.READ);
        vault.unreachableDevices(false);
        lab.until("copying", () -> home.sees("vault").flow() == Flow.RESYNC);
        assertThat(home.sees("vault").data()).isEqualTo(Data.NOT_CONSISTENT);
        vault.data().release();
        untilEqual();
    }
}
