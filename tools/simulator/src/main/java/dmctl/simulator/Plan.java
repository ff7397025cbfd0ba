package dmctl.simulator;

import dmctl.engine.GroupDefinition;
import dmctl.engine.GroupDefinition.Device;
import dmctl.engine.GroupDefinition.LimitKind;
import dmctl.engine.GroupDefinition.Mode;
import dmctl.engine.GroupDefinition.OutOfReach;
import dmctl.engine.GroupDefinition.Policy;
import dmctl.engine.GroupDefinition.Settings;
import dmctl.engine.GroupDefinition.Site;
import dmctl.engine.GroupDefinition.Tuning;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** What a seed decides before the run begins: the group, its sites, the load and the weather. */
final class Plan {
    private static final List<Mode> MODES = List.of(Mode.values());
    private static final List<LimitKind> KINDS = List.of(LimitKind.values());

    final long seed;
    final int blockSize;
    final int[] deviceSectors;
    final int tcpSites;
    final boolean blockdevSite;
    final int logBytes;
    final List<Settings> settings = new ArrayList<>();
    final Tuning tuning;
    final UUID uuid;

    /** Writes, zeroings and discards to issue at least. */
    final int writes;

    final int writers;
    final int depth;

    /** Crashes and power cuts at least. */
    final int crashes;

    /** Takeovers at least. */
    final int takeovers;

    /** Events of the world between two faults, on average. */
    final int calmEvents;

    final int streamCapacity;
    final long maxLatencyNanos;
    final boolean garbageAtTargets;
    final boolean baseStamps;
    final long thinkNanos;

    /** Whether writes are mostly large, so that the log goes round and has no room at times. */
    final boolean bulky;

    /** Whether writers that are far ahead of the faults wait for them. */
    final boolean paced;

    Plan(long seed, SimRandom random) {
        this.seed = seed;
        blockSize = random.percent(80) ? 512 : 4096;
        deviceSectors = new int[random.between(2, 3)];
        for (int i = 0; i < deviceSectors.length; i++) {
            deviceSectors[i] = 8 * random.between(16, random.oneIn(6) ? 128 : 48);
        }
        tcpSites = random.between(3, 4);
        blockdevSite = random.percent(40);
        logBytes = random.oneIn(6) ? 4 << 20 : 2 << 20;
        uuid = new UUID(random.nextLong(), random.nextLong());
        int batch = 4096 << random.between(1, 4);
        tuning =
                new Tuning(
                        Math.max(batch * 4, 4096 << random.between(4, 7)),
                        batch,
                        Math.min(batch, 4096 << random.between(0, 3)),
                        50,
                        200,
                        100,
                        random.between(1, 20));
        for (int i = 0; i < siteCount(); i++) {
            settings.add(randomSettings(random, i == 0));
        }
        writes = random.between(500, 640);
        writers = random.between(3, 6);
        depth = random.between(1, 4);
        crashes = random.between(3, 6);
        takeovers = random.between(1, 2);
        calmEvents = 400 << random.below(4);
        streamCapacity = 8192 << random.below(5);
        maxLatencyNanos = random.oneIn(5) ? 20_000_000L : 800_000L;
        garbageAtTargets = random.oneIn(2);
        baseStamps = random.oneIn(2);
        thinkNanos = random.oneIn(3) ? 10_000L : 150_000L;
        paced = random.percent(80);
        bulky = random.oneIn(6);
    }

    int siteCount() {
        return tcpSites + (blockdevSite ? 1 : 0);
    }

    /** Returns the number of the blockdev site, -1 if there is none. */
    int blockdevNr() {
        return blockdevSite ? tcpSites : -1;
    }

    static Settings randomSettings(SimRandom random, boolean local) {
        boolean sync = !local && random.percent(40);
        LimitKind kind = LimitKind.NONE;
        Mode mode = Mode.DROP;
        long limit = 0;
        if (!sync && random.oneIn(2)) {
            mode = MODES.get(random.below(MODES.size()));
            kind = KINDS.get(random.below(KINDS.size()));
            limit =
                    switch (kind) {
                        case NONE -> 0;
                        case IOS -> random.between(4, 200);
                        case SIZE -> random.between(64 << 10, 1 << 20);
                        case TIME -> random.between(50, 2_000);
                    };
        }
        return new Settings(
                sync ? Policy.SYNC : Policy.ASYNC,
                random.percent(70) ? OutOfReach.DEGRADE : OutOfReach.WAIT,
                random.between(20, 300),
                mode,
                kind,
                limit,
                random.oneIn(4) ? 4 << 20 : 0);
    }

    GroupDefinition definition(int selfSite) {
        List<Device> devices = new ArrayList<>();
        for (int i = 0; i < deviceSectors.length; i++) {
            devices.add(new Device(i, "dev" + i, (long) deviceSectors[i] * Stamp.SECTOR));
        }
        List<Site> sites = new ArrayList<>();
        for (int i = 0; i < siteCount(); i++) {
            boolean blockdev = i == blockdevNr();
            String type = blockdev ? "blockdev" : "tcp";
            sites.add(new Site(i, "site" + i, type, settings.get(i)));
        }
        return new GroupDefinition("g", uuid, blockSize, devices, sites, selfSite, 0, tuning);
    }

    int totalSectors() {
        int total = 0;
        for (int sectors : deviceSectors) {
            total += sectors;
        }
        return total;
    }
}
