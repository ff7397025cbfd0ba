package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupDefinition.LimitKind;
import dmctl.engine.GroupDefinition.Mode;
import dmctl.engine.GroupDefinition.OutOfReach;
import dmctl.engine.GroupDefinition.Policy;
import dmctl.engine.GroupDefinition.Settings;
import dmctl.engine.GroupStatus.Data;
import dmctl.engine.GroupStatus.Flow;
import dmctl.engine.GroupStatus.Link;
import dmctl.engine.GroupStatus.Role;
import dmctl.engine.port.Io;
import org.junit.jupiter.api.Test;

/** What administrators do and see: pauses, stops, settings, resyncs on request, status. */
class OperationsScenarioTest {
    private final Lab lab = Lab.running(Lab.primary("home"), Lab.async("far"));
    private final LabSite home = lab.site("home");
    private final LabSite far = lab.site("far");

    private void untilFollowing() {
        lab.until(
                "far follows",
                () ->
                        home.sees("far").link() == Link.UP
                                && home.sees("far").durableSeq() == home.status().headSeq());
    }

    @Test
    void aPauseIsKeptOverARestartAndEndsWithAResume() {
        home.admin(done -> home.group().pause(1, "maintenance", done));
        home.write(0, "abc");
        home.restart();
        lab.until("serving", () -> home.group().serving());
        lab.run(5_000);
        assertThat(far.status().headSeq()).isZero();
        assertThat(home.sees("far").problem().reason()).contains("maintenance");
        assertThat(home.sees("far").problem().nextStep()).contains("dmctl resume far");
        home.admin(done -> home.group().resume(1, done));
        untilFollowing();
        assertThat(home.events()).filteredOn(line -> line.contains("resync begins")).hasSize(1);
    }

    @Test
    void aNewLogMayBeginWithAllOthersPausedAlsoOverAKill() {
        Lab held = Lab.of(Lab.primary("home"), Lab.async("far"));
        LabSite first = held.site("home");
        first.holdReason = "not yet";
        held.start();
        held.until("serving", () -> first.group().serving());
        first.write(0, "abc");
        first.restart();
        held.until("serving again", () -> first.group().serving());
        held.run(5_000);
        assertThat(held.site("far").status().headSeq()).isZero();
        assertThat(first.events()).noneMatch(line -> line.contains("resync begins"));
        assertThat(first.sees("far").problem().reason()).contains("not yet");
        first.admin(done -> first.group().resume(1, done));
        held.until("far follows", () -> first.sees("far").data() == Data.CONSISTENT);
        first.restart();
        held.until("serving at last", () -> first.group().serving());
        assertThat(first.sees("far").flow()).isNotEqualTo(Flow.PAUSED);
    }

    @Test
    void requestsForTheWrongSiteAreRefusedByName() {
        assertThat(home.admin(done -> home.group().pause(7, "", done)))
                .contains("REFUSED", "no site 7");
        assertThat(home.admin(done -> home.group().pause(0, "", done)))
                .contains("REFUSED", "home is the primary itself");
        assertThat(far.admin(done -> far.group().pause(0, "", done)))
                .contains("REFUSED", "far does not serve");
        assertThat(home.takeover()).contains("REFUSED", "home is primary already");
    }

    @Test
    void aCleanStopGivesTheSitesWhatTheyLack() {
        home.write(0, "abc");
        assertThat(home.stop()).contains("stopped cleanly");
        assertThat(home.status().role()).isEqualTo(Role.STOPPED);
        assertThat(far.status().headSeq()).isEqualTo(1);
        assertThat(far.status().durableSeq()).isEqualTo(1);
    }

    @Test
    void aStopWithAnEmptyLogLetsGoOfAllThatNoSiteLacks() {
        home.write(0, "abc");
        untilFollowing();
        assertThat(home.stop()).contains("stopped cleanly");
        home.restart();
        lab.until("serving", () -> home.group().serving());
        assertThat(kept()).isPositive();
        untilFollowing();
        assertThat(home.admin(done -> home.group().shutdownEmptied(done)))
                .contains("stopped cleanly");
        home.restart();
        lab.until("serving again", () -> home.group().serving());
        assertThat(kept()).isZero();
        assertThat(home.read(0, 3)).isEqualTo("abc");
    }

