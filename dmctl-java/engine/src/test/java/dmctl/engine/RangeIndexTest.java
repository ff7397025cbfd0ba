package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RangeIndexTest {
    private static final int NONE = -1;

    private final RangeIndex index = new RangeIndex(100);

    @Test
    void anEmptyIndexHasNoRanges() {
        assertThat(index.size()).isZero();
        assertThat(index.firstOverlap(0)).isEqualTo(NONE);
        assertThat(index.firstOverlap(Long.MAX_VALUE)).isEqualTo(NONE);
        index.remove(0, Long.MAX_VALUE, 1);
        assertThat(index.size()).isZero();
    }

    @Test
    void aRangeIsFoundFromAnySectorBeforeItsEnd() {
        index.put(10, 5, 1);
        int node = index.firstOverlap(0);
        assertThat(node).isNotEqualTo(NONE);
        assertThat(index.firstOverlap(10)).isEqualTo(node);
        assertThat(index.firstOverlap(14)).isEqualTo(node);
        assertThat(index.firstOverlap(15)).isEqualTo(NONE);
        assertThat(index.next(node)).isEqualTo(NONE);
    }

    @Test
    void aNewerRecordSplitsTheOneAroundIt() {
        index.put(0, 10, 1);
        index.put(4, 2, 2);
        assertThat(ranges()).containsExactly("0-4@1", "4-6@2", "6-10@1");
    }

    @Test
    void aNewerRecordCutsBothNeighboursAndSwallowsWhatLiesBetween() {
        index.put(0, 10, 1);
        index.put(12, 2, 2);
        index.put(16, 2, 3);
        index.put(20, 10, 4);
        index.put(5, 20, 5);
        assertThat(ranges()).containsExactly("0-5@1", "5-25@5", "25-30@4");
    }

    @Test
    void recordsThatTouchLeaveEachOtherWhole() {
        index.put(10, 10, 1);
        index.put(0, 10, 2);
        index.put(20, 10, 3);
        assertThat(ranges()).containsExactly("0-10@2", "10-20@1", "20-30@3");
    }

    @Test
    void aNewerRecordAtEitherEdgeLeavesTheRest() {
        index.put(0, 10, 1);
        index.put(0, 3, 2);
        index.put(8, 2, 3);
        assertThat(ranges()).containsExactly("0-3@2", "3-8@1", "8-10@3");
    }

    @Test
    void aRecordOverTheSameRangeTakesItsNode() {
        index.put(0, 10, 1);
        int node = index.firstOverlap(0);
        index.put(0, 10, 2);
        assertThat(index.firstOverlap(0)).isEqualTo(node);
        assertThat(ranges()).containsExactly("0-10@2");
    }

    @Test
    void aRecordMayBePutAgain() {
        index.put(0, 10, 7);
        index.put(3, 3, 7);
        index.remove(0, 10, 7);
        assertThat(ranges()).isEmpty();
    }

    @Test
    void theLastSectorsOfTheNumberSpaceAreInReach() {
        index.put(0, Long.MAX_VALUE, 1);
        index.put(Long.MAX_VALUE - 1, 1, Long.MAX_VALUE);
        assertThat(index.start(index.firstOverlap(Long.MAX_VALUE - 1)))
                .isEqualTo(Long.MAX_VALUE - 1);
        index.remove(0, Long.MAX_VALUE, 1);
        assertThat(ranges())
                .containsExactly(
                        (Long.MAX_VALUE - 1) + "-" + Long.MAX_VALUE + "@" + Long.MAX_VALUE);
    }

    @Test
    void removingARecordTakesAllThatIsLeftOfItAndNothingElse() {
        index.put(0, 10, 1);
        index.put(10, 10, 2);
        index.put(4, 2, 3);
        index.put(8, 4, 4);
        index.remove(0, 10, 1);
        assertThat(ranges()).containsExactly("4-6@3", "8-12@4", "12-20@2");
        index.remove(0, 10, 1);
        assertThat(index.size()).isEqualTo(3);
    }

    @Test
    void removingARecordThatIsNotThereTakesNothing() {
        index.put(0, 10, 3);
        index.remove(0, 10, 2);
        index.remove(0, 10, 4);
        assertThat(ranges()).containsExactly("0-10@3");
    }

    @Test
    void indexesThatShareTheirNodesHaveOneBoundTogether() {
        RangeNodes nodes = new RangeNodes(5);
        RangeIndex one = new RangeIndex(nodes);
        RangeIndex other = new RangeIndex(nodes);
        one.put(0, 10, 1);
        other.put(0, 10, 2);
        one.put(4, 2, 3);
        assertThat(rangesOf(one)).containsExactly("0-4@1", "4-6@3", "6-10@1");
        assertThat(rangesOf(other)).containsExactly("0-10@2");
        assertThat(other.hasRoom(1)).isFalse();
        one.remove(0, 10, 1);
        other.put(4, 2, 4);
        assertThat(rangesOf(one)).containsExactly("4-6@3");
        assertThat(rangesOf(other)).containsExactly("0-4@2", "4-6@4", "6-10@2");
        assertThat(nodes.used()).isEqualTo(4);
    }

    @Test
    void recordsNeverNeedMoreThanTwoRangesEach() {
        int records = 1_000;
        RangeIndex tight = new RangeIndex(2 * records);
        for (int i = 0; i < records; i++) {
            // Each cuts the one before in two.
            tight.put(i, 10_000 - 2L * i, i + 1);
        }
        assertThat(tight.size()).isEqualTo(2 * records - 1);
    }

    @Test
    void thereIsRoomForTwoRangesAPut() {
        RangeIndex small = new RangeIndex(5);
        assertThat(small.hasRoom(2)).isTrue();
        assertThat(small.hasRoom(3)).isFalse();
        assertThat(small.hasRoom(Integer.MAX_VALUE)).isFalse();
        small.put(0, 10, 1);
        small.put(4, 1, 2);
        assertThat(small.hasRoom(1)).isTrue();
        small.put(2, 1, 3);
        assertThat(small.size()).isEqualTo(5);
        assertThat(small.hasRoom(0)).isTrue();
        assertThat(small.hasRoom(1)).isFalse();
    }

    @Test
    void aPutWithoutRoomIsRefusedAndChangesNothing() {
        RangeIndex small = new RangeIndex(2);
        small.put(0, 10, 1);
        assertThatThrownBy(() -> small.put(4, 1, 2))
                .isInstanceOf(InvariantViolation.class)
                .hasMessageContaining("room")
                .hasMessageEndingWith(": 1, 2");
        assertThat(rangesOf(small)).containsExactly("0-10@1");
    }

    @Test
    void anOlderRecordMustNotHideANewerOne() {
        index.put(10, 10, 5);
        assertThatThrownBy(() -> index.put(12, 2, 4)).isInstanceOf(InvariantViolation.class);
        assertThatThrownBy(() -> index.put(5, 10, 4)).isInstanceOf(InvariantViolation.class);
        assertThatThrownBy(() -> index.put(5, 30, 4)).isInstanceOf(InvariantViolation.class);
        assertThat(ranges()).containsExactly("10-20@5");
    }

    @Test
    void aRecordIsRemovedWholeOrNotAtAll() {
        index.put(10, 10, 5);
        assertThatThrownBy(() -> index.remove(10, 9, 5)).isInstanceOf(InvariantViolation.class);
        assertThatThrownBy(() -> index.remove(11, 9, 5)).isInstanceOf(InvariantViolation.class);
        assertThat(ranges()).containsExactly("10-20@5");
    }

    @Test
    void rangesThatCannotBeAreRefused() {
        assertThatThrownBy(() -> index.put(-1, 1, 1)).isInstanceOf(InvariantViolation.class);
        assertThatThrownBy(() -> index.put(0, 0, 1)).isInstanceOf(InvariantViolation.class);
        assertThatThrownBy(() -> index.put(Long.MAX_VALUE, 1, 1))
                .isInstanceOf(InvariantViolation.class);
        assertThatThrownBy(() -> index.remove(0, -1, 1)).isInstanceOf(InvariantViolation.class);
        assertThatThrownBy(() -> index.hasRoom(-1)).isInstanceOf(InvariantViolation.class);
        assertThatThrownBy(() -> new RangeIndex(1)).isInstanceOf(InvariantViolation.class);
        assertThat(index.size()).isZero();
    }

    @Test
    void memoryIsFortyBytesARangeAndTheCopyWhileItGrows() {
        assertThat(RangeNodes.memoryBytesMax(1000)).isEqualTo(40L * 1000);
        assertThat(RangeNodes.memoryBytesMax(1024)).isEqualTo(40L * 1024);
        assertThat(RangeNodes.memoryBytesMax(5000)).isEqualTo(40L * (5000 + 4096));
    }

    @Test
    void whateverIsPutAndRemovedItHoldsTheNewestRecordOfEverySector() {
        for (long seed = 0; seed < 600; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int sectors = random.nextInt(1, 80);
            int maxNodes = random.nextInt(2, 60);
            new Comparison(seed, random, sectors, maxNodes).run(250);
        }
    }

    @Test
    void growingKeepsEveryRange() {
        new Comparison(4711, new SplittableRandom(4711), 20_000, 9_000).fill(6_000);
    }

    @Test
    void aMillionRangesFillAndDrainInWhateverOrder() {
        int count = 1_000_000;
        RangeIndex large = new RangeIndex(count + 2);
        for (int i = 0; i < count; i++) {
            large.put(8 * shuffled(i, count), 8, i + 1);
        }
        assertThat(large.size()).isEqualTo(count);
        assertThat(large.checkTree()).isLessThan(70);
        assertThat(large.seq(large.firstOverlap(8 * shuffled(77, count)))).isEqualTo(78);
        for (int i = 0; i < count; i++) {
            large.remove(8 * shuffled(i, count), 8, i + 1);
        }
        assertThat(large.size()).isZero();
        for (int i = 0; i < count; i++) {
            large.put(8L * i, 8, i + 1);
        }
        assertThat(large.size()).isEqualTo(count);
        assertThat(large.checkTree()).isLessThan(70);
        large.put(0, 8L * count, count + 1);
        assertThat(rangesOf(large)).containsExactly("0-8000000@1000001");
    }

    @Test
    void nothingIsAllocatedOnceTheHighestSizeHasBeenSeen() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        RangeIndex steady = new RangeIndex(20_000);
        long seq = churn(steady, 1, 60_000);
        long before = threads.getCurrentThreadAllocatedBytes();
        long measuring = threads.getCurrentThreadAllocatedBytes() - before;
        long least = Long.MAX_VALUE;
        // The JVM may do something of its own on this thread in one of them.
        for (int round = 0; round < 5; round++) {
            before = threads.getCurrentThreadAllocatedBytes();
            seq = churn(steady, seq, 60_000);
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before - measuring);
        }
        assertThat(steady.size()).isGreaterThan(1_000);
        assertThat(least).isZero();
    }

    /**
     * A window of the last 4,000 records, of fixed lengths at mixed places. Returns the next seq.
     */
    private static long churn(RangeIndex steady, long firstSeq, int records) {
        for (long seq = firstSeq; seq < firstSeq + records; seq++) {
            long old = seq - 4_000;
            if (old > 0) {
                steady.remove(placeOf(old), lengthOf(old), old);
            }
            Invariant.check(steady.hasRoom(1), "the window fits", steady.size(), seq);
            steady.put(placeOf(seq), lengthOf(seq), seq);
            int node = steady.firstOverlap(placeOf(seq));
            Invariant.check(steady.seq(node) == seq, "the newest wins", steady.seq(node), seq);
        }
        return firstSeq + records;
    }

    private static long placeOf(long seq) {
        return ((seq * 0x9E3779B97F4A7C15L) >>> 40) % 60_000;
    }

    private static long lengthOf(long seq) {
        return 1 + seq % 37;
    }

    /** A permutation of 0..count-1: the factor is a prime that does not divide the count. */
    private static long shuffled(long i, long count) {
        return i * 611_953 % count;
    }

    private List<String> ranges() {
        return rangesOf(index);
    }

    private static List<String> rangesOf(RangeIndex index) {
        List<String> ranges = new ArrayList<>();
        int node = index.firstOverlap(0);
        while (node != NONE) {
            ranges.add(index.start(node) + "-" + index.end(node) + "@" + index.seq(node));
            node = index.next(node);
        }
        assertThat(ranges).hasSize(index.size());
        index.checkTree();
        return ranges;
    }

    /** The index beside a plain array with the newest seq of each sector, 0 for none. */
    private static final class Comparison {
        private final long seed;
        private final SplittableRandom random;
        private final RangeIndex index;
        private final int maxNodes;
        private final long[] newest;
        private final List<long[]> records = new ArrayList<>();
        private long seq;

        Comparison(long seed, SplittableRandom random, int sectors, int maxNodes) {
            this.seed = seed;
            this.random = random;
            this.index = new RangeIndex(maxNodes);
            this.maxNodes = maxNodes;
            this.newest = new long[sectors];
        }

        void run(int steps) {
            for (int step = 0; step < steps; step++) {
                int choice = random.nextInt(100);
                if (choice < 60 && index.hasRoom(1)) {
                    put(newest.length);
                } else {
                    // The oldest, as the apply order has it, or any one.
                    removeRecord(random.nextBoolean() ? 0 : random.nextInt(records.size() + 1));
                }
                compare(step);
            }
        }

        void fill(int puts) {
            for (int step = 0; step < puts && index.hasRoom(1); step++) {
                put(4);
            }
            compare(puts);
            while (!records.isEmpty()) {
                removeRecord(random.nextInt(records.size()));
            }
            compare(2 * puts);
        }

        private void put(int maxLength) {
            int start = random.nextInt(newest.length);
            int count = random.nextInt(1, Math.min(maxLength, newest.length - start) + 1);
            seq += random.nextInt(1, 3);
            index.put(start, count, seq);
            Arrays.fill(newest, start, start + count, seq);
            records.add(new long[] {start, count, seq});
        }

        private void removeRecord(int which) {
            if (which >= records.size()) {
                return;
            }
            long[] removed = records.remove(which);
            index.remove(removed[0], removed[1], removed[2]);
            for (int s = (int) removed[0]; s < removed[0] + removed[1]; s++) {
                if (newest[s] == removed[2]) {
                    newest[s] = 0;
                }
            }
        }

        private void compare(int step) {
            String at = "seed " + seed + " step " + step;
            index.checkTree();
            long[] held = new long[newest.length];
            int nodes = 0;
            int from = 0;
            for (int node = index.firstOverlap(0); node != NONE; node = index.next(node)) {
                Arrays.fill(held, (int) index.start(node), (int) index.end(node), index.seq(node));
                for (; from < index.end(node); from++) {
                    Invariant.check(index.firstOverlap(from) == node, at, from, node);
                }
                nodes++;
            }
            for (; from < newest.length; from++) {
                Invariant.check(index.firstOverlap(from) == NONE, at, from, NONE);
            }
            assertThat(held).as(at).isEqualTo(newest);
            assertThat(index.size()).as(at).isEqualTo(nodes).isLessThanOrEqualTo(maxNodes);
        }
    }
}
