package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BlockSumsTest {
    private static final int BYTES = 2 * BlockSums.BLOCK_BYTES + 512;

    private final BlockSums sums = new BlockSums();
    private final ByteBuffer data = Buffers.aligned(BYTES);
    private final ByteBuffer out = Buffers.aligned(3 * BlockSums.SUM_BYTES);

    private void fill(int seed) {
        byte[] bytes = new byte[BYTES];
        new Random(seed).nextBytes(bytes);
        data.put(0, bytes);
    }

    private void putAll() {
        for (int block = 0; block < 3; block++) {
            sums.put(data, BYTES, block, out, block * BlockSums.SUM_BYTES);
        }
    }

    private boolean matches(int block) {
        return sums.matches(data, BYTES, block, out, block * BlockSums.SUM_BYTES);
    }

    @Test
    void theLastBlockMayBeShorter() {
        assertThat(BlockSums.blocks(BYTES)).isEqualTo(3);
        assertThat(BlockSums.blocks(512)).isEqualTo(1);
        assertThat(BlockSums.blocks(BlockSums.BLOCK_BYTES)).isEqualTo(1);
        assertThat(BlockSums.length(BYTES, 1)).isEqualTo(BlockSums.BLOCK_BYTES);
        assertThat(BlockSums.length(BYTES, 2)).isEqualTo(512);
    }

    @Test
    void equalBlocksMatch() {
        fill(1);
        putAll();
        assertThat(matches(0)).isTrue();
        assertThat(matches(1)).isTrue();
        assertThat(matches(2)).isTrue();
    }

    @Test
    void aBlockThatDiffersInOneBitDoesNotMatchAndItsNeighboursDo() {
        fill(1);
        putAll();
        int place = 2 * BlockSums.BLOCK_BYTES - 1;
        data.put(place, (byte) (data.get(place) ^ 0x80));
        assertThat(matches(0)).isTrue();
        assertThat(matches(1)).isFalse();
        assertThat(matches(2)).isTrue();
    }

    @Test
    void aSumOfTheShortBlockCoversAllOfIt() {
        fill(1);
        putAll();
        data.put(BYTES - 1, (byte) ~data.get(BYTES - 1));
        assertThat(matches(2)).isFalse();
    }

    @Test
    void onlyABlockOfZeroesThroughoutIsOne() {
        assertThat(BlockSums.isZero(data, BYTES, 0)).isTrue();
        assertThat(BlockSums.isZero(data, BYTES, 2)).isTrue();
        data.put(BlockSums.BLOCK_BYTES - 1, (byte) 1);
        data.put(BYTES - 1, (byte) 1);
        assertThat(BlockSums.isZero(data, BYTES, 0)).isFalse();
        assertThat(BlockSums.isZero(data, BYTES, 1)).isTrue();
        assertThat(BlockSums.isZero(data, BYTES, 2)).isFalse();
    }

    @Test
    void bitsAreSetOneByOne() {
        ByteBuffer bits = Buffers.aligned(4);
        for (int bit : new int[] {0, 7, 8, 15}) {
            Bits.set(bits, 1, bit);
        }
        for (int bit = 0; bit < 24; bit++) {
            assertThat(Bits.get(bits, 1, bit))
                    .as("bit %d", bit)
                    .isEqualTo(bit == 0 || bit == 7 || bit == 8 || bit == 15);
        }
        assertThat(bits.get(0)).isZero();
        assertThat(bits.get(1)).isEqualTo((byte) 0x81);
    }
}
