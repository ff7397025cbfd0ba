package dmctl.engine;

import java.util.Locale;

/**
 * One term: a stretch of the group's history written under one primary without an unclean opening.
 *
 * @param number counts up
 * @param id random; two terms are the same only if number and id agree
 * @param previousLastSeq last seq of the history before this term
 * @param site number of the site that opened it
 * @param kind why it was opened
 */
record Term(long number, long id, long previousLastSeq, int site, Kind kind) {

    /** Why a term was opened. */
    enum Kind {
        /** The group began. */
        FIRST,
        /** The primary's log had not been closed cleanly. */
        REOPENED,
        /** Another site took over. */
        TAKEOVER,
        /** A planned change of primary. */
        SWITCH;

        private static final Kind[] BY_CODE = values();

        static Kind of(int code) {
            return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : FIRST;
        }
    }

    boolean same(Term other) {
        return number == other.number && id == other.id && previousLastSeq == other.previousLastSeq;
    }

    /**
     * Whether this term stands for an earlier one in a history: the same site opened both where its
     * log ended, so that the history holds no record of the earlier one.
     */
    boolean replaces(Term earlier) {
        return kind == Kind.REOPENED
                && earlier.kind == Kind.REOPENED
                && site == earlier.site
                && previousLastSeq == earlier.previousLastSeq
                && number > earlier.number;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "term %d (%016x) from seq %d, opened by site %d: %s",
                number,
                id,
                previousLastSeq + 1,
                site,
                kind.name().toLowerCase(Locale.ROOT));
    }
}
