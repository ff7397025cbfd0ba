package dmctl.engine;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The terms of a history, oldest first; immutable. A history together with a head says exactly
 * which records a log holds, so two of them tell where two logs agree.
 */
record TermHistory(List<Term> terms) {

    static final TermHistory EMPTY = new TermHistory(List.of());

    TermHistory {
        terms = List.copyOf(terms);
    }

    /** Number of the newest term, 0 if there is none. */
    long latestNumber() {
        return terms.isEmpty() ? 0 : terms.getLast().number();
    }

    /** Id of the newest term, 0 if there is none. */
    long latestId() {
        return terms.isEmpty() ? 0 : terms.getLast().id();
    }

    /** The terms that began at or before a head: later ones say nothing about its records. */
    TermHistory upTo(long headSeq) {
        List<Term> kept = new ArrayList<>();
        for (Term term : terms) {
            if (term.previousLastSeq() > headSeq) {
                break;
            }
            kept.add(term);
        }
        return new TermHistory(kept);
    }

    /**
     * This history, ended at a head, with a new term begun there. A site that is restarted again
     * and again without a write keeps the last of the terms only.
     */
    TermHistory open(Term term) {
        Invariant.check(term.number() > latestNumber(), "a new term has a higher number");
        List<Term> next = new ArrayList<>(upTo(term.previousLastSeq()).terms);
        if (!next.isEmpty() && term.replaces(next.getLast())) {
            next.removeLast();
        }
        next.add(term);
        return new TermHistory(next);
    }

    /**
     * A history that has nothing in common with any other, whatever the seqs: that of a copy which
     * is no state the devices ever had.
     */
    static TermHistory begunBy(Term term) {
        return new TermHistory(List.of(term));
    }

    /** The term of a record, null if the history does not reach back to it. */
    @Nullable Term termOf(long seq) {
        Term found = null;
        for (Term term : terms) {
            if (term.previousLastSeq() < seq) {
                found = term;
            }
        }
        return found;
    }

    /** Whether a record at a seq may carry this term. */
    boolean holds(long seq, long number, long id) {
        Term found = termOf(seq);
        return found != null && found.number() == number && found.id() == id;
    }

    /**
     * The last seq up to which two logs hold the same records.
     *
     * @param headSeq newest record of this log
     * @param other history of the other log
     * @param otherHeadSeq newest record of the other log
     */
    long commonSeq(long headSeq, TermHistory other, long otherHeadSeq) {
        TermHistory mine = upTo(headSeq);
        TermHistory theirs = other.upTo(otherHeadSeq);
        int common = mine.commonTerms(theirs);
        if (common == 0) {
            return 0;
        }
        long myEnd =
                common < mine.terms.size() ? mine.terms.get(common).previousLastSeq() : headSeq;
        long theirEnd =
                common < theirs.terms.size()
                        ? theirs.terms.get(common).previousLastSeq()
                        : otherHeadSeq;
        return Math.min(myEnd, theirEnd);
    }

    /**
     * Whether the records another log holds beyond the common seq may be cut off there without
     * asking: only where they belong to the last term both share, or to one that was replaced, and
     * this history went on from there because the primary's own log had lost its unflushed end;
     * never where another site took over.
     *
     * @param headSeq newest record of this log
     * @param other history of the other log
     * @param otherHeadSeq newest record of the other log
     */
    boolean reopenedWithout(long headSeq, TermHistory other, long otherHeadSeq) {
        TermHistory mine = upTo(headSeq);
        TermHistory theirs = other.upTo(otherHeadSeq);
        int common = mine.commonTerms(theirs);
        if (common == 0 || common == mine.terms.size()) {
            return false;
        }
        Term next = mine.terms.get(common);
        return next.kind() == Term.Kind.REOPENED
                && theirs.terms.stream().skip(common).allMatch(next::replaces);
    }

    /**
     * Whether all records of another log belong to this history, or to one that goes on from it. A
     * term opened here says that nothing else follows the seq it began after, even while it has no
     * record yet.
     */
    boolean continuedBy(TermHistory other, long otherHeadSeq) {
        // Terms without a record there say nothing; here they may have been replaced.
        TermHistory theirs = other.upTo(otherHeadSeq - 1);
        int common = commonTerms(theirs);
        return common == terms.size()
                || (common == theirs.terms.size()
                        && otherHeadSeq <= terms.get(common).previousLastSeq());
    }

    /**
     * Whether every term of another history is one of this, or was replaced here, though records of
     * it may not be.
     */
    boolean knows(TermHistory other) {
        for (Term term : other.terms) {
            if (terms.stream().noneMatch(mine -> mine.same(term) || mine.replaces(term))) {
                return false;
            }
        }
        return true;
    }

    private int commonTerms(TermHistory other) {
        int count = Math.min(terms.size(), other.terms.size());
        for (int i = 0; i < count; i++) {
            if (!terms.get(i).same(other.terms.get(i))) {
                return i;
            }
        }
        return count;
    }
}
