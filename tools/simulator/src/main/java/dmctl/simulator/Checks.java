package dmctl.simulator;

import dmctl.engine.GroupDefinition.LimitKind;
import dmctl.engine.GroupDefinition.Mode;
import dmctl.engine.GroupDefinition.Policy;
import dmctl.engine.GroupStatus;
import dmctl.engine.GroupStatus.SiteStatus;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Where images and states are held against what was promised. */
final class Checks {
    private final Run run;
    private final SimRandom random;
    private final long[] newestHead;
    private final int[] headIncarnation;
    private final long[] headTerm;

    /** Seqs of completed ops in this line, ascending. */
    private long[] completedSeqs = new long[256];

    private int completedCount;

    Checks(Run run, SimRandom random) {
        this.run = run;
        this.random = random;
        newestHead = new long[run.sites.length];
        headIncarnation = new int[run.sites.length];
        headTerm = new long[run.sites.length];
    }

    /** A primary has begun to serve: its image is judged and a new line of history begins. */
    void served(int[] found, long floor, long headSeq, boolean afterTakeover) {
        run.load().settle();
        History from = run.line();
        Verdict verdict = judge(from, found, floor);
        if (!verdict.good() && afterTakeover) {
            for (int i = run.lines.size() - 2; i >= 0 && !verdict.good(); i--) {
                Verdict older = judge(run.lines.get(i), found, floor);
                if (older.good()) {
                    from = run.lines.get(i);
                    verdict = older;
                    run.counters.count("takeover: of an older line");
                }
            }
        }
        String how = afterTakeover ? "takeover" : "restart";
        if (!verdict.good()) {
            throw new Violation("after a " + how + ": " + verdict.reason());
        }
        if (verdict.low() > headSeq) {
            throw new Violation(
                    "after a "
                            + how
                            + ": shows seq "
                            + verdict.low()
                            + " beyond its head "
                            + headSeq);
        }
        long cut = Math.min(verdict.high(), headSeq);
        run.counters.count("judged: image after a " + how);
        SimProcess serving = run.failover().primary().process;
        if (serving != null) {
            long[][] map = RegionOracle.look(serving.group(), run.plan.deviceSectors);
            regions(from, cut, map, "after a " + how);
        }
        Verdict closed = PrefixOracle.judge(from, found, survivors(from, floor));
        if (!closed.good()) {
            throw new Violation("after a " + how + ": " + closed.reason());
        }
        run.lines.add(from.forkAfter(cut, found));
        run.floors.cutAt(cut);
        while (completedCount > 0 && completedSeqs[completedCount - 1] > cut) {
            completedCount--;
        }
        run.trace.mix(8, cut, run.line().number);
        run.trace.line(() -> "--- history line " + run.line().number + " begins after seq " + cut);
    }

    private void regions(History line, long cut, long[][] map, String where) {
        String wrong = RegionOracle.judge(line, cut, map);
        if (!wrong.isEmpty()) {
            throw new Violation(where + ": " + wrong);
        }
        run.counters.count("judged: region map");
    }

    Verdict judge(History line, int[] found, long floor) {
        return SequenceOracle.judge(line, found, floor);
    }

    private BitSet survivors(History line, long floor) {
        BitSet had = new BitSet();
        for (int i = 0; i < line.memberCount(); i++) {
            int op = line.member(i);
            if (line.seq(op) <= floor) {
                had.set(op);
            }
        }
        return had;
    }

    /** Judges by any line, the newest first: a floor lies before every fork since. */
    Verdict judgeAnyLine(int[] found, long floor) {
        run.load().settle();
        Verdict first = judge(run.line(), found, floor);
        if (first.good()) {
            return first;
        }
        for (int i = run.lines.size() - 2; i >= 0; i--) {
            if (judge(run.lines.get(i), found, floor).good()) {
                run.counters.count("judged: image of an older line");
                return Verdict.good(0, 0);
            }
        }
        return first;
    }

