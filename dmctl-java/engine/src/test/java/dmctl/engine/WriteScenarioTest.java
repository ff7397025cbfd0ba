package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.port.ExtentList;
import dmctl.engine.port.Io;
import dmctl.engine.port.Request;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What an application may rely on at the primary. */
class WriteScenarioTest {
    private static final int EINVAL = 22;
    private static final int ENOSPC = 28;

    private final Lab lab = Lab.running(Lab.primary("home"));
    private final LabSite home = lab.site("home");

    // Reads

    @Test
    void whatWasWrittenIsReadBeforeAndAfterItReachesTheDevice() {
        home.write(4, "abcd");
        assertThat(home.read(0, 10)).isEqualTo("....abcd..");
        assertThat(home.data().writes()).isZero();
        lab.run(1_000);
        assertThat(home.data().image()).startsWith("....abcd..");
        assertThat(home.read(0, 10)).isEqualTo("....abcd..");
    }

    @Test
    void aReadMergesTheNewestOfLogAndDeviceSectorBySector() {
        home.write(0, "aaaaaaaaaa");
        lab.run(1_000);
        home.write(2, "bbbb");
        home.write(4, "cccc");
        home.discard(5, 1);
        assertThat(home.read(0, 10)).isEqualTo("aabbc.ccaa");
        lab.run(1_000);
        assertThat(home.data().image()).startsWith("aabbc.ccaa.");
    }

    @Test
    void devicesAreKeptApart() {
        home.write(0, "abc");
        home.writeWal(1, "xyz");
        assertThat(home.read(0, 4)).isEqualTo("abc.");
        assertThat(home.readWal(0, 4)).isEqualTo(".xyz");
        lab.run(1_000);
        assertThat(home.data().image()).startsWith("abc.");
        assertThat(home.wal().image()).startsWith(".xyz");
    }

    @Test
    void aReadWaitsForTheBatchThatHoldsItsBytesToBeInTheLog() {
        home.write(0, "aaaa");
        home.log().hold(Io.Op.WRITE);
        home.startWrite(1, "b");
        LabRequest touching = home.startRead(0, 4);
        LabRequest beside = home.startRead(2, 2);
        lab.settle();
        assertThat(touching.hasEnded()).isFalse();
        assertThat(beside.letters()).isEqualTo("aa");
        home.log().release();
        lab.settle();
        assertThat(touching.letters()).isEqualTo("abaa");
    }

    @Test
    void aWriteLargerThanABatchIsSplitAndReadWhole() {
        String all = "abcdefgh".repeat(Lab.DEVICE_SECTORS / 8);
        LabRequest large = home.startWrite(0, all);
        home.startWrite(3, "X");
        lab.settle();
        assertThat(large.hasSucceeded()).isTrue();
        assertThat(home.status().headSeq()).isGreaterThan(3);
        assertThat(home.read(0, 8)).isEqualTo("abcXefgh");
        assertThat(home.read(8, Lab.DEVICE_SECTORS - 8)).isEqualTo(all.substring(8));
        lab.run(1_000);
        assertThat(home.data().image()).isEqualTo("abcX" + all.substring(4));
    }

    @Test
    void discardedRangesReadAsZeroesFromTheCompletionOn() {
        home.write(0, "abcdef");
        lab.run(1_000);
        home.discard(1, 4);
        assertThat(home.read(0, 6)).isEqualTo("a....f");
        home.restart();
        lab.until("serving", () -> home.group().serving());
        assertThat(home.read(0, 6)).isEqualTo("a....f");
        lab.run(1_000);
        assertThat(home.data().image()).startsWith("a....f");
    }

