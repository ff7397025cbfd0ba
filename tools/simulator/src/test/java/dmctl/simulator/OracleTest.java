package dmctl.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.BitSet;
import org.junit.jupiter.api.Test;

/** Both oracles on images that are good and on images that must be refused. */
class OracleTest {
    private final Journal journal = new Journal();
    private final boolean[] base = new boolean[32];
    private final History line = new History(journal, new int[] {16, 16}, base);
    private final int[] image = new int[32];
    private long seq;

    OracleTest() {
        Arrays.fill(image, Stamp.ZERO);
    }

    /** Issues an op that takes the next place in the order. */
    private int issue(int device, int first, int sectors, boolean zeroes) {
        int op = journal.issue(1, device, first, sectors, zeroes);
        seq++;
        journal.ordered(op, seq, seq);
        line.add(op);
        return op;
    }

    private int write(int device, int first, int sectors) {
        int op = issue(device, first, sectors, false);
        journal.complete(op);
        return op;
    }

    private int zero(int device, int first, int sectors) {
        int op = issue(device, first, sectors, true);
        journal.complete(op);
        return op;
    }

    private void show(int op) {
        int first = line.index(journal.device(op), journal.firstSector(op));
        int content = journal.zeroes(op) ? Stamp.ZERO : op;
        Arrays.fill(image, first, first + journal.sectors(op), content);
    }

    private Verdict byJournal(int... hadToSurvive) {
        BitSet had = new BitSet();
        for (int op : hadToSurvive) {
            had.set(op);
        }
        return PrefixOracle.judge(line, image, had);
    }

    private Verdict byOrder(long floor) {
        return SequenceOracle.judge(line, image, floor);
    }

    private void bothAccept() {
        assertThat(byJournal().reason()).isEmpty();
        assertThat(byOrder(0).reason()).isEmpty();
    }

    private void bothRefuse(String journalSays, String orderSays) {
        assertThat(byJournal().reason()).contains(journalSays);
        assertThat(byOrder(0).reason()).contains(orderSays);
    }

    @Test
    void anUntouchedImageIsTheEmptyPrefix() {
        write(0, 0, 4);
        bothAccept();
        assertThat(byOrder(0).high()).isZero();
    }

    @Test
    void everyPrefixIsAcceptedAndLocated() {
        for (int i = 0; i < 20; i++) {
            show(i % 5 == 4 ? zero(i % 2, i % 7, 3) : write(i % 2, i % 11, 4));
            assertThat(byJournal().reason()).isEmpty();
            Verdict verdict = byOrder(0);
            assertThat(verdict.reason()).isEmpty();
            assertThat(seq).isBetween(verdict.low(), verdict.high());
        }
    }

    @Test
    void aLaterWriteWithoutAnEarlierOneIsRefused() {
        write(0, 0, 2);
        int later = write(1, 3, 2);
        show(later);
        bothRefuse("had to be there", "so the cut is at seq 2 or later");
    }

    @Test
    void aLaterWriteUnderWayWithTheEarlierOneMayBeThereAloneByTheJournal() {
        int first = issue(0, 0, 2, false);
        int second = issue(1, 3, 2, false);
        journal.complete(first);
        journal.complete(second);
        show(second);
        assertThat(byJournal().good()).isTrue();
        assertThat(byOrder(0).good()).isFalse();
    }

    @Test
    void aStaleSectorIsRefused() {
        int old = write(0, 0, 4);
        int newer = write(0, 0, 4);
        int last = write(1, 0, 1);
        show(old);
        show(last);
        image[2] = newer;
        bothRefuse("holds not the later", "so it is at seq 1 or before");
    }

    @Test
    void theNewestOpsOfABlockdevSiteMayBeThereInPart() {
        int op = write(0, 4, 4);
        int other = issue(0, 6, 4, false);
        show(op);
        image[5] = Stamp.ZERO;
        image[9] = other;
        assertThat(PrefixOracle.judgeTorn(line, image, new BitSet()).good())
                .as("the other one was issued when the torn one had completed")
                .isFalse();
        image[9] = Stamp.ZERO;
        assertThat(PrefixOracle.judgeTorn(line, image, new BitSet()).reason()).isEmpty();
    }

    @Test
    void aWriteTornInsideIsRefused() {
        int op = write(0, 4, 4);
        show(op);
        image[6] = Stamp.ZERO;
        bothRefuse("shows zeroes", "so it is at seq 0 or before");
    }

    @Test
    void garbageAndMisplacedSectorsAreRefused() {
        image[5] = Stamp.GARBAGE;
        bothRefuse("dev 0 sector 5 shows garbage", "dev 0 sector 5 shows garbage");
        image[5] = Stamp.MISPLACED;
        bothRefuse("another place", "another place");
    }

