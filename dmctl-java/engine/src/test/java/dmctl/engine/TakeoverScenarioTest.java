package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupStatus.Data;
import dmctl.engine.GroupStatus.Flow;
import dmctl.engine.GroupStatus.Link;
import dmctl.engine.GroupStatus.Role;
import dmctl.engine.port.Io;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Changes of the primary: who goes on, who is fenced, who is refused, who is taken in again. */
class TakeoverScenarioTest {
    private final Lab lab = Lab.running(Lab.primary("home"), Lab.sync("near"), Lab.async("far"));
    private final LabSite home = lab.site("home");
    private final LabSite near = lab.site("near");
    private final LabSite far = lab.site("far");

    private void untilFollowing(LabSite primary, LabSite target) {
        lab.until(
                target.name() + " follows",
                () ->
                        primary.sees(target.name()).link() == Link.UP
                                && primary.sees(target.name()).durableSeq()
                                        == primary.status().headSeq());
    }

    @Test
    void afterATakeoverTheSiteServesWhatItHeld() {
        home.write(0, "abc");
        home.kill();
        assertThat(near.takeover()).contains("near is primary");
        assertThat(near.read(0, 4)).isEqualTo("abc.");
        near.write(3, "d");
        assertThat(near.read(0, 4)).isEqualTo("abcd");
    }

    @Test
    void aTakeoverTakesInWhatAnotherSiteHoldsBeyondItsOwnLog() {
        lab.cut("home", "far");
        home.write(0, "abc");
        home.kill();
        assertThat(far.takeover()).contains("far is primary");
        assertThat(far.read(0, 3)).isEqualTo("abc");
        assertThat(far.events()).anyMatch(line -> line.contains("took in seq"));
    }

    @Test
    void aTakeoverAsksAgainWhenASiteHasGoneOnInAnotherTermSinceItWasAsked() {
        lab.cut("home", "far");
        home.write(0, "abc");
        home.powerCut();
        home.start();
        lab.run(Lab.TUNING.askSitesMillis() / 2);
        assertThat(home.group().serving()).isFalse();
        List<String> answers = new ArrayList<>();
        far.group().takeover(false, new Answer(answers));
        lab.until("home serves", () -> home.group().serving());
        home.write(3, "d");
        assertThat(near.status().headSeq()).isEqualTo(2);
        assertThat(answers).as("far still asks home").isEmpty();

        lab.until("far has taken over", () -> !answers.isEmpty());
        assertThat(answers.getFirst()).contains("far is primary");
        assertThat(far.events()).anyMatch(line -> line.contains("which it had not told"));
        assertThat(far.read(0, 4)).isEqualTo("abcd");
        untilFollowing(far, near);
        lab.mendAll();
        untilFollowing(far, home);
        assertThat(near.status().data()).isEqualTo(Data.CONSISTENT);
        assertThat(home.status().data()).isEqualTo(Data.CONSISTENT);
    }

    /** Keeps what is answered. */
    private record Answer(List<String> answers) implements Admin.Done {
        @Override
        public void done(String text) {
            answers.add(text);
        }

        @Override
        public void refused(String text) {
            answers.add("REFUSED: " + text);
        }
    }

    @Test
    void theOtherSitesFollowTheNewPrimary() {
        home.write(0, "abc");
        home.kill();
        near.takeover();
        near.write(3, "d");
        untilFollowing(near, far);
        lab.run(2_000);
        assertThat(far.data().image()).startsWith("abcd");
    }

    @Test
    void theOldPrimaryIsFencedWhenItComesBackAndThenFollows() {
        home.write(0, "abc");
        home.kill();
        near.takeover();
        near.write(3, "d");
        home.restart();
        lab.until("home answers", () -> home.status().role() == Role.TARGET);
        assertThat(home.group().serving()).isFalse();
        assertThat(home.events()).anyMatch(line -> line.contains("fenced"));
        untilFollowing(near, home);
        lab.run(2_000);
        assertThat(home.data().image()).startsWith("abcd");
    }

    @Test
    void anOldPrimaryThatStillRunsIsFencedWhenTheWayToTheNewOneIsBack() {
        home.write(0, "abc");
        lab.isolate("home");
        lab.settle();
        assertThat(near.takeover()).contains("near is primary");
        assertThat(home.group().serving()).isTrue();
        lab.mendAll();
        lab.until("home is fenced", () -> !home.group().serving());
        assertThat(home.startWrite(3, "x").errno()).isEqualTo(Errno.ESHUTDOWN);
        untilFollowing(near, home);
    }

