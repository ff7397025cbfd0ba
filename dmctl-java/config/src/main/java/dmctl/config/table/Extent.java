package dmctl.config.table;

/**
 * The first two words of a table line, in sectors of 512 bytes.
 *
 * @param start first sector, 0 or more
 * @param length number of sectors, 1 or more
 */
public record Extent(long start, long length) {
    /** Bytes of a sector. */
    public static final int SECTOR_BYTES = 512;

    /** Highest sector whose offset in bytes is still a number. */
    static final long SECTOR_MAX = Long.MAX_VALUE / SECTOR_BYTES;

    /** Refuses what no device can have. */
    public Extent {
        if (start < 0 || length < 1 || start > SECTOR_MAX - length) {
            throw new IllegalArgumentException("no extent: " + start + " " + length);
        }
    }

    /**
     * Returns the length.
     *
     * @return in bytes
     */
    public long bytes() {
        return length * SECTOR_BYTES;
    }
}
