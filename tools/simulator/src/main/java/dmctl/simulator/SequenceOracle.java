package dmctl.simulator;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Judges an image when the order of the ops is known: is there one N so that every sector of every
 * device holds what records 1..N leave there? Each sector's content allows one interval of N
 * (zeroes may allow several); the verdict is the intersection over all sectors.
 *
 * <p>Of a large op only the seq of the last record is exact; its sectors may have taken effect
 * since its first record, in ascending order.
 */
final class SequenceOracle {
    private record Interval(long from, long to) {}

    private final History history;
    private final int[] found;
    private long low;
    private long high = Long.MAX_VALUE;
    private int lowAt = -1;
    private int highAt = -1;
    private final List<List<Interval>> choices = new ArrayList<>();
    private final List<Integer> choiceSectors = new ArrayList<>();

    private SequenceOracle(History history, int[] found) {
        this.history = history;
        this.found = found;
    }

    /**
     * Judges.
     *
     * @param history the line the image belongs to, every op in it with its seq
     * @param found per sector over all devices what {@link Stamp#read} returned
     * @param floor lowest seq that had to survive
     */
    static Verdict judge(History history, int[] found, long floor) {
        return new SequenceOracle(history, found).judge(floor);
    }

    private Verdict judge(long floor) {
        for (int index = 0; index < found.length; index++) {
            String wrong = narrow(index);
            if (wrong != null) {
                return Verdict.bad(wrong);
            }
        }
        if (low > high) {
            return Verdict.bad(conflict());
        }
        Verdict verdict = choose();
        if (!verdict.good()) {
            return verdict;
        }
        if (verdict.high() < floor) {
            return Verdict.bad(
                    "the image ends at seq "
                            + verdict.high()
                            + ", but seq "
                            + floor
                            + " had to survive; "
                            + (highAt >= 0 ? describe(highAt) : ""));
        }
        String torn = tornLargeOp();
        return torn == null ? verdict : Verdict.bad(torn);
    }

    private @Nullable String narrow(int index) {
        int content = found[index];
        int count = history.count(index);
        if (content >= 0) {
            for (int i = 0; i < count; i++) {
                if (history.version(index, i) == content) {
                    narrow(index, history.lowSeq(content), next(index, i + 1));
                    return null;
                }
            }
            return history.place(index)
                    + " shows "
                    + history.journal.name(content)
                    + ", which is no part of history line "
                    + history.number;
        }
        if (content == Stamp.BASE || (content == Stamp.ZERO && count == 0)) {
            if (history.base(index) == content) {
                narrow(index, 0, next(index, 0));
                return null;
            }
        } else if (content == Stamp.ZERO) {
            return narrowZero(index, count);
        }
        return history.place(index) + " shows " + history.journal.name(content);
    }

    private @Nullable String narrowZero(int index, int count) {
        List<Interval> intervals = new ArrayList<>();
        if (history.base(index) == Stamp.ZERO) {
            intervals.add(new Interval(0, next(index, 0)));
        }
        for (int i = 0; i < count; i++) {
            int op = history.version(index, i);
            if (history.journal.zeroes(op)) {
                intervals.add(new Interval(history.lowSeq(op), next(index, i + 1)));
            }
        }
        if (intervals.isEmpty()) {
            return history.place(index) + " shows zeroes, which nothing put there";
        }
        if (intervals.size() == 1) {
            narrow(index, intervals.getFirst().from, intervals.getFirst().to);
        } else {
            choices.add(intervals);
            choiceSectors.add(index);
        }
        return null;
    }

    /** Returns the last seq at which the i-th version of a sector has not taken its place. */
    private long next(int index, int i) {
        return i < history.count(index)
                ? history.seq(history.version(index, i)) - 1
                : Long.MAX_VALUE;
    }

    private void narrow(int index, long from, long to) {
        if (from > low) {
            low = from;
            lowAt = index;
        }
        if (to < high) {
            high = to;
            highAt = index;
        }
    }

    private Verdict choose() {
        List<Interval> feasible = List.of(new Interval(low, high));
        for (int i = 0; i < choices.size(); i++) {
            List<Interval> narrowed = new ArrayList<>();
            for (Interval a : feasible) {
                for (Interval b : choices.get(i)) {
                    long from = Math.max(a.from, b.from);
                    long to = Math.min(a.to, b.to);
                    if (from <= to) {
                        narrowed.add(new Interval(from, to));
                    }
                }
            }
            if (narrowed.isEmpty()) {
                return Verdict.bad(
                        "no cut explains the zeroes of "
                                + describe(choiceSectors.get(i))
                                + " together with "
                                + (lowAt >= 0 ? describe(lowAt) : "the rest")
                                + " and "
                                + (highAt >= 0 ? describe(highAt) : "the rest"));
            }
            feasible = narrowed;
        }
        long from = Long.MAX_VALUE;
        long to = 0;
        for (Interval interval : feasible) {
            from = Math.min(from, interval.from);
            to = Math.max(to, interval.to);
        }
        return Verdict.good(from, to);
    }

    private String conflict() {
        return describe(lowAt)
                + ", so the cut is at seq "
                + low
                + " or later; but "
                + describe(highAt)
                + ", so it is at seq "
                + high
                + " or before";
    }

    private String describe(int index) {
        StringBuilder text = new StringBuilder(history.place(index));
        text.append(" shows ").append(history.journal.name(found[index])).append(" of versions");
        for (int i = Math.max(0, history.count(index) - 6); i < history.count(index); i++) {
            int op = history.version(index, i);
            text.append(history.journal.zeroes(op) ? " z" : " ").append(op);
            text.append("@").append(history.seq(op));
        }
        return text.toString();
    }

    /** The shown part of a large op must be its beginning, but for what later ops have covered. */
    private @Nullable String tornLargeOp() {
        Journal journal = history.journal;
        for (int i = 0; i < history.memberCount(); i++) {
            int op = history.member(i);
            if (!journal.large(op)) {
                continue;
            }
            int first = history.index(journal.device(op), journal.firstSector(op));
            int missing = -1;
            for (int at = first; at < first + journal.sectors(op); at++) {
                boolean shows = found[at] == op || (journal.zeroes(op) && found[at] == Stamp.ZERO);
                if (!shows && !coveredByLater(at, op)) {
                    missing = missing < 0 ? at : missing;
                } else if (found[at] == op && missing >= 0) {
                    return history.place(at)
                            + " shows "
                            + journal.name(op)
                            + ", but before it "
                            + describe(missing);
                }
            }
        }
        return null;
    }

    private boolean coveredByLater(int index, int op) {
        for (int i = history.count(index) - 1; i >= 0; i--) {
            int version = history.version(index, i);
            if (version == op) {
                return false;
            }
            boolean shown =
                    version == found[index]
                            || (found[index] == Stamp.ZERO && history.journal.zeroes(version));
            if (shown) {
                return true;
            }
        }
        return false;
    }
}
