package dmctl.engine;

/** How fast a log fills, from one look at it to the next. */
final class FillRate {
    private static final long LOOK_NANOS = 1_000_000_000L;

    private long lookNanos;
    private long usedThen;
    private double bytesPerSecond;

    long secondsToFull(LogRing log, long nanos) {
        long passed = nanos - lookNanos;
        if (lookNanos == 0 || passed >= LOOK_NANOS) {
            double rate = lookNanos == 0 ? 0 : (log.usedBytes() - usedThen) / (passed / 1e9);
            bytesPerSecond = 0.5 * bytesPerSecond + 0.5 * rate;
            lookNanos = nanos;
            usedThen = log.usedBytes();
        }
        return bytesPerSecond < 1 ? -1 : (long) (log.freeBytes() / bytesPerSecond);
    }
}