    @Test
    void aStopWithAnEmptyLogKeepsWhatASiteLacks() {
        untilFollowing();
        lab.cut("home", "far");
        home.write(0, "abc");
        assertThat(home.admin(done -> home.group().shutdownEmptied(done)))
                .contains("stopped cleanly");
        home.restart();
        lab.until("serving", () -> home.group().serving());
        assertThat(kept()).isPositive();
    }

    private long kept() {
        RingPlaces ring = home.group().ring().orElseThrow();
        assertThat(ring.place(ring.head())).isBetween(ring.offset(), ring.offset() + ring.bytes());
        return ring.head() - ring.tail();
    }

    @Test
    void aCleanStopDoesNotWaitForASiteThatIsAway() {
        lab.cut("home", "far");
        home.write(0, "abc");
        long before = lab.now();
        assertThat(home.stop()).contains("stopped cleanly");
        assertThat(lab.now() - before).isLessThan(1_000_000_000L);
    }

    @Test
    void aCleanStopDoesNotWaitForEverForASiteThatStandsStill() {
        lab.stall("home", "far");
        home.write(0, "abc");
        assertThat(home.stop()).contains("stopped cleanly");
        assertThat(home.data().durableImage()).startsWith("abc");
    }

    @Test
    void requestsDuringAStopAreRefusedAndThoseBeforeItEndWell() {
        home.log().hold(Io.Op.WRITE);
        LabRequest before = home.startWrite(0, "a");
        home.group().shutdown(new Quiet());
        lab.settle();
        LabRequest during = home.startWrite(1, "b");
        assertThat(during.errno()).isEqualTo(Errno.ESHUTDOWN);
        home.log().release();
        lab.until("stopped", () -> home.group().isStopped());
        assertThat(before.hasSucceeded()).isTrue();
        assertThat(home.data().durableImage()).startsWith("a.");
    }

    @Test
    void aTargetStopsCleanlyToo() {
        home.write(0, "abc");
        lab.run(1_000);
        assertThat(far.stop()).contains("stopped cleanly");
        assertThat(far.data().durableImage()).startsWith("abc");
        home.write(3, "d");
        far.restart();
        untilFollowing();
    }

    @Test
    void aDiscardAskedForAHealthySiteChangesNothing() {
        home.write(0, "abc");
        untilFollowing();
        assertThat(home.resync("far", false)).contains("0 writes would be discarded");
        home.resync("far", true);
        home.write(3, "d");
        untilFollowing();
        assertThat(far.exports()).isEmpty();
        assertThat(far.status().data()).isEqualTo(Data.CONSISTENT);
    }

    @Test
    void aResyncKeepsToItsRate() {
        long rate = 16L << 10;
        Settings slow =
                new Settings(
                        Policy.ASYNC,
                        OutOfReach.DEGRADE,
                        1_000,
                        Mode.WARN,
                        LimitKind.NONE,
                        0,
                        rate);
        Lab each = Lab.of(Lab.primary("home"), new Lab.Place("far", "tcp", slow));
        each.site("home").data().fill("abcdefgh".repeat(Lab.DEVICE_SECTORS / 8));
        each.site("home").wal().fill("hgfedcba".repeat(Lab.DEVICE_SECTORS / 8));
        each.start();
        LabSite primary = each.site("home");
        each.until("serving", () -> primary.group().serving());
        each.until("copying", () -> primary.sees("far").flow() == Flow.RESYNC);
        long began = each.now();
        each.until("consistent", () -> primary.sees("far").data() == Data.CONSISTENT);
        double seconds = (each.now() - began) / 1e9;
        // 64 KiB at 16 KiB/s; the regions under way at first, half of it, go at once.
        assertThat(seconds).isBetween(1.9, 5.0);
    }

