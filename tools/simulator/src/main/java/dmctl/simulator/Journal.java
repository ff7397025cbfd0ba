package dmctl.simulator;

import java.util.Arrays;

/**
 * What the writers asked for and when it ended, kept outside of everything that can be killed.
 * Times are ticks of one counter that no two events share. An op is one write or zeroing of a range
 * of sectors of one device.
 */
final class Journal {
    static final long NEVER = Long.MAX_VALUE;

    private int size;
    private long tick;
    private int[] writer = new int[256];
    private int[] device = new int[256];
    private int[] firstSector = new int[256];
    private int[] sectors = new int[256];
    private boolean[] zeroes = new boolean[256];
    private boolean[] large = new boolean[256];
    private long[] issued = new long[256];
    private long[] ended = new long[256];
    private long[] lowSeq = new long[256];
    private long[] seq = new long[256];

    long tick() {
        return ++tick;
    }

    int size() {
        return size;
    }

    /** Notes that an op is about to be issued; returns its number. */
    int issue(int byWriter, int onDevice, int first, int count, boolean asZeroes) {
        if (size == writer.length) {
            grow(size * 2);
        }
        int op = size++;
        writer[op] = byWriter;
        device[op] = onDevice;
        firstSector[op] = first;
        sectors[op] = count;
        zeroes[op] = asZeroes;
        issued[op] = tick();
        ended[op] = NEVER;
        return op;
    }

    private void grow(int capacity) {
        writer = Arrays.copyOf(writer, capacity);
        device = Arrays.copyOf(device, capacity);
        firstSector = Arrays.copyOf(firstSector, capacity);
        sectors = Arrays.copyOf(sectors, capacity);
        zeroes = Arrays.copyOf(zeroes, capacity);
        large = Arrays.copyOf(large, capacity);
        issued = Arrays.copyOf(issued, capacity);
        ended = Arrays.copyOf(ended, capacity);
        lowSeq = Arrays.copyOf(lowSeq, capacity);
        seq = Arrays.copyOf(seq, capacity);
    }

    /** The op may take effect in several parts, one after the other by ascending sector. */
    void markLarge(int op) {
        large[op] = true;
    }

    /** The op has ended well. */
    void complete(int op) {
        ended[op] = tick();
    }

    /**
     * The place of the op in the group's order: its last record has seq, its first at least low.
     */
    void ordered(int op, long low, long last) {
        lowSeq[op] = low;
        seq[op] = last;
    }

    int writer(int op) {
        return writer[op];
    }

    int device(int op) {
        return device[op];
    }

    int firstSector(int op) {
        return firstSector[op];
    }

    int sectors(int op) {
        return sectors[op];
    }

    boolean zeroes(int op) {
        return zeroes[op];
    }

    boolean large(int op) {
        return large[op];
    }

    long issued(int op) {
        return issued[op];
    }

    long ended(int op) {
        return ended[op];
    }

    boolean completed(int op) {
        return ended[op] != NEVER;
    }

    long lowSeq(int op) {
        return lowSeq[op];
    }

    /** Returns the seq of the last record, 0 while unknown. */
    long seq(int op) {
        return seq[op];
    }

    String name(int op) {
        return switch (op) {
            case Stamp.ZERO -> "zeroes";
            case Stamp.BASE -> "the content from before the first op";
            case Stamp.GARBAGE -> "garbage";
            case Stamp.MISPLACED -> "a sector of another place";
            default ->
                    (zeroes[op] ? "zeroing " : "write ")
                            + op
                            + " of writer "
                            + writer[op]
                            + " (dev "
                            + device[op]
                            + " sectors "
                            + firstSector[op]
                            + "+"
                            + sectors[op]
                            + ", seq "
                            + seq[op]
                            + (completed(op) ? ", completed" : ", not completed")
                            + ")";
        };
    }
}