    /**
     * A change has completed: was it allowed to?
     *
     * @param admittedBefore the limits had let it pass, and it waited for a flush since
     */
    void completed(long seq, boolean admittedBefore) {
        if (completedCount == completedSeqs.length) {
            completedSeqs = Arrays.copyOf(completedSeqs, completedCount * 2);
        }
        int at = completedCount++;
        while (at > 0 && completedSeqs[at - 1] > seq) {
            completedSeqs[at] = completedSeqs[at - 1];
            at--;
        }
        completedSeqs[at] = seq;
        SimProcess process = run.failover().primary().process;
        if (run.anyHold() && process != null && !admittedBefore) {
            checkHold(process);
        }
    }

    /** Looks at what a process says of itself and of the others. */
    void invariants(SimProcess process) {
        GroupStatus status = process.group().status();
        int nr = process.site.nr;
        String where = process.thread.name + ": ";
        require(status.headSeq() >= 0, where + "negative head", status);
        require(status.durableSeq() <= status.headSeq(), where + "durable beyond head", status);
        require(status.appliedSeq() <= status.headSeq(), where + "applied beyond head", status);
        require(status.completedSeq() <= status.headSeq(), where + "completed beyond head", status);
        require(
                status.logUsedBytes() >= 0 && status.logUsedBytes() <= status.logBytes(),
                where + "log use out of range",
                status);
        if (status.role() == GroupStatus.Role.PRIMARY && status.serving()) {
            // A process may be primary again in a later term, after its surplus was cut off.
            boolean same =
                    headIncarnation[nr] == process.site.incarnation
                            && headTerm[nr] == status.term();
            if (same) {
                require(
                        status.headSeq() >= newestHead[nr],
                        where + "head went back from " + newestHead[nr],
                        status);
            }
            headIncarnation[nr] = process.site.incarnation;
            headTerm[nr] = status.term();
            newestHead[nr] = status.headSeq();
        }
        for (SiteStatus site : status.sites()) {
            String of = where + "site " + site.nr() + ": ";
            require(site.behindWrites() >= 0, of + "negative writes behind", status);
            require(site.behindBytes() >= 0, of + "negative bytes behind", status);
            require(site.behindMillis() >= 0, of + "negative time behind", status);
            require(
                    site.durableSeq() <= site.receivedSeq(),
                    of + "durable beyond received",
                    status);
            require(site.appliedSeq() <= site.durableSeq(), of + "applied beyond durable", status);
            run.counters.count("site: flow " + site.flow() + ", data " + site.data());
            run.counters.count("site: link " + site.link() + (site.degraded() ? " degraded" : ""));
        }
        if (status.stalled() != null) {
            run.counters.count("site: stalled " + status.stalled().what());
        }
    }

    /** One that has to be resynced holds nothing up, whatever its mode. */
    private static boolean isOutOfLog(SiteStatus site) {
        return site.problem() != null && site.problem().reason().contains("out of the log");
    }

    /** With hold, no write completes that takes a site past its limit, by the site's own word. */
    private void checkHold(SimProcess process) {
        for (SiteStatus site : process.group().status().sites()) {
            boolean holds =
                    site.settings().policy() == Policy.ASYNC
                            && site.settings().mode() == Mode.HOLD
                            && site.settings().limitKind() == LimitKind.IOS
                            && site.data() == GroupStatus.Data.CONSISTENT
                            && !isOutOfLog(site)
                            && site.nr() < run.sites.length
                            && site.nr() != process.site.nr;
            GroupStatus own = holds ? run.status(run.sites[site.nr()]) : null;
            if (own == null || own.role() != GroupStatus.Role.TARGET) {
                continue;
            }
            int behind = 0;
            while (behind < completedCount
                    && completedSeqs[completedCount - 1 - behind] > own.durableSeq()) {
                behind++;
            }
            run.counters.count("judged: completion under a hold limit");
            if (behind > site.settings().limit()) {
                throw new Violation(
                        "site "
                                + site.nr()
                                + " is behind "
                                + behind
                                + " completed writes, its limit is "
                                + site.settings().limit()
                                + "\n"
                                + process.group().status());
            }
        }
    }

    private static void require(boolean good, String what, GroupStatus status) {
        if (!good) {
            throw new Violation(what + "\n" + status);
        }
    }

    /**
     * Clones a site, lets the clone lose its process or its power, and looks at what it hands over.
     */
    void cloneOf(SimSite site) {
        cloneOf(site, random.oneIn(2));
    }

