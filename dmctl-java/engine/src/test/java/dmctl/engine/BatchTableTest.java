package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class BatchTableTest {
    private final BatchTable table = new BatchTable();

    /** Appends batches of ten records and a hundred bytes each, from seq 1 on. */
    private void append(int batches) {
        for (int i = 0; i < batches; i++) {
            long batch = table.end();
            table.append(batch * 8192, batch * 10 + 1, 10, 100, (int) batch, ~(int) batch, batch);
        }
    }

    @Test
    void anEmptyTableFindsNothing() {
        assertThat(table.isEmpty()).isTrue();
        assertThat(table.find(1)).isEqualTo(table.end());
        assertThat(table.bytesThroughSeq(0)).isZero();
        assertThat(table.bytesThroughSeq(100)).isZero();
    }

    @Test
    void aBatchIsFoundByEachOfItsSeqs() {
        append(3);
        assertThat(table.find(11)).isEqualTo(1);
        assertThat(table.find(20)).isEqualTo(1);
        assertThat(table.find(21)).isEqualTo(2);
    }

    @Test
    void aSeqBeforeTheFirstBatchFindsTheFirstAndOneBehindTheLastFindsNone() {
        append(3);
        table.dropFirst();
        assertThat(table.find(1)).isEqualTo(1);
        assertThat(table.find(31)).isEqualTo(table.end());
    }

    @Test
    void aSeqInAGapFindsTheBatchBehindIt() {
        table.append(0, 1, 5, 100, 0, 0, 0);
        table.append(8192, 21, 5, 100, 0, 0, 0);
        assertThat(table.find(10)).isEqualTo(1);
    }

    @Test
    void theTableGrowsAndKeepsWhatItHolds() {
        append(1000);
        for (int i = 0; i < 700; i++) {
            table.dropFirst();
        }
        append(10_000);
        assertThat(table.first()).isEqualTo(700);
        assertThat(table.end()).isEqualTo(11_000);
        for (long batch = table.first(); batch < table.end(); batch++) {
            assertThat(table.position(batch)).isEqualTo(batch * 8192);
            assertThat(table.firstSeq(batch)).isEqualTo(batch * 10 + 1);
            assertThat(table.lastSeq(batch)).isEqualTo(batch * 10 + 10);
            assertThat(table.count(batch)).isEqualTo(10);
            assertThat(table.dataBytes(batch)).isEqualTo(100);
            assertThat(table.memory(batch)).isEqualTo((int) batch);
            assertThat(table.checksum(batch)).isEqualTo(~(int) batch);
            assertThat(table.closedNanos(batch)).isEqualTo(batch);
            assertThat(table.find(batch * 10 + 5)).isEqualTo(batch);
        }
    }

    @Test
    void bytesAreCountedThroughWholeBatches() {
        append(3);
        assertThat(table.bytesThroughSeq(10)).isEqualTo(100);
        assertThat(table.bytesThroughSeq(20)).isEqualTo(200);
        assertThat(table.bytesThroughSeq(30)).isEqualTo(300);
        assertThat(table.bytesThroughSeq(1_000)).isEqualTo(300);
    }

    @Test
    void aBatchThatIsHeldInPartDoesNotCount() {
        append(3);
        assertThat(table.bytesThroughSeq(9)).isZero();
        assertThat(table.bytesThroughSeq(11)).isEqualTo(100);
        assertThat(table.bytesThroughSeq(29)).isEqualTo(200);
    }

    @Test
    void droppedBatchesStillCountInTheBytesBehindThem() {
        append(3);
        table.dropFirst();
        assertThat(table.bytesThroughSeq(10)).isEqualTo(100);
        assertThat(table.bytesThroughSeq(20)).isEqualTo(200);
        table.dropFirst();
        table.dropFirst();
        assertThat(table.bytesThroughSeq(30)).isEqualTo(300);
    }

    @Test
    void anEvictedBatchIsNotInMemory() {
        append(2);
        table.evict(0);
        assertThat(table.memory(0)).isEqualTo(BatchTable.NOT_IN_MEMORY);
        assertThat(table.memory(1)).isEqualTo(1);
    }

    @Test
    void aBatchOutsideTheTableIsAViolation() {
        append(2);
        table.dropFirst();
        assertThatThrownBy(() -> table.position(0)).isInstanceOf(InvariantViolation.class);
        assertThatThrownBy(() -> table.position(2)).isInstanceOf(InvariantViolation.class);
        table.dropFirst();
        assertThatThrownBy(table::dropFirst).isInstanceOf(InvariantViolation.class);
    }

    @Test
    void whatIsCutOffCountsNoLonger() {
        append(5);
        table.cut(3);
        assertThat(table.end()).isEqualTo(3);
        assertThat(table.bytesThroughSeq(50)).isEqualTo(300);
        assertThat(table.find(31)).isEqualTo(table.end());
        table.cut(3);
        append(1);
        assertThat(table.bytesThroughSeq(40)).isEqualTo(400);
        table.cut(0);
        assertThat(table.isEmpty()).isTrue();
        assertThat(table.bytesThroughSeq(1)).isZero();
    }
}
