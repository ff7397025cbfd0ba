package dmctl.engine;

/**
 * Which record is the newest for each range of sectors of one device, of those not yet applied
 * there. Ranges never overlap; sectors without one are read from the device. Neighbours of one seq
 * are not merged.
 *
 * <p>A treap of {@link RangeNodes}, which the indexes of all devices share. The priority of a node
 * is a mix of its id, which no caller can steer: operations take O(log n) steps whatever the
 * ranges, and two runs on the same input build the same tree.
 *
 * <p>A node is five longs, in the order in which a search reads them:
 *
 * <pre>
 *   +0 end       first sector after the range
 *   +1 children  left id in the low half, right id in the high half
 *   +2 start     first sector
 *   +3 seq       of the newest record
 *   +4 parent    id
 * </pre>
 *
 * <p>Sectors are 512 bytes. Node ids stay valid until the next {@link #put} or {@link #remove}.
 */
final class RangeIndex {
    private static final int NONE = -1;
    private static final int NODE_LONGS = RangeNodes.NODE_LONGS;

    /** A put may cut a range in two and stand between them. */
    static final int NODES_ADDED_BY_PUT = 2;

    private static final int END = 0;
    private static final int CHILDREN = 1;
    private static final int START = 2;
    private static final int SEQ = 3;
    private static final int PARENT = 4;

    private final RangeNodes nodes;
    private int root = NONE;
    private int size;

    /** An empty index of nodes that it shares with others. */
    RangeIndex(RangeNodes nodes) {
        this.nodes = nodes;
    }

    /** An empty index with nodes of its own, so many at most. */
    RangeIndex(int maxNodes) {
        this(new RangeNodes(maxNodes));
    }

    /** Whether that many calls of {@link #put} are sure to find room, whatever their ranges. */
    boolean hasRoom(int puts) {
        Invariant.check(puts >= 0, "puts to make room for are not negative", puts, size);
        return nodes.hasRoom((long) NODES_ADDED_BY_PUT * puts);
    }

    /**
     * Makes a record the newest one of a range: older ranges there are cut, split or swallowed. The
     * caller has asked {@link #hasRoom}.
     *
     * @param seq of the record, no lower than any seq in the index
     */
    void put(long sector, long sectorCount, long seq) {
        checkRange(sector, sectorCount);
        Invariant.check(
                nodes.hasRoom(NODES_ADDED_BY_PUT),
                "a range is put only where there is room",
                nodes.used(),
                nodes.max());
        nodes.reserve(NODES_ADDED_BY_PUT);
        long end = sector + sectorCount;
        int node = firstOverlap(sector);
        int before = node == NONE ? last() : previous(node);
        if (node != NONE && start(node) < sector) {
            checkNotNewer(node, seq);
            long endOfCut = end(node);
            set(node, END, sector);
            before = node;
            if (endOfCut > end) {
                int middle = insertAfter(before, sector, end, seq);
                insertAfter(middle, end, endOfCut, seq(node));
                return;
            }
            node = next(node);
        }
        if (node != NONE && start(node) < end) {
            int kept = swallow(node, end, seq);
            if (kept != NONE) {
                set(kept, START, sector);
                set(kept, END, end);
                set(kept, SEQ, seq);
                return;
            }
        }
        insertAfter(before, sector, end, seq);
    }

    /** The node of the lowest range that ends after this sector, or -1. It may start after it. */
    int firstOverlap(long sector) {
        long[] c = nodes.cells();
        int found = NONE;
        int node = root;
        while (node != NONE) {
            int at = node * NODE_LONGS;
            if (c[at + END] > sector) {
                found = node;
                node = (int) c[at + CHILDREN];
            } else {
                node = (int) (c[at + CHILDREN] >>> Integer.SIZE);
            }
        }
        return found;
    }

    /** The node of the next higher range, or -1. */
    int next(int node) {
        int right = right(node);
        if (right != NONE) {
            return leftmost(right);
        }
        int child = node;
        int parent = parent(node);
        while (parent != NONE && right(parent) == child) {
            child = parent;
            parent = parent(parent);
        }
        return parent;
    }

    /** The first sector of the range. */
    long start(int node) {
        return nodes.cells()[node * NODE_LONGS + START];
    }

    /** The first sector after the range. */
    long end(int node) {
        return nodes.cells()[node * NODE_LONGS + END];
    }

    /** The seq of the newest record of the range. */
    long seq(int node) {
        return nodes.cells()[node * NODE_LONGS + SEQ];
    }

    /**
     * Forgets a record that has been applied: what newer ones have left of it in the range.
     *
     * @param sector where the record starts
     * @param sectorCount the whole length of the record
     */
    void remove(long sector, long sectorCount, long seq) {
        checkRange(sector, sectorCount);
        long end = sector + sectorCount;
        int node = firstOverlap(sector);
        while (node != NONE && start(node) < end) {
            int following = next(node);
            if (seq(node) == seq) {
                Invariant.check(
                        start(node) >= sector && end(node) <= end,
                        "a record's ranges lie inside it; sector and seq of the one that does not",
                        start(node),
                        seq);
                delete(node);
            }
            node = following;
        }
    }

    /** The number of ranges. */
    int size() {
        return size;
    }

