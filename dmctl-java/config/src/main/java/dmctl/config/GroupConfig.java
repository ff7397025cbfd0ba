package dmctl.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * A group as its file describes it, whole and validated.
 *
 * @param file the file, absolute
 * @param name of the group
 * @param uuid of the group
 * @param blockSize logical block size of every device, 512 or 4096 bytes
 * @param devices in order of their number, at least one
 * @param sites in order of their number, at least one
 * @param primary number of the site that is primary while no log says otherwise
 * @param tuning sizes and times
 * @param insecure whether addresses beyond this machine are allowed without encryption
 */
public record GroupConfig(
        Path file,
        String name,
        UUID uuid,
        int blockSize,
        List<Device> devices,
        List<Site> sites,
        int primary,
        Tuning tuning,
        boolean insecure) {

    /**
     * One member.
     *
     * @param nr number, 0 or more
     * @param name unique
     * @param sizeBytes a multiple of the block size
     */
    public record Device(int nr, String name, long sizeBytes) {}

    /** Ways to a site. */
    public enum LinkType {
        /** A daemon of its own. */
        TCP,
        /** Its devices are visible at the primary. */
        BLOCKDEV
    }

    /**
     * One place that holds a copy.
     *
     * @param nr 0 to 2047
     * @param name unique
     * @param link the way to it
     * @param daemon what its daemon needs; empty for a blockdev site, which has none
     * @param devices its copies, in the order of the group's devices; absolute paths
     * @param settings how it takes part
     */
    public record Site(
            int nr,
            String name,
            LinkType link,
            Optional<DaemonPlaces> daemon,
            List<Path> devices,
            SiteSettings settings) {}

    /**
     * Files and sockets of a site's daemon.
     *
     * @param listen where it takes links from other sites
     * @param connect where other sites reach it
     * @param log its replog
     * @param nbd where it serves applications over sockets, whatever else it does
     * @param frontEnd how the devices appear on its machine
     * @param mapper names that the devices have under /dev/mapper, in order of their number
     * @param stateDir folder of its sockets, pid file and exports, absolute
     */
    public record DaemonPlaces(
            Address listen,
            Address connect,
            LogPlace log,
            List<Address> nbd,
            FrontEnd frontEnd,
            List<MapperName> mapper,
            Path stateDir) {
        /**
         * Returns the socket for administrators.
         *
         * @return its path
         */
        public Path adminSocket() {
            return stateDir.resolve("admin.sock");
        }

        /**
         * Returns the file that the running daemon keeps locked.
         *
         * @return its path
         */
        public Path pidFile() {
            return stateDir.resolve("dmctld.pid");
        }

        /**
         * Returns the file its messages go to when it is started by dmctl.
         *
         * @return its path
         */
        public Path messageFile() {
            return stateDir.resolve("dmctld.log");
        }

        /**
         * Returns the folder for records that were cut off.
         *
         * @return its path
         */
        public Path exportDir() {
            return stateDir.resolve("exports");
        }
    }

    /** How a group's devices appear on the machine of a site. */
    public enum FrontEnd {
        /** Not at all: clients attach to NBD sockets. */
        SOCKETS,
        /** As /dev/ublkbN. */
        UBLK,
        /** As /dev/nbdN, by the kernel's NBD client. */
        KERNEL_NBD,
        /** Behind tables of device-mapper's target user, which Android kernels have. */
        DM_USER
    }

    /** How operations on files and devices get to the kernel. */
    public enum DiskAccess {
        /** By io_uring where the kernel has and permits it, else by threads. */
        AUTO,
        /** By io_uring, or not at all. */
        IO_URING,
        /** By threads that block in system calls. */
        THREADS
    }

    /**
     * Where a site's replog is, and what may be done to get one there.
     *
     * @param path of a file or block device, absolute
     * @param startBytes where it begins there, a multiple of 4096
     * @param opening what may be done
     * @param sizeBytes its size; with OPEN it must have this size, else a new one gets it; empty if
     *     not said
     */
    public record LogPlace(Path path, long startBytes, LogOpening opening, OptionalLong sizeBytes) {
        /** Size of a new log in a new file of which no size is said. */
        public static final long PRESET_BYTES = 256L << 20;

        /**
         * Returns the same place where a new log is made, and none that is there is taken.
         *
         * @return the place
         */
        public LogPlace created() {
            return new LogPlace(path, startBytes, LogOpening.CREATE, sizeBytes);
        }

        /**
         * Returns the size of a log that is made in a new file.
         *
         * @return bytes
         */
        public long newBytes() {
            return sizeBytes.orElse(PRESET_BYTES);
        }
    }

    /**
     * Sizes and times that are rarely changed.
     *
     * @param memoryBytes of the ring that holds records in memory
     * @param batchBytes most data in one batch
     * @param regionBytes size of a region of the region map
     * @param heartbeatMillis between heartbeats of a link
     * @param linkTimeoutMillis without a sign of life until a link is down
     * @param askSitesMillis how long a restarting primary asks other sites before it serves
     * @param asyncFlushMillis how long an async target may delay the flush of its log
     * @param diskAccess how files and devices are read and written
     */
    public record Tuning(
            int memoryBytes,
            int batchBytes,
            int regionBytes,
            long heartbeatMillis,
            long linkTimeoutMillis,
            long askSitesMillis,
            long asyncFlushMillis,
            DiskAccess diskAccess) {
        /** Fits most groups. */
        public static final Tuning DEFAULT =
                new Tuning(64 << 20, 1 << 20, 64 << 10, 1_000, 5_000, 3_000, 100, DiskAccess.AUTO);
    }

    /**
     * Finds a site.
     *
     * @param name of the site
     * @return the site, if there is one
     */
    public Optional<Site> site(String name) {
        return sites.stream().filter(site -> site.name().equals(name)).findFirst();
    }

    /**
     * Finds a site.
     *
     * @param nr its number
     * @return the site, if there is one
     */
    public Optional<Site> site(int nr) {
        return sites.stream().filter(site -> site.nr() == nr).findFirst();
    }

    /**
     * Returns the sites that have a daemon.
     *
     * @return in order of their number
     */
    public List<Site> daemonSites() {
        return sites.stream().filter(site -> site.daemon().isPresent()).toList();
    }
}
