package dmctl.engine;

import dmctl.engine.GroupDefinition.Settings;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a site knows of its group at one moment, for status, metrics and waits. Times are wall clock
 * microseconds since 1970; 0 means never or none.
 *
 * @param group name of the group
 * @param selfSite number of this site
 * @param role of this site
 * @param roleSinceMicros when the role began
 * @param primarySite number of the primary as far as known, -1 if unknown
 * @param term number of the newest term known here
 * @param termId random id of that term
 * @param serving whether applications are served here
 * @param notServingReason why not; empty while serving
 * @param data state of this site's own copy
 * @param headSeq newest record in this site's log
 * @param durableSeq newest record known durable in this site's log
 * @param appliedSeq newest record on this site's devices
 * @param completedSeq newest completed record (primary)
 * @param logBytes size of the ring
 * @param logUsedBytes bytes of the ring in use
 * @param logSecondsToFull at the present rate, -1 if it does not fill
 * @param memoryBytes memory this engine may use at most
 * @param stalled why writes are held back now; null if they are not
 * @param problems whatever is not fine at this site itself
 * @param sites the other sites, and site entries for the local copy (nr = selfSite) first
 * @param regionMap how regions are noted here
 * @param terms the term history, oldest first, one line each
 */
public record GroupStatus(
        String group,
        int selfSite,
        Role role,
        long roleSinceMicros,
        int primarySite,
        long term,
        long termId,
        boolean serving,
        String notServingReason,
        Data data,
        long headSeq,
        long durableSeq,
        long appliedSeq,
        long completedSeq,
        long logBytes,
        long logUsedBytes,
        long logSecondsToFull,
        long memoryBytes,
        @Nullable Problem stalled,
        List<Problem> problems,
        List<SiteStatus> sites,
        RegionMapStatus regionMap,
        List<String> terms) {

    /** Part a site plays. */
    public enum Role {
        /** Reading its log. */
        STARTING,
        /** Takes application I/O. */
        PRIMARY,
        /** Holds a copy. */
        TARGET,
        /** Was primary and has learnt of a higher term. */
        FENCED,
        /** Stopped by an error that is named in problems. */
        FAILED,
        /** Stopped cleanly. */
        STOPPED
    }

    /** Whether the way to a site works. */
    public enum Link {
        /** This site itself. */
        LOCAL,
        /** Connected and agreed. */
        UP,
        /** Trying. */
        CONNECTING,
        /** Not connected. */
        DOWN,
        /** Connected, but one end refuses the other; the reason says why. */
        REFUSED
    }

    /** What goes over the link. */
    public enum Flow {
        /** New records as they come. */
        LIVE,
        /** Older records from the log. */
        CATCHING_UP,
        /** A copy of regions, not in write order. */
        RESYNC,
        /** Nothing, on request. */
        PAUSED,
        /** Nothing. */
        DOWN
    }

    /** State of a copy. */
    public enum Data {
        /** A prefix of the group's history: can be taken over. */
        CONSISTENT,
        /** In first sync or in-place resync: cannot be taken over. */
        NOT_CONSISTENT,
        /** Holds records that the group's history does not. */
        FORKED,
        /** Not known here. */
        UNKNOWN
    }

    /**
     * Something that is not fine.
     *
     * @param what one word of a closed list: the state or object concerned
     * @param reason why
     * @param sinceMicros since when
     * @param nextStep what to do
     */
    public record Problem(String what, String reason, long sinceMicros, String nextStep) {}

    /**
     * How the regions are noted that were written: what a site lacks that is not in the log.
     *
     * @param kept whether the log keeps the map; if not, a site that falls out of the log is copied
     *     whole after a restart here
     * @param regionBytes size of a region of the map
     * @param reason why not all of the map is known, empty if it is
     */
    public record RegionMapStatus(boolean kept, long regionBytes, String reason) {}

    /**
     * Regions of one device.
     *
     * @param devNr number of the device
     * @param total how many it has
     * @param lacking those the site lacks
     */
    public record RegionCount(int devNr, int total, int lacking) {}

    /**
     * A site as seen from here.
     *
     * @param nr number
     * @param name name
     * @param linkType type of its link
     * @param role as far as known, null if unknown
     * @param settings in force
     * @param degraded a sync site that is treated as async now
     * @param link state of the link
     * @param flow what goes over it
     * @param data state of its copy
     * @param receivedSeq newest record it has received
     * @param durableSeq newest record it holds durably
     * @param appliedSeq newest record on its devices
     * @param behindWrites completed writes it does not hold durably
     * @param behindBytes their bytes
     * @param behindMillis age of the oldest of them
     * @param limitHolding whether completions are held for its limit or policy now
     * @param resync progress, null when none
     * @param regions what it lacks of each device; empty where this site does not serve
     * @param problem reason, since and next step of whatever is not fine, null if all is
     */
    public record SiteStatus(
            int nr,
            String name,
            String linkType,
            @Nullable Role role,
            Settings settings,
            boolean degraded,
            Link link,
            Flow flow,
            Data data,
            long receivedSeq,
            long durableSeq,
            long appliedSeq,
            long behindWrites,
            long behindBytes,
            long behindMillis,
            boolean limitHolding,
            @Nullable ResyncProgress resync,
            List<RegionCount> regions,
            @Nullable Problem problem) {}

    /**
     * How far a resync has got.
     *
     * @param totalBytes to look at in this pass
     * @param doneBytes looked at and durable at the site
     * @param sentBytes data sent over the link since the resync began
     * @param pass counts from 1
     * @param startedMicros when it began
     * @param bytesPerSecond rate of done bytes lately
     * @param etaSeconds to the end of this pass, -1 if unknown
     */
    public record ResyncProgress(
            long totalBytes,
            long doneBytes,
            long sentBytes,
            int pass,
            long startedMicros,
            long bytesPerSecond,
            long etaSeconds) {}
}