    void cloneOf(SimSite site, boolean powerCut) {
        GroupStatus status = run.status(site);
        boolean isPrimary = site.nr == run.failover().primary().nr && run.failover().serving();
        if (!isPrimary && (status == null || status.role() != GroupStatus.Role.TARGET)) {
            return;
        }
        boolean consistent = status != null && status.data() == GroupStatus.Data.CONSISTENT;
        long floor =
                isPrimary
                        ? powerCut ? run.floors.afterPowerCut : run.floors.afterKill
                        : consistent ? owedAt(site) : 0;
        run.load().settle();
        CloneRun clone = new CloneRun(run, site, powerCut, random.split());
        int[] found = clone.image(!isPrimary);
        if (found == null) {
            if (clone.reason().contains("sync sites that must be heard")) {
                // Alone it waits for those; what they hold may be what completed writes need.
                run.counters.count("judged: clone that waits for its sync sites");
                return;
            }
            if (consistent || isPrimary) {
                throw new Violation("a clone of " + site.name + ", consistent, " + clone.reason());
            }
            run.counters.count("judged: clone that refused takeover");
            return;
        }
        Verdict verdict = isPrimary ? judge(run.line(), found, floor) : judgeAnyLine(found, floor);
        if (!verdict.good()) {
            throw new Violation(
                    "a clone of "
                            + site.name
                            + (isPrimary ? ", the primary," : "")
                            + " after a "
                            + (powerCut ? "power cut" : "kill")
                            + ": "
                            + verdict.reason());
        }
        run.counters.count("judged: clone of a " + (isPrimary ? "primary" : "target"));
        // A target may be of an older line, which shares with this one what must be there.
        long cut = isPrimary ? Math.min(verdict.high(), clone.headSeq()) : verdict.low();
        regions(run.line(), cut, clone.regions(), "a clone of " + site.name);
        run.trace.mix(9, site.nr, verdict.high());
    }

    /**
     * Opens a clone whose log is damaged: what is handed over is all that had to survive, or the
     * damage is found. Where the damage looks like a torn end it may be any prefix.
     */
    void damagedCloneOf(SimSite site) {
        GroupStatus status = run.status(site);
        boolean isPrimary = site.nr == run.failover().primary().nr && run.failover().serving();
        if (status == null || (!isPrimary && status.role() != GroupStatus.Role.TARGET)) {
            return;
        }
        LogDamage damage = LogDamage.any(random);
        LogDamage.Where where =
                random.oneIn(3) ? LogDamage.Where.UNFLUSHED : LogDamage.Where.DURABLE;
        boolean consistent = status.data() == GroupStatus.Data.CONSISTENT;
        long floor =
                where == LogDamage.Where.UNFLUSHED
                        ? 0
                        : isPrimary ? run.floors.afterKill : consistent ? owedAt(site) : 0;
        run.load().settle();
        CloneRun clone = new CloneRun(run, site, false, random.split());
        if (!clone.damage(damage, where)) {
            return;
        }
        run.counters.count("damage: " + damage);
        run.trace.line(() -> "*** a clone of " + site.name + ": " + damage + ", " + where);
        int[] found = clone.image(!isPrimary);
        if (found == null) {
            run.counters.count("damage: " + damage + ", not served");
            run.trace.line(() -> "    not served: " + clone.reason());
            return;
        }
        Verdict verdict = judgeAnyLine(found, floor);
        if (!verdict.good()) {
            throw new Violation(
                    String.format(
                            Locale.ROOT,
                            "a clone of %s with damage to its log (%s, %s): %s",
                            site.name,
                            damage,
                            where,
                            verdict.reason()));
        }
        run.counters.count("damage: " + damage + ", harmless");
        regions(run.line(), verdict.low(), clone.regions(), "a damaged clone of " + site.name);
    }