    @Test
    void aBlockStatusKnowsOfDiscardsThatAreNotApplied() {
        home.write(0, "abcdef");
        lab.run(1_000);
        home.discard(0, 4);
        ExtentList extents = new ExtentList();
        LabRequest request = new LabRequest(lab, Request.Op.EXTENTS, 0).range(0, 6);
        request.into(extents).submit(home.group()).mustSucceed();
        assertThat(extents.size()).isEqualTo(1);
        assertThat(extents.readsZero(0)).isTrue();
        assertThat(extents.length(0)).isEqualTo(4L * LabSite.SECTOR);
    }

    @Test
    void overlappingWritesInFlightTakeEffectInTheirOrder() {
        home.log().hold(Io.Op.WRITE);
        for (String letters : List.of("aaaa", "bbb", "cc", "d")) {
            home.startWrite(0, letters);
        }
        home.log().release();
        lab.settle();
        assertThat(home.read(0, 4)).isEqualTo("dcba");
        lab.run(1_000);
        assertThat(home.data().image()).startsWith("dcba");
    }

    @Test
    void requestsOutsideTheDeviceOrOffTheGridAreRefused() {
        assertThat(home.startWrite(Lab.DEVICE_SECTORS, "a").errno()).isEqualTo(ENOSPC);
        assertThat(home.startWrite(Lab.DEVICE_SECTORS - 1, "ab").errno()).isEqualTo(ENOSPC);
        assertThat(home.startRead(Lab.DEVICE_SECTORS, 1).errno()).isEqualTo(EINVAL);
        LabRequest askew = new LabRequest(lab, Request.Op.WRITE, 0).at(0, "a").shift(100);
        assertThat(askew.submit(home.group()).errno()).isEqualTo(EINVAL);
        LabRequest stranger = new LabRequest(lab, Request.Op.WRITE, 7).at(0, "a");
        assertThat(stranger.submit(home.group()).errno()).isEqualTo(ENOSPC);
    }

    // Durability

    @Test
    void aFlushWaitsForTheFlushOfTheLog() {
        home.log().hold(Io.Op.FLUSH);
        home.write(0, "a");
        LabRequest flush = home.startFlush();
        lab.settle();
        assertThat(flush.hasEnded()).isFalse();
        home.log().release();
        lab.settle();
        assertThat(flush.hasSucceeded()).isTrue();
    }

    @Test
    void aFlushThatFindsOneUnderWayWaitsForItsOwn() {
        home.log().hold(Io.Op.FLUSH);
        home.write(0, "a");
        home.startFlush();
        lab.settle();
        home.write(1, "b");
        LabRequest second = home.startFlush();
        home.log().release();
        lab.settle();
        assertThat(second.hasSucceeded()).isTrue();
        home.powerCut();
        home.restart();
        lab.until("serving", () -> home.group().serving());
        assertThat(home.read(0, 2)).isEqualTo("ab");
    }

    @Test
    void aFlushOfNothingNewEndsAtOnce() {
        home.write(0, "a");
        home.flush();
        home.log().hold(Io.Op.FLUSH);
        assertThat(home.startFlush().hasSucceeded()).isTrue();
    }

    @Test
    void aDurableWriteMakesAllWritesBeforeItDurableToo() {
        home.write(0, "a");
        home.write(1, "b");
        home.startDurableWrite(2, "c").mustSucceed();
        home.powerCut();
        home.restart();
        lab.until("serving", () -> home.group().serving());
        assertThat(home.read(0, 3)).isEqualTo("abc");
    }

    @Test
    void aDurableWriteCompletesAfterItsLogWriteAndAFlushBehindIt() {
        lab.trace().clear();
        home.startDurableWrite(0, "a").mustSucceed();
        assertThat(lab.trace()).containsExactly("ring write", "log flush", "write completed");
    }

    @Test
    void anOrdinaryWriteCompletesAfterItsLogWriteAlone() {
        lab.trace().clear();
        home.write(0, "a");
        assertThat(lab.trace()).containsExactly("ring write", "write completed");
    }

