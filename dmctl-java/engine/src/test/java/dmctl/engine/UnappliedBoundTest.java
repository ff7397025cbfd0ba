package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupStatus.Problem;
import dmctl.engine.port.Io;
import dmctl.replog.Frame;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Small discards, a hundred to a block of the log: before more of them are unapplied than a
 * recovery has memory for, writes wait for the devices.
 */
class UnappliedBoundTest {
    private final Lab lab = Lab.running(Lab.primary("home"), Lab.async("far"));
    private final LabSite home = lab.site("home");
    private final LabSite far = lab.site("far");
    private final long most = LogIdentity.unappliedRecordsMax(home.status().logBytes());
    private final List<LabRequest> discards = new ArrayList<>();

    /**
     * Starts discards of single sectors, so that no two neighbours are of one record. The first one
     * is not overwritten by others, so that what comes behind cannot all be applied without it.
     */
    private void discard(long count) {
        for (long i = 0; i < count; i++) {
            int sector = i == 0 ? 0 : (int) (1 + i * 5 % (Lab.DEVICE_SECTORS - 1));
            discards.add(home.startDiscard(sector, 1));
        }
        lab.settle();
    }

    private long ended() {
        return discards.stream().filter(LabRequest::hasSucceeded).count();
    }

    private void untilAllEnded() {
        lab.until("all have ended", () -> ended() == discards.size());
    }

    private void mustStall() {
        lab.run(5_000);
        assertThat(ended()).isBetween(most - 2 * Frame.MAX_RECORDS, most);
        assertThat(home.status().logUsedBytes()).isLessThan(home.status().logBytes() / 4);
        Problem stalled = home.status().stalled();
        assertThat(stalled).isNotNull();
        assertThat(stalled.reason()).contains("records are not on the local devices");
    }

    @Test
    void recordsThatCannotBeAppliedHoldWritesBeforeRecoveryWouldOutgrowItsMemory() {
        home.data().hold(Io.Op.ZERO);
        discard(2 * most);
        mustStall();
        home.data().release();
        untilAllEnded();
        assertThat(home.status().stalled()).isNull();
    }

    @Test
    void recordsThatAreAppliedButInNoCheckpointCountToo() {
        home.data().hold(Io.Op.FLUSH);
        discard(2 * most);
        mustStall();
        home.data().release();
        untilAllEnded();
    }

    @Test
    void asManyRecordsAsMayBeUnappliedAreTakenInAgain() {
        home.data().fill("x".repeat(Lab.DEVICE_SECTORS));
        home.data().hold(Io.Op.ZERO);
        discard(2 * most);
        mustStall();
        home.kill();
        home.data().release();
        home.restart();
        lab.until("serving", () -> home.group().serving());
        assertThat(home.status().headSeq()).isBetween(most - 2 * Frame.MAX_RECORDS, most);
        assertThat(home.read(0, Lab.DEVICE_SECTORS)).isEqualTo(".".repeat(Lab.DEVICE_SECTORS));
    }

    @Test
    void theBoundDelaysNobodyWhereTheDevicesKeepUp() {
        for (int i = 0; i < 6; i++) {
            discard(most / 2);
            untilAllEnded();
        }
        lab.until("far follows", () -> home.sees("far").durableSeq() == home.status().headSeq());
        lab.until("far has applied it", () -> far.status().appliedSeq() == home.status().headSeq());
    }

    @Test
    void aTargetThatCannotCheckpointTakesNoMoreThanItsRecoveryCouldHold() {
        far.data().hold(Io.Op.FLUSH);
        for (int i = 0; i < 4; i++) {
            discard(most / 2);
            untilAllEnded();
        }
        lab.run(1_000);
        assertThat(far.status().headSeq()).isBetween(most - 2 * Frame.MAX_RECORDS, most);
        far.data().release();
        lab.until("far follows", () -> home.sees("far").durableSeq() == home.status().headSeq());
    }

    @Test
    void aTargetWithoutRoomStillHearsWhatThePrimaryHas() {
        far.data().hold(Io.Op.FLUSH);
        for (int i = 0; i < 4; i++) {
            discard(most / 2);
            untilAllEnded();
        }
        lab.run(1_000);
        long lacks = home.status().headSeq() - far.status().headSeq();
        assertThat(lacks).isPositive();
        Problem problem = home.sees("far").problem();
        assertThat(problem).isNotNull();
        assertThat(problem.reason()).contains("its log is full");
        lab.cut("home", "far");
        lab.settle();
        assertThat(far.admin(done -> far.group().previewTakeover(done)))
                .contains("lost: " + lacks + " writes");
    }

    @Test
    void aTargetThatStaysFullCostsThePrimaryNoFlushes() {
        far.data().hold(Io.Op.FLUSH);
        for (int i = 0; i < 4; i++) {
            discard(most / 2);
            untilAllEnded();
        }
        lab.run(1_000);
        assertThat(far.status().headSeq()).isLessThan(home.status().headSeq());
        int before = home.log().flushes();
        for (int i = 0; i < 100; i++) {
            discard(1);
        }
        untilAllEnded();
        assertThat(home.log().flushes() - before).isLessThan(10);
    }

    @Test
    void aTargetFullOfWhatIsNotDurableAtThePrimaryGoesOnWhenItIs() {
        Lab uneven =
                Lab.running(Lab.primary("large").withLog(2 * Lab.LOG_BYTES), Lab.async("small"));
        LabSite large = uneven.site("large");
        LabSite small = uneven.site("small");
        large.log().hold(Io.Op.FLUSH);
        for (long i = 0; i < 2 * most; i++) {
            large.startDiscard((int) (i * 5 % Lab.DEVICE_SECTORS), 1);
        }
        uneven.settle();
        uneven.run(1_000);
        assertThat(small.status().headSeq()).isBetween(most - 2 * Frame.MAX_RECORDS, most);
        assertThat(small.status().appliedSeq()).isZero();
        large.log().release();
        uneven.until(
                "small follows",
                () -> large.sees("small").durableSeq() == large.status().headSeq());
        assertThat(large.status().headSeq()).isEqualTo(2 * most);
    }
}
