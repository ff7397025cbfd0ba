package dmctl.simulator;

import dmctl.engine.GroupStatus;
import dmctl.engine.GroupStatus.Flow;
import dmctl.engine.GroupStatus.SiteStatus;

/** The end of a run: all is healed, every site catches up, all stop cleanly and are equal. */
final class Ending {
    private static final long PATIENCE_NANOS = 120_000_000_000L;
    private static final long POLL_NANOS = 20_000_000L;

    private final Run run;
    private long begun;
    private int stopping;

    Ending(Run run) {
        this.run = run;
    }

    void begin() {
        begun = run.queue.now();
        run.trace.line(() -> "=== all is healed");
        poll();
    }

    String describe() {
        StringBuilder text = new StringBuilder();
        for (SimSite site : run.sites) {
            GroupStatus status = run.status(site);
            text.append(site.name)
                    .append(": ")
                    .append(status == null ? "down" : status)
                    .append('\n');
        }
        return text.toString();
    }

    private void poll() {
        if (run.queue.now() - begun > PATIENCE_NANOS) {
            throw new Violation("stuck: not caught up after all was healed\n" + describe());
        }
        for (SimSite site : run.sites) {
            boolean isPrimary = site.nr == run.failover().primary().nr;
            if (!site.running() && (!isPrimary || run.failover().serving())) {
                run.start(site);
            }
        }
        if (run.failover().serving() && caughtUp() && run.load().underWay() == 0) {
            finish();
        } else {
            run.queue.after(POLL_NANOS, this::poll);
        }
    }

    private boolean caughtUp() {
        GroupStatus status = run.status(run.failover().primary());
        if (status == null || !status.serving()) {
            return false;
        }
        run.weather().takeInForked(status);
        run.weather().resumePaused(status);
        boolean all = status.completedSeq() == status.headSeq();
        for (SiteStatus site : status.sites()) {
            if (site.nr() == status.selfSite()) {
                continue;
            }
            all &=
                    site.flow() == Flow.LIVE
                            && site.data() == GroupStatus.Data.CONSISTENT
                            && site.durableSeq() == status.headSeq()
                            && site.appliedSeq() == status.headSeq();
        }
        return all && allSay(status);
    }

    /** What the primary knows of a site may be from before that lost its power. */
    private boolean allSay(GroupStatus primary) {
        for (SimSite site : run.sites) {
            GroupStatus own = run.status(site);
            if (own == null
                    || (own.selfSite() != primary.selfSite()
                            && own.appliedSeq() != primary.headSeq())) {
                return false;
            }
        }
        return true;
    }

    private void finish() {
        run.counters.add("run: milliseconds to catch up", (run.queue.now() - begun) / 1_000_000);
        run.trace.line(() -> "=== all sites have caught up");
        run.enter(Run.Phase.STOPPING);
        SimSite primary = run.failover().primary();
        run.failover().stopping();
        stop(primary, () -> stopNext(primary));
    }

    private void stopNext(SimSite primary) {
        if (stopping == run.sites.length) {
            compare(primary);
            run.enter(Run.Phase.DONE);
            return;
        }
        SimSite site = run.sites[stopping++];
        if (site == primary) {
            stopNext(primary);
        } else {
            stop(site, () -> stopNext(primary));
        }
    }

    private void stop(SimSite site, Runnable then) {
        SimProcess process = site.process;
        if (process == null) {
            throw new IllegalStateException(site.name + " does not run");
        }
        boolean[] ended = new boolean[1];
        run.queue.after(
                PATIENCE_NANOS,
                () -> {
                    if (!ended[0]) {
                        throw new Violation(
                                "stuck: the clean stop of "
                                        + site.name
                                        + " does not end\n"
                                        + process.group().status());
                    }
                });
        Runnable stopped =
                () -> {
                    ended[0] = true;
                    run.load().close();
                    run.kill(site);
                    then.run();
                };
        process.thread.after(
                0,
                () ->
                        process.group()
                                .shutdown(
                                        new Failover.Told(
                                                text -> run.queue.after(0, stopped),
                                                text -> refused(site, text))));
    }

    private static void refused(SimSite site, String text) {
        throw new Violation("the clean stop of " + site.name + " was refused: " + text);
    }

    private void compare(SimSite primary) {
        run.checks().stoppedImage(primary);
        for (SimSite site : run.sites) {
            equal(primary, site.name, site.devices);
        }
        if (run.plan.blockdevSite) {
            equal(primary, "the blockdev site", run.remoteDisks);
        }
        run.counters.count("judged: all sites equal at the end");
    }

    private void equal(SimSite primary, String name, SimDisk[] devices) {
        for (int i = 0; i < devices.length; i++) {
            int at = primary.devices[i].content.mismatch(devices[i].content);
            if (at >= 0) {
                int sector = at / Stamp.SECTOR;
                int here = Stamp.read(devices[i].content, i, sector);
                int there = Stamp.read(primary.devices[i].content, i, sector);
                throw new Violation(
                        name
                                + " differs from the primary at the end: dev "
                                + i
                                + " sector "
                                + sector
                                + " shows "
                                + run.journal.name(here)
                                + " instead of "
                                + run.journal.name(there));
            }
        }
    }
}
