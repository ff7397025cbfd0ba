package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupStatus.Data;
import dmctl.engine.GroupStatus.Link;
import dmctl.engine.port.Io;
import org.junit.jupiter.api.Test;

/** Kills and power cuts: what comes back is records 1 to N, with all that was promised. */
class RecoveryScenarioTest {
    private final Lab lab = Lab.running(Lab.primary("home"), Lab.async("far"));
    private final LabSite home = lab.site("home");
    private final LabSite far = lab.site("far");

    private void untilServing() {
        lab.until("serving", () -> home.group().serving());
    }

    private void untilFollowing() {
        lab.until(
                "far follows",
                () ->
                        home.sees("far").link() == Link.UP
                                && home.sees("far").durableSeq() == home.status().headSeq());
    }

    @Test
    void aCompletedWriteSurvivesAKill() {
        home.write(0, "abc");
        home.writeWal(0, "xyz");
        home.kill();
        home.restart();
        untilServing();
        assertThat(home.read(0, 3)).isEqualTo("abc");
        assertThat(home.readWal(0, 3)).isEqualTo("xyz");
    }

    @Test
    void aWriteThatHadNotReachedTheLogIsGoneAsIfNeverMade() {
        home.write(0, "abc");
        home.log().hold(Io.Op.WRITE);
        LabRequest lost = home.startWrite(1, "x");
        lab.settle();
        assertThat(lost.hasEnded()).isFalse();
        home.kill();
        home.log().release();
        home.restart();
        untilServing();
        assertThat(home.read(0, 3)).isEqualTo("abc");
    }

    @Test
    void aFlushedWriteSurvivesAPowerCutAndTheRestIsGone() {
        lab.cut("home", "far");
        home.write(0, "abc");
        home.flush();
        home.write(3, "def");
        home.powerCut();
        home.restart();
        untilServing();
        assertThat(home.read(0, 6)).isEqualTo("abc...");
        assertThat(home.status().terms()).hasSize(2).anyMatch(line -> line.contains("reopened"));
    }

    @Test
    void aBatchWhoseDataWasTornByAPowerCutIsNotTakenForWhole() {
        lab.cut("home", "far");
        home.write(0, "abc");
        home.flush();
        home.write(0, "xyz");
        home.log().tear(4096);
        home.powerCut();
        home.restart();
        untilServing();
        assertThat(home.status().headSeq()).isEqualTo(1);
        assertThat(home.read(0, 3)).isEqualTo("abc");
    }

    @Test
    void whatAPowerCutTookFromThePrimaryComesBackFromASiteThatHasIt() {
        home.write(0, "abc");
        lab.run(50);
        home.powerCut();
        home.restart();
        untilServing();
        assertThat(home.read(0, 3)).isEqualTo("abc");
        assertThat(home.events()).anyMatch(line -> line.contains("took in seq 1 to 1"));
    }

    @Test
    void surplusAtASiteOutOfReachIsCutOffAndKeptAsAnExport() {
        home.write(0, "abc");
        home.flush();
        home.write(3, "lost");
        lab.run(20);
        lab.cut("home", "far");
        home.powerCut();
        home.restart();
        untilServing();
        assertThat(home.read(0, 7)).isEqualTo("abc....");
        home.write(3, "new");
        lab.mendAll();
        untilFollowing();
        lab.run(2_000);
        assertThat(far.data().image()).isEqualTo(home.data().image()).startsWith("abcnew.");
        assertThat(far.exports()).hasSize(1);
        assertThat(far.exports().getFirst().find(Letters.bytes("lost"))).isPositive();
    }

    @Test
    void surplusIsCutOffEvenWhenThePrimaryCameBackWithNothing() {
        home.write(0, "lost");
        lab.run(20);
        lab.cut("home", "far");
        home.powerCut();
        home.restart();
        untilServing();
        home.write(0, "new");
        lab.mendAll();
        untilFollowing();
        lab.run(2_000);
        assertThat(far.data().image()).isEqualTo(home.data().image()).startsWith("new.");
    }

    @Test
    void aCleanStopPutsEverythingOnTheDevices() {
        home.write(0, "abc");
        home.discard(1, 1);
        home.writeWal(5, "xyz");
        assertThat(home.stop()).contains("stopped cleanly: all is on the devices");
        home.powerCut();
        assertThat(home.data().image()).startsWith("a.c");
        assertThat(home.wal().image()).startsWith(".....xyz");
    }

