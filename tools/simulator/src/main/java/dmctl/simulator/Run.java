package dmctl.simulator;

import dmctl.engine.Group;
import dmctl.engine.GroupDefinition.Mode;
import dmctl.engine.GroupDefinition.Policy;
import dmctl.engine.GroupDefinition.Settings;
import dmctl.engine.GroupStatus;
import dmctl.engine.port.Network;
import dmctl.replog.RecoveryCase;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One seed: several sites of a group, their load, their weather and their judges. */
final class Run implements SimProcess.World {
    /** What the run is about. */
    enum Phase {
        LOADING,
        HEALING,
        STOPPING,
        DONE
    }

    private static final long EVENTS_MAX = 4_000_000;
    private static final long LOADING_NANOS_MAX = 120_000_000_000L;

    final Plan plan;
    final EventQueue queue = new EventQueue();
    final Journal journal = new Journal();
    final Counters counters = new Counters();
    final Trace trace;
    final Floors floors;
    final SimSite[] sites;
    final SimDisk[] remoteDisks;
    final SimNetwork network;
    final List<ByteBuffer> buffers;
    final List<History> lines = new ArrayList<>();

    private final SimRandom random;
    private final SimRandom diskRandom;
    private final Load load;
    private final Checks checks;
    private final Failover failover;
    private final Weather weather;
    private final Moments moments;
    private final Ending ending;
    private final List<SimStorage> remoteOpen = new ArrayList<>();
    private Phase phase = Phase.LOADING;
    private boolean syncSites;
    private boolean holdSites;
    private int remoteOwner;
    private int turns;
    private long events;

    Run(long seed, List<ByteBuffer> buffers, @Nullable Consumer<String> lines) {
        random = new SimRandom(seed);
        this.buffers = buffers;
        plan = new Plan(seed, random.split());
        trace = new Trace(queue, lines);
        floors = new Floors(plan.siteCount());
        diskRandom = random.split();
        network =
                new SimNetwork(
                        queue,
                        random.split(),
                        plan.siteCount(),
                        plan.streamCapacity,
                        plan.maxLatencyNanos);
        sites = new SimSite[plan.tcpSites];
        remoteDisks = new SimDisk[plan.blockdevSite ? plan.deviceSectors.length : 0];
        createDisks();
        this.lines.add(new History(journal, plan.deviceSectors, baseStamped()));
        load = new Load(this, random.split(), buffers);
        checks = new Checks(this, random.split());
        failover = new Failover(this, random.split());
        weather = new Weather(this, random.split());
        moments = new Moments(this, random.split());
        ending = new Ending(this);
        plan.settings.forEach(this::settingsChanged);
    }

    private void createDisks() {
        for (int nr = 0; nr < plan.tcpSites; nr++) {
            SimDisk log = new SimDisk("site" + nr + "/log", plan.logBytes, diskRandom.percent(85));
            SimDisk[] devices = new SimDisk[plan.deviceSectors.length];
            for (int i = 0; i < devices.length; i++) {
                devices[i] = device("site" + nr + "/dev" + i, i, nr == 0);
            }
            sites[nr] = new SimSite(nr, "site" + nr, plan.definition(nr), log, devices);
            sites[nr].clockSkewMicros = diskRandom.between(-10_000_000L, 10_000_000L);
        }
        for (int i = 0; i < remoteDisks.length; i++) {
            remoteDisks[i] = device("remote/dev" + i, i, false);
        }
    }

    private SimDisk device(String name, int devNr, boolean atPrimary) {
        byte[] content = new byte[plan.deviceSectors[devNr] * Stamp.SECTOR];
        boolean volatileCache = diskRandom.percent(80);
        if (atPrimary && plan.baseStamps) {
            for (int sector = 0; sector < plan.deviceSectors[devNr]; sector += 3) {
                Stamp.writeBase(content, sector * Stamp.SECTOR, devNr, sector);
            }
        } else if (!atPrimary && plan.garbageAtTargets) {
            Stamp.garbage(content, diskRandom);
        }
        return new SimDisk(name, Pages.of(content), volatileCache);
    }

    private boolean[] baseStamped() {
        boolean[] stamped = new boolean[plan.totalSectors()];
        int index = 0;
        for (int sectors : plan.deviceSectors) {
            for (int sector = 0; sector < sectors; sector++) {
                stamped[index++] = plan.baseStamps && sector % 3 == 0;
            }
        }
        return stamped;
    }

    /** Runs to the end; a broken promise is thrown. */
    void execute() {
        for (SimSite site : sites) {
            start(site);
        }
        while (phase != Phase.DONE) {
            if (!queue.runNext()) {
                throw new Violation("stuck: nothing will ever happen again");
            }
            events++;
            if (phase == Phase.LOADING) {
                weather.tick();
                boolean enough =
                        load.changes() >= plan.writes
                                && weather.crashes() >= plan.crashes
                                && failover.takeovers() >= plan.takeovers;
                boolean tooLong =
                        queue.now() > LOADING_NANOS_MAX
                                || events > EVENTS_MAX / 4
                                || load.changes() >= plan.writes * 3;
                if (enough || tooLong) {
                    counters.count(enough ? "run: load complete" : "run: load cut short");
                    heal();
                }
            }
            if (events > EVENTS_MAX) {
                throw new Violation("stuck: too many events\n" + ending.describe());
            }
        }
        counters.add("run: writes", load.changes());
        counters.add("run: events", events);
        counters.add("run: virtual milliseconds", queue.now() / 1_000_000);
    }

    private void heal() {
        phase = Phase.HEALING;
        weather.healAll();
        ending.begin();
    }

    void enter(Phase next) {
        phase = next;
    }

    Phase phase() {
        return phase;
    }

