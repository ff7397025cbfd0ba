package dmctl.replog;

import java.util.Collections;
import java.util.List;

/**
 * Which pages of the region map a checkpoint counts: of each page the newest sound slot of this
 * generation or an older one. The witnesses tell whether those found are those that were written: a
 * page that was lost or has rotted must not make an older one count.
 *
 * @param generation highest generation that counts; 0: no page was written yet, no region either;
 *     {@link #NOT_KEPT}: nothing is known
 * @param witnesses for each group of pages (page number modulo {@link #GROUPS}) the sum of the
 *     checksums of the slots that count, modulo 2^32
 */
public record RegionMapMark(long generation, List<Integer> witnesses) {
    /** Groups of pages with a witness each. */
    public static final int GROUPS = 8;

    /**
     * {@link #generation}: the log had no room for the map, or a release wrote it that has none.
     */
    public static final long NOT_KEPT = -1;

    /** Before the first page was written, and in a log without a region map. */
    public static final RegionMapMark NONE = new RegionMapMark(0, Collections.nCopies(GROUPS, 0));

    /** Copies the list. */
    public RegionMapMark {
        witnesses = List.copyOf(witnesses);
        if (witnesses.size() != GROUPS) {
            throw new IllegalArgumentException(GROUPS + " witnesses, not " + witnesses.size());
        }
    }

    /**
     * A mark of a map that is not kept.
     *
     * @return nothing is known of what was written
     */
    public static RegionMapMark notKept() {
        return new RegionMapMark(NOT_KEPT, NONE.witnesses);
    }

    /**
     * The group whose witness a page has.
     *
     * @param page its number
     * @return from 0
     */
    public static int group(int page) {
        return page % GROUPS;
    }
}
