package dmctl.simulator;

import dmctl.engine.Group;
import dmctl.engine.GroupDefinition.Settings;
import dmctl.engine.GroupStatus;
import dmctl.engine.GroupStatus.Role;
import dmctl.engine.GroupStatus.SiteStatus;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The faults, and what administrators do meanwhile; every one heals after a bounded time. */
final class Weather {
    private static final int TOTAL_WEIGHT = totalWeight();

    private final Run run;
    private final SimRandom random;
    private final IsolatedPrimary isolated;
    private final boolean[] logFault;
    private final boolean[] flushFault;
    private final boolean[] paused;
    private final long[] askAgainAt;
    private long countdown;
    private long setTick;
    private int crashes;
    private boolean healed;

    Weather(Run run, SimRandom random) {
        this.run = run;
        this.random = random;
        isolated = new IsolatedPrimary(run, random);
        logFault = new boolean[run.sites.length];
        flushFault = new boolean[run.sites.length];
        paused = new boolean[run.plan.siteCount()];
        askAgainAt = new long[run.plan.siteCount()];
        countdown = random.around(run.plan.calmEvents);
    }

    private static int totalWeight() {
        int total = 0;
        for (Strike strike : Strike.values()) {
            total += strike.weight;
        }
        return total;
    }

    /** Names every fault there is, so that one that never comes is seen. */
    static void expect(Counters counters) {
        for (Strike strike : Strike.values()) {
            counters.add("fault: " + strike, 0);
        }
        for (String kind : List.of("read", "write", "flush")) {
            counters.add("fault: DISK_ERROR " + kind + " of a log", 0);
            counters.add("fault: DISK_ERROR " + kind + " of a device", 0);
        }
        for (SimNetwork.Cut how : SimNetwork.Cut.values()) {
            counters.add("fault: CUT_WIRE " + how, 0);
        }
    }

    int crashes() {
        return crashes;
    }

    /** Whether a fault of the site's disks may make its group fail. */
    boolean logFaultAt(int site) {
        return logFault[site];
    }

    /** Whether the log of a site fails its flushes: what was completed since is not owed. */
    boolean flushFaultAt(int site) {
        return flushFault[site];
    }

    /** When the settings of a site were changed last. */
    long setTick() {
        return setTick;
    }

    void tick() {
        if (--countdown > 0) {
            return;
        }
        boolean late = run.aheadOfFaults();
        countdown = random.around(late ? 200 : run.plan.calmEvents);
        Strike strike = late ? wanted() : draw();
        if (strike(strike)) {
            run.counters.count("fault: " + strike);
            // The next one may come in the middle of what this one has begun.
            if (random.oneIn(3)) {
                countdown = random.between(1, 150);
            }
        }
    }

    private Strike draw() {
        int dice = random.below(TOTAL_WEIGHT);
        for (Strike strike : Strike.values()) {
            dice -= strike.weight;
            if (dice < 0) {
                return strike;
            }
        }
        throw new IllegalStateException("weights");
    }

    /** What the plan still lacks. */
    private Strike wanted() {
        boolean able = run.failover().candidate() != null;
        if (run.failover().takeovers() < run.plan.takeovers && able) {
            return random.oneIn(2) ? Strike.KILL_PRIMARY : Strike.TAKE_OVER_ALIVE;
        }
        if (crashes >= run.plan.crashes) {
            return Strike.LOOK_AT_BLOCKDEV;
        }
        Strike[] some = {
            Strike.KILL_PRIMARY,
            Strike.CUT_POWER_OF_PRIMARY,
            Strike.KILL_TARGET,
            Strike.CUT_POWER_OF_TARGET,
            Strike.CUT_POWER_OF_ALL
        };
        return some[random.below(some.length)];
    }

