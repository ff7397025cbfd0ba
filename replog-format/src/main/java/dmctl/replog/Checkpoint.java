package dmctl.replog;

import java.util.List;
import java.util.UUID;

/**
 * What recovery starts from: where the log's records begin and end, how far they are applied, the
 * site's role, and what is known of terms and sites. Written alternately into two slots and flushed
 * before the space in front of its tail is used again.
 *
 * @param logUuid the log it belongs to
 * @param generation counts up with each write, from 1
 * @param tailPosition linear position of the oldest frame kept, in bytes
 * @param tailSeq last seq before the tail
 * @param tailChain checksum of the frame before the tail, 0 if there was none
 * @param endPosition frames at this position or above count only if written under {@code
 *     endOpening} or later: so a truncation lasts
 * @param endOpening see {@code endPosition}
 * @param flushedMark highest seq known durable
 * @param appliedSeq highest seq known applied to this site's devices and flushed there
 * @param role the site's role
 * @param primarySite number of the primary as last known, -1 if unknown
 * @param resyncPhase how far a resync of this site's devices is
 * @param resyncNeedSeq seq that must be replayed before the devices are consistent; while regions
 *     are copied, the seq up to which the devices held everything before, 0 if that is not known
 * @param resyncId while regions are copied: id of the term of the primary that began it, 0 if it
 *     has to copy all of them
 * @param resyncBaseSeq seq from which the replay runs
 * @param forkedAtSeq last seq in common with the primary's history, or {@link #NOT_FORKED}
 * @param map the pages of the region map that count
 * @param terms term history, oldest first
 * @param sites the other sites
 * @param definition the group's definition as text, may be empty
 */
public record Checkpoint(
        UUID logUuid,
        long generation,
        long tailPosition,
        long tailSeq,
        int tailChain,
        long endPosition,
        long endOpening,
        long flushedMark,
        long appliedSeq,
        Role role,
        int primarySite,
        ResyncPhase resyncPhase,
        long resyncNeedSeq,
        long resyncId,
        long resyncBaseSeq,
        long forkedAtSeq,
        RegionMapMark map,
        List<TermEntry> terms,
        List<SiteEntry> sites,
        String definition) {
    /** {@link #forkedAtSeq}: the history is no fork of the primary's. */
    public static final long NOT_FORKED = -1;

    /** Longest reason for a pause, in bytes of UTF-8; longer ones are cut. */
    public static final int MAX_REASON_BYTES = 255;

    /** A choice that is stored as a number, which never changes its meaning. */
    public sealed interface Coded {
        /**
         * The number stored.
         *
         * @return 0 or more
         */
        int code();
    }

    /** What a site is to its group. */
    public enum Role implements Coded {
        /** Takes records from the primary. */
        TARGET(0),
        /** Takes the applications' I/O. */
        PRIMARY(1),
        /** Was primary, has learnt of a higher term, serves no more. */
        FENCED(2);

        private final int code;

        Role(int code) {
            this.code = code;
        }

        @Override
        public int code() {
            return code;
        }
    }

    /** How far a resync is. */
    public enum ResyncPhase implements Coded {
        /** None is under way. */
        NONE(0),
        /** Ranges are being copied. */
        COPYING(1),
        /** All is copied; records are replayed up to {@code resyncNeedSeq}. */
        REPLAYING(2),
        /** The devices have never held the group's data. */
        NEVER_SYNCED(3);

        private final int code;

        ResyncPhase(int code) {
            this.code = code;
        }

        @Override
        public int code() {
            return code;
        }
    }

    /** How another site stands to this log. */
    public enum SiteState implements Coded {
        /** Has never held the group's data. */
        NEVER_SYNCED(0),
        /** Its cursor is in this log, which keeps what it needs. */
        IN_LOG(1),
        /** Has fallen out of this log and needs a resync. */
        OUT_OF_LOG(2);

        private final int code;

        SiteState(int code) {
            this.code = code;
        }

        @Override
        public int code() {
            return code;
        }
    }

    /** Why a term was opened. */
    public enum TermKind implements Coded {
        /** The group's first. */
        FIRST(0),
        /** The primary's log had not been closed cleanly. */
        REOPENED(1),
        /** A target took over. */
        TAKEOVER(2),
        /** A planned change of primary. */
        SWITCH(3);

        private final int code;

        TermKind(int code) {
            this.code = code;
        }

        @Override
        public int code() {
            return code;
        }
    }

    /**
     * One term.
     *
     * @param number its number
     * @param id its random id
     * @param previousLastSeq last seq of the term before
     * @param site site that opened it
     * @param kind why it was opened
     */
    public record TermEntry(long number, long id, long previousLastSeq, int site, TermKind kind) {}

    /**
     * One other site.
     *
     * @param siteNr its number
     * @param state how it stands to this log
     * @param paused whether an administrator has paused it
     * @param durableSeq highest seq it has confirmed as durable
     * @param appliedSeq highest seq it has confirmed as applied
     * @param pauseReason why it is paused, cut to {@link #MAX_REASON_BYTES}
     */
    public record SiteEntry(
            int siteNr,
            SiteState state,
            boolean paused,
            long durableSeq,
            long appliedSeq,
            String pauseReason) {
        /** Cuts the reason to what is stored. */
        public SiteEntry {
            pauseReason = ShortText.cut(pauseReason, MAX_REASON_BYTES);
        }
    }

    /** Copies the lists. */
    public Checkpoint {
        terms = List.copyOf(terms);
        sites = List.copyOf(sites);
    }
}
