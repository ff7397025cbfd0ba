package dmctl.engine;

import dmctl.replog.Frame;
import dmctl.replog.LinkCursors;
import dmctl.replog.LogLayout;
import dmctl.replog.RegionPage;

/**
 * The most memory that the engine of a site takes, whatever happens.
 *
 * @param heapBytes of tables that grow with devices and log
 * @param bufferBytes outside the heap
 */
public record MemoryBound(long heapBytes, long bufferBytes) {
    /** Old and new table while one grows: a batch takes 48 bytes, and one column of 8 is copied. */
    private static final long TABLE_BYTES_PER_BATCH = 56;

    private static final long HEAP_BYTES_PER_MAP_PAGE = 32;
    private static final long REBASE_COPY_BYTES = 1 << 20;

    /**
     * Works it out.
     *
     * @param def the group
     * @param logBytes size of the site's log
     * @return the bound
     */
    public static MemoryBound of(GroupDefinition def, long logBytes) {
        LogIdentity identity =
                new LogIdentity(
                        0,
                        0,
                        0,
                        logBytes,
                        0,
                        LogLayout.DEFAULT_CHECKPOINT_BYTES,
                        Frame.HEAD_BYTES
                                + LogIdentity.batchDataBytes(
                                        def.tuning().batchDataBytes(), logBytes),
                        0,
                        (int) Math.min(RegionMap.pagesWanted(def), LogLayout.MAX_MAP_PAGES));
        return of(def, identity);
    }

    static MemoryBound of(GroupDefinition def, LogIdentity identity) {
        return new MemoryBound(heap(def, identity), buffers(def, identity));
    }

    private static long heap(GroupDefinition def, LogIdentity identity) {
        long regions = 0;
        for (GroupDefinition.Device device : def.devices()) {
            regions += device.sizeBytes() / def.tuning().regionBytes() + 1;
        }
        long batches = Math.max(1, identity.ringBytes() / Frame.HEAD_BYTES);
        long capacity = batches == 1 ? 1 : Long.highestOneBit(batches - 1) << 1;
        return regions * Long.BYTES
                + (regions / RegionPage.ENTRIES + 2L * def.devices().size() + identity.mapPages())
                        * HEAP_BYTES_PER_MAP_PAGE
                + capacity * TABLE_BYTES_PER_BATCH
                + Devices.indexBytesMax(identity.unappliedRecordsMax());
    }

    private static long buffers(GroupDefinition def, LogIdentity identity) {
        long others = def.sites().size() - 1L;
        long inbound = Peers.inboundMax((int) others);
        long frame = identity.frameBytesMax();
        long region = def.tuning().regionBytes();
        long memory = Math.max(def.tuning().memoryBytes(), 3 * frame);
        // Of each other site the link, and who is asked before this one serves.
        long channels = 2 * others + inbound;
        long readers = ReadPath.LOG_READERS + others + inbound;
        long sums = (long) BlockSums.blocks((int) region) * (BlockSums.SUM_BYTES + 1);
        return memory
                + Math.max(frame, Applier.WINDOW_BYTES_MAX)
                + LogScan.WINDOW_BYTES_MAX
                + 4L * identity.checkpointBytes()
                + 2L * LinkCursors.BYTES
                + RegionPages.BUFFER_BYTES
                + REBASE_COPY_BYTES
                + readers * frame
                + channels * 2 * LinkChannel.messageBytesMax(frame, region)
                + others * (frame + 2 * ResyncSource.CHUNKS * region)
                + CopyTarget.CHUNKS * (region + sums);
    }
}
