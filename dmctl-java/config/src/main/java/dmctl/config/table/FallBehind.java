package dmctl.config.table;

/** How far an async site may fall behind before writes wait for it. */
public sealed interface FallBehind {
    /** Refuses a limit of nothing, which tables write where they mean none. */
    private static void requirePositive(long value) {
        if (value < 1) {
            throw new IllegalArgumentException("no limit: " + value);
        }
    }

    /**
     * By outstanding writes.
     *
     * @param writes 1 or more
     */
    record Ios(long writes) implements FallBehind {
        /** Refuses 0. */
        public Ios {
            requirePositive(writes);
        }
    }

    /**
     * By outstanding data.
     *
     * @param bytes 1 or more
     */
    record Size(long bytes) implements FallBehind {
        /** Refuses 0. */
        public Size {
            requirePositive(bytes);
        }
    }

    /**
     * By the age of the oldest outstanding write.
     *
     * @param millis 1 or more
     */
    record Timeout(long millis) implements FallBehind {
        /** Refuses 0. */
        public Timeout {
            requirePositive(millis);
        }
    }
}