    /**
     * Checks the order of all ranges and every link of the tree.
     *
     * @return the height of the tree
     * @throws InvariantViolation if a rule does not hold
     */
    int checkTree() {
        int seen = 0;
        int height = 0;
        long endBefore = 0;
        int node = firstOverlap(0);
        while (node != NONE) {
            Invariant.check(start(node) >= endBefore, "ranges are apart", endBefore, start(node));
            Invariant.check(end(node) > start(node), "ranges have sectors", start(node), end(node));
            endBefore = end(node);
            int depth = 1;
            for (int up = node; parent(up) != NONE; up = parent(up)) {
                int parent = parent(up);
                Invariant.check(isAbove(parent, up), "parents rank higher", parent, up);
                Invariant.check(
                        left(parent) == up || right(parent) == up, "links agree", parent, up);
                depth++;
            }
            height = Math.max(height, depth);
            seen++;
            node = next(node);
        }
        Invariant.check(seen == size, "every node is reached", seen, size);
        return height;
    }

    private static void checkRange(long sector, long sectorCount) {
        Invariant.check(
                sector >= 0 && sectorCount > 0 && sector <= Long.MAX_VALUE - sectorCount,
                "a range has sectors and ends below 2^63",
                sector,
                sectorCount);
    }

    private void checkNotNewer(int node, long seq) {
        Invariant.check(seq(node) <= seq, "no record hides a newer one", seq(node), seq);
    }

    /**
     * Removes the nodes that start below {@code end}, from {@code node} on, but cuts one that
     * reaches beyond it.
     *
     * @return the first of those to be removed, left in its place for reuse, or NONE
     */
    private int swallow(int node, long end, long seq) {
        int kept = NONE;
        int swallowed = node;
        while (swallowed != NONE && start(swallowed) < end) {
            checkNotNewer(swallowed, seq);
            if (end(swallowed) > end) {
                set(swallowed, START, end);
                break;
            }
            int following = next(swallowed);
            if (kept == NONE) {
                kept = swallowed;
            } else {
                delete(swallowed);
            }
            swallowed = following;
        }
        return kept;
    }

    /** Adds a node right after another in order; NONE puts it before all others. */
    private int insertAfter(int before, long start, long end, long seq) {
        int node = nodes.allocate();
        size++;
        set(node, START, start);
        set(node, END, end);
        set(node, SEQ, seq);
        setChildren(node, NONE, NONE);
        if (root == NONE) {
            root = node;
            setParent(node, NONE);
            return node;
        }
        if (before != NONE && right(before) == NONE) {
            setRight(before, node);
            setParent(node, before);
        } else {
            int after = leftmost(before == NONE ? root : right(before));
            setLeft(after, node);
            setParent(node, after);
        }
        int parent = parent(node);
        while (parent != NONE && isAbove(node, parent)) {
            rotateUp(node, parent);
            parent = parent(node);
        }
        return node;
    }

    private void delete(int node) {
        int left = left(node);
        int right = right(node);
        while (left != NONE && right != NONE) {
            rotateUp(isAbove(left, right) ? left : right, node);
            left = left(node);
            right = right(node);
        }
        int child = left == NONE ? right : left;
        int parent = parent(node);
        replaceChild(parent, node, child);
        if (child != NONE) {
            setParent(child, parent);
        }
        nodes.free(node);
        size--;
    }

    private void rotateUp(int node, int parent) {
        int above = parent(parent);
        int moved;
        if (left(parent) == node) {
            moved = right(node);
            setLeft(parent, moved);
            setRight(node, parent);
        } else {
            moved = left(node);
            setRight(parent, moved);
            setLeft(node, parent);
        }
        if (moved != NONE) {
            setParent(moved, parent);
        }
        setParent(parent, node);
        setParent(node, above);
        replaceChild(above, parent, node);
    }

    private void replaceChild(int parent, int old, int child) {
        if (parent == NONE) {
            root = child;
        } else if (left(parent) == old) {
            setLeft(parent, child);
        } else {
            setRight(parent, child);
        }
    }

    private int previous(int node) {
        int left = left(node);
        if (left != NONE) {
            return rightmost(left);
        }
        int child = node;
        int parent = parent(node);
        while (parent != NONE && left(parent) == child) {
            child = parent;
            parent = parent(parent);
        }
        return parent;
    }

    private int last() {
        return root == NONE ? NONE : rightmost(root);
    }

    private int leftmost(int top) {
        int node = top;
        for (int left = left(node); left != NONE; left = left(node)) {
            node = left;
        }
        return node;
    }

    private int rightmost(int top) {
        int node = top;
        for (int right = right(node); right != NONE; right = right(node)) {
            node = right;
        }
        return node;
    }

    /** Whether a node's priority is above the other's; never equal, as the mix is one to one. */
    private static boolean isAbove(int node, int other) {
        return priority(node) > priority(other);
    }

    /** The finalizer of MurmurHash3 for 32 bits. */
    private static int priority(int node) {
        int h = node + 1;
        h = (h ^ (h >>> 16)) * 0x85ebca6b;
        h = (h ^ (h >>> 13)) * 0xc2b2ae35;
        return h ^ (h >>> 16);
    }

    private int left(int node) {
        return (int) nodes.cells()[node * NODE_LONGS + CHILDREN];
    }

    private int right(int node) {
        return (int) (nodes.cells()[node * NODE_LONGS + CHILDREN] >>> Integer.SIZE);
    }

    private int parent(int node) {
        return (int) nodes.cells()[node * NODE_LONGS + PARENT];
    }

    private void setLeft(int node, int child) {
        setChildren(node, child, right(node));
    }

    private void setRight(int node, int child) {
        setChildren(node, left(node), child);
    }

    private void setParent(int node, int parent) {
        set(node, PARENT, parent);
    }

    private void setChildren(int node, int left, int right) {
        set(node, CHILDREN, Integer.toUnsignedLong(left) | (long) right << Integer.SIZE);
    }

    private void set(int node, int field, long value) {
        nodes.cells()[node * NODE_LONGS + field] = value;
    }
}
