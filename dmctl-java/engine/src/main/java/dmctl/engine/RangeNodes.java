package dmctl.engine;

import java.util.Arrays;

/**
 * The nodes of the range indexes of all devices together, in one array of longs, so that the bound
 * holds for the sum whichever device the records are for. Freed nodes are used again; the array
 * doubles up to the bound and never shrinks, so that nothing is allocated once the highest number
 * has been seen. What a node holds is the index's matter, but for the next free id in a free one.
 */
final class RangeNodes {
    static final int NODE_LONGS = 5;

    private static final int NONE = -1;
    private static final int NODES_AT_START = 1024;

    /** What an array of longs can hold on any JVM. */
    private static final int MAX_NODES = (Integer.MAX_VALUE - 8) / NODE_LONGS;

    private final int max;
    private long[] cells;
    private int firstFree = NONE;

    /** Ids below this one have been handed out. */
    private int everUsed;

    private int used;

    /**
     * Nodes, none of them used.
     *
     * @param max the most there may ever be, from 2 to 429,496,727
     */
    RangeNodes(int max) {
        Invariant.check(
                max >= RangeIndex.NODES_ADDED_BY_PUT && max <= MAX_NODES,
                "a range index holds 2 ranges at least and an array of them at most",
                max,
                MAX_NODES);
        this.max = max;
        this.cells = new long[Math.min(max, NODES_AT_START) * NODE_LONGS];
    }

    /** All nodes, one behind the other; another array after {@link #reserve}. */
    long[] cells() {
        return cells;
    }

    int used() {
        return used;
    }

    int max() {
        return max;
    }

    boolean hasRoom(long more) {
        return used + more <= max;
    }

    /** Makes sure that so many can be allocated. */
    void reserve(int more) {
        int capacity = cells.length / NODE_LONGS;
        if (used + more > capacity) {
            int grown = (int) Math.min(max, capacity * 2L);
            cells = Arrays.copyOf(cells, grown * NODE_LONGS);
        }
    }

    int allocate() {
        int node = firstFree;
        if (node == NONE) {
            node = everUsed++;
        } else {
            firstFree = (int) cells[node * NODE_LONGS];
        }
        used++;
        return node;
    }

    void free(int node) {
        cells[node * NODE_LONGS] = firstFree;
        firstFree = node;
        used--;
    }

    /**
     * The most bytes that so many nodes can ever take: the full array, and beside it the array
     * before, held while it is copied. Array headers are left out.
     */
    static long memoryBytesMax(long max) {
        long before = 0;
        long nodes = Math.min(max, NODES_AT_START);
        while (nodes < max) {
            before = nodes;
            nodes = Math.min(max, nodes * 2);
        }
        return (before + nodes) * NODE_LONGS * Long.BYTES;
    }
}