    @Test
    void writesThatArriveDuringALogWriteShareTheNextOne() {
        home.log().hold(Io.Op.WRITE);
        home.startWrite(0, "a");
        lab.settle();
        for (int i = 1; i < 10; i++) {
            home.startWrite(i, "b");
            lab.settle();
        }
        lab.trace().clear();
        home.log().release();
        lab.settle();
        assertThat(lab.trace()).filteredOn("ring write"::equals).hasSize(2);
        assertThat(lab.trace()).filteredOn("write completed"::equals).hasSize(10);
    }

    // Applying

    @Test
    void nothingGoesToADeviceBeforeTheLogThatHoldsItIsFlushed() {
        home.log().hold(Io.Op.FLUSH);
        home.write(0, "abc");
        lab.run(10_000);
        assertThat(home.data().writes()).isZero();
        lab.trace().clear();
        home.log().release();
        lab.run(1_000);
        assertThat(home.data().image()).startsWith("abc");
        assertThat(lab.trace().indexOf("log flush"))
                .isLessThan(lab.trace().indexOf("data write 0"));
    }

    @Test
    void writesToADeviceAreMerged() {
        for (int i = 0; i < 20; i++) {
            home.write(0, "a");
            home.write(0, "b");
        }
        lab.run(1_000);
        assertThat(home.data().image()).startsWith("b");
        assertThat(home.data().writes()).isEqualTo(1);
    }

    @Test
    void aCheckpointClaimsWhatIsAppliedOnlyAfterTheDeviceIsFlushed() {
        home.write(0, "abc");
        lab.trace().clear();
        lab.run(5_000);
        assertThat(lab.trace())
                .containsSubsequence(
                        "log flush", "data write 0", "data flush", "checkpoint write", "log flush");
    }

    /** Writes one sector after another until one is not taken; how many were. */
    private int writeUntilStalled() {
        for (int i = 0; i < 1_000; i++) {
            LabRequest write = home.startWrite(i % 32, "w");
            lab.run(2);
            if (!write.isTaken()) {
                return i;
            }
        }
        throw new AssertionError("never stalled");
    }

    @Test
    void spaceIsNotUsedAgainBeforeTheDevicesAreFlushed() {
        home.data().hold(Io.Op.FLUSH);
        int taken = writeUntilStalled();
        assertThat(home.status().stalled()).isNotNull();
        assertThat(home.status().stalled().reason()).contains("log is full");
        home.flush();
        home.powerCut();
        home.data().release();
        home.restart();
        lab.until("serving", () -> home.group().serving());
        assertThat(home.status().headSeq()).isGreaterThanOrEqualTo(taken);
        assertThat(home.read(0, 32)).isEqualTo("w".repeat(32));
    }

    @Test
    void spaceIsNotUsedAgainBeforeTheCheckpointIsFlushed() {
        home.log().hold("checkpoint write");
        int taken = writeUntilStalled();
        home.powerCut();
        home.log().release();
        home.restart();
        lab.until("serving", () -> home.group().serving());
        assertThat(home.status().headSeq()).isGreaterThan(taken / 2);
        assertThat(home.read(0, 32)).isEqualTo("w".repeat(32));
    }

    @Test
    void aStallEndsByItselfWhenSpaceIsBack() {
        home.data().hold(Io.Op.FLUSH);
        writeUntilStalled();
        LabRequest waiting = home.startWrite(0, "z");
        lab.run(5_000);
        assertThat(waiting.isTaken()).isFalse();
        home.data().release();
        lab.run(5_000);
        assertThat(waiting.hasSucceeded()).isTrue();
        assertThat(home.status().stalled()).isNull();
        assertThat(home.read(0, 1)).isEqualTo("z");
    }

    @Test
    void readsGoOnWhileWritesAreStalled() {
        home.data().hold(Io.Op.FLUSH);
        writeUntilStalled();
        assertThat(home.read(0, 32)).isEqualTo("w".repeat(32));
    }
}
