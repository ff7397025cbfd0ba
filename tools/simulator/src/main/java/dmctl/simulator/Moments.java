package dmctl.simulator;

/**
 * Moments at which little would have to go wrong for a promise to be broken: some of them are
 * looked at closely, by a clone of the primary that loses its process or its power right then.
 */
final class Moments {
    /** What makes a moment worth a look. */
    enum Moment {
        /** A read has returned what is not completed yet: it must not be lost. */
        READ_BEFORE_COMPLETION(10, 0, false),
        /** The log has no room: space is released and used again at once. */
        LOG_FULL(6, 300_000, true),
        /** A flush or a durable write has just ended. */
        FLUSHED(60, 0, true);

        final int oneIn;
        final long delayNanos;
        final boolean powerCut;

        Moment(int oneIn, long delayNanos, boolean powerCut) {
            this.oneIn = oneIn;
            this.delayNanos = delayNanos;
            this.powerCut = powerCut;
        }
    }

    private static final int LOOKS_MAX = 3;

    private final Run run;
    private final SimRandom random;
    private int looks;

    Moments(Run run, SimRandom random) {
        this.run = run;
        this.random = random;
    }

    void met(Moment moment) {
        if (looks >= LOOKS_MAX || !random.oneIn(moment.oneIn)) {
            return;
        }
        looks++;
        run.queue.after(
                moment.delayNanos == 0 ? 0 : random.below(moment.delayNanos), () -> look(moment));
    }

    private void look(Moment moment) {
        SimSite primary = run.failover().primary();
        if (primary.running()
                && run.failover().serving()
                && !run.weather().logFaultAt(primary.nr)) {
            run.counters.count("moment: " + moment);
            run.checks().cloneOf(primary, moment.powerCut);
        }
    }
}
