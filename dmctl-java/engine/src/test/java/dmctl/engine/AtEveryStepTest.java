package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupStatus.Data;
import dmctl.engine.GroupStatus.Link;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;

/**
 * One story told again and again, each time with the power cut some disk operations later: whatever
 * the moment, it ends well.
 */
class AtEveryStepTest {
    private static final int STEPS_MAX = 2_000;

    /** Set to 1 to try them all: that takes ten seconds. */
    private static final int STRIDE = 5;

    /** Tells a story, the accident some operations later each time, until it comes too late. */
    private static void atEveryStep(IntPredicate story) {
        int step = 1;
        while (story.test(step)) {
            step += STRIDE;
            assertThat(step).isLessThan(STEPS_MAX);
        }
        assertThat(step).as("steps of the story").isGreaterThan(5);
    }

    private static void untilEqual(Lab lab, LabSite primary, LabSite target) {
        lab.until(
                target.name() + " has everything",
                () ->
                        primary.sees(target.name()).link() == Link.UP
                                && primary.sees(target.name()).data() == Data.CONSISTENT
                                && primary.sees(target.name()).durableSeq()
                                        == primary.status().headSeq());
        lab.run(2_000);
        assertThat(target.data().image()).isEqualTo(primary.data().image());
        assertThat(target.wal().image()).isEqualTo(primary.wal().image());
    }

    private static void untilServing(Lab lab, LabSite site) {
        lab.until("serving", () -> site.group().serving());
    }

    @Test
    void aFlushedWriteIsThereAndUnflushedOnesAreAPrefix() {
        atEveryStep(step -> {
            Lab lab = Lab.running(Lab.primary("home"));
            LabSite home = lab.site("home");
            lab.afterOperations(step, home::powerCut);
            String written = "";
            String flushed = "";
            for (int i = 0; i < 12 && home.isRunning(); i++) {
                String letter = String.valueOf((char) ('a' + i));
                home.startWrite(i, letter);
                written += letter;
                lab.settle();
                if (i % 4 == 3 && home.isRunning()) {
                    LabRequest flush = home.startFlush();
                    lab.settle();
                    flushed = flush.hasSucceeded() ? written : flushed;
                }
                lab.run(150);
            }
            boolean happened = lab.accidentHappened();
            home.restart();
            untilServing(lab, home);
            String found = home.read(0, 12).replace(".", "");
            assertThat(written).startsWith(found);
            assertThat(found).startsWith(flushed);
            return happened;
        });
    }

    @Test
    void aFirstSyncEndsThoughTheTargetLosesPower() {
        atEveryStep(step -> firstSync(step, "far"));
    }

    @Test
    void aFirstSyncEndsThoughThePrimaryLosesPower() {
        atEveryStep(step -> firstSync(step, "home"));
    }

    private static boolean firstSync(int step, String victim) {
        Lab lab = Lab.of(Lab.primary("home"), Lab.async("far"));
        LabSite home = lab.site("home");
        LabSite far = lab.site("far");
        home.data().fill("abc".repeat(20));
        far.data().fill("#".repeat(Lab.DEVICE_SECTORS));
        lab.afterOperations(step, lab.site(victim)::powerCut);
        lab.start();
        for (int i = 0; i < 4; i++) {
            lab.run(300);
            if (!lab.site(victim).isRunning()) {
                lab.site(victim).restart();
            }
            untilServing(lab, home);
            home.startWrite(i * 10, "new");
        }
        boolean happened = lab.accidentHappened();
        if (!lab.site(victim).isRunning()) {
            lab.site(victim).restart();
        }
        untilServing(lab, home);
        untilEqual(lab, home, far);
        assertThat(far.data().image()).doesNotContain("#");
        return happened;
    }

    @Test
    void aTakeoverEndsThoughTheSiteLosesPower() {
        atEveryStep(step -> {
            Lab lab = Lab.running(Lab.primary("home"), Lab.sync("near"));
            LabSite near = lab.site("near");
            lab.site("home").write(0, "abc");
            lab.site("home").kill();
            lab.afterOperations(step, near::powerCut);
            near.group().takeover(false, new Ignored());
            lab.run(2_000);
            boolean happened = lab.accidentHappened();
            if (happened) {
                near.restart();
                lab.run(2_000);
                if (!near.group().serving()) {
                    assertThat(near.takeover()).contains("near is primary");
                }
            }
            assertThat(near.read(0, 3)).isEqualTo("abc");
            lab.site("home").restart();
            near.writePatiently(3, "d");
            untilEqual(lab, near, lab.site("home"));
            return happened;
        });
    }

