package dmctl.simulator;

import dmctl.engine.Group;
import dmctl.engine.GroupDefinition;
import dmctl.engine.port.Clock;
import dmctl.engine.port.Network;
import dmctl.engine.port.Ports;
import dmctl.engine.port.Storage;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** One life of the daemon of a site: a group, its thread and its ports. */
final class SimProcess implements Ports, Clock {
    /** What a process sees of the world beyond its site. */
    interface World {
        Network network(int site, SimThread thread);

        SimStorage[] openRemote(int site, SimProcess by) throws IOException;

        void event(int site, String line);

        void afterTurn(SimProcess process);
    }

    final SimSite site;
    final SimThread thread;
    private final World world;
    private final SimRandom random;
    private final long clockOrigin;
    private final Storage log;
    private final Map<Integer, Storage> devices = new HashMap<>();
    private final Group group;
    private final Network network;
    private long wakeAt = Long.MAX_VALUE;

    SimProcess(SimSite site, EventQueue queue, SimRandom random, World world) {
        this.site = site;
        this.random = random;
        this.world = world;
        thread = new SimThread(site.name + "." + site.incarnation, queue, random);
        clockOrigin = random.between(-5_000_000_000L, 5_000_000_000L);
        network = world.network(site.nr, thread);
        GroupDefinition definition = site.definition;
        log = new SimStorage(site.log, thread, random, SimDisk.PAGE);
        for (int i = 0; i < site.devices.length; i++) {
            devices.put(definition.devices().get(i).devNr(), open(site.devices[i]));
        }
        group = new Group(definition, this);
        thread.setTurn(this::turn);
    }

    /** Starts the engine, as an event of its thread. */
    void start() {
        thread.after(0, group::start);
    }

    Group group() {
        return group;
    }

    private void turn() {
        group.turn();
        long wake = group.nextWakeNanos();
        if (wake != Long.MAX_VALUE) {
            long at = Math.max(wake - clockOrigin, thread.queue.now());
            if (at < wakeAt) {
                wakeAt = at;
                // A timer is late by a little, now and then by a lot.
                long late = random.oneIn(50) ? random.below(5_000_000L) : random.below(60_000L);
                thread.at(
                        at + late,
                        () -> {
                            if (wakeAt == at) {
                                wakeAt = Long.MAX_VALUE;
                            }
                        });
            }
        }
        world.afterTurn(this);
    }

    @Override
    public Clock clock() {
        return this;
    }

    @Override
    public long monotonicNanos() {
        return thread.queue.now() + clockOrigin;
    }

    @Override
    public long wallMicros() {
        return 1_700_000_000_000_000L + thread.queue.now() / 1_000 + site.clockSkewMicros;
    }

    @Override
    public long randomBits() {
        return random.nextLong();
    }

    @Override
    public Network network() {
        return network;
    }

    @Override
    public Storage log() {
        return log;
    }

    @Override
    public Storage device(int devNr) {
        Storage device = devices.get(devNr);
        if (device == null) {
            throw new Violation("asked for dev " + devNr + ", which the group does not have");
        }
        return device;
    }

    @Override
    public Storage[] remoteDevices(int siteNr) throws IOException {
        return world.openRemote(siteNr, this);
    }

    SimStorage open(SimDisk disk) {
        SimStorage storage = new SimStorage(disk, thread, random, site.definition.blockSize());
        storage.letReadsMeetWrites();
        return storage;
    }

    @Override
    public Storage createExport(String name, long bytes) throws IOException {
        int size = Math.toIntExact((bytes + SimDisk.PAGE - 1) / SimDisk.PAGE * SimDisk.PAGE);
        SimDisk disk = new SimDisk(site.name + "/" + name, size, true);
        if (site.exports.stream().anyMatch(each -> each.name.equals(disk.name))) {
            throw new IOException(disk.name + " exists already");
        }
        site.exports.add(disk);
        return new SimStorage(disk, thread, random, 512);
    }

    @Override
    public Consumer<String> events() {
        return line -> world.event(site.nr, line);
    }
}
