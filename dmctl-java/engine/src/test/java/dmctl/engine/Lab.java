package dmctl.engine;

import dmctl.engine.GroupDefinition.Device;
import dmctl.engine.GroupDefinition.LimitKind;
import dmctl.engine.GroupDefinition.Mode;
import dmctl.engine.GroupDefinition.OutOfReach;
import dmctl.engine.GroupDefinition.Policy;
import dmctl.engine.GroupDefinition.Settings;
import dmctl.engine.GroupDefinition.Site;
import dmctl.engine.GroupDefinition.Tuning;
import dmctl.engine.port.Network;
import dmctl.engine.port.Wire;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.BooleanSupplier;

/**
 * A group's sites on disks and wires in memory, under a clock that moves only when told: scenarios
 * for the engine that read like stories. The first site is the first primary.
 */
final class Lab {
    static final int DEVICE_SECTORS = 64;

    static final Tuning TUNING = new Tuning(1 << 20, 8 << 10, 4 << 10, 500, 2_000, 1_000, 200);

    static final int LOG_BYTES = 2 << 20;
    private static final int QUIET_ROUNDS_MAX = 100_000;
    private static final int SPINS_MAX = 20;
    private static final long SPIN_NANOS = 100_000;

    private record Connection(LabSite from, LabSite to, LabWire near, LabWire far) {}

    private final Map<String, LabSite> sites = new LinkedHashMap<>();
    private final List<Connection> connections = new ArrayList<>();
    private final List<String> cuts = new ArrayList<>();
    private final List<String> silent = new ArrayList<>();
    private final ArrayDeque<Runnable> soon = new ArrayDeque<>();
    private final List<String> trace = new ArrayList<>();
    final Random random = new Random(7);
    private long now = 1_000_000_000L;
    private long operationsToGo = Long.MAX_VALUE;
    private Runnable accident = () -> {};

    /** A lab for sites described as name and settings; they are started in order. */
    static Lab of(Place... places) {
        return of(DEVICE_SECTORS, TUNING, places);
    }

    /** The same with devices and sizes of its own. */
    static Lab of(int deviceSectors, Tuning tuning, Place... places) {
        Lab lab = new Lab();
        List<Site> all = new ArrayList<>();
        for (int i = 0; i < places.length; i++) {
            all.add(new Site(i, places[i].name(), places[i].linkType(), places[i].settings()));
        }
        for (Site site : all) {
            int logBytes = places[site.nr()].logBytes();
            lab.sites.put(
                    site.name(),
                    new LabSite(lab, definition(all, site.nr(), deviceSectors, tuning), logBytes));
        }
        return lab;
    }

    /** The same, with all sites started, connected and equal. */
    static Lab running(Place... places) {
        Lab lab = of(places);
        lab.start();
        LabSite primary = lab.site(places[0].name());
        lab.until("the primary serves", () -> primary.group().serving());
        for (Place place : places) {
            lab.until(
                    place.name() + " has everything",
                    () -> primary.sees(place.name()).data() == GroupStatus.Data.CONSISTENT);
        }
        lab.settle();
        return lab;
    }

    private static GroupDefinition definition(
            List<Site> all, int self, int deviceSectors, Tuning tuning) {
        long bytes = deviceSectors * (long) LabSite.SECTOR;
        return new GroupDefinition(
                "lab",
                new UUID(1, 2),
                LabSite.SECTOR,
                List.of(new Device(0, "data", bytes), new Device(3, "wal", bytes)),
                all,
                self,
                0,
                tuning);
    }

    /** A site and how it takes part. */
    record Place(String name, String linkType, Settings settings, int logBytes) {
        Place(String name, String linkType, Settings settings) {
            this(name, linkType, settings, LOG_BYTES);
        }

        Place withLog(int bytes) {
            return new Place(name, linkType, settings, bytes);
        }
    }

    static Place primary(String name) {
        return async(name);
    }

    static Place async(String name) {
        return new Place(name, "tcp", settings(Policy.ASYNC, Mode.WARN, LimitKind.NONE, 0));
    }

    static Place blockdev(String name) {
        return new Place(name, "blockdev", async(name).settings());
    }

    /** A sync site that degrades after a second out of reach. */
    static Place sync(String name) {
        return new Place(name, "tcp", settings(Policy.SYNC, Mode.WARN, LimitKind.NONE, 0));
    }

    static Place syncOrWait(String name) {
        return new Place(
                name,
                "tcp",
                new Settings(Policy.SYNC, OutOfReach.WAIT, 0, Mode.WARN, LimitKind.NONE, 0, 0));
    }

    static Place hold(String name, LimitKind kind, long limit) {
        return new Place(name, "tcp", settings(Policy.ASYNC, Mode.HOLD, kind, limit));
    }

    static Place stall(String name) {
        return new Place(name, "tcp", settings(Policy.ASYNC, Mode.STALL, LimitKind.NONE, 0));
    }

    static Place drop(String name) {
        return new Place(name, "tcp", settings(Policy.ASYNC, Mode.DROP, LimitKind.NONE, 0));
    }

    static Settings settings(Policy policy, Mode mode, LimitKind kind, long limit) {
        return new Settings(policy, OutOfReach.DEGRADE, 1_000, mode, kind, limit, 0);
    }

    LabSite site(String name) {
        LabSite site = sites.get(name);
        if (site == null) {
            throw new AssertionError("no site " + name);
        }
        return site;
    }