    @Test
    void afterACleanStopNoNewTermBegins() {
        home.write(0, "abc");
        home.stop();
        home.restart();
        untilServing();
        assertThat(home.status().terms()).hasSize(1);
        home.write(3, "d");
        untilFollowing();
        assertThat(far.status().data()).isEqualTo(Data.CONSISTENT);
    }

    @Test
    void afterEveryOtherOpeningANewTermBegins() {
        for (int i = 2; i < 5; i++) {
            home.write(i, "a");
            home.restart();
            untilServing();
            assertThat(home.status().terms()).hasSize(i);
        }
    }

    @Test
    void aTargetGoesOnWhereItWasAfterAPowerCut() {
        home.write(0, "abc");
        lab.run(1_000);
        home.write(3, "def");
        far.powerCut();
        home.write(6, "ghi");
        far.restart();
        untilFollowing();
        lab.run(2_000);
        assertThat(far.data().image()).startsWith("abcdefghi");
        assertThat(home.events()).filteredOn(line -> line.contains("resync begins")).hasSize(1);
    }

    @Test
    void aPowerCutAtAnyMomentLeavesARecordPrefixAtTheTarget() {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 24; i++) {
            home.write(i, String.valueOf((char) ('a' + i)));
            all.append((char) ('a' + i));
            lab.run(37);
            if (i % 5 == 4) {
                far.powerCut();
                far.restart();
                lab.run(13);
                long held = far.status().headSeq();
                String image = far.data().image().replace(".", "");
                assertThat(all.toString()).startsWith(image);
                assertThat((long) image.length()).isLessThanOrEqualTo(held);
            }
        }
        untilFollowing();
    }

    @Test
    void recoveryOfAWrappedLogFindsEverything() {
        String letters = "abcdefghijklmnopqrstuvwxyz";
        for (int i = 0; i < 900; i++) {
            int letter = i % letters.length();
            home.write(letter, letters.substring(letter, letter + 1));
            if (i % 10 == 0) {
                lab.run(100);
            }
        }
        home.write(0, "end");
        home.kill();
        home.restart();
        untilServing();
        assertThat(home.status().headSeq()).isEqualTo(901);
        assertThat(home.read(0, 26)).isEqualTo("end" + letters.substring(3));
    }

    @Test
    void anInterruptedCreationOfALogIsBegunAgain() {
        Lab fresh = Lab.of(Lab.primary("home"));
        LabSite site = fresh.site("home");
        site.log().hold(Io.Op.FLUSH);
        site.start();
        fresh.settle();
        site.kill();
        site.log().release();
        site.restart();
        fresh.until("serving", () -> site.group().serving());
        site.write(0, "a");
        assertThat(site.read(0, 1)).isEqualTo("a");
    }

    @Test
    void twoRunsOfOneStoryDoTheSame() {
        assertThat(story()).isEqualTo(story());
    }

    private static java.util.List<String> story() {
        Lab one = Lab.running(Lab.primary("home"), Lab.sync("near"), Lab.async("far"));
        one.site("home").write(0, "abc");
        one.site("home").powerCut();
        one.site("near").takeover();
        one.site("home").restart();
        one.run(5_000);
        java.util.List<String> told = new java.util.ArrayList<>(one.trace());
        told.addAll(one.site("near").events());
        return told;
    }

    @Test
    void aPrimaryThatIsKilledAgainAndAgainKeepsAShortHistory() {
        home.write(0, "abc");
        home.flush();
        for (int i = 0; i < 20; i++) {
            home.powerCut();
            home.restart();
            untilServing();
        }
        assertThat(home.status().terms()).hasSize(2);
        home.write(3, "d");
        untilFollowing();
        assertThat(far.status().terms()).isEqualTo(home.status().terms());
    }

    @Test
    void surplusOfATermThatWasReplacedIsCutOffUnasked() {
        home.write(0, "abc");
        home.flush();
        home.powerCut();
        home.restart();
        untilServing();
        untilFollowing();
        home.write(3, "lost");
        lab.run(50);
        assertThat(far.status().headSeq()).isEqualTo(2);
        lab.cut("home", "far");
        for (int i = 0; i < 2; i++) {
            home.powerCut();
            home.restart();
            untilServing();
        }
        home.write(3, "new");
        lab.mendAll();
        untilFollowing();
        lab.run(2_000);
        assertThat(far.data().image()).isEqualTo(home.data().image()).startsWith("abcnew.");
        assertThat(far.exports()).hasSize(1);
    }
}
