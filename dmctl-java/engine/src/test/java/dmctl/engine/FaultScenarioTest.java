package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupStatus.Role;
import dmctl.engine.port.Io;
import org.junit.jupiter.api.Test;

/** Disks that fail: what still works, and what is said. */
class FaultScenarioTest {
    private static final int EIO = 5;

    private final Lab lab = Lab.running(Lab.primary("home"), Lab.async("far"));
    private final LabSite home = lab.site("home");
    private final LabSite far = lab.site("far");

    @Test
    void aLogThatCannotBeWrittenFailsWritesAtOnceWhileReadsGoOn() {
        home.write(0, "abc");
        lab.run(2_000);
        home.log().breakDown(Io.Op.WRITE);
        LabRequest hit = home.startWrite(0, "x");
        lab.settle();
        assertThat(hit.errno()).isEqualTo(EIO);
        assertThat(home.startWrite(1, "y").errno()).isEqualTo(EIO);
        assertThat(home.startFlush().errno()).isEqualTo(EIO);
        assertThat(home.problems()).contains("log");
        lab.run(10_000);
        assertThat(home.data().image()).startsWith("abc");
    }

    @Test
    void afterAFailedLogWriteUntouchedRangesAreStillRead() {
        home.write(0, "abc");
        home.log().breakDown(Io.Op.WRITE);
        home.startWrite(10, "x");
        lab.settle();
        assertThat(home.read(0, 3)).isEqualTo("abc");
        assertThat(home.read(3, 3)).isEqualTo("...");
    }

    @Test
    void aFailedFlushOfTheLogIsNotTriedAgain() {
        home.write(0, "abc");
        home.log().breakDown(Io.Op.FLUSH);
        LabRequest flush = home.startFlush();
        lab.settle();
        home.log().mend();
        lab.run(1_000);
        assertThat(flush.errno()).isEqualTo(EIO);
        assertThat(home.startWrite(3, "d").errno()).isEqualTo(EIO);
        assertThat(home.startFlush().errno()).isEqualTo(EIO);
    }

    @Test
    void whatAFailedFlushOfTheLogCoveredIsWrittenAgainBeforeItIsTakenForDurable() {
        home.write(0, "abc");
        home.log().breakDown(Io.Op.FLUSH);
        assertThat(home.startFlush().settled().errno()).isEqualTo(EIO);
        // A disk that has lost what it was to flush may call the next flush good.
        home.log().forgetCache();
        home.log().mend();
        home.kill();
        home.start();
        lab.until("serving", () -> home.group().serving());
        assertThat(home.read(0, 3)).isEqualTo("abc");
        home.flush();
        home.powerCut();
        home.start();
        lab.until("serving", () -> home.group().serving());
        assertThat(home.read(0, 3)).isEqualTo("abc");
    }

    @Test
    void aDeviceThatCannotBeWrittenStopsApplyingAndSaysSoWhileTheLogGoesOn() {
        home.data().breakDown(Io.Op.WRITE);
        home.write(0, "abc");
        lab.run(2_000);
        assertThat(home.problems()).contains("device");
        home.write(3, "def");
        assertThat(home.read(0, 6)).isEqualTo("abcdef");
        lab.run(600);
        assertThat(home.sees("far").receivedSeq()).isEqualTo(2);
        home.data().mend();
        lab.run(2_000);
        assertThat(home.data().image()).as("nothing is retried silently").startsWith("......");
        home.restart();
        lab.until("serving", () -> home.group().serving());
        lab.until("applied", () -> home.data().image().startsWith("abcdef"));
    }

    @Test
    void whatAFailedFlushOfADeviceCoveredIsNeverTakenForDurable() {
        home.write(0, "abc");
        home.data().breakDown(Io.Op.FLUSH);
        lab.run(3_000);
        assertThat(home.data().image()).startsWith("abc");
        assertThat(home.problems()).contains("device");
        // The kernel reports a lost page once; the next flush succeeds without it.
        home.data().forgetCache();
        home.data().mend();
        home.writeWal(0, "xyz");
        lab.run(3_000);
        home.stop();
        home.powerCut();
        home.start();
        lab.until("serving", () -> home.group().serving());
        assertThat(home.read(0, 3)).isEqualTo("abc");
        lab.until("written again", () -> home.data().image().startsWith("abc"));
    }

