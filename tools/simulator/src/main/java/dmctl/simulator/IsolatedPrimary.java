package dmctl.simulator;

/**
 * A primary comes back without its newest records, goes on from there, and meets a target that
 * holds them only when it has written as many others.
 */
final class IsolatedPrimary {
    static final String STRUCK = "crash: primary behind a target it then cannot reach";

    private static final long WAIT_NANOS = 50_000_000;

    private final Run run;
    private final SimRandom random;

    IsolatedPrimary(Run run, SimRandom random) {
        this.run = run;
        this.random = random;
    }

    /** Strikes as soon as a target holds what the primary has not flushed; false if it cannot. */
    boolean strikeSoon() {
        if (!run.failover().serving()) {
            return false;
        }
        strikeBefore(run.queue.now() + WAIT_NANOS);
        return true;
    }

    private void strikeBefore(long nanos) {
        if (run.phase() != Run.Phase.LOADING || run.queue.now() > nanos) {
            return;
        }
        if (run.failover().serving() && run.checks().targetHoldsMoreThanPrimaryFlushed()) {
            strike();
        } else {
            run.queue.after(random.around(20_000), () -> strikeBefore(nanos));
        }
    }

    private void strike() {
        SimSite primary = run.failover().primary();
        run.counters.count(STRUCK);
        long nanos = random.between(200_000_000L, 800_000_000L);
        for (SimSite site : run.sites) {
            if (site != primary) {
                run.weather().partitionFor(primary.nr, site.nr, nanos);
            }
        }
        run.failover().restartPrimaryNext();
        run.weather().crash(primary, true);
    }
}
