package dmctl.engine;

/**
 * What is known of every batch between the tail and the head of a log, as parallel arrays: a queue
 * of batch numbers {@code first() .. end()-1}, appended at the end, forgotten at the front. Bounded
 * by the log: a frame takes at least 4 KiB of it.
 */
final class BatchTable {
    static final int NOT_IN_MEMORY = -1;

    private long first;
    private long end;
    private long totalBytes;
    private int mask;
    private long[] position;
    private long[] firstSeq;
    private long[] bytesThrough;
    private long[] closedNanos;
    private int[] count;
    private int[] dataBytes;
    private int[] memory;
    private int[] checksum;

    BatchTable() {
        int capacity = 1024;
        mask = capacity - 1;
        position = new long[capacity];
        firstSeq = new long[capacity];
        bytesThrough = new long[capacity];
        closedNanos = new long[capacity];
        count = new int[capacity];
        dataBytes = new int[capacity];
        memory = new int[capacity];
        checksum = new int[capacity];
    }

    long first() {
        return first;
    }

    long end() {
        return end;
    }

    boolean isEmpty() {
        return first == end;
    }

    /** Appends a batch and returns its number. */
    long append(
            long framePosition,
            long firstSeqOf,
            int records,
            int bytes,
            int memoryOffset,
            int frameChecksum,
            long nanos) {
        if (end - first == position.length) {
            grow();
        }
        int slot = (int) end & mask;
        position[slot] = framePosition;
        firstSeq[slot] = firstSeqOf;
        count[slot] = records;
        dataBytes[slot] = bytes;
        totalBytes += bytes;
        bytesThrough[slot] = totalBytes;
        memory[slot] = memoryOffset;
        checksum[slot] = frameChecksum;
        closedNanos[slot] = nanos;
        return end++;
    }

    void dropFirst() {
        Invariant.check(first < end, "a batch to drop");
        first++;
    }

    /** Forgets the batches from one on. */
    void cut(long batch) {
        if (batch < end) {
            totalBytes = bytesThrough(batch) - dataBytes(batch);
            end = batch;
        }
    }

    long position(long batch) {
        return position[slot(batch)];
    }

    long firstSeq(long batch) {
        return firstSeq[slot(batch)];
    }

    long lastSeq(long batch) {
        int slot = slot(batch);
        return firstSeq[slot] + count[slot] - 1;
    }

    int count(long batch) {
        return count[slot(batch)];
    }

    int dataBytes(long batch) {
        return dataBytes[slot(batch)];
    }

    /** Data bytes of this batch and of all before it since the table began: for differences. */
    long bytesThrough(long batch) {
        return bytesThrough[slot(batch)];
    }

    long closedNanos(long batch) {
        return closedNanos[slot(batch)];
    }

    int memory(long batch) {
        return memory[slot(batch)];
    }

    void evict(long batch) {
        memory[slot(batch)] = NOT_IN_MEMORY;
    }

    int checksum(long batch) {
        return checksum[slot(batch)];
    }

    /** The batch that holds a seq, or the first one after it; {@code end()} if none. */
    long find(long seq) {
        long low = first;
        long high = end;
        while (low < high) {
            long middle = (low + high) >>> 1;
            if (lastSeq(middle) < seq) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Data bytes of all batches up to the one that ends at or before a seq. */
    long bytesThroughSeq(long seq) {
        if (isEmpty() || seq >= lastSeq(end - 1)) {
            return totalBytes;
        }
        long batch = find(seq);
        return lastSeq(batch) == seq ? bytesThrough(batch) : bytesThrough(batch) - dataBytes(batch);
    }

    private int slot(long batch) {
        if (batch < first || batch >= end) {
            throw new InvariantViolation("batch " + batch + " not in table " + first + ".." + end);
        }
        return (int) batch & mask;
    }

    private void grow() {
        int wider = 2 * position.length - 1;
        position = widened(position);
        firstSeq = widened(firstSeq);
        bytesThrough = widened(bytesThrough);
        closedNanos = widened(closedNanos);
        count = widened(count);
        dataBytes = widened(dataBytes);
        memory = widened(memory);
        checksum = widened(checksum);
        mask = wider;
    }

    private long[] widened(long[] from) {
        long[] to = new long[2 * from.length];
        for (long batch = first; batch < end; batch++) {
            to[(int) batch & (to.length - 1)] = from[(int) batch & mask];
        }
        return to;
    }

    private int[] widened(int[] from) {
        int[] to = new int[2 * from.length];
        for (long batch = first; batch < end; batch++) {
            to[(int) batch & (to.length - 1)] = from[(int) batch & mask];
        }
        return to;
    }
}
