package dmctl.daemon.io;

import dmctl.engine.port.Clock;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** The host's time and the kernel's randomness. Any thread. */
public final class SystemClock implements Clock {
    private final long origin = System.nanoTime();
    private final SecureRandom random = new SecureRandom();

    /** Starts the monotonic clock at 0. */
    public SystemClock() {}

    @Override
    public long monotonicNanos() {
        return System.nanoTime() - origin;
    }

    @Override
    public long wallMicros() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    }

    @Override
    public long randomBits() {
        return random.nextLong();
    }
}