    @Test
    void afterAFailedFlushOfADeviceAFullerLogIsNotCheckpointedAgainAndAgain() {
        home.data().breakDown(Io.Op.FLUSH);
        for (int i = 0; i < 150; i++) {
            home.startWrite(i % 32, "w");
            lab.run(20);
        }
        lab.run(3_000);
        assertThat(home.status().logUsedBytes()).isGreaterThan(home.status().logBytes() / 2);
        int before = home.log().writes();
        lab.run(5_000);
        assertThat(home.log().writes() - before).isLessThan(20);
    }

    @Test
    void whatTheLogWasReadForWhenItFailedLeavesRoomForLaterReads() {
        home.data().hold(Io.Op.WRITE);
        home.write(0, "abc");
        home.restart();
        lab.until("serving", () -> home.group().serving());
        home.log().hold(Io.Op.READ);
        for (int i = 0; i < 10; i++) {
            home.startRead(0, 3);
        }
        lab.settle();
        home.log().breakDown(Io.Op.WRITE);
        home.startWrite(10, "x");
        lab.settle();
        home.log().release();
        lab.settle();
        assertThat(home.read(0, 3)).isEqualTo("abc");
    }

    @Test
    void anOpeningThatFailsSaysThatWhatIsAppliedIsDurable() {
        home.write(0, "abc");
        lab.until("applied", () -> home.status().appliedSeq() == 1);
        lab.run(3_000);
        home.kill();
        home.log().breakDown(Io.Op.FLUSH);
        home.start();
        lab.run(3_000);
        assertThat(home.status().role()).isEqualTo(Role.FAILED);
        assertThat(home.status().durableSeq()).isEqualTo(1);
    }

    @Test
    void aTargetWhoseDeviceFailsKeepsItsLogAndSaysSo() {
        far.data().breakDown(Io.Op.WRITE);
        home.write(0, "abc");
        lab.run(2_000);
        assertThat(far.problems()).contains("device");
        assertThat(home.sees("far").durableSeq()).isEqualTo(1);
        home.kill();
        far.takeover();
        assertThat(far.read(0, 3)).isEqualTo("abc");
    }

    @Test
    void aTargetWhoseLogHasFailedRefusesToTakeOver() {
        home.write(0, "abc");
        lab.run(2_000);
        far.log().breakDown(Io.Op.WRITE);
        home.write(3, "d");
        lab.until("the log has failed", () -> far.problems().contains("log"));
        home.kill();
        assertThat(far.takeover()).startsWith("REFUSED").contains("takes no records");
    }

    @Test
    void aFlippedBitBelowTheFlushedMarkIsNamedAndNeverSkipped() {
        home.write(0, "abc");
        home.flush();
        home.write(3, "d");
        home.flush();
        int at = home.log().find(Letters.bytes("abc"));
        home.kill();
        home.log().flipBit(at - 4096 + 200);
        home.start();
        lab.run(3_000);
        assertThat(home.status().role()).isEqualTo(Role.FAILED);
        assertThat(home.group().notServingReason()).contains("damaged").contains("seq 1");
    }

    @Test
    void aFlippedBitInUnappliedDataIsFoundBeforeItReachesTheDevice() {
        home.write(0, "abc");
        home.flush();
        home.write(3, "d");
        int at = home.log().find(Letters.bytes("abc"));
        home.kill();
        home.log().flipBit(at + 5);
        home.start();
        lab.run(3_000);
        assertThat(home.problems()).contains("log", "device");
        assertThat(home.status().problems().toString()).contains("checksum");
        assertThat(home.startWrite(6, "e").errno()).isEqualTo(EIO);
        assertThat(home.data().image()).startsWith("...");
    }

    @Test
    void aLogOfAnotherGroupIsRefused() {
        far.kill();
        home.kill();
        home.swapLogWith(far);
        home.start();
        lab.run(1_000);
        assertThat(home.status().role()).isEqualTo(Role.FAILED);
        assertThat(home.group().notServingReason()).contains("site UUID");
    }
}