    /** Opens a clone whose region map is damaged: it serves, and notes no region as too old. */
    void damagedMapOf(SimSite site) {
        boolean isPrimary = site.nr == run.failover().primary().nr && run.failover().serving();
        if (!isPrimary) {
            return;
        }
        LogDamage damage = LogDamage.any(random);
        run.load().settle();
        CloneRun clone = new CloneRun(run, site, random.oneIn(2), random.split());
        if (!clone.damageMap(damage)) {
            return;
        }
        run.trace.line(() -> "*** a clone of " + site.name + ": " + damage + " of its region map");
        run.counters.count("damage: " + damage + " of the region map");
        int[] found = clone.image(false);
        if (found == null) {
            if (!clone.reason().contains("sync sites that must be heard")) {
                throw new Violation(
                        "a clone of "
                                + site.name
                                + " with damage to its region map, "
                                + clone.reason());
            }
            return;
        }
        Verdict verdict = judge(run.line(), found, 0);
        if (!verdict.good()) {
            throw new Violation("damage to the region map: " + verdict.reason());
        }
        long cut = Math.min(verdict.high(), clone.headSeq());
        regions(run.line(), cut, clone.regions(), "a clone with damage to its region map");
    }

    /** What a target owes by its policy and by what it has acknowledged to the primary. */
    private long owedAt(SimSite site) {
        SiteStatus seen = seenByPrimary(site.nr);
        if (seen == null) {
            return 0;
        }
        boolean follows = seen.data() == GroupStatus.Data.CONSISTENT;
        return follows ? Math.max(run.floors.atSite[site.nr], seen.durableSeq()) : 0;
    }

    /** Whether a target's log has what the primary's would not keep through a power cut. */
    boolean targetHoldsMoreThanPrimaryFlushed() {
        GroupStatus primary = run.status(run.failover().primary());
        if (primary == null) {
            return false;
        }
        for (SimSite site : run.sites) {
            GroupStatus status = run.status(site);
            if (status != null
                    && status.role() == GroupStatus.Role.TARGET
                    && status.data() == GroupStatus.Data.CONSISTENT
                    && status.term() == primary.term()
                    && status.headSeq() > primary.durableSeq()) {
                return true;
            }
        }
        return false;
    }

    @Nullable SiteStatus seenByPrimary(int nr) {
        GroupStatus status = run.failover().serving() ? run.status(run.failover().primary()) : null;
        if (status != null) {
            for (SiteStatus site : status.sites()) {
                if (site.nr() == nr) {
                    return site;
                }
            }
        }
        return null;
    }

    /** Looks at the raw devices of the blockdev site, after a power cut there or not. */
    void remoteImage() {
        SiteStatus seen = seenByPrimary(run.plan.blockdevNr());
        if (seen == null || seen.data() != GroupStatus.Data.CONSISTENT) {
            return;
        }
        run.load().settle();
        boolean powerCut = random.oneIn(2);
        int[] found = new int[run.line().sectors()];
        for (int i = 0; i < run.remoteDisks.length; i++) {
            SimDisk copy = run.remoteDisks[i].copy();
            if (powerCut) {
                copy.powerCut(random);
            } else {
                copy.processKilled(random);
            }
            Stamp.readDevice(copy.content, i, found, run.line().firstIndex(i));
        }
        long owed = Math.max(run.floors.atSite[run.plan.blockdevNr()], seen.durableSeq());
        Verdict verdict = PrefixOracle.judgeTorn(run.line(), found, survivors(run.line(), owed));
        if (!verdict.good()) {
            throw new Violation(
                    "the blockdev site after a "
                            + (powerCut ? "power cut" : "kill")
                            + ": "
                            + verdict.reason());
        }
        run.counters.count("judged: image of the blockdev site");
    }

    /** After a clean stop of the primary its devices hold everything completed. */
    void stoppedImage(SimSite site) {
        run.load().settle();
        Verdict verdict = judge(run.line(), rawImage(site.devices), run.floors.completed);
        if (!verdict.good()) {
            throw new Violation(
                    "the devices of " + site.name + " after a clean stop: " + verdict.reason());
        }
        run.counters.count("judged: devices after a clean stop");
    }

    int[] rawImage(SimDisk[] disks) {
        int[] found = new int[run.line().sectors()];
        for (int i = 0; i < disks.length; i++) {
            Stamp.readDevice(disks[i].content, i, found, run.line().firstIndex(i));
        }
        return found;
    }
}