    @Test
    void aDiscardKeepsItsExportThoughTheSiteLosesPower() {
        atEveryStep(step -> discard(step, true));
    }

    @Test
    void aDiscardOfWritesThatNeverReachedTheDevicesKeepsItsExportToo() {
        atEveryStep(step -> discard(step, false));
    }

    private static boolean discard(int step, boolean applied) {
        Lab lab = Lab.running(Lab.primary("home"), Lab.async("near"));
        LabSite home = lab.site("home");
        LabSite near = lab.site("near");
        home.write(0, "abc");
        lab.run(1_000);
        lab.cut("home", "near");
        home.write(3, "home");
        home.flush();
        lab.run(applied ? 1_000 : 0);
        near.takeover();
        near.write(3, "near");
        lab.mendAll();
        lab.until("refused", () -> near.sees("home").link() == Link.REFUSED);
        lab.afterOperations(step, home::powerCut);
        near.resync("home", true);
        lab.run(3_000);
        boolean happened = lab.accidentHappened();
        if (happened) {
            home.restart();
            lab.run(6_000);
            if (near.sees("home").link() == Link.REFUSED) {
                near.resync("home", true);
            }
        }
        untilEqual(lab, near, home);
        assertThat(home.data().image()).startsWith("abcnear");
        assertThat(home.exports()).anyMatch(export -> export.durableImage().contains("home"));
        return happened;
    }

    private static final class Ignored implements Admin.Done {
        @Override
        public void done(String text) {
            assertThat(text).isNotNull();
        }

        @Override
        public void refused(String text) {
            assertThat(text).isNotNull();
        }
    }

    @Test
    void aTakeoverThatDiedWhileItTookRecordsInIsBegunAgain() {
        atEveryStep(step -> {
            Lab lab = Lab.running(Lab.primary("home"), Lab.async("near"), Lab.async("far"));
            LabSite home = lab.site("home");
            LabSite near = lab.site("near");
            LabSite far = lab.site("far");
            home.write(0, "a");
            untilEqual(lab, home, near);
            untilEqual(lab, home, far);
            lab.cut("home", "far");
            home.powerCut();
            home.start();
            untilServing(lab, home);
            // A new term, which far has never heard of.
            for (int i = 1; i < 60; i++) {
                home.write(i, "b");
            }
            untilEqual(lab, home, near);
            home.kill();
            lab.afterOperations(step, far::kill);
            far.group().takeover(false, new Answer());
            lab.run(3_000);
            boolean happened = lab.accidentHappened();
            if (happened) {
                far.restart();
                lab.run(500);
                // Unless it had become primary already, and is on its way to serve.
                far.takeover();
                untilServing(lab, far);
            }
            untilEqual(lab, far, near);
            assertThat(far.read(0, 60)).isEqualTo("a" + "b".repeat(59));
            return happened;
        });
    }

    @Test
    void aSiteThatWasForkedIsConsistentOnlyWhenAPowerCutLeavesItSo() {
        atEveryStep(step -> {
            Lab lab = Lab.running(Lab.primary("home"), Lab.async("near"), Lab.async("far"));
            LabSite home = lab.site("home");
            LabSite near = lab.site("near");
            LabSite far = lab.site("far");
            untilEqual(lab, home, near);
            untilEqual(lab, home, far);
            lab.isolate("far");
            home.write(0, "a");
            untilEqual(lab, home, near);
            far.takeover();
            lab.mendAll();
            lab.cut("home", "far");
            lab.cut("home", "near");
            lab.until("forked", () -> near.status().data() == Data.FORKED);
            lab.isolate("far");
            lab.run(1_000);
            List<Data> claimed = new ArrayList<>();
            lab.afterOperations(
                    step,
                    () -> {
                        claimed.add(near.status().data());
                        near.powerCut();
                    });
            lab.mend("home", "near");
            for (int i = 1; i < 4; i++) {
                home.write(i, "b");
                lab.run(300);
            }
            boolean happened = lab.accidentHappened();
            if (happened) {
                lab.isolate("near");
                near.restart();
                if (claimed.getFirst() == Data.CONSISTENT) {
                    assertThat(near.status().data()).isEqualTo(Data.CONSISTENT);
                }
                lab.mend("home", "near");
            }
            untilEqual(lab, home, near);
            return happened;
        });
    }

    /** Whoever asked may be gone by the time of the answer. */
    private static final class Answer implements Admin.Done {
        @Override
        public void done(String text) {
            assertThat(text).contains("is primary");
        }

        @Override
        public void refused(String text) {
            throw new AssertionError(text);
        }
    }
}
