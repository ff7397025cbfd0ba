package dmctl.engine;

import dmctl.replog.Frame;
import dmctl.replog.RegionPage;

/**
 * What stays the same of a log while it is open.
 *
 * @param logUuidHi first half of its UUID
 * @param logUuidLo second half
 * @param ringOffset where the ring begins on the storage, bytes
 * @param ringBytes size of the ring
 * @param checkpointOffset where the two checkpoint slots begin, bytes
 * @param checkpointBytes size of one slot
 * @param frameBytesMax largest frame written
 * @param mapOffset where the pages of the region map begin, bytes
 * @param mapPages how many there are, each with two slots; 0 if the log keeps no map
 */
record LogIdentity(
        long logUuidHi,
        long logUuidLo,
        long ringOffset,
        long ringBytes,
        long checkpointOffset,
        int checkpointBytes,
        int frameBytesMax,
        long mapOffset,
        int mapPages) {

    private static final long UNFLUSHED_BYTES_MAX = 64L << 20;
    private static final int BATCH_DATA_BYTES_MAX = 4 << 20;
    private static final long UNAPPLIED_RECORDS_MAX = 2 << 20;
    private static final long UNAPPLIED_RECORDS_MIN = 16L * Frame.MAX_RECORDS;
    private static final long BYTES_PER_UNAPPLIED_RECORD = 512;

    /**
     * Most bytes of frames that may lie beyond the flushed mark. Recovery relies on it: a flushed
     * mark that covers a bad frame stands in a frame not farther behind it than this.
     */
    long unflushedBytesMax() {
        return Math.max(4L * frameBytesMax, Math.min(UNFLUSHED_BYTES_MAX, ringBytes / 2));
    }

    /**
     * Most records that a log of this size may hold beyond the checkpoint's applied seq, for a
     * recovery keeps up to two ranges in memory for each. Only discards and zeroes, and data of
     * less than 4 KiB in a log of more than 1 GiB, come to this many before the log is full.
     */
    static long unappliedRecordsMax(long ringBytes) {
        return Math.min(
                UNAPPLIED_RECORDS_MAX,
                Math.max(UNAPPLIED_RECORDS_MIN, ringBytes / BYTES_PER_UNAPPLIED_RECORD));
    }

    long unappliedRecordsMax() {
        return unappliedRecordsMax(ringBytes);
    }

    /** The same log, with frames as large as one found in it. */
    LogIdentity withFrames(int bytes) {
        return new LogIdentity(
                logUuidHi,
                logUuidLo,
                ringOffset,
                ringBytes,
                checkpointOffset,
                checkpointBytes,
                bytes,
                mapOffset,
                mapPages);
    }

    long mapPageOffset(int slot, int page) {
        return mapOffset + ((long) slot * mapPages + page) * RegionPage.BYTES;
    }

    /** Largest data area of a batch that fits a log: an eighth of the ring at most. */
    static int batchDataBytes(int wanted, long ringBytes) {
        long most = Math.min(Math.min(wanted, BATCH_DATA_BYTES_MAX), ringBytes / 16);
        return (int) Math.max(4096, most & -4096L);
    }
}
