package dmctl.simulator;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Judges an image by the clients' journal alone: is there an order of the ops that respects
 * "completed before issued", and a cut of that order, that explains every sector? See the package's
 * description for why the smallest cut decides.
 */
final class PrefixOracle {
    private final History history;
    private final Journal journal;
    private final int[] found;

    /** Zeroes: the zeroing op that explains them, once one is needed. */
    private final int[] explained;

    private final BitSet included = new BitSet();

    /** Of a large op that is not included whole: how many of its sectors are. */
    private final int[] partly;

    private long latestIssue;

    /** Whether an op may be there in part, as long as nothing that came after it is. */
    private final boolean torn;

    private PrefixOracle(History history, int[] found, boolean torn) {
        this.torn = torn;
        this.history = history;
        this.found = found;
        journal = history.journal;
        explained = found.clone();
        partly = new int[journal.size()];
    }

    /**
     * Judges.
     *
     * @param history the ops that may have taken effect
     * @param found per sector over all devices what {@link Stamp#read} returned
     * @param hadToSurvive ops that the image must hold
     */
    static Verdict judge(History history, int[] found, BitSet hadToSurvive) {
        return verdict(new PrefixOracle(history, found, false), hadToSurvive);
    }

    /**
     * Judges the devices of a blockdev site: of the newest ops, which nothing depends on yet, any
     * sectors may be there.
     *
     * @param history the ops that may have taken effect
     * @param found per sector over all devices what {@link Stamp#read} returned
     * @param hadToSurvive ops that the image must hold
     */
    static Verdict judgeTorn(History history, int[] found, BitSet hadToSurvive) {
        return verdict(new PrefixOracle(history, found, true), hadToSurvive);
    }

    private static Verdict verdict(PrefixOracle oracle, BitSet hadToSurvive) {
        String wrong = oracle.judge(hadToSurvive);
        return wrong == null ? Verdict.good(0, Long.MAX_VALUE) : Verdict.bad(wrong);
    }

    private @Nullable String judge(BitSet hadToSurvive) {
        for (int op = hadToSurvive.nextSetBit(0); op >= 0; op = hadToSurvive.nextSetBit(op + 1)) {
            include(op);
        }
        for (int index = 0; index < found.length; index++) {
            String wrong = includeFound(index);
            if (wrong != null) {
                return wrong;
            }
        }
        close();
        String wrong = explainZeroes();
        for (int index = 0; wrong == null && index < found.length; index++) {
            wrong = checkSector(index);
        }
        return wrong == null ? findCycle() : wrong;
    }

    private void include(int op) {
        included.set(op);
        latestIssue = Math.max(latestIssue, journal.issued(op));
    }

    private @Nullable String includeFound(int index) {
        int op = found[index];
        if (op == Stamp.ZERO || op == history.base(index)) {
            return null;
        }
        if (op < 0 || !isVersion(index, op)) {
            return history.place(index)
                    + " shows "
                    + journal.name(op)
                    + (op < 0 ? "" : ", which is no part of history line " + history.number);
        }
        if (torn) {
            latestIssue = Math.max(latestIssue, journal.issued(op));
        } else if (journal.large(op)) {
            int sector = index - history.index(journal.device(op), journal.firstSector(op));
            partly[op] = Math.max(partly[op], sector + 1);
            latestIssue = Math.max(latestIssue, journal.issued(op));
        } else {
            include(op);
        }
        return null;
    }

    private boolean isVersion(int index, int op) {
        for (int i = 0; i < history.count(index); i++) {
            if (history.version(index, i) == op) {
                return true;
            }
        }
        return false;
    }

    /** Whatever completed before an included op was issued is included. */
    private void close() {
        for (int i = 0; i < history.memberCount(); i++) {
            int op = history.member(i);
            if (history.ended(op) < latestIssue) {
                included.set(op);
            }
        }
    }

    private boolean holds(int index, int op) {
        if (included.get(op)) {
            return true;
        }
        int sector = index - history.index(journal.device(op), journal.firstSector(op));
        return sector < partly[op];
    }

    private boolean before(int first, int second) {
        return history.ended(first) < journal.issued(second);
    }

    private @Nullable String explainZeroes() {
        boolean again = true;
        while (again) {
            again = false;
            for (int index = 0; index < found.length; index++) {
                if (found[index] != Stamp.ZERO || !needsZeroing(index)) {
                    continue;
                }
                int op = chooseZeroing(index);
                if (op < 0) {
                    return history.place(index)
                            + " shows zeroes, but "
                            + journal.name(lastIncluded(index))
                            + " had to be there and nothing zeroed it later";
                }
                explained[index] = op;
                if (!torn && !holds(index, op)) {
                    include(op);
                    close();
                    again = true;
                } else if (torn && journal.issued(op) > latestIssue) {
                    latestIssue = journal.issued(op);
                    close();
                    again = true;
                }
            }
        }
        return null;
    }

    private boolean needsZeroing(int index) {
        if (history.base(index) != Stamp.ZERO) {
            return true;
        }
        for (int i = 0; i < history.count(index); i++) {
            if (holds(index, history.version(index, i))) {
                return true;
            }
        }
        return false;
    }