    @Test
    void zeroesOverACompletedWriteNeedAZeroing() {
        int op = write(0, 0, 2);
        int last = write(1, 0, 1);
        show(last);
        bothRefuse("nothing zeroed it later", "so it is at seq 0 or before");
        show(op);
        bothAccept();
    }

    @Test
    void aZeroingThatIsMissingIsRefused() {
        int op = write(0, 0, 4);
        zero(0, 1, 2);
        int last = write(1, 0, 1);
        show(op);
        show(last);
        bothRefuse("holds not the later zeroing", "so it is at seq 1 or before");
    }

    @Test
    void aLostCompletedWriteIsRefusedOnlyIfItHadToSurvive() {
        int kept = write(0, 0, 1);
        int lost = write(0, 1, 1);
        show(kept);
        bothAccept();
        assertThat(byJournal(lost).reason()).contains("had to be there");
        assertThat(byOrder(journal.seq(lost)).reason()).contains("had to survive");
        assertThat(byOrder(journal.seq(kept)).good()).isTrue();
    }

    @Test
    void overlappingOpsUnderWayMayTakeEffectEitherWay() {
        int first = issue(0, 0, 4, false);
        int second = issue(0, 2, 4, false);
        journal.complete(first);
        journal.complete(second);
        show(first);
        show(second);
        bothAccept();
        show(first);
        assertThat(byJournal().good()).as("no order is known to the journal").isTrue();
        assertThat(byOrder(0).good()).as("the order is known").isFalse();
    }

    @Test
    void overlappingOpsCannotEachBeTheLastOne() {
        int first = issue(0, 0, 4, false);
        int second = issue(0, 0, 4, false);
        journal.complete(first);
        journal.complete(second);
        show(first);
        image[1] = second;
        bothRefuse("no order of overlapping ops", "so it is at seq 1 or before");
    }

    @Test
    void aRingOfOverlapsIsRefused() {
        int a = issue(0, 0, 2, false);
        int b = issue(0, 1, 2, false);
        int c = issue(0, 0, 3, false);
        show(c);
        image[0] = a;
        image[1] = b;
        image[2] = c;
        assertThat(byJournal().reason()).as("c before a and b, but c after b").contains("no order");
        image[2] = b;
        assertThat(byJournal().reason()).as("c, a, b").isEmpty();
    }

    @Test
    void ofALargeOpAnyBeginningMayBeThere() {
        int op = journal.issue(1, 0, 0, 8, false);
        journal.markLarge(op);
        journal.ordered(op, 1, 4);
        line.add(op);
        Arrays.fill(image, 0, 3, op);
        bothAccept();
        image[5] = op;
        assertThat(byOrder(0).good()).isFalse();
    }

    @Test
    void aCutThatWasSurvivedOrdersAllBeforeItBeforeAllAfter() {
        int survived = issue(0, 0, 1, false);
        int lost = issue(0, 1, 1, false);
        show(survived);
        History after = line.forkAfter(1, image);
        int later = journal.issue(1, 1, 0, 1, false);
        journal.ordered(later, 2, 2);
        after.add(later);
        image[after.index(1, 0)] = later;
        assertThat(SequenceOracle.judge(after, image, 2).reason()).isEmpty();
        assertThat(PrefixOracle.judge(after, image, new BitSet()).reason()).isEmpty();
        image[1] = lost;
        assertThat(SequenceOracle.judge(after, image, 0).reason()).contains("no part of");
        assertThat(PrefixOracle.judge(after, image, new BitSet()).reason()).contains("no part of");
        image[1] = Stamp.ZERO;
        image[0] = Stamp.ZERO;
        assertThat(SequenceOracle.judge(after, image, 0).good()).isFalse();
        assertThat(PrefixOracle.judge(after, image, new BitSet()).good()).isFalse();
    }

    @Test
    void aStampTellsItsSectorFromAnyOther() {
        byte[] sector = new byte[512];
        assertThat(Stamp.read(sector, 0, 1, 7)).isEqualTo(Stamp.ZERO);
        Stamp.write(sector, 0, 3, 99, 1, 7);
        assertThat(Stamp.read(sector, 0, 1, 7)).isEqualTo(99);
        assertThat(Stamp.read(sector, 0, 1, 8)).isEqualTo(Stamp.MISPLACED);
        for (int i = 0; i < 512; i++) {
            sector[i] ^= 1;
            assertThat(Stamp.read(sector, 0, 1, 7)).as("byte %s", i).isEqualTo(Stamp.GARBAGE);
            sector[i] ^= 1;
        }
        Stamp.writeBase(sector, 0, 1, 7);
        assertThat(Stamp.read(sector, 0, 1, 7)).isEqualTo(Stamp.BASE);
    }
}