    /** The old primary goes on by itself while another site takes over: their histories fork. */
    private void fork() {
        home.write(0, "abc");
        lab.run(500);
        lab.isolate("home");
        LabRequest alone = home.startWrite(3, "home");
        lab.run(1_500);
        assertThat(alone.hasSucceeded()).as("completed while degraded").isTrue();
        near.takeover();
        near.write(3, "near");
        lab.mendAll();
    }

    @Test
    void aForkedOldPrimaryIsRefusedByName() {
        fork();
        lab.until("refused", () -> near.sees("home").link() == Link.REFUSED);
        assertThat(near.sees("home").data()).isEqualTo(Data.FORKED);
        assertThat(near.sees("home").problem().reason())
                .contains("home has forked")
                .contains("1 writes beyond seq 1");
        lab.run(10_000);
        assertThat(home.status().data()).isEqualTo(Data.FORKED);
        assertThat(home.problems()).contains("forked");
        assertThat(home.takeover()).startsWith("REFUSED");
        assertThat(home.data().image()).doesNotContain("n");
    }

    @Test
    void aForkedSiteIsTakenInAgainOnRequestAndKeepsItsWritesAsAnExport() {
        fork();
        lab.until("refused", () -> near.sees("home").link() == Link.REFUSED);
        assertThat(near.resync("home", false)).contains("1 writes would be discarded");
        lab.run(1_000);
        assertThat(near.sees("home").link()).isEqualTo(Link.REFUSED);
        near.resync("home", true);
        untilFollowing(near, home);
        lab.until("consistent", () -> home.status().data() == Data.CONSISTENT);
        lab.run(2_000);
        assertThat(home.data().image()).isEqualTo(near.data().image()).startsWith("abcnear");
        assertThat(home.exports()).hasSize(1);
        assertThat(home.exports().getFirst().name).startsWith("lab-home-seq-2-2-");
        assertThat(home.exports().getFirst().find(Letters.bytes("home"))).isPositive();
    }

    @Test
    void anExportThatCannotBeWrittenStopsTheDiscard() {
        fork();
        lab.until("refused", () -> near.sees("home").link() == Link.REFUSED);
        home.fullForExports(true);
        near.resync("home", true);
        lab.until("home says so", () -> home.status().role() == Role.FAILED);
        assertThat(home.problems()).contains("failed");
        home.fullForExports(false);
        home.restart();
        lab.run(1_000);
        assertThat(home.status().data()).isEqualTo(Data.FORKED);
        assertThat(home.status().headSeq()).isEqualTo(2);
    }

    @Test
    void aPreviewOfATakeoverSaysWhatWouldBeLostAndChangesNothing() {
        home.write(0, "abc");
        lab.run(1_000);
        lab.cut("home", "near");
        lab.cut("home", "far");
        lab.settle();
        String text = near.admin(done -> near.group().previewTakeover(done));
        assertThat(text).contains("this copy: consistent, up to seq 1").contains("lost: 0 writes");
        assertThat(near.status().role()).isEqualTo(Role.TARGET);
        assertThat(home.group().serving()).isTrue();
    }

    @Test
    void aPreviewSaysOfASiteThatIsSilentThatItIs() {
        home.write(0, "abc");
        lab.run(1_000);
        lab.silence("home");
        lab.settle();
        String text = near.admin(done -> near.group().previewTakeover(done));
        assertThat(text).contains("site home: not reached: no answer within the time for it");
    }

    @Test
    void aCopyInResyncIsTakenOverOnlyOnAnExplicitWord() {
        home.write(0, "abc");
        lab.run(1_000);
        far.data().hold(Io.Op.READ);
        far.data().hold(Io.Op.WRITE);
        lab.cut("home", "far");
        for (int i = 0; i < 600; i++) {
            home.startWrite(i % 32, "w");
            lab.run(5);
        }
        lab.mendAll();
        lab.until("copying", () -> home.sees("far").data() == Data.NOT_CONSISTENT);
        home.kill();
        near.kill();
        assertThat(far.takeover()).startsWith("REFUSED").contains("is not consistent");
        far.data().release();
        assertThat(far.admin(done -> far.group().takeover(true, done))).contains("far is primary");
        far.writePatiently(0, "x");
        assertThat(far.read(0, 1)).isEqualTo("x");
    }

