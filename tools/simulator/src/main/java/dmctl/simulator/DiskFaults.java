package dmctl.simulator;

/** What is wrong with a disk now, and how fast it is; times in nanoseconds. */
final class DiskFaults {
    static final int EIO = 5;
    static final int ENOSPC = 28;

    /** The next so many reads, writes and flushes fail. */
    int failReads;

    int failWrites;
    int failFlushes;

    /** Reads of this page fail; -1 for none. */
    int badPage = -1;

    /** Writes fail with ENOSPC. */
    boolean full;

    /** Everything takes so many times as long. */
    int slowness = 1;

    long readNanos = 40_000;
    long writeNanos = 30_000;
    long flushNanos = 150_000;

    int readError(long offset, long length) {
        long bad = (long) badPage * Pages.BYTES;
        if (badPage >= 0 && offset <= bad && bad < offset + length) {
            return EIO;
        }
        if (failReads > 0) {
            failReads--;
            return EIO;
        }
        return 0;
    }

    int writeError() {
        if (failWrites > 0) {
            failWrites--;
            return EIO;
        }
        return full ? ENOSPC : 0;
    }

    int flushError() {
        if (failFlushes > 0) {
            failFlushes--;
            return EIO;
        }
        return 0;
    }

    boolean any() {
        return failReads > 0 || failWrites > 0 || failFlushes > 0 || full || slowness > 1;
    }

    void heal() {
        failReads = 0;
        badPage = -1;
        failWrites = 0;
        failFlushes = 0;
        full = false;
        slowness = 1;
    }
}
