package dmctl.engine;

import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Checksums by which two sites compare a region block by block before data is sent. 128 bits of
 * SHA-256: equal sums stand for equal blocks, so a collision must be out of the question.
 */
final class BlockSums {
    static final int BLOCK_BYTES = 4096;
    static final int SUM_BYTES = 16;

    private final MessageDigest digest;
    private final byte[] block = new byte[BLOCK_BYTES];
    private final byte[] sum = new byte[32];

    BlockSums() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    static int blocks(int bytes) {
        return (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES;
    }

    static int length(int bytes, int block) {
        return Math.min(BLOCK_BYTES, bytes - block * BLOCK_BYTES);
    }

    static boolean isZero(ByteBuffer data, int bytes, int block) {
        int from = block * BLOCK_BYTES;
        int to = from + length(bytes, block);
        for (int i = from; i < to; i += 8) {
            if (data.getLong(i) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Writes the sum of a block of data (which begins at index 0) to a place. */
    void put(ByteBuffer data, int bytes, int blockIndex, ByteBuffer to, int at) {
        digest(data, bytes, blockIndex);
        to.put(at, sum, 0, SUM_BYTES);
    }

    /** Whether the sum of a block equals the one at a place. */
    boolean matches(ByteBuffer data, int bytes, int blockIndex, ByteBuffer sums, int at) {
        digest(data, bytes, blockIndex);
        for (int i = 0; i < SUM_BYTES; i++) {
            if (sums.get(at + i) != sum[i]) {
                return false;
            }
        }
        return true;
    }

    private void digest(ByteBuffer data, int bytes, int blockIndex) {
        int length = length(bytes, blockIndex);
        data.get(blockIndex * BLOCK_BYTES, block, 0, length);
        digest.update(block, 0, length);
        try {
            digest.digest(sum, 0, sum.length);
        } catch (DigestException e) {
            throw new IllegalStateException("a buffer of 32 bytes holds a SHA-256", e);
        }
    }
}
