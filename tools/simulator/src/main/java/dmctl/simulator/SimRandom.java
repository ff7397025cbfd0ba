package dmctl.simulator;

/** Random numbers from a seed, the same on every machine (SplitMix64). */
final class SimRandom {
    private long state;

    SimRandom(long seed) {
        state = mix(seed + 0x632BE59BD9B4E019L);
    }

    /** Returns a stream of its own, so that one part's draws do not shift another's. */
    SimRandom split() {
        return new SimRandom(nextLong());
    }

    static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    long nextLong() {
        state += 0x9E3779B97F4A7C15L;
        return mix(state);
    }

    /** Returns 0 to bound - 1. */
    int below(int bound) {
        return (int) (((nextLong() >>> 33) * bound) >>> 31);
    }

    /** Returns 0 to bound - 1. */
    long below(long bound) {
        return Math.unsignedMultiplyHigh(nextLong(), bound);
    }

    /** Returns from to to, both included. */
    long between(long from, long to) {
        return from + below(to - from + 1);
    }

    /** Returns from to to, both included. */
    int between(int from, int to) {
        return from + below(to - from + 1);
    }

    boolean percent(int chance) {
        return below(100) < chance;
    }

    boolean oneIn(int n) {
        return below(n) == 0;
    }

    /** Returns mostly near the mean, seldom several times as much; never 0. */
    long around(long mean) {
        long half = mean / 2;
        long more = half + 1;
        long value = half + below(more) + 1;
        while (oneIn(4) && value < mean * 16) {
            value += below(mean + 1);
        }
        return value;
    }
}
