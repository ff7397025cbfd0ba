package dmctl.engine;

/** How fast a log fills with what cannot be released, from one look at it to the next. */
final class FillRate {
    private static final long LOOK_NANOS = 1_000_000_000L;

    private long lookNanos;
    private long heldThen;
    private double bytesPerSecond;

    /**
     * Time until there is no room.
     *
     * @param heldBytes what the log cannot release now
     * @param ringBytes its size
     * @return at the rate of the last seconds; -1 if it does not fill
     */
    long secondsToFull(long heldBytes, long ringBytes, long nanos) {
        long passed = nanos - lookNanos;
        if (lookNanos == 0 || passed >= LOOK_NANOS) {
            double rate = lookNanos == 0 ? 0 : (heldBytes - heldThen) / (passed / 1e9);
            bytesPerSecond = 0.5 * bytesPerSecond + 0.5 * rate;
            lookNanos = nanos;
            heldThen = heldBytes;
        }
        return bytesPerSecond < 1 ? -1 : (long) ((ringBytes - heldBytes) / bytesPerSecond);
    }
}