    @Test
    void nobodyFollowsACopyTakenOverInconsistentBeforeItIsCopiedFromThere() {
        lab.cut("home", "far");
        lab.cut("near", "far");
        for (int i = 0; i < 600; i++) {
            home.startWrite(i % 64, "w");
            lab.run(5);
        }
        long common = home.status().headSeq();
        lab.until("near has all", () -> near.status().appliedSeq() == common);
        near.kill();
        lab.run(3_000);
        home.data().hold(Io.Op.READ);
        lab.mend("home", "far");
        lab.until("copying", () -> home.sees("far").flow() == Flow.RESYNC);
        far.log().hold("ring write");
        home.writeWal(0, "bcd");
        home.data().release();
        lab.until("replaying", () -> far.takeover().contains("replaying to seq"));
        assertThat(far.status().headSeq()).isEqualTo(common);
        home.kill();
        far.log().release();
        assertThat(far.takeoverThoughNotConsistent()).contains("far is primary");
        lab.mendAll();
        near.start();
        lab.until("near is refused", () -> far.sees("near").link() == Link.REFUSED);
        assertThat(near.status().data()).isEqualTo(Data.FORKED);
        far.resync("near", true);
        lab.until("near follows", () -> far.sees("near").data() == Data.CONSISTENT);
        far.writePatiently(40, "x");
        untilFollowing(far, near);
        lab.run(3_000);
        assertThat(near.wal().image()).isEqualTo(far.wal().image());
        assertThat(near.data().image()).isEqualTo(far.data().image());
    }

    @Test
    void twoTakeoversInARowGoOnInOneHistory() {
        home.write(0, "a");
        home.kill();
        near.takeover();
        near.write(1, "b");
        untilFollowing(near, far);
        near.kill();
        far.takeover();
        far.writePatiently(2, "c");
        assertThat(far.read(0, 3)).isEqualTo("abc");
        home.restart();
        near.restart();
        untilFollowing(far, home);
        untilFollowing(far, near);
        assertThat(far.status().terms()).hasSize(3);
    }

    @Test
    void aSiteAheadOfTheNewPrimaryHasForkedUnlessItsRecordsAreTakenIn() {
        lab.cut("near", "far");
        lab.cut("home", "far");
        home.write(0, "abc");
        home.kill();
        far.takeover();
        far.writePatiently(0, "x");
        lab.mendAll();
        lab.until("near is refused", () -> far.sees("near").link() == Link.REFUSED);
        assertThat(near.status().data()).isEqualTo(Data.FORKED);
        assertThat(near.exports()).isEmpty();
    }

    @Test
    void whatATakeoverLeavesBehindIsNeverCutOffUnaskedEvenRightAfterAReopening() {
        home.write(0, "abc");
        lab.run(1_000);
        home.restart();
        lab.until("serving", () -> home.group().serving());
        untilFollowing(home, near);
        untilFollowing(home, far);
        lab.cut("home", "near");
        home.writePatiently(3, "d");
        lab.run(100);
        assertThat(far.status().headSeq()).isEqualTo(2);
        home.kill();
        lab.cut("near", "far");
        near.takeover();
        lab.mendAll();
        lab.until("far is refused", () -> near.sees("far").link() == Link.REFUSED);
        assertThat(far.exports()).isEmpty();
        assertThat(far.status().headSeq()).isEqualTo(2);
    }

    @Test
    void aTakeoverWaitsUntilTheTermIsDurable() {
        home.write(0, "abc");
        home.kill();
        near.log().hold(Io.Op.FLUSH);
        StringBuilder answer = new StringBuilder();
        near.group()
                .takeover(
                        false,
                        new Admin.Done() {
                            @Override
                            public void done(String text) {
                                answer.append(text);
                            }

                            @Override
                            public void refused(String text) {
                                answer.append(text);
                            }
                        });
        lab.run(5_000);
        assertThat(answer).isEmpty();
        assertThat(near.group().serving()).isFalse();
        near.log().release();
        lab.until("serving", () -> near.group().serving());
        near.powerCut();
        near.start();
        lab.until("serving", () -> near.group().serving());
        assertThat(near.status().terms()).anyMatch(line -> line.contains("takeover"));
    }

    @Test
    void devicesThatAnUnknowingOldPrimaryHasWrittenToAreComparedAgain() {
        Lab each = Lab.running(Lab.primary("home"), Lab.async("near"), Lab.blockdev("vault"));
        LabSite old = each.site("home");
        LabSite next = each.site("near");
        LabSite vault = each.site("vault");
        old.write(0, "abc");
        each.run(1_000);
        old.kill();
        next.takeover();
        next.write(3, "next");
        each.until("vault follows", () -> vault.data().image().startsWith("abcnext"));
        next.kill();
        old.restart();
        each.until("the old one serves, for nobody tells it", () -> old.group().serving());
        old.write(1, "old");
        each.run(3_000);
        assertThat(vault.data().image()).startsWith("aold");
        old.kill();
        next.restart();
        each.until("the new one is back", () -> next.group().serving());
        old.restart();
        each.until("vault is as it should be", () -> vault.data().image().startsWith("abcnext"));
        next.write(7, "d");
        each.until("and follows", () -> vault.data().image().startsWith("abcnextd"));
        assertThat(next.events())
                .filteredOn(line -> line.contains("vault: resync begins"))
                .hasSize(2);
    }
}