    private boolean strike(Strike strike) {
        SimSite primary = run.failover().primary();
        return switch (strike) {
            case KILL_PRIMARY -> crash(primary, false);
            case CUT_POWER_OF_PRIMARY -> crash(primary, true);
            case KILL_TARGET -> crash(target(), false);
            case CUT_POWER_OF_TARGET -> crash(target(), true);
            case CUT_POWER_OF_ALL -> crashAll();
            case TAKE_OVER_ALIVE -> takeOverAlive();
            case PARTITION -> partition();
            case CUT_WIRE -> cutWire();
            case STALL_WIRE -> run.network.stallOne(random.around(150_000_000));
            case REFUSE_CONNECTS -> refuseConnects();
            case FREEZE -> freeze();
            case DISK_ERROR -> diskError();
            case SLOW_DISK -> slowDisk();
            case FULL_DISK -> fullDisk();
            case PAUSE -> pause();
            case SET -> set();
            case STOP_CLEANLY -> stopCleanly();
            case STEP_CLOCK -> stepClock();
            case CLONE_PRIMARY -> cloneOf(primary);
            case CLONE_TARGET -> cloneOf(target());
            case DAMAGE_CLONE -> damageClone();
            case LOOK_AT_BLOCKDEV -> lookAtBlockdev();
            case CUT_POWER_OF_BLOCKDEV -> cutPowerOfBlockdev();
            case RESYNC_FORKED -> resyncForked();
            case CUT_POWER_OF_ISOLATED -> isolated.strikeSoon();
        };
    }

    private SimSite anySite() {
        return run.sites[random.below(run.sites.length)];
    }

    private SimSite target() {
        int nr = random.below(run.sites.length - 1);
        return run.sites[nr >= run.failover().primary().nr ? nr + 1 : nr];
    }

    boolean crash(SimSite site, boolean powerCut) {
        if (!site.running()) {
            return false;
        }
        crashes++;
        run.trace.line(() -> "*** " + (powerCut ? "power cut at " : "kill -9 at ") + site.name);
        run.load().settle();
        if (run.failover().takingOver()) {
            run.counters.count("crash: during a takeover");
        } else if (!run.failover().serving()) {
            run.counters.count("crash: while there is no primary");
        }
        if (powerCut) {
            run.cutPower(site);
        } else {
            run.kill(site);
        }
        run.failover().died(site, powerCut || flushFault[site.nr]);
        healDisks(site);
        restartLater(site);
        return true;
    }

    private boolean crashAll() {
        boolean any = false;
        for (SimSite site : run.sites) {
            any |= crash(site, true);
        }
        return any;
    }

    /** Targets come back on their own; for a primary, failover decides. */
    void restartLater(SimSite site) {
        long delay = random.around(random.oneIn(4) ? 500_000_000L : 30_000_000L);
        run.queue.after(
                delay,
                () -> {
                    boolean failoverDoes =
                            site.nr == run.failover().primary().nr && !run.failover().serving();
                    if (site.running() || run.phase() == Run.Phase.DONE) {
                        return;
                    }
                    if (failoverDoes) {
                        restartLater(site);
                    } else {
                        run.start(site);
                    }
                });
    }

    private boolean takeOverAlive() {
        SimSite target = run.failover().serving() ? run.failover().candidate() : null;
        if (target == null) {
            return false;
        }
        int old = run.failover().primary().nr;
        if (random.percent(70)) {
            for (SimSite site : run.sites) {
                if (site.nr != old && (site == target || random.oneIn(2))) {
                    partitionFor(old, site.nr, random.around(400_000_000));
                }
            }
        }
        run.failover().takeOver(target);
        return true;
    }

    private boolean partition() {
        int a = random.below(run.sites.length);
        int b = random.below(run.sites.length);
        return a != b && partitionFor(a, b, random.around(250_000_000));
    }

    boolean partitionFor(int a, int b, long nanos) {
        if (run.network.partitioned(a, b)) {
            return false;
        }
        run.trace.line(() -> "*** site" + a + " and site" + b + " are cut off from each other");
        run.network.partition(a, b);
        run.queue.after(nanos, () -> run.network.heal(a, b));
        return true;
    }

    private boolean cutWire() {
        SimNetwork.Cut how = run.network.cutOne();
        if (how != null) {
            run.counters.count("fault: CUT_WIRE " + how);
        }
        return how != null;
    }

    private boolean refuseConnects() {
        run.network.refusePercent = 60;
        run.queue.after(random.around(200_000_000), () -> run.network.refusePercent = 0);
        return true;
    }

    private boolean freeze() {
        SimProcess process = anySite().process;
        if (process == null) {
            return false;
        }
        process.thread.freeze(random.around(random.oneIn(2) ? 20_000_000L : 400_000_000L));
        run.trace.line(() -> "*** " + process.site.name + " is frozen");
        return true;
    }

