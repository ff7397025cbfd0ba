package dmctl.simulator;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * One line of the group's history: which ops it may hold, per sector in the order they take effect.
 * Each change of primary and each unclean restart cuts the line at the last seq that was found and
 * begins a new one; what was beyond the cut belongs to the old line alone.
 */
final class History {
    final Journal journal;
    final int number;
    private final int[] firstSectors;
    private final boolean[] baseStamped;
    private final int[][] versions;
    private final int[] counts;
    private long[] forkTicks;
    private boolean[] member = new boolean[256];
    private int[] members = new int[256];
    private int memberCount;
    private final Map<Integer, Long> cutSeqs = new HashMap<>();

    /**
     * Begins the first line.
     *
     * @param sectorsPerDevice sizes
     * @param baseStamped per sector over all devices: whether it holds a base stamp, else zeroes
     */
    History(Journal journal, int[] sectorsPerDevice, boolean[] baseStamped) {
        this.journal = journal;
        number = 0;
        this.baseStamped = baseStamped;
        firstSectors = new int[sectorsPerDevice.length + 1];
        for (int i = 0; i < sectorsPerDevice.length; i++) {
            firstSectors[i + 1] = firstSectors[i] + sectorsPerDevice[i];
        }
        versions = new int[sectors()][];
        counts = new int[sectors()];
        forkTicks = new long[0];
    }

    private History(History parent, long tick) {
        journal = parent.journal;
        number = parent.number + 1;
        firstSectors = parent.firstSectors;
        baseStamped = parent.baseStamped;
        versions = new int[sectors()][];
        counts = new int[sectors()];
        forkTicks = Arrays.copyOf(parent.forkTicks, parent.forkTicks.length + 1);
        forkTicks[parent.forkTicks.length] = tick;
    }

    /**
     * Returns the line that holds this one's ops up to a seq and goes on from there. Of a large op
     * that the cut splits only the sectors that the image shows go on.
     */
    History forkAfter(long lastSeq, int[] found) {
        History fork = new History(this, journal.tick());
        for (int i = 0; i < memberCount; i++) {
            int op = members[i];
            boolean split = journal.large(op) && lowSeq(op) <= lastSeq && seq(op) > lastSeq;
            if (seq(op) <= lastSeq || split) {
                fork.note(op);
                if (split || cutSeqs.containsKey(op)) {
                    fork.cutSeqs.put(op, Math.min(seq(op), lastSeq));
                }
            }
        }
        for (int index = 0; index < versions.length; index++) {
            for (int i = 0; i < counts[index]; i++) {
                int op = versions[index][i];
                boolean shown =
                        found[index] == op || (found[index] == Stamp.ZERO && journal.zeroes(op));
                if (fork.holds(op) && (seq(op) <= lastSeq || shown)) {
                    fork.insert(index, op);
                }
            }
        }
        return fork;
    }

    /** Returns the seq of the last record of an op in this line. */
    long seq(int op) {
        Long cut = cutSeqs.get(op);
        return cut == null ? journal.seq(op) : cut;
    }

    /** Returns a seq that no record of the op is below. */
    long lowSeq(int op) {
        return Math.min(journal.lowSeq(op), seq(op));
    }

    /** Returns the number of sectors of all devices together. */
    int sectors() {
        return firstSectors[firstSectors.length - 1];
    }

    int index(int device, int sector) {
        return firstSectors[device] + sector;
    }

    int firstIndex(int device) {
        return firstSectors[device];
    }

    int device(int index) {
        int device = 0;
        while (firstSectors[device + 1] <= index) {
            device++;
        }
        return device;
    }

    String place(int index) {
        int device = device(index);
        return "dev " + device + " sector " + (index - firstSectors[device]);
    }

    /** What a sector holds before any op: {@link Stamp#ZERO} or {@link Stamp#BASE}. */
    int base(int index) {
        return baseStamped[index] ? Stamp.BASE : Stamp.ZERO;
    }

    boolean holds(int op) {
        return op < member.length && member[op];
    }

    int memberCount() {
        return memberCount;
    }

    int member(int i) {
        return members[i];
    }

    /** Returns the number of ops that touch a sector. */
    int count(int index) {
        return counts[index];
    }

    /** Returns the i-th op of a sector in the order of seq. */
    int version(int index, int i) {
        return versions[index][i];
    }

    /** Adds an op; ops whose seq is known are kept in that order, others go last. */
    void add(int op) {
        if (holds(op)) {
            return;
        }
        note(op);
        int first = index(journal.device(op), journal.firstSector(op));
        for (int i = 0; i < journal.sectors(op); i++) {
            insert(first + i, op);
        }
    }

    private void note(int op) {
        if (op >= member.length) {
            member = Arrays.copyOf(member, Math.max(op + 1, member.length * 2));
        }
        if (memberCount == members.length) {
            members = Arrays.copyOf(members, memberCount * 2);
        }
        member[op] = true;
        members[memberCount++] = op;
    }

    private void insert(int index, int op) {
        int[] list = versions[index];
        int count = counts[index];
        if (list == null) {
            list = new int[4];
            versions[index] = list;
        } else if (count == list.length) {
            list = Arrays.copyOf(list, count * 2);
            versions[index] = list;
        }
        int at = count;
        while (at > 0 && order(list[at - 1]) > order(op)) {
            list[at] = list[at - 1];
            at--;
        }
        list[at] = op;
        counts[index] = count + 1;
    }

    private long order(int op) {
        long seq = seq(op);
        return seq == 0 ? Long.MAX_VALUE : seq;
    }

    /**
     * Returns when the op had ended at the latest, if it is part of this line at all: its
     * completion, or the cut that it survived.
     */
    long ended(int op) {
        long ended = journal.ended(op);
        for (long fork : forkTicks) {
            if (fork > journal.issued(op)) {
                return Math.min(ended, fork);
            }
        }
        return ended;
    }
}
