package dmctl.config;

import dmctl.config.GroupConfig.Device;

/**
 * How much memory the daemon of a site has to be given, so that nothing it does needs more. The
 * daemon's tests compare it with what its parts say that they take at most.
 */
public final class MemoryNeeds {
    private static final long MIB = 1 << 20;

    /** Heap besides what grows with devices and log. */
    private static final long HEAP_BASE = 64 * MIB;

    /** Heap bytes for each region of the region map. */
    private static final long HEAP_PER_REGION = 24;

    /** Ranges the engine keeps of records that are not applied, at most, and heap bytes of each. */
    private static final long RANGES_MAX = 4 << 20;

    private static final long RANGES_MIN = 8 << 10;
    private static final long HEAP_PER_RANGE = 60;

    /** Bytes of the log for each of those ranges. */
    private static final long LOG_PER_RANGE = 256;

    /** Heap bytes for each batch the log can hold; tables double. */
    private static final long LOG_BLOCK = 4096;

    private static final long HEAP_PER_LOG_BLOCK = 56;

    /** Buffers of NBD clients and workers, and windows over log and devices. */
    private static final long DIRECT_BASE = 136 * MIB;

    /** Heads of batches and messages come on top of the data. */
    private static final long HEAD_BYTES = 128 << 10;

    /** Buffers of the size of a batch, and of a region: of the site itself, and for each other. */
    private static final long BATCHES = 14;

    private static final long REGIONS = 10;
    private static final long BATCHES_PER_SITE = 15;
    private static final long REGIONS_PER_SITE = 17;

    private MemoryNeeds() {}

    /**
     * Returns the heap to give.
     *
     * @param config of the group
     * @param logBytes size of the site's log
     * @return bytes
     */
    public static long heapBytes(GroupConfig config, long logBytes) {
        long regions = 0;
        for (Device device : config.devices()) {
            regions += device.sizeBytes() / config.tuning().regionBytes() + 1;
        }
        long ranges = Math.min(RANGES_MAX, Math.max(RANGES_MIN, logBytes / LOG_PER_RANGE));
        return HEAP_BASE
                + regions * HEAP_PER_REGION
                + ranges * HEAP_PER_RANGE
                + powerOfTwo(logBytes / LOG_BLOCK) * HEAP_PER_LOG_BLOCK;
    }

    private static long powerOfTwo(long atLeast) {
        return atLeast <= 1 ? 1 : Long.highestOneBit(atLeast - 1) << 1;
    }

    /**
     * Returns the memory for buffers to give, outside the heap.
     *
     * @param config of the group
     * @return bytes
     */
    public static long directBytes(GroupConfig config) {
        long batch = config.tuning().batchBytes() + HEAD_BYTES;
        long region = config.tuning().regionBytes() + HEAD_BYTES;
        long others = config.sites().size() - 1L;
        return Math.max(config.tuning().memoryBytes(), 3 * batch)
                + DIRECT_BASE
                + batch * (BATCHES + BATCHES_PER_SITE * others)
                + region * (REGIONS + REGIONS_PER_SITE * others);
    }
}