    /** A disk fails some operations; the site is restarted with a whole disk a while later. */
    private boolean diskError() {
        SimSite site = anySite();
        if (!site.running() || logFault[site.nr]) {
            return false;
        }
        boolean onLog = random.oneIn(2);
        SimDisk disk = onLog ? site.log : site.devices[random.below(site.devices.length)];
        int times = random.oneIn(2) ? 1 : 1000;
        int kind = random.below(3);
        switch (kind) {
            case 0 -> disk.faults.failReads = times;
            case 1 -> disk.faults.failWrites = times;
            default -> disk.faults.failFlushes = times;
        }
        String what = kind == 0 ? "read" : kind == 1 ? "write" : "flush";
        run.counters.count("fault: DISK_ERROR " + what + (onLog ? " of a log" : " of a device"));
        run.trace.line(() -> "*** " + disk.name + " fails " + times + " times to " + what);
        logFault[site.nr] = true;
        flushFault[site.nr] = onLog && kind == 2;
        crashLater(site, random.around(100_000_000));
        return true;
    }

    private void crashLater(SimSite site, long delay) {
        int incarnation = site.incarnation;
        run.queue.after(
                delay,
                () -> {
                    if (site.incarnation == incarnation && site.running()) {
                        boolean powerCut = random.oneIn(2);
                        crash(site, powerCut);
                    }
                });
    }

    /** The disks of a site are whole again; for a process that starts anew. */
    void healDisks(SimSite site) {
        logFault[site.nr] = false;
        flushFault[site.nr] = false;
        for (SimDisk disk : site.disks()) {
            disk.faults.heal();
        }
    }

    private boolean slowDisk() {
        SimSite site = anySite();
        boolean remote = run.plan.blockdevSite && random.oneIn(4);
        SimDisk disk =
                remote
                        ? run.remoteDisks[0]
                        : random.oneIn(2)
                                ? site.log
                                : site.devices[random.below(site.devices.length)];
        disk.faults.slowness = random.between(10, 200);
        run.queue.after(random.around(200_000_000), () -> disk.faults.slowness = 1);
        return true;
    }

    private boolean fullDisk() {
        SimSite site = anySite();
        if (!site.running() || logFault[site.nr]) {
            return false;
        }
        logFault[site.nr] = true;
        site.log.faults.full = true;
        crashLater(site, random.around(100_000_000));
        return true;
    }

    private @Nullable Group served() {
        return run.failover().serving() ? run.failover().primary().group() : null;
    }

    private boolean pause() {
        Group group = served();
        int nr = random.below(run.plan.siteCount());
        if (group == null || nr == run.failover().primary().nr || paused[nr]) {
            return false;
        }
        paused[nr] = true;
        ask(done -> group.pause(nr, "maintenance", done), "pause of site " + nr);
        resumeLater(nr, random.around(300_000_000));
        return true;
    }

    private void resumeLater(int nr, long delay) {
        run.queue.after(
                delay,
                () -> {
                    Group group = served();
                    if (group == null) {
                        resumeLater(nr, 50_000_000);
                    } else {
                        paused[nr] = false;
                        resume(group, nr);
                    }
                });
    }

    private void resume(Group group, int nr) {
        if (nr != run.failover().primary().nr) {
            ask(done -> group.resume(nr, done), "resume of site " + nr);
        }
    }

    /** Resumes what an earlier primary was told to pause. */
    void resumePaused(GroupStatus status) {
        for (SiteStatus site : status.sites()) {
            Group group = served();
            if (group != null && site.flow() == GroupStatus.Flow.PAUSED) {
                resume(group, site.nr());
            }
        }
    }

    private interface Question {
        void ask(Failover.Told done);
    }

    /** Asks on the thread of the primary. */
    private void ask(Question question, String what) {
        SimProcess process = run.failover().primary().process;
        if (process != null) {
            run.trace.line(() -> "*** " + what);
            process.thread.after(
                    0,
                    () ->
                            question.ask(
                                    new Failover.Told(
                                            text -> {},
                                            text -> {
                                                run.counters.count("admin: refused");
                                                run.trace.line(() -> "    refused: " + text);
                                            })));
        }
    }

    private boolean set() {
        Group group = served();
        if (group == null) {
            return false;
        }
        int nr = random.below(run.plan.siteCount());
        Settings settings = Plan.randomSettings(random, nr == run.failover().primary().nr);
        run.settingsChanged(settings);
        setTick = run.journal.tick();
        ask(done -> group.set(nr, settings, done), "site " + nr + " gets " + settings);
        return true;
    }