    private int lastIncluded(int index) {
        for (int i = history.count(index) - 1; i >= 0; i--) {
            if (holds(index, history.version(index, i))) {
                return history.version(index, i);
            }
        }
        return history.base(index);
    }

    /**
     * A zeroing that can follow every included op of the sector. Where the order is known, it comes
     * after the last included write; included ones go first.
     */
    private int chooseZeroing(int index) {
        int lastWrite = -1;
        for (int i = 0; i < history.count(index); i++) {
            int op = history.version(index, i);
            if (!journal.zeroes(op) && holds(index, op)) {
                lastWrite = i;
            }
        }
        int choice = chooseZeroing(index, lastWrite + 1);
        return choice < 0 ? chooseZeroing(index, 0) : choice;
    }

    private int chooseZeroing(int index, int from) {
        int choice = -1;
        boolean choiceHeld = false;
        for (int i = from; i < history.count(index); i++) {
            int op = history.version(index, i);
            if (journal.zeroes(op) && canBeLast(index, op)) {
                boolean held = holds(index, op);
                if (choice < 0 || held) {
                    choice = op;
                    choiceHeld = held;
                } else if (!choiceHeld && journal.issued(op) < journal.issued(choice)) {
                    choice = op;
                }
            }
        }
        return choice;
    }

    private boolean canBeLast(int index, int op) {
        for (int i = 0; i < history.count(index); i++) {
            int other = history.version(index, i);
            if (other != op && holds(index, other) && before(op, other)) {
                return false;
            }
        }
        return true;
    }

    private @Nullable String checkSector(int index) {
        int shown = explained[index];
        for (int i = 0; i < history.count(index); i++) {
            int other = history.version(index, i);
            if (other == shown || !holds(index, other)) {
                continue;
            }
            if (shown < 0 || before(shown, other)) {
                return history.place(index)
                        + " shows "
                        + journal.name(shown)
                        + ", but holds not the later "
                        + journal.name(other)
                        + reasonFor(other);
            }
        }
        return null;
    }

    private String reasonFor(int op) {
        for (int i = 0; i < found.length; i++) {
            if (found[i] == op) {
                return ", which " + history.place(i) + " shows";
            }
            if (found[i] >= 0 && before(op, found[i])) {
                return ", which completed before the issue of "
                        + journal.name(found[i])
                        + ", which "
                        + history.place(i)
                        + " shows";
            }
        }
        return ", which had to survive";
    }

    /** Included ops must have an order: of those that overlap in time, the shown one was last. */
    private @Nullable String findCycle() {
        int size = journal.size();
        int[] waits = new int[size];
        int[][] followers = new int[size][];
        int[] followerCounts = new int[size];
        for (int index = 0; index < found.length; index++) {
            int shown = explained[index];
            for (int i = 0; shown >= 0 && i < history.count(index); i++) {
                int other = history.version(index, i);
                if (other == shown || !included.get(other) || !included.get(shown)) {
                    continue;
                }
                if (before(other, shown) || journal.large(other) || journal.large(shown)) {
                    continue;
                }
                int[] list = followers[other];
                if (list == null || followerCounts[other] == list.length) {
                    list = list == null ? new int[4] : Arrays.copyOf(list, list.length * 2);
                    followers[other] = list;
                }
                list[followerCounts[other]++] = shown;
                waits[shown]++;
            }
        }
        return emitAll(waits, followers, followerCounts);
    }

    private @Nullable String emitAll(int[] waits, int[][] followers, int[] followerCounts) {
        int[] byEnd =
                included.stream()
                        .boxed()
                        .sorted((a, b) -> Long.compare(history.ended(a), history.ended(b)))
                        .mapToInt(Integer::intValue)
                        .toArray();
        int[] byIssue = included.stream().toArray();
        BitSet emitted = new BitSet();
        ArrayDeque<Integer> freed = new ArrayDeque<>();
        int firstOpen = 0;
        int nextIssue = 0;
        while (true) {
            while (firstOpen < byEnd.length && emitted.get(byEnd[firstOpen])) {
                firstOpen++;
            }
            if (firstOpen == byEnd.length) {
                return null;
            }
            // An op may come once all that ended before its issue have come.
            long horizon = history.ended(byEnd[firstOpen]);
            while (nextIssue < byIssue.length && journal.issued(byIssue[nextIssue]) <= horizon) {
                int op = byIssue[nextIssue++];
                if (waits[op] == 0) {
                    freed.add(op);
                }
            }
            Integer op = freed.poll();
            if (op == null) {
                return "no order of overlapping ops explains what is shown; "
                        + journal.name(byEnd[firstOpen])
                        + " is one of them";
            }
            emitted.set(op);
            for (int i = 0; i < followerCounts[op]; i++) {
                int follower = followers[op][i];
                if (--waits[follower] == 0 && journal.issued(follower) <= horizon) {
                    freed.add(follower);
                }
            }
        }
    }
}
