package dmctl.simulator;

import dmctl.engine.Admin;
import dmctl.engine.GroupStatus;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whoever watches over the group from outside: knows which site the applications use, restarts it
 * or takes over elsewhere after its death, and lets the load in once the image was judged.
 */
final class Failover {
    private static final long PATIENCE_NANOS = 20_000_000_000L;

    private final Run run;
    private final SimRandom random;
    private int primary;
    private int taking = -1;
    private int takeovers;
    private int attempts;
    private long takeoverTerm;
    private boolean loading;
    private @Nullable SimProcess verifying;
    private long floor;
    private boolean afterTakeover;
    private boolean excused;
    private boolean stopping;
    private boolean restartPrimaryNext;
    private long waitingSince;
    private int waitNumber;
    private int begun;
    private int resumed;

    Failover(Run run, SimRandom random) {
        this.run = run;
        this.random = random;
    }

    SimSite primary() {
        return run.sites[primary];
    }

    int takeovers() {
        return takeovers;
    }

    /** True while the image has been judged and the applications are served. */
    boolean serving() {
        return loading;
    }

    boolean takingOver() {
        return taking >= 0;
    }

    void excuse() {
        excused = true;
    }

    /** When the primary has died now, nobody takes over. */
    void restartPrimaryNext() {
        restartPrimaryNext = true;
    }

    /** The primary is being stopped cleanly. */
    void stopping() {
        stopping = true;
    }

    /** After each turn of a process: has the primary begun or ceased to serve? */
    void look(SimProcess process) {
        if (process.site.nr != primary || taking >= 0) {
            return;
        }
        boolean serves = process.group().serving();
        if (serves && !loading && verifying != process && !stopping) {
            verify(process);
        } else if (!serves && loading && !stopping) {
            ceased(process);
        }
    }

    private void verify(SimProcess process) {
        verifying = process;
        run.trace.line(() -> "--- judging what " + process.site.name + " serves");
        ImageReader reader =
                new ImageReader(
                        process,
                        run.plan.deviceSectors,
                        run.buffers,
                        found -> judged(process, found),
                        error -> ceased(process));
        process.thread.after(0, reader::start);
    }

    private void judged(SimProcess process, int[] found) {
        if (process.site.nr != primary || verifying != process) {
            return;
        }
        GroupStatus status = process.group().status();
        run.checks().served(found, floor, status.headSeq(), afterTakeover);
        verifying = null;
        afterTakeover = false;
        excused = false;
        loading = true;
        waitNumber++;
        run.load().open(process, status.headSeq());
    }

    /** The primary serves no longer though its process lives. */
    private void ceased(SimProcess process) {
        String reason = process.group().notServingReason();
        if (!excused && !run.weather().logFaultAt(primary)) {
            throw new Violation(
                    process.site.name + " has ceased to serve without a fault: " + reason);
        }
        run.counters.count("primary: ceased to serve after a fault");
        run.trace.line(() -> "--- " + process.site.name + " has ceased to serve: " + reason);
        boolean flushFailed = run.weather().flushFaultAt(primary);
        lostPrimary(flushFailed ? run.floors.afterPowerCut : run.floors.afterKill);
        run.queue.after(
                random.around(10_000_000),
                () -> {
                    if (process.thread.alive() && primary().process == process && !loading) {
                        run.weather().healDisks(process.site);
                        run.kill(process.site);
                        decideLater();
                    }
                });
    }

    void requestFailed(Op op) {
        if (!stopping && !excused && !run.weather().logFaultAt(primary)) {
            throw new Violation(
                    op.kind
                            + " of writer "
                            + op.writer
                            + " failed with error "
                            + op.request.error
                            + " without a fault");
        }
        run.counters.count("requests: failed after a fault");
    }

    /** A process dies: what does it mean for the applications? */
    void died(SimSite site, boolean powerCut) {
        if (site.nr == taking) {
            run.counters.count("takeover: died under way");
            resumeTakeover(site);
            return;
        }
        if (site.nr != primary) {
            return;
        }
        long survives = powerCut ? run.floors.afterPowerCut : run.floors.afterKill;
        lostPrimary(survives);
        if (taking < 0) {
            decideLater();
        }
    }

    private void lostPrimary(long survives) {
        boolean first = loading;
        run.load().close();
        if (verifying != null && !loading) {
            run.counters.count("primary: died before it was judged");
        }
        loading = false;
        stopping = false;
        verifying = null;
        floor = first ? survives : Math.min(floor, survives);
    }

    /** After a stop: everything completed is on the devices, or still in the log. */
    void stopped(boolean flushFailed) {
        lostPrimary(flushFailed ? run.floors.afterPowerCut : run.floors.completed);
        decideLater();
    }

    private void decideLater() {
        run.queue.after(random.around(random.oneIn(3) ? 200_000_000L : 5_000_000L), this::decide);
    }

    private void decide() {
        if (loading || taking >= 0 || primary().running() || run.phase() == Run.Phase.DONE) {
            return;
        }
        boolean wanted = takeovers < run.plan.takeovers || random.oneIn(4);
        wanted &= !restartPrimaryNext;
        restartPrimaryNext = false;
        SimSite target = wanted ? candidate() : null;
        if (target != null && random.percent(70)) {
            run.weather().restartLater(primary());
            takeOver(target);
        } else {
            run.counters.count("primary: restarted");
            run.start(primary());
            watch();
        }
    }

    /** The restarted primary must serve within a bounded time once nothing is broken. */
    private void watch() {
        int number = ++waitNumber;
        waitingSince = run.queue.now();
        run.queue.after(PATIENCE_NANOS, () -> lookAgain(number));
    }

