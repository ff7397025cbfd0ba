package dmctl.tools.relay;

/** A token bucket: how many bytes may be taken now. */
final class Throttle {
    private static final long SECOND = 1_000_000_000L;
    private static final long BURST_BYTES_MIN = 4096;

    private long bytesPerSecond;
    private double tokens;
    private long filledNanos;

    /** Sets the rate, 0 for none; starts without saved-up tokens. */
    void limit(long newBytesPerSecond, long now) {
        bytesPerSecond = newBytesPerSecond;
        tokens = 0;
        filledNanos = now;
    }

    long bytesPerSecond() {
        return bytesPerSecond;
    }

    /** Returns how many bytes may be taken now. */
    long allowance(long now) {
        if (bytesPerSecond == 0) {
            return Long.MAX_VALUE;
        }
        // 20 ms of the rate: enough for the millisecond steps of a selector, too little to be seen.
        double burst = Math.max(BURST_BYTES_MIN, bytesPerSecond / 50.0);
        tokens = Math.min(burst, tokens + (now - filledNanos) * (double) bytesPerSecond / SECOND);
        filledNanos = now;
        return (long) tokens;
    }

    void take(long bytes) {
        if (bytesPerSecond != 0) {
            tokens -= bytes;
        }
    }

    /** Returns nanoseconds until something worth a system call may be taken; 0 for now. */
    long nanosToAllowance(long now) {
        if (bytesPerSecond == 0) {
            return 0;
        }
        long wanted = Math.clamp(bytesPerSecond / 1000, 1, BURST_BYTES_MIN);
        long missing = wanted - allowance(now);
        return missing <= 0 ? 0 : Math.max(1, missing * SECOND / bytesPerSecond);
    }
}