    LabSite siteNr(int nr) {
        return List.copyOf(sites.values()).get(nr);
    }

    /** Starts every site that has a daemon. */
    void start() {
        sites.values().forEach(LabSite::start);
        settle();
    }

    long now() {
        return now;
    }

    /** Everything that has happened on disks and to requests, in order. */
    List<String> trace() {
        return trace;
    }

    // The network

    /** Breaks what connects two sites, and lets no new connection through. */
    void cut(String one, String other) {
        cuts.add(one + other);
        cuts.add(other + one);
        for (Connection each : between(one, other)) {
            each.near().breakOff("cut");
        }
    }

    /** Takes a site off the network. */
    void isolate(String name) {
        for (String other : sites.keySet()) {
            if (!other.equals(name)) {
                cut(name, other);
            }
        }
    }

    /** Nothing moves between two sites, and nobody is told. */
    void stall(String one, String other) {
        between(one, other).forEach(each -> each.near().stall(true));
    }

    void unstall(String one, String other) {
        between(one, other).forEach(each -> each.near().stall(false));
    }

    void mend(String one, String other) {
        cuts.removeAll(List.of(one + other, other + one));
    }

    /** A machine without power: nobody who connects to it is answered, or refused. */
    void silence(String name) {
        silent.add(name);
        isolate(name);
    }

    void mendAll() {
        cuts.clear();
    }

    private List<Connection> between(String one, String other) {
        return connections.stream()
                .filter(each ->
                        List.of(one, other)
                                .containsAll(List.of(each.from().name(), each.to().name())))
                .toList();
    }

    void connect(LabSite from, int toNr, Network.ConnectDone done) {
        LabSite to = siteNr(toNr);
        soon.add(() -> {
            if (!from.isRunning() || silent.contains(to.name())) {
                return;
            }
            if (cuts.contains(from.name() + to.name()) || !to.isListening()) {
                done.failed("no way to " + to.name());
                return;
            }
            LabWire[] ends = LabWire.pair(from.name(), to.name());
            connections.add(new Connection(from, to, ends[0], ends[1]));
            to.accept(ends[1]);
            done.connected(ends[0]);
        });
    }

    /** A connection that no daemon has made: the end to speak from. */
    Wire connectTo(LabSite to) {
        LabWire[] ends = LabWire.pair("a stranger", to.name());
        connections.add(new Connection(to, to, ends[0], ends[1]));
        to.accept(ends[1]);
        return ends[0];
    }

    void processGone(LabSite site) {
        for (Connection each : connections) {
            if (each.from() == site) {
                each.near().close();
            }
            if (each.to() == site) {
                each.far().close();
            }
        }
        sites.values().forEach(each -> each.disks().forEach(disk -> disk.dropPendingOf(site)));
    }

    // Accidents

    /** Lets something happen after so many more operations of disks have ended. */
    void afterOperations(int operations, Runnable what) {
        operationsToGo = operations;
        accident = what;
    }

    void operationEnded() {
        if (--operationsToGo == 0) {
            soon.add(accident);
        }
    }

    /** Whether what was to happen has happened; if not, it will not any more. */
    boolean accidentHappened() {
        boolean happened = operationsToGo <= 0;
        operationsToGo = Long.MAX_VALUE;
        return happened;
    }

    // Time

    /** Lets everything happen that needs no time. */
    void settle() {
        for (int round = 0; round < QUIET_ROUNDS_MAX; round++) {
            boolean moved = false;
            while (!soon.isEmpty()) {
                soon.poll().run();
                moved = true;
            }
            for (LabSite site : sites.values()) {
                for (LabDisk disk : site.disks()) {
                    moved |= disk.run();
                }
            }
            for (Connection each : List.copyOf(connections)) {
                moved |= each.near().run();
                moved |= each.far().run();
            }
            connections.removeIf(each -> each.near().isClosed() && each.far().isClosed());
            sites.values().forEach(LabSite::turn);
            boolean busy = sites.values().stream().anyMatch(LabSite::hasIo);
            if (!moved && !busy && soon.isEmpty()) {
                return;
            }
        }
        throw new AssertionError("never quiet" + story());
    }

    /** Lets time go by. */
    void run(long millis) {
        long end = now + millis * 1_000_000L;
        int spins = 0;
        while (true) {
            settle();
            long wake = end;
            for (LabSite site : sites.values()) {
                wake = Math.min(wake, site.wakeNanos());
            }
            if (wake >= end) {
                now = end;
                settle();
                return;
            }
            spins = wake <= now ? spins + 1 : 0;
            if (spins > SPINS_MAX) {
                throw new AssertionError("a timer is always due" + story());
            }
            now = wake <= now ? now + SPIN_NANOS : wake;
        }
    }

    /** Lets time go by until something holds. */
    void until(String what, BooleanSupplier holds) {
        for (int i = 0; i < 6_000; i++) {
            settle();
            if (holds.getAsBoolean()) {
                return;
            }
            run(10);
        }
        throw new AssertionError("never: " + what + story());
    }

    /** What the sites have said so far, for a failure's message. */
    private String story() {
        StringBuilder text = new StringBuilder();
        for (LabSite site : sites.values()) {
            if (site.isRunning()) {
                for (GroupStatus.SiteStatus seen : site.status().sites()) {
                    text.append("\n").append(site.name()).append(" sees ").append(seen);
                }
            }
            for (String event : site.events()) {
                text.append("\n").append(site.name()).append(": ").append(event);
            }
        }
        return text.toString();
    }
}
