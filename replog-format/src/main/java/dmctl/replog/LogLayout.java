package dmctl.replog;

import java.util.Locale;

/**
 * Where the parts of a log stand. All values are bytes and multiples of 4096 (the total size may
 * have a rest, which is not used).
 *
 * @param totalBytes size of the file or device
 * @param checkpointOffset start of the two checkpoint slots
 * @param checkpointBytes size of each checkpoint slot
 * @param mapOffset start of the pages of the region map, 0 if there is none
 * @param mapPages pages of the region map; each has two slots
 * @param ringOffset start of the ring
 * @param ringBytes size of the ring
 */
public record LogLayout(
        long totalBytes,
        long checkpointOffset,
        int checkpointBytes,
        long mapOffset,
        int mapPages,
        long ringOffset,
        long ringBytes) {
    /** Smallest log: 4096 sectors. */
    public static final long MIN_TOTAL_BYTES = 2L << 20;

    /** Smallest ring behind larger checkpoint slots. */
    public static final long MIN_RING_BYTES = 1L << 20;

    /** Size of a checkpoint slot unless a larger one is asked for. */
    public static final int DEFAULT_CHECKPOINT_BYTES = 128 << 10;

    /** Largest checkpoint slot. */
    public static final int MAX_CHECKPOINT_BYTES = 64 << 20;

    /** Most pages of a region map. */
    public static final int MAX_MAP_PAGES = 1 << 20;

    /** Part of a log that a region map takes unless it could not hold all devices then. */
    private static final int MAP_SHARE = 16;

    /** Distance from a superblock's first copy to its second; also the size of either. */
    public static final int SUPERBLOCK_BYTES = 4096;

    /** Start of the first of two link cursor slots. */
    public static final long LINK_CURSORS_OFFSET = 8192;

    /** Size of each link cursor slot. */
    public static final int LINK_CURSORS_BYTES = 4096;

    /** Start of the checkpoint slots. */
    public static final long CHECKPOINT_OFFSET = 16384;

    /**
     * Lays a log without a region map out.
     *
     * @param name name for messages
     * @param totalBytes size of the file or device
     * @param checkpointBytes size wanted for a checkpoint slot; less than the default counts as the
     *     default (see {@link CheckpointCodec#bytesFor})
     * @return the layout
     * @throws SpaceException when the log would be too small, with the size needed
     */
    public static LogLayout of(String name, long totalBytes, long checkpointBytes)
            throws SpaceException {
        return of(name, totalBytes, checkpointBytes, 0, 0);
    }

    /**
     * Lays a log out.
     *
     * @param name name for messages
     * @param totalBytes size of the file or device
     * @param checkpointBytes size wanted for a checkpoint slot; less than the default counts as the
     *     default (see {@link CheckpointCodec#bytesFor})
     * @param mapPagesMin pages the region map must have at least, 0 for no map
     * @param mapPagesWanted pages it should have where it takes no more than a sixteenth of the log
     * @return the layout
     * @throws SpaceException when the log would be too small, with the size needed
     */
    public static LogLayout of(
            String name,
            long totalBytes,
            long checkpointBytes,
            int mapPagesMin,
            long mapPagesWanted)
            throws SpaceException {
        long slot =
                Math.max(DEFAULT_CHECKPOINT_BYTES, ReplogFormat.roundUpToBlock(checkpointBytes));
        if (slot > MAX_CHECKPOINT_BYTES) {
            throw new SpaceException(
                    name,
                    "a checkpoint slot",
                    slot,
                    MAX_CHECKPOINT_BYTES,
                    "use fewer sites or a shorter definition");
        }
        long share = totalBytes / MAP_SHARE / (2 * RegionPage.BYTES);
        long pages =
                Math.max(mapPagesMin, Math.min(Math.min(mapPagesWanted, share), MAX_MAP_PAGES));
        long mapOffset = CHECKPOINT_OFFSET + 2 * slot;
        long ringOffset = mapOffset + 2 * RegionPage.BYTES * pages;
        long needed = Math.max(MIN_TOTAL_BYTES, ringOffset + MIN_RING_BYTES);
        requireRoom(name, totalBytes, needed);
        long ringBytes = (totalBytes & -ReplogFormat.BLOCK_BYTES) - ringOffset;
        return new LogLayout(
                totalBytes,
                CHECKPOINT_OFFSET,
                (int) slot,
                pages == 0 ? 0 : mapOffset,
                (int) pages,
                ringOffset,
                ringBytes);
    }

    /**
     * The same log with a ring of another size. Only for an empty ring: where a position stands
     * depends on the size.
     *
     * @param name name for messages
     * @param newTotalBytes size of the whole log
     * @return a layout in which only the ring differs
     * @throws SpaceException when the log would be too small, with the size needed
     */
    public LogLayout resized(String name, long newTotalBytes) throws SpaceException {
        requireRoom(name, newTotalBytes, Math.max(MIN_TOTAL_BYTES, ringOffset + MIN_RING_BYTES));
        return new LogLayout(
                newTotalBytes,
                checkpointOffset,
                checkpointBytes,
                mapOffset,
                mapPages,
                ringOffset,
                (newTotalBytes & -ReplogFormat.BLOCK_BYTES) - ringOffset);
    }

    /**
     * Start of a page of the region map.
     *
     * @param slot 0 or 1
     * @param page from 0
     * @return byte offset in the log
     */
    public long mapPageOffset(int slot, int page) {
        return mapOffset + ((long) slot * mapPages + page) * RegionPage.BYTES;
    }

    private static void requireRoom(String name, long totalBytes, long needed)
            throws SpaceException {
        if (totalBytes < needed) {
            throw new SpaceException(
                    name,
                    "the log",
                    needed,
                    totalBytes,
                    String.format(
                            Locale.ROOT,
                            "make it at least %d sectors",
                            needed / ReplogFormat.SECTOR_BYTES));
        }
    }

    /**
     * Start of a superblock's copy.
     *
     * @param copy 0 or 1
     * @return byte offset in the log
     */
    public static long superblockOffset(int copy) {
        return (long) copy * SUPERBLOCK_BYTES;
    }

    /**
     * Start of a link cursor slot.
     *
     * @param slot 0 or 1
     * @return byte offset in the log
     */
    public static long linkCursorsOffset(int slot) {
        return LINK_CURSORS_OFFSET + (long) slot * LINK_CURSORS_BYTES;
    }

    /**
     * Start of a checkpoint slot.
     *
     * @param slot 0 or 1
     * @return byte offset in the log
     */
    public long checkpointOffset(int slot) {
        return checkpointOffset + (long) slot * checkpointBytes;
    }

    /**
     * Place of a linear position in the file or device.
     *
     * @param position linear position, at least 0
     * @return byte offset in the log
     */
    public long ringPlace(long position) {
        return ringOffset + position % ringBytes;
    }
}