    /** Whether the writers should slow down, so that the faults of the plan meet some load. */
    boolean aheadOfFaults() {
        return ahead(0);
    }

    /** Whether the writers should wait for the faults of the plan. */
    boolean farAheadOfFaults() {
        return ahead(plan.writes / 10);
    }

    private boolean ahead(int by) {
        int all = plan.crashes + plan.takeovers;
        int had =
                Math.min(plan.crashes, weather.crashes())
                        + Math.min(plan.takeovers, failover.takeovers());
        int share = plan.paced ? plan.writes * (had + 1) / (all + 1) : plan.writes;
        return had < all && load.changes() > share + by;
    }

    boolean wantsLoad() {
        return phase == Phase.LOADING && load.changes() < plan.writes * 3;
    }

    History line() {
        return lines.getLast();
    }

    Load load() {
        return load;
    }

    Checks checks() {
        return checks;
    }

    Failover failover() {
        return failover;
    }

    Weather weather() {
        return weather;
    }

    Moments moments() {
        return moments;
    }

    boolean anySyncSite() {
        return syncSites;
    }

    boolean anyHold() {
        return holdSites;
    }

    void settingsChanged(Settings settings) {
        syncSites |= settings.policy() == Policy.SYNC;
        holdSites |= settings.mode() == Mode.HOLD;
    }

    /** A process begins at a site. */
    void start(SimSite site) {
        if (site.running()) {
            throw new IllegalStateException(site.name + " runs already");
        }
        site.incarnation++;
        SimProcess process = new SimProcess(site, queue, diskRandom.split(), this);
        site.process = process;
        trace.mix(3, site.nr, site.incarnation);
        trace.line(() -> "--- " + process.thread.name + " starts");
        network.listen(
                site.nr,
                new SimNetwork.Listener(process.thread, wire -> process.group().accept(wire)));
        process.start();
    }

    /** The process of a site ends, by kill -9 or because it is done. */
    void kill(SimSite site) {
        end(site);
        for (SimDisk disk : site.disks()) {
            disk.processKilled(diskRandom);
        }
        network.processDied(site.nr);
    }

    /** The host of a site loses its power. */
    void cutPower(SimSite site) {
        end(site);
        int lost = 0;
        for (SimDisk disk : site.disks()) {
            lost += disk.powerCut(diskRandom);
        }
        counters.add("sectors lost in power cuts", lost);
        network.powerCut(site.nr);
    }

    private void end(SimSite site) {
        SimProcess process = site.process;
        if (process != null) {
            process.thread.die();
            site.process = null;
            countRecovery(process.group());
            trace.mix(4, site.nr, 0);
            trace.line(() -> "--- " + process.thread.name + " ends");
            boolean holdsRemote = remoteOpen.removeIf(s -> s.thread() == process.thread);
            if (holdsRemote) {
                for (SimDisk disk : remoteDisks) {
                    disk.processKilled(diskRandom);
                }
            }
        }
    }

    void countRecovery(Group group) {
        for (RecoveryCase row : RecoveryCase.values()) {
            counters.add("recovery: " + row, group.recoveryTally().count(row));
        }
    }

    /** Whoever has the blockdev site's devices open finds that out by errors. */
    void revokeRemote() {
        remoteOpen.forEach(SimStorage::revoke);
        remoteOpen.clear();
    }

    /** Whoever moves the primary makes the blockdev site visible there, and nowhere else. */
    void moveRemote(SimSite to) {
        remoteOwner = to.nr;
        for (SimStorage storage : remoteOpen) {
            if (!storage.thread().name.startsWith(to.name + ".")) {
                storage.revoke();
            }
        }
        remoteOpen.removeIf(storage -> !storage.thread().name.startsWith(to.name + "."));
    }

    @Override
    public Network network(int site, SimThread thread) {
        return network.of(site, thread);
    }

    @Override
    public SimStorage[] openRemote(int siteNr, SimProcess by) throws IOException {
        if (siteNr != plan.blockdevNr()) {
            throw new IOException("site " + siteNr + " has no devices that are visible here");
        }
        if (by.site.nr != remoteOwner) {
            throw new IOException("the devices of site " + siteNr + " are not visible here");
        }
        for (SimStorage storage : remoteOpen) {
            if (!storage.isReleased()) {
                throw new IOException(storage.name() + " is locked by another process");
            }
        }
        remoteOpen.clear();
        for (SimDisk disk : remoteDisks) {
            if (disk.faults.any()) {
                throw new IOException(disk.name + ": cannot be opened");
            }
        }
        SimStorage[] opened = new SimStorage[remoteDisks.length];
        for (int i = 0; i < opened.length; i++) {
            opened[i] = by.open(remoteDisks[i]);
            remoteOpen.add(opened[i]);
        }
        return opened;
    }

    @Override
    public void event(int site, String line) {
        trace.mix(5, site, line.hashCode());
        trace.line(() -> "    site" + site + ": " + line);
        countEvent(line);
    }

    /** What a process says that has a counter of its own. */
    void countEvent(String line) {
        if (line.startsWith("region map: ")) {
            counters.count("region map: not all of it is known");
        } else if (line.contains("resync begins")) {
            boolean part = line.contains("the regions written after");
            counters.count(part ? "resync: of the regions written since" : "resync: of all");
        }
    }

    @Override
    public void afterTurn(SimProcess process) {
        trace.mix(6, process.site.nr, 0);
        if (process.thread.alive()) {
            failover.look(process);
            if (++turns % 61 == 0) {
                checks.invariants(process);
            }
        }
    }

    /** A request has ended with an error: is there a reason for it? */
    void requestFailed(Op op) {
        failover.requestFailed(op);
    }

    @Nullable GroupStatus status(SimSite site) {
        Group group = site.group();
        return group == null ? null : group.status();
    }
}
