package dmctl.config.table;

/** Where a table wants to have noted which regions of a copy are out of sync. */
public sealed interface DirtyLog {
    /** Whether a table demands or forbids the first sync. */
    enum FirstSync {
        /** Neither. */
        UNSAID,
        /** Demands it. */
        SYNC,
        /** Forbids it. */
        NOSYNC
    }

    /** Nowhere: {@code nolog}, for the local site alone. */
    record None() implements DirtyLog {}

    /** A dirty log with regions. */
    sealed interface Regions extends DirtyLog {
        /** Smallest region, 1 MiB: what the original took at once. */
        long SECTORS_MIN = 2048;

        /**
         * Returns the size of a region.
         *
         * @return sectors, a power of two
         */
        long regionSectors();

        /**
         * Tells whether the first sync is demanded or forbidden.
         *
         * @return the word's meaning
         */
        FirstSync firstSync();

        private static void require(long regionSectors) {
            if (regionSectors < SECTORS_MIN || Long.bitCount(regionSectors) != 1) {
                throw new IllegalArgumentException("no size of a region: " + regionSectors);
            }
        }
    }

    /**
     * In memory: {@code core}.
     *
     * @param regionSectors size of a region
     * @param firstSync whether the first sync is demanded or forbidden
     */
    record Core(long regionSectors, FirstSync firstSync) implements Regions {
        /** Refuses what no table can say. */
        public Core {
            Regions.require(regionSectors);
        }
    }

    /**
     * On a device of its own: {@code disk}.
     *
     * @param device path, or MAJOR:MINOR
     * @param regionSectors size of a region
     * @param firstSync whether the first sync is demanded or forbidden
     */
    record Disk(String device, long regionSectors, FirstSync firstSync) implements Regions {
        /** Refuses what no table can say. */
        public Disk {
            Words.requireWritable(device);
            Regions.require(regionSectors);
        }
    }
}
