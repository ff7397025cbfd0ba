package dmctl.engine.port;

/** Time and randomness, the only ones the engine sees. */
public interface Clock {
    /**
     * Returns the monotonic clock.
     *
     * @return nanoseconds from an arbitrary origin
     */
    long monotonicNanos();

    /**
     * Returns the host's clock.
     *
     * @return microseconds since 1970, may step
     */
    long wallMicros();

    /**
     * Returns random bits for ids.
     *
     * @return 64 random bits
     */
    long randomBits();
}