    private void lookAgain(int number) {
        SimProcess process = primary().process;
        if (number != waitNumber || loading || process == null || taking >= 0) {
            return;
        }
        throw new Violation(
                "stuck: "
                        + primary().name
                        + " has not served since "
                        + waitingSince / 1_000_000
                        + " ms: "
                        + process.group().notServingReason()
                        + "\n"
                        + process.group().status());
    }

    /**
     * Returns a target that says it can be taken over, and has heard of the last takeover: one that
     * has not would open a term beside the other, and only people can say which of them counts.
     */
    @Nullable SimSite candidate() {
        List<SimSite> able = new ArrayList<>();
        for (SimSite site : run.sites) {
            GroupStatus status = run.status(site);
            if (site.nr != primary
                    && status != null
                    && status.role() == GroupStatus.Role.TARGET
                    && status.term() >= takeoverTerm
                    && status.data() == GroupStatus.Data.CONSISTENT) {
                able.add(site);
            }
        }
        return able.isEmpty() ? null : able.get(random.below(able.size()));
    }

    /** Takes over at a target; the old primary may be dead, cut off or alive. */
    void takeOver(SimSite target) {
        SimProcess process = target.process;
        if (process == null) {
            throw new IllegalStateException(target.name + " does not run");
        }
        lostPrimary(run.floors.afterKill);
        taking = target.nr;
        run.moveRemote(target);
        waitNumber++;
        run.counters.count("takeover: begun");
        run.trace.mix(7, target.nr, 0);
        run.trace.line(() -> "--- takeover at " + target.name);
        boolean look = random.oneIn(3);
        process.thread.after(0, () -> previewAndTakeOver(target, process, look));
        int number = ++begun;
        run.queue.after(PATIENCE_NANOS, () -> checkTakeover(number, target, process));
    }

    private void previewAndTakeOver(SimSite target, SimProcess process, boolean look) {
        if (taking != target.nr) {
            return;
        }
        if (look) {
            Told next =
                    new Told(
                            text -> previewed(target, process, text),
                            text -> refused(target, text));
            process.group().previewTakeover(next);
        } else {
            Told end =
                    new Told(text -> taken(target, process, text), text -> refused(target, text));
            process.group().takeover(false, end);
        }
    }

    private void previewed(SimSite target, SimProcess process, String text) {
        ignore(text);
        process.thread.after(
                random.around(1_000_000), () -> previewAndTakeOver(target, process, false));
    }

    private void checkTakeover(int number, SimSite target, SimProcess process) {
        if (number == begun && taking == target.nr && process.thread.alive()) {
            throw new Violation("stuck: the takeover at " + target.name + " does not end");
        }
    }

    private void ignore(String text) {
        run.trace.line(() -> "    told: " + text);
    }

    private void taken(SimSite target, SimProcess process, String text) {
        ignore(text);
        if (taking != target.nr || target.process != process) {
            return;
        }
        became(target);
        look(process);
    }

    private void became(SimSite target) {
        GroupStatus status = run.status(target);
        takeoverTerm = status == null ? takeoverTerm : status.term();
        takeovers++;
        attempts = 0;
        taking = -1;
        primary = target.nr;
        floor = run.floors.atSite[target.nr];
        run.floors.afterKill = floor;
        run.floors.afterPowerCut = floor;
        afterTakeover = true;
        run.counters.count("takeover: done");
        watch();
    }

    private void refused(SimSite target, String text) {
        ignore(text);
        if (taking != target.nr) {
            return;
        }
        run.counters.count("takeover: refused");
        taking = -1;
        giveUpTakeover();
    }

    private void giveUpTakeover() {
        run.moveRemote(primary());
        if (primary().running()) {
            // What its clients left behind may still happen there: they come back to a new process.
            run.weather().healDisks(primary());
            run.kill(primary());
        }
        decideLater();
    }

    /** The new primary died before it said that it was one: only it knows, after a restart. */
    private void resumeTakeover(SimSite site) {
        // One that died again before it was asked is asked once.
        int number = ++resumed;
        run.queue.after(
                random.around(50_000_000),
                () -> {
                    if (taking != site.nr || number != resumed) {
                        return;
                    }
                    if (!site.running()) {
                        run.start(site);
                    }
                    askRole(site, number);
                });
    }

    private void askRole(SimSite site, int number) {
        run.queue.after(
                20_000_000,
                () -> {
                    GroupStatus status = run.status(site);
                    SimProcess process = site.process;
                    boolean still = taking == site.nr && number == resumed;
                    if (!still || status == null || process == null) {
                        return;
                    }
                    switch (status.role()) {
                        case PRIMARY -> {
                            run.counters.count("takeover: had happened before the death");
                            became(site);
                            look(process);
                        }
                        case TARGET, FENCED -> {
                            // What it had heard of the last takeover may not have been durable.
                            if (++attempts > 5 || status.term() < takeoverTerm) {
                                taking = -1;
                                giveUpTakeover();
                            } else {
                                takeOver(site);
                            }
                        }
                        default -> askRole(site, number);
                    }
                });
    }

    /** Passes both ends of a request of the administrator on. */
    record Told(
            java.util.function.Consumer<String> onDone,
            java.util.function.Consumer<String> onRefused)
            implements Admin.Done {
        @Override
        public void done(String text) {
            onDone.accept(text);
        }

        @Override
        public void refused(String text) {
            onRefused.accept(text);
        }
    }
}
