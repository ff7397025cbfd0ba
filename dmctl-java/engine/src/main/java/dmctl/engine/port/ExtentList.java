package dmctl.engine.port;

/** Extents of a range in order, without gaps: lengths in bytes, and whether they read as zeroes. */
public final class ExtentList {
    private long[] lengths = new long[16];
    private boolean[] zero = new boolean[16];
    private int size;

    /** Creates an empty list. */
    public ExtentList() {}

    /** Forgets all extents. */
    public void clear() {
        size = 0;
    }

    /**
     * Appends an extent, joined to the one before when of the same kind.
     *
     * @param bytes its length, more than 0
     * @param readsZero whether it is known to read as zeroes
     */
    public void add(long bytes, boolean readsZero) {
        if (size > 0 && zero[size - 1] == readsZero) {
            lengths[size - 1] += bytes;
            return;
        }
        if (size == lengths.length) {
            lengths = java.util.Arrays.copyOf(lengths, size * 2);
            zero = java.util.Arrays.copyOf(zero, size * 2);
        }
        lengths[size] = bytes;
        zero[size++] = readsZero;
    }

    /**
     * Returns the number of extents.
     *
     * @return 0 or more
     */
    public int size() {
        return size;
    }

    /**
     * Returns a length.
     *
     * @param index below {@link #size}
     * @return bytes
     */
    public long length(int index) {
        return lengths[index];
    }

    /**
     * Tells whether an extent is known to read as zeroes.
     *
     * @param index below {@link #size}
     * @return true if so
     */
    public boolean readsZero(int index) {
        return zero[index];
    }
}
