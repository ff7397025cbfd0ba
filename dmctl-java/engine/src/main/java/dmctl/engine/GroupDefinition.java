package dmctl.engine;

import dmctl.replog.LinkCursors;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A group as configured, the same at every site but for {@code selfSite}.
 *
 * @param name of the group
 * @param uuid of the group
 * @param blockSize logical block size of every device, 512 or 4096 bytes
 * @param devices in order of dev_nr
 * @param sites in order of their number
 * @param selfSite number of the site this process runs for
 * @param firstPrimary number of the site that is primary while no log says otherwise
 * @param tuning sizes and times
 */
public record GroupDefinition(
        String name,
        UUID uuid,
        int blockSize,
        List<Device> devices,
        List<Site> sites,
        int selfSite,
        int firstPrimary,
        Tuning tuning) {

    /**
     * One member.
     *
     * @param devNr number, 0 or more, unique
     * @param name for people and exports
     * @param sizeBytes length, a multiple of the block size
     */
    public record Device(int devNr, String name, long sizeBytes) {}

    /**
     * One place that holds a copy.
     *
     * @param nr 0 to 2047, unique
     * @param name unique
     * @param linkType {@code tcp} or {@code blockdev}
     * @param settings changeable at run time
     */
    public record Site(int nr, String name, String linkType, Settings settings) {}

    /** When a write completes with respect to a site. */
    public enum Policy {
        /** Only when the site holds it durably. */
        SYNC,
        /** Without waiting for the site. */
        ASYNC
    }

    /** What a sync site out of reach does to completions. */
    public enum OutOfReach {
        /** Async after {@code degradeAfterMillis}, sync again when caught up. */
        DEGRADE,
        /** Completions wait. */
        WAIT
    }

    /** What an async site at its limit does. */
    public enum Mode {
        /** No write completes that would take the site past its limit. */
        HOLD,
        /** Said loudly, nothing else; a full log drops the site. */
        WARN,
        /** Its records are kept; a full log blocks writes. */
        STALL,
        /** At its limit or when the log is full the site leaves the log and is resynced later. */
        DROP
    }

    /** What a limit counts. */
    public enum LimitKind {
        /** No limit. */
        NONE,
        /** Completed writes. */
        IOS,
        /** Bytes of completed writes. */
        SIZE,
        /** Age of the oldest completed write, in milliseconds. */
        TIME
    }

    /**
     * How a site takes part.
     *
     * @param policy sync or async
     * @param outOfReach of a sync site
     * @param degradeAfterMillis of a sync site with DEGRADE
     * @param mode of an async site at its limit
     * @param limitKind what is counted
     * @param limit writes, bytes or milliseconds; 0 with NONE
     * @param resyncBytesPerSecond rate limit of resync, 0 for none
     */
    public record Settings(
            Policy policy,
            OutOfReach outOfReach,
            long degradeAfterMillis,
            Mode mode,
            LimitKind limitKind,
            long limit,
            long resyncBytesPerSecond) {}

    /**
     * Sizes and times that are rarely changed.
     *
     * @param memoryBytes of the ring that holds records in memory; a multiple of 4096
     * @param batchDataBytes most data in one batch
     * @param regionBytes size of a region of the region map, a power of two
     * @param heartbeatMillis between heartbeats of a link
     * @param linkTimeoutMillis without a sign of life until a link is down
     * @param askSitesMillis how long a restarting primary asks other sites before it serves
     * @param asyncFlushMillis how long an async target may delay the flush of its log
     */
    public record Tuning(
            int memoryBytes,
            int batchDataBytes,
            int regionBytes,
            long heartbeatMillis,
            long linkTimeoutMillis,
            long askSitesMillis,
            long asyncFlushMillis) {}

    /** Refuses what the engine cannot work with. */
    void check() {
        int region = tuning.regionBytes();
        if (Integer.bitCount(region) != 1 || region < 4096 || region > tuning.batchDataBytes()) {
            throw new IllegalArgumentException(
                    String.format(
                            Locale.ROOT,
                            "group %s: a region of %d bytes: it must be a power of two from 4096 to"
                                    + " the size of a batch, which is %d",
                            name,
                            region,
                            tuning.batchDataBytes()));
        }
        long blockdev =
                sites.stream().filter(s -> s.linkType().equals(BlockdevLinkType.NAME)).count();
        if (blockdev > LinkCursors.MAX_ENTRIES) {
            throw new IllegalArgumentException(
                    String.format(
                            Locale.ROOT,
                            "group %s: %d blockdev sites: a log keeps the cursors of %d at most",
                            name,
                            blockdev,
                            LinkCursors.MAX_ENTRIES));
        }
    }

    /** What a log keeps of the group: a line with its name, and a line for each device. */
    String text() {
        StringBuilder text = new StringBuilder(name);
        for (Device device : devices) {
            text.append("\ndevice ").append(device.devNr()).append(' ').append(device.sizeBytes());
        }
        return text.toString();
    }

    /**
     * Finds a site.
     *
     * @param nr its number
     * @return the site, or null
     */
    public @Nullable Site site(int nr) {
        for (Site site : sites) {
            if (site.nr() == nr) {
                return site;
            }
        }
        return null;
    }
}