    @Test
    void progressOfAResyncIsTold() {
        Lab each = Lab.of(Lab.primary("home"), Lab.async("far"));
        LabSite primary = each.site("home");
        each.site("far").wal().hold(Io.Op.READ);
        each.start();
        each.until("serving", () -> primary.group().serving());
        each.until("copying", () -> primary.sees("far").resync() != null);
        each.run(500);
        GroupStatus.ResyncProgress progress = primary.sees("far").resync();
        assertThat(progress).isNotNull();
        assertThat(progress.totalBytes()).isEqualTo(2L * Lab.DEVICE_SECTORS * LabSite.SECTOR);
        assertThat(progress.doneBytes()).isEqualTo((long) Lab.DEVICE_SECTORS * LabSite.SECTOR);
        assertThat(progress.pass()).isEqualTo(1);
        each.site("far").wal().release();
        each.until("over", () -> primary.sees("far").data() == Data.CONSISTENT);
        assertThat(primary.sees("far").resync()).isNull();
    }

    @Test
    void aPrimaryServesAgainAfterTheStatedTimeThoughNobodyAnswers() {
        home.write(0, "abc");
        far.kill();
        home.restart();
        lab.run(900);
        assertThat(home.group().serving()).isFalse();
        assertThat(home.group().notServingReason()).contains("asking the other sites");
        lab.run(200);
        assertThat(home.group().serving()).isTrue();
    }

    @Test
    void aPrimaryServesAtOnceWhenAllHaveAnswered() {
        home.write(0, "abc");
        home.restart();
        assertThat(home.group().serving()).isTrue();
    }

    @Test
    void aPrimaryWithASiteThatMustNotBeLeftBehindServesOnlyWhenItHasBeenHeard() {
        Lab each = Lab.running(Lab.primary("home"), Lab.syncOrWait("near"));
        LabSite primary = each.site("home");
        primary.write(0, "abc");
        each.cut("home", "near");
        primary.powerCut();
        primary.restart();
        each.run(60_000);
        assertThat(primary.group().serving()).isFalse();
        assertThat(primary.group().notServingReason()).contains("must be heard: near");
        each.mendAll();
        each.until("serving", () -> primary.group().serving());
        assertThat(primary.read(0, 3)).isEqualTo("abc");
    }

    @Test
    void lagIsToldInWritesBytesAndTimeAndNeverNegative() {
        lab.cut("home", "far");
        home.write(0, "ab");
        lab.run(700);
        home.write(2, "c");
        assertThat(home.sees("far").behindWrites()).isEqualTo(2);
        assertThat(home.sees("far").behindBytes()).isEqualTo(3L * LabSite.SECTOR);
        assertThat(home.sees("far").behindMillis()).isBetween(700L, 710L);
        lab.mendAll();
        untilFollowing();
        assertThat(home.sees("far").behindWrites()).isZero();
        assertThat(home.sees("far").behindBytes()).isZero();
        assertThat(home.sees("far").behindMillis()).isZero();
    }

    @Test
    void whatMemoryNoLongerHoldsIsReadAndSentFromTheLog() {
        lab.cut("home", "far");
        home.data().hold(Io.Op.WRITE);
        String letters = "abcdefghijklmnop";
        for (int i = 0; i < 160; i++) {
            home.write(i % 4 * 16, letters.substring(i % 16) + letters.substring(0, i % 16));
        }
        String expected = home.read(0, Lab.DEVICE_SECTORS);
        lab.trace().clear();
        assertThat(home.read(0, Lab.DEVICE_SECTORS)).isEqualTo(expected);
        lab.mendAll();
        untilFollowing();
        assertThat(lab.trace()).contains("ring read");
        home.data().release();
        lab.run(3_000);
        assertThat(home.data().image()).isEqualTo(expected);
        assertThat(far.data().image()).isEqualTo(expected);
    }

    @Test
    void aSiteWithOtherDevicesIsRefused() {
        Lab each = Lab.of(Lab.primary("home"), Lab.async("far"));
        each.site("far").useOtherDevices();
        each.start();
        LabSite primary = each.site("home");
        each.until(
                "refused",
                () -> primary.group().serving() && primary.sees("far").link() == Link.REFUSED);
        assertThat(primary.sees("far").problem().reason()).contains("devices or block size");
    }

    private static final class Quiet implements Admin.Done {
        @Override
        public void done(String text) {
            assertThat(text).isNotEmpty();
        }

        @Override
        public void refused(String text) {
            throw new AssertionError(text);
        }
    }
}
