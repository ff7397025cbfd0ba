package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupStatus.Data;
import dmctl.engine.GroupStatus.Flow;
import dmctl.engine.port.Io;
import dmctl.replog.RegionPage;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The region map is never behind the history, whatever the log has let go of. */
class RegionMapScenarioTest {
    private static final int REGION_SECTORS = 8;
    private static final int REGIONS = Lab.DEVICE_SECTORS / REGION_SECTORS;

    private final Lab lab = Lab.of(Lab.primary("home"), Lab.drop("far"));
    private final LabSite home = lab.site("home");
    private final LabSite far = lab.site("far");

    private void untilServing() {
        lab.until("serving", () -> home.group().serving());
    }

    private void running() {
        lab.start();
        untilServing();
        lab.until("consistent", () -> home.sees("far").data() == Data.CONSISTENT);
        lab.settle();
    }

    /** Writes to the first region until the log has let go of all there was. */
    private void roll() {
        long until = home.status().headSeq() + 600;
        for (int i = 0; home.status().headSeq() < until; i++) {
            home.writePatiently(i % 4, "w");
            if (i % 8 == 0) {
                lab.run(30);
            }
        }
        lab.run(3_000);
    }

    @Test
    void regionsCountAsLackingFromTheWriteOnUntilTheSiteHasIt() {
        running();
        assertThat(home.lacking("far")).isZero();
        lab.cut("home", "far");
        home.write(0, "a");
        home.write(3 * REGION_SECTORS - 1, "bc");
        home.write(1, "d");
        assertThat(home.lacking("far")).isEqualTo(3);
        assertThat(home.sees("far").regions())
                .extracting(GroupStatus.RegionCount::devNr, GroupStatus.RegionCount::total)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(0, REGIONS),
                        org.assertj.core.groups.Tuple.tuple(3, REGIONS));
        assertThat(home.sees("far").regions().getLast().lacking()).isZero();
        assertThat(home.lacking("home")).isEqualTo(3);
        lab.mendAll();
        lab.until("caught up", () -> home.lacking("far") == 0);
        lab.until("applied", () -> home.lacking("home") == 0);
        assertThat(far.status().sites().getFirst().regions()).isEmpty();
        assertThat(home.status().regionMap().kept()).isTrue();
        assertThat(home.status().regionMap().regionBytes()).isEqualTo(4096);
    }

    @Test
    void aSiteThatNeverSyncedLacksEveryRegion() {
        lab.cut("home", "far");
        lab.start();
        untilServing();
        assertThat(home.lacking("far")).isEqualTo(REGIONS);
    }

    @Test
    void duringACopyTheRegionsLeftAreCounted() {
        lab.start();
        untilServing();
        home.wal().hold(Io.Op.READ);
        lab.until("copying", () -> home.sees("far").flow() == Flow.RESYNC);
        lab.run(300);
        assertThat(home.lacking("far")).isZero();
        assertThat(home.sees("far").regions().getLast().lacking()).isBetween(0, REGIONS - 1);
        home.wal().release();
        lab.until("consistent", () -> home.sees("far").data() == Data.CONSISTENT);
    }

    @Test
    void whatTheLogHasLetGoIsStillKnownAfterAPowerCut() {
        running();
        lab.cut("home", "far");
        home.write(5 * REGION_SECTORS, "x");
        home.discard(6 * REGION_SECTORS, 2);
        long seq = home.status().headSeq();
        roll();
        assertThat(home.lacking("far")).isEqualTo(3);
        for (Consumer<LabSite> end :
                java.util.List.<Consumer<LabSite>>of(LabSite::powerCut, LabSite::stop)) {
            end.accept(home);
            home.restart();
            untilServing();
            assertThat(home.notedAt(5 * REGION_SECTORS)).isEqualTo(seq - 1);
            assertThat(home.notedAt(6 * REGION_SECTORS + 1)).isEqualTo(seq);
            assertThat(home.notedAt(4 * REGION_SECTORS)).isZero();
            assertThat(home.lacking("far")).isEqualTo(3);
            assertThat(home.status().regionMap().reason()).isEmpty();
        }
    }

    @Test
    void theLogLetsGoOfNothingBeforeThePagesAreDurable() {
        running();
        lab.cut("home", "far");
        home.write(5 * REGION_SECTORS, "x");
        long seq = home.status().headSeq();
        home.log().hold("map write");
        for (int i = 0; i < 1_000 && home.startWrite(i % 4, "w").isTaken(); i++) {
            lab.run(2);
        }
        assertThat(home.status().stalled()).isNotNull();
        home.flush();
        home.powerCut();
        home.log().release();
        home.restart();
        untilServing();
        assertThat(home.notedAt(5 * REGION_SECTORS)).isEqualTo(seq);
    }

    /** Rolls the log, then damages what stands there, and starts again. */
    private void damaged(Consumer<LabDisk> damage) {
        running();
        lab.cut("home", "far");
        home.write(5 * REGION_SECTORS, "x");
        roll();
        home.stop();
        home.kill();
        damage.accept(home.log());
        home.events().clear();
        home.start();
        untilServing();
    }

    private static int slot(LabDisk log, int slot, int page) {
        return log.mapOffset() + (slot * log.mapPages() + page) * RegionPage.BYTES;
    }

    @Test
    void aDamagedPageMakesItsRegionsCountAsWrittenAndIsNamed() {
        damaged(log -> {
            for (int slot = 0; slot < 2; slot++) {
                log.flipBit(slot(log, slot, 0) + 100);
            }
        });
        long head = home.status().headSeq();
        assertThat(home.notedAt(5 * REGION_SECTORS)).isEqualTo(head);
        assertThat(home.notedAt(7 * REGION_SECTORS)).isEqualTo(head);
        assertThat(home.group().lastSeqAt(3, 0)).isZero();
        assertThat(home.lacking("far")).isEqualTo(REGIONS);
        String reason = home.status().regionMap().reason();
        assertThat(reason)
                .contains("region map page")
                .contains("offset " + (slot(home.log(), 0, 0) + 4092));
        assertThat(home.events())
                .anyMatch(line -> line.startsWith("region map: ") && line.contains(reason));
        assertThat(home.problems()).containsExactly("region-map");
        roll();
        home.restart();
        untilServing();
        assertThat(home.status().regionMap().reason()).isEmpty();
        assertThat(home.notedAt(7 * REGION_SECTORS)).isEqualTo(head);
    }

    @Test
    void anOlderPageIsNotTakenForOneThatHasRotted() {
        for (int slot = 0; slot < 2; slot++) {
            int rotten = slot;
            RegionMapScenarioTest other = new RegionMapScenarioTest();
            other.damaged(log -> log.flipBit(slot(log, rotten, 0) + 100));
            assertThat(other.home.notedAt(5 * REGION_SECTORS))
                    .as("slot %d", slot)
                    .isGreaterThanOrEqualTo(1);
            boolean counted = !other.home.status().regionMap().reason().isEmpty();
            assertThat(other.home.lacking("far")).isEqualTo(counted ? REGIONS : 2);
        }
    }

    @Test
    void unreadablePagesAreNamedAndTheLogOpens() {
        damaged(log -> log.breakDown(Io.Op.READ, slot(log, 0, 0), 2 * log.mapPages() * 4096));
        assertThat(home.status().regionMap().reason()).contains("cannot be read at offset");
        assertThat(home.lacking("far")).isEqualTo(REGIONS);
    }

    @Test
    void anotherRegionSizeReadsTheOldPagesRight() {
        damaged(log -> home.changeRegions(8192));
        assertThat(home.status().regionMap().regionBytes()).isEqualTo(8192);
        assertThat(home.notedAt(5 * REGION_SECTORS)).isEqualTo(1);
        assertThat(home.notedAt(4 * REGION_SECTORS)).isEqualTo(1);
        assertThat(home.notedAt(6 * REGION_SECTORS)).isZero();
        assertThat(home.lacking("far")).isEqualTo(2);
        roll();
        home.changeRegions(4096);
        home.restart();
        untilServing();
        assertThat(home.notedAt(4 * REGION_SECTORS)).isEqualTo(1);
        assertThat(home.notedAt(6 * REGION_SECTORS)).isZero();
    }

    @Test
    void aLogOfAnOlderReleaseStaysOneAndItsMapIsInMemoryOnly() {
        home.makeLogWithoutRegionMap();
        running();
        assertThat(home.status().regionMap().kept()).isFalse();
        lab.cut("home", "far");
        home.write(5 * REGION_SECTORS, "x");
        assertThat(home.lacking("far")).isEqualTo(1);
        roll();
        home.restart();
        untilServing();
        assertThat(home.status().regionMap().reason()).contains("keeps none");
        assertThat(home.problems()).isEmpty();
        assertThat(home.lacking("far")).isEqualTo(REGIONS);
        // Versions of both superblocks and checkpoints: the older release can have the log back.
        for (int at : new int[] {0, 4096, 16384, 16384 + 131072}) {
            assertThat(home.log().shortAt(at + 8)).isEqualTo((short) 1);
            assertThat(home.log().shortAt(at + 10)).isEqualTo((short) 1);
        }
    }

    @Test
    void aSiteThatLeftALogOfAnOlderReleaseIsCopiedWholeAfterARestart() {
        home.makeLogWithoutRegionMap();
        leftTheLog();
        home.restart();
        untilServing();
        home.events().clear();
        lab.mendAll();
        untilEqual();
        assertThat(resynced("65536 bytes to look at, the regions")).isTrue();
    }

    @Test
    void aSiteThatLeftTheLogBeforeARestartGetsTheRegionsItLacks() {
        leftTheLog();
        home.powerCut();
        home.restart();
        untilServing();
        home.events().clear();
        lab.mendAll();
        untilEqual();
        assertThat(resynced("8192 bytes to look at, the regions")).isTrue();
    }

    @Test
    void aSiteThatLeftTheLogGetsAllRegionsOfADamagedPage() {
        leftTheLog();
        home.stop();
        home.kill();
        for (int slot = 0; slot < 2; slot++) {
            home.log().flipBit(slot(home.log(), slot, 0) + 100);
        }
        home.start();
        untilServing();
        home.events().clear();
        lab.mendAll();
        untilEqual();
        assertThat(resynced("32768 bytes to look at, the regions")).isTrue();
    }

    @Test
    void aPrimaryThatComesBackGetsTheRegionsItLacks() {
        running();
        home.write(2 * REGION_SECTORS, "a");
        lab.until("far has it", () -> far.status().appliedSeq() == home.status().headSeq());
        assertThat(home.stop()).doesNotStartWith("REFUSED");
        home.kill();
        assertThat(far.takeover()).contains("far is primary");
        far.write(5 * REGION_SECTORS, "x");
        long until = far.status().headSeq() + 600;
        for (int i = 0; far.status().headSeq() < until; i++) {
            far.writePatiently(i % 4, "w");
            if (i % 8 == 0) {
                lab.run(30);
            }
        }
        lab.run(3_000);
        assertThat(far.status().sites()).isNotEmpty();
        home.start();
        lab.until("home follows", () -> far.sees("home").data() == Data.CONSISTENT);
        lab.until(
                "home has all",
                () ->
                        home.status().appliedSeq() == far.status().headSeq()
                                && far.status().appliedSeq() == far.status().headSeq());
        assertThat(far.events())
                .anyMatch(line -> line.contains("8192 bytes to look at, the regions"));
        assertThat(home.data().image()).isEqualTo(far.data().image());
        assertThat(home.wal().image()).isEqualTo(far.wal().image());
    }

    @Test
    void aSiteThatWasCopiedWholeNotesEveryRegion() {
        lab.start();
        untilServing();
        lab.cut("home", "far");
        home.write(0, "abc");
        lab.run(2_000);
        lab.mendAll();
        lab.until("consistent", () -> home.sees("far").data() == Data.CONSISTENT);
        lab.settle();
        assertThat(far.notedAt(7 * REGION_SECTORS)).isEqualTo(1);
        far.restart();
        assertThat(far.notedAt(7 * REGION_SECTORS)).isEqualTo(1);
    }

    /** The site leaves the log, and the regions it gets are counted by what is copied. */
    private void leftTheLog() {
        running();
        for (int region = 0; region < REGIONS; region++) {
            home.write(region * REGION_SECTORS, "abcdefgh");
        }
        lab.until("far has it", () -> far.status().appliedSeq() == home.status().headSeq());
        lab.run(3_000);
        lab.cut("home", "far");
        home.write(5 * REGION_SECTORS, "x");
        roll();
        assertThat(home.events()).anyMatch(line -> line.contains("far: out of the log"));
        home.events().clear();
        assertThat(home.lacking("far")).isEqualTo(2);
    }

    private void untilEqual() {
        lab.until(
                "far has everything",
                () ->
                        home.sees("far").data() == Data.CONSISTENT
                                && far.status().appliedSeq() == home.status().headSeq()
                                && home.status().appliedSeq() == home.status().headSeq());
        assertThat(far.data().image()).isEqualTo(home.data().image());
        assertThat(far.wal().image()).isEqualTo(home.wal().image());
    }

    private boolean resynced(String how) {
        return home.events().stream().anyMatch(line -> line.contains("resync begins, " + how));
    }

    @Test
    void aSiteThatLeftTheLogGetsTheRegionsItLacks() {
        leftTheLog();
        lab.mendAll();
        untilEqual();
        assertThat(home.events())
                .anyMatch(
                        line -> line.contains("resync begins, 8192 bytes to look at, the regions"));
        assertThat(home.lacking("far")).isZero();
    }

    @Test
    void whatWasInTheLogOfTheSiteAndNotOnItsDevicesIsCopied() {
        running();
        home.write(7 * REGION_SECTORS, "z");
        lab.until("far has it", () -> far.status().appliedSeq() == home.status().headSeq());
        lab.run(3_000);
        far.data().hold(Io.Op.WRITE);
        home.write(3 * REGION_SECTORS, "y");
        lab.until("far has it", () -> far.status().durableSeq() == home.status().headSeq());
        lab.cut("home", "far");
        far.kill();
        far.data().release();
        far.start();
        roll();
        home.events().clear();
        lab.mendAll();
        untilEqual();
        assertThat(far.data().image()).contains("y");
    }

    @Test
    void aCopyThatIsCutOffGoesOnWithTheSameRegions() {
        leftTheLog();
        far.data().hold(Io.Op.READ);
        lab.mendAll();
        lab.until("copying", () -> resynced("8192 bytes"));
        lab.cut("home", "far");
        home.write(6 * REGION_SECTORS, "z");
        home.events().clear();
        far.data().release();
        lab.mendAll();
        untilEqual();
        assertThat(resynced("12288 bytes to look at, the regions")).isTrue();
    }

    @Test
    void aSiteThatIsRestartedInTheMiddleOfACopyIsCopiedWhole() {
        leftTheLog();
        far.data().hold(Io.Op.READ);
        lab.mendAll();
        lab.until("copying", () -> resynced("8192 bytes"));
        home.events().clear();
        far.kill();
        far.data().release();
        far.start();
        untilEqual();
        assertThat(resynced("65536 bytes to look at")).isTrue();
    }

    @Test
    void aPrimaryThatIsRestartedInTheMiddleOfACopyCopiesTheWhole() {
        leftTheLog();
        far.data().hold(Io.Op.READ);
        lab.mendAll();
        lab.until("copying", () -> resynced("8192 bytes"));
        home.events().clear();
        home.restart();
        untilServing();
        far.data().release();
        untilEqual();
        assertThat(resynced("65536 bytes to look at")).isTrue();
    }

    @Test
    void aTakeoverInTheMiddleOfACopyNotesEveryRegion() {
        lab.start();
        untilServing();
        home.write(0, "a");
        far.log().hold("ring write");
        home.data().hold(Io.Op.READ);
        lab.until("copying", () -> home.sees("far").flow() == Flow.RESYNC);
        home.write(0, "abc");
        home.data().release();
        lab.until("replaying", () -> far.takeover().contains("replaying to seq 2"));
        home.kill();
        far.log().release();
        assertThat(far.takeoverThoughNotConsistent()).doesNotStartWith("REFUSED");
        lab.until("serving", () -> far.group().serving());
        long head = far.status().headSeq();
        assertThat(head).isPositive();
        assertThat(far.notedAt(7 * REGION_SECTORS)).isEqualTo(head);
        far.powerCut();
        far.restart();
        assertThat(far.notedAt(7 * REGION_SECTORS)).isEqualTo(head);
    }
}