    private boolean stopCleanly() {
        SimSite site = anySite();
        SimProcess process = site.process;
        boolean isPrimary = site == run.failover().primary();
        if (process == null || run.failover().takingOver() || logFault[site.nr]) {
            return false;
        }
        if (isPrimary && !run.failover().serving()) {
            return false;
        }
        if (isPrimary) {
            run.failover().stopping();
        }
        run.trace.line(() -> "*** clean stop of " + site.name);
        process.thread.after(
                0,
                () ->
                        process.group()
                                .shutdown(
                                        new Failover.Told(
                                                text ->
                                                        run.queue.after(
                                                                0,
                                                                () -> stopped(site, process, text)),
                                                text ->
                                                        run.trace.line(
                                                                () -> "    refused: " + text))));
        crashLater(site, 5_000_000_000L);
        return true;
    }

    private void stopped(SimSite site, SimProcess process, String text) {
        if (site.process != process) {
            return;
        }
        boolean clean = text.startsWith("stopped cleanly");
        boolean reopening = text.startsWith("not open");
        if (!clean && !reopening && !logFault[site.nr]) {
            throw new Violation(site.name + " was stopped without a fault, but: " + text);
        }
        run.counters.count(clean ? "stopped cleanly" : "stopped after a fault");
        run.load().settle();
        boolean isPrimary = site == run.failover().primary();
        run.kill(site);
        if (isPrimary && !run.failover().takingOver()) {
            if (clean) {
                run.checks().stoppedImage(site);
            }
            run.failover().stopped(!clean && flushFault[site.nr]);
        } else {
            restartLater(site);
        }
        healDisks(site);
    }

    private boolean stepClock() {
        anySite().clockSkewMicros += random.between(-5_000_000L, 5_000_000L);
        return true;
    }

    private boolean cloneOf(SimSite site) {
        if (!site.running() || logFault[site.nr]) {
            return false;
        }
        run.checks().cloneOf(site);
        return true;
    }

    private boolean damageClone() {
        SimSite site = anySite();
        if (!site.running() || logFault[site.nr]) {
            return false;
        }
        run.checks().damagedCloneOf(site);
        run.checks().damagedMapOf(site);
        return true;
    }

    private boolean lookAtBlockdev() {
        if (!run.plan.blockdevSite) {
            return false;
        }
        run.checks().remoteImage();
        return true;
    }

    private boolean cutPowerOfBlockdev() {
        if (!run.plan.blockdevSite) {
            return false;
        }
        run.trace.line(() -> "*** power cut at the blockdev site");
        run.revokeRemote();
        for (SimDisk disk : run.remoteDisks) {
            disk.powerCut(random);
            disk.faults.failReads = 1_000_000;
            disk.faults.failWrites = 1_000_000;
            disk.faults.failFlushes = 1_000_000;
        }
        run.queue.after(random.around(200_000_000), this::healRemote);
        return true;
    }

    private void healRemote() {
        for (SimDisk disk : run.remoteDisks) {
            disk.faults.heal();
        }
    }

    private boolean resyncForked() {
        GroupStatus status = run.failover().serving() ? run.status(run.failover().primary()) : null;
        return status != null && takeInForked(status);
    }

    /** Takes in whole what has forked; true if there was such a site. */
    boolean takeInForked(GroupStatus status) {
        Group group = served();
        boolean any = false;
        for (SiteStatus site : status.sites()) {
            if (group != null
                    && site.data() == GroupStatus.Data.FORKED
                    && site.role() != Role.PRIMARY
                    && run.queue.now() >= askAgainAt[site.nr()]) {
                askAgainAt[site.nr()] = run.queue.now() + 500_000_000;
                any = true;
                run.counters.count("admin: resync --discard");
                if (random.oneIn(3)) {
                    ask(
                            done -> group.resync(site.nr(), false, done),
                            "show loss of site " + site.nr());
                }
                ask(
                        done -> group.resync(site.nr(), true, done),
                        "resync --discard of site " + site.nr());
            }
        }
        return any;
    }

    /** Everything is whole from now on. */
    void healAll() {
        healed = true;
        run.network.healAll();
        healRemote();
        for (SimSite site : run.sites) {
            if (logFault[site.nr] && site.running()) {
                crash(site, false);
            }
            healDisks(site);
        }
    }

    boolean healed() {
        return healed;
    }
}
