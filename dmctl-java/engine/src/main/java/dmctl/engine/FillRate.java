package dmctl.engine;

/** How fast a log fills with what cannot be released, from one look at it to the next. */
final class FillRate {
    private static final long LOOK_NANOS = 1_000_000_000L;

    private long lookNanos;
    private long heldThen;
    private long headThen;
    private double bytesPerSecond;

    /**
     * Time until there is no room.
     *
     * <p>What is held may also grow at once, when a site that lacks it comes into view: that is no
     * rate, so nothing counts that has not been written meanwhile.
     *
     * @param heldBytes what the log cannot release now
     * @param headPosition where the log ends, in bytes written since it was made
     * @param ringBytes its size
     * @return at the rate of the last seconds; -1 if it does not fill
     */
    long secondsToFull(long heldBytes, long headPosition, long ringBytes, long nanos) {
        long passed = nanos - lookNanos;
        if (lookNanos == 0 || passed >= LOOK_NANOS) {
            long more = Math.min(heldBytes - heldThen, headPosition - headThen);
            double rate = lookNanos == 0 ? 0 : more / (passed / 1e9);
            bytesPerSecond = 0.5 * bytesPerSecond + 0.5 * rate;
            lookNanos = nanos;
            heldThen = heldBytes;
            headThen = headPosition;
        }
        return bytesPerSecond < 1 ? -1 : (long) ((ringBytes - heldBytes) / bytesPerSecond);
    }
}
