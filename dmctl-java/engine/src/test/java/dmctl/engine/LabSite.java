package dmctl.engine;

import dmctl.engine.GroupStatus.SiteStatus;
import dmctl.engine.port.Clock;
import dmctl.engine.port.Network;
import dmctl.engine.port.Ports;
import dmctl.engine.port.Request;
import dmctl.engine.port.Storage;
import dmctl.engine.port.Wire;
import dmctl.replog.Checkpoint;
import dmctl.replog.CheckpointCodec;
import dmctl.replog.LinkCursors;
import dmctl.replog.LogLayout;
import dmctl.replog.RegionMapMark;
import dmctl.replog.ReplogException;
import dmctl.replog.Superblock;
import dmctl.replog.SuperblockCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A site of the lab: disks that stay, and a daemon's group that comes and goes. */
final class LabSite {
    static final int SECTOR = 512;

    private final Lab lab;
    private GroupDefinition def;
    private LabDisk log;
    private final List<LabDisk> devices = new ArrayList<>();
    private final List<LabDisk> exports = new ArrayList<>();
    private final List<String> events = new ArrayList<>();
    private boolean unreachable;
    private boolean fullForExports;

    /** Why a new log begins with all other sites paused; empty if it does not. */
    String holdReason = "";

    private @Nullable Group group;
    private @Nullable Consumer<Wire> impostor;

    LabSite(Lab lab, GroupDefinition def, int logBytes) {
        this.lab = lab;
        this.def = def;
        log = new LabDisk("log", logBytes, true, lab.trace());
        for (GroupDefinition.Device device : def.devices()) {
            devices.add(new LabDisk(device.name(), (int) device.sizeBytes(), false, lab.trace()));
        }
    }

    String name() {
        return def.sites().get(def.selfSite()).name();
    }

    private boolean hasDaemon() {
        return def.sites().get(def.selfSite()).linkType().equals("tcp");
    }

    // The daemon

    void start() {
        if (hasDaemon()) {
            Group fresh = new Group(def, new LabPorts());
            fresh.holdSites(holdReason);
            group = fresh;
            fresh.start();
        }
    }

    /** The daemon is killed: what it had not given to the disks is gone. */
    void kill() {
        group = null;
        lab.processGone(this);
    }

    /** The host loses power: what its disks had not flushed is gone, too. */
    void powerCut() {
        kill();
        disks().forEach(LabDisk::powerCut);
    }

    void restart() {
        if (isRunning()) {
            kill();
        }
        start();
        lab.settle();
    }

    /** Stops cleanly. */
    String stop() {
        return admin(done -> group().shutdown(done));
    }

    boolean isRunning() {
        return group != null;
    }

    /** Somebody else takes the connections made to this site. */
    void impersonate(Consumer<Wire> acceptor) {
        impostor = acceptor;
    }

    boolean isListening() {
        return isRunning() || impostor != null;
    }

    void accept(Wire wire) {
        if (impostor != null) {
            impostor.accept(wire);
        } else {
            group().accept(wire);
        }
    }

    Group group() {
        Group running = group;
        if (running == null) {
            throw new AssertionError("no daemon runs at " + name());
        }
        return running;
    }

    void turn() {
        if (group != null) {
            group.turn();
        }
    }

    long wakeNanos() {
        return group == null ? Long.MAX_VALUE : group.nextWakeNanos();
    }

    void operationEnded() {
        lab.operationEnded();
    }

    boolean hasIo() {
        return disks().stream().anyMatch(LabDisk::busy);
    }

    /** The parts of the engine without a life of their own: a log of this geometry, not opened. */
    Replica parts(LogIdentity identity) {
        LabPorts ports = new LabPorts();
        Replica replica = new Replica(new Group(def, ports), def, ports);
        UUID uuid = new UUID(3, 4);
        replica.build(identity, uuid, new LinkCursors(uuid, 0, List.of()), 0);
        return replica;
    }

    long shape() {
        return new Devices(def, 1).shape();
    }

    /** Its history while there has been one term only. */
    TermHistory firstTerm() {
        GroupStatus status = status();
        return new TermHistory(
                List.of(new Term(status.term(), status.termId(), 0, 0, Term.Kind.FIRST)));
    }

    // What a test looks at

    LabDisk log() {
        return log;
    }

    LabDisk data() {
        return devices.get(0);
    }

    LabDisk wal() {
        return devices.get(1);
    }

    List<LabDisk> exports() {
        return exports;
    }

    List<LabDisk> disks() {
        List<LabDisk> all = new ArrayList<>(devices);
        all.add(log);
        all.addAll(exports);
        return all;
    }

    List<String> events() {
        return events;
    }

    GroupStatus status() {
        return group().status();
    }

    /** Another site as this one sees it. */
    SiteStatus sees(String other) {
        return status().sites().stream()
                .filter(site -> site.name().equals(other))
                .findFirst()
                .orElseThrow();
    }

    /** Whatever is not fine at this site, by its word. */
    List<String> problems() {
        return status().problems().stream().map(GroupStatus.Problem::what).toList();
    }

    // Applications

    /** Starts a write of letters to the device "data", a letter for each sector. */
    LabRequest startWrite(int sector, String letters) {
        return new LabRequest(lab, Request.Op.WRITE, 0).at(sector, letters).submit(group());
    }

    LabRequest startWal(int sector, String letters) {
        return new LabRequest(lab, Request.Op.WRITE, 3).at(sector, letters).submit(group());
    }

    LabRequest startDurableWrite(int sector, String letters) {
        LabRequest request = new LabRequest(lab, Request.Op.WRITE, 0).at(sector, letters);
        return request.fua().submit(group());
    }

    LabRequest startDiscard(int sector, int sectors) {
        return new LabRequest(lab, Request.Op.ZERO, 0).range(sector, sectors).submit(group());
    }

    LabRequest startFlush() {
        return new LabRequest(lab, Request.Op.FLUSH, 0).submit(group());
    }

    LabRequest startRead(int sector, int sectors) {
        return new LabRequest(lab, Request.Op.READ, 0).range(sector, sectors).submit(group());
    }

    /** Writes and waits for its completion. */
    void write(int sector, String letters) {
        startWrite(sector, letters).mustSucceed();
    }

    /** Writes and gives it all the time it needs. */
    void writePatiently(int sector, String letters) {
        LabRequest request = startWrite(sector, letters);
        lab.until("the write has ended", request::hasEnded);
        request.mustSucceed();
    }

    void writeWal(int sector, String letters) {
        startWal(sector, letters).mustSucceed();
    }

    void discard(int sector, int sectors) {
        startDiscard(sector, sectors).mustSucceed();
    }

    void flush() {
        startFlush().mustSucceed();
    }

    /** Reads letters of the device "data" as an application sees it. */
    String read(int sector, int sectors) {
        return startRead(sector, sectors).mustSucceed().letters();
    }

    String readWal(int sector, int sectors) {
        return new LabRequest(lab, Request.Op.READ, 3)
                .range(sector, sectors)
                .submit(group())
                .mustSucceed()
                .letters();
    }

    // Administrators

    /** Asks and waits for the answer: its text, with "REFUSED: " before a refusal. */
    String admin(Consumer<Admin.Done> ask) {
        List<String> answers = new ArrayList<>();
        ask.accept(
                new Admin.Done() {
                    @Override
                    public void done(String text) {
                        answers.add(text);
                    }

                    @Override
                    public void refused(String text) {
                        answers.add("REFUSED: " + text);
                    }
                });
        lab.until("an answer", () -> !answers.isEmpty());
        return answers.getFirst();
    }

    /** Changes how a site takes part. */
    void set(String other, GroupDefinition.Settings settings) {
        int nr = lab.site(other).def.selfSite();
        admin(done -> group().set(nr, settings, done));
    }

    String takeoverThoughNotConsistent() {
        return admin(done -> group().takeover(true, done));
    }

    String takeover() {
        return admin(done -> group().takeover(false, done));
    }

    String resync(String other, boolean discard) {
        int nr = lab.site(other).def.selfSite();
        return admin(done -> group().resync(nr, discard, done));
    }

    // Ports

    /** The devices of a blockdev site cannot be opened any more, or can again. */
    void unreachableDevices(boolean on) {
        unreachable = on;
    }

    /** Somebody mixes up the files of two sites. */
    void swapLogWith(LabSite other) {
        LabDisk mine = log;
        log = other.log;
        other.log = mine;
    }

    /** Somebody describes the group differently here. */
    void useOtherDevices() {
        use(List.of(def.devices().getFirst()));
    }

    /** The same devices and one more, with a disk of its own. */
    LabDisk addDevice(int devNr, String name, int sectors) {
        long bytes = sectors * (long) SECTOR;
        LabDisk disk = new LabDisk(name, (int) bytes, false, lab.trace());
        devices.add(disk);
        List<GroupDefinition.Device> more = new ArrayList<>(def.devices());
        more.add(new GroupDefinition.Device(devNr, name, bytes));
        use(more);
        return disk;
    }

    private void use(List<GroupDefinition.Device> others) {
        def =
                new GroupDefinition(
                        def.name(),
                        def.uuid(),
                        def.blockSize(),
                        others,
                        def.sites(),
                        def.selfSite(),
                        def.firstPrimary(),
                        def.tuning());
    }

    /** The group is described with another region size from the next start on. */
    void changeRegions(int bytes) {
        GroupDefinition.Tuning tuning = def.tuning();
        def =
                new GroupDefinition(
                        def.name(),
                        def.uuid(),
                        def.blockSize(),
                        def.devices(),
                        def.sites(),
                        def.selfSite(),
                        def.firstPrimary(),
                        new GroupDefinition.Tuning(
                                tuning.memoryBytes(),
                                tuning.batchDataBytes(),
                                bytes,
                                tuning.heartbeatMillis(),
                                tuning.linkTimeoutMillis(),
                                tuning.askSitesMillis(),
                                tuning.asyncFlushMillis()));
    }

    /** A log as a release made it that knew of no region map. */
    void makeLogWithoutRegionMap() {
        try {
            UUID uuid = new UUID(7, 7);
            LogLayout layout = LogLayout.of("log", log.bytes(), 0);
            Superblock superblock =
                    new Superblock(
                            1,
                            uuid,
                            def.uuid(),
                            Opener.siteUuid(def.uuid(), def.sites().get(def.selfSite())),
                            layout,
                            def.blockSize(),
                            1,
                            true,
                            0);
            Checkpoint checkpoint =
                    new Checkpoint(
                            uuid,
                            1,
                            0,
                            0,
                            0,
                            0,
                            1,
                            0,
                            0,
                            Checkpoint.Role.PRIMARY,
                            def.selfSite(),
                            Checkpoint.ResyncPhase.NONE,
                            0,
                            0,
                            0,
                            Checkpoint.NOT_FORKED,
                            RegionMapMark.NONE,
                            List.of(),
                            List.of(),
                            "");
            ByteBuffer block = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
            SuperblockCodec.encode(superblock, 0, block, 0);
            log.scribble(0, block.array());
            CheckpointCodec.encode(checkpoint, block, 0, 4096, "log");
            log.scribble((int) layout.checkpointOffset(0), block.array());
        } catch (ReplogException e) {
            throw new AssertionError(e);
        }
    }

    /** The log names no devices any more, as where they were too many for it. */
    void forgetDevicesInLog() {
        try {
            Superblock superblock =
                    SuperblockCodec.choose(little(log.read(0, 8192)), "log").value();
            int bytes = superblock.layout().checkpointBytes();
            for (int slot = 0; slot < 2; slot++) {
                int at = (int) superblock.layout().checkpointOffset(slot);
                byte[] block = log.read(at, bytes);
                Checkpoint found =
                        CheckpointCodec.decode(
                                little(block), 0, bytes, at, superblock.logUuid(), "log");
                CheckpointCodec.encode(named(found, def.name()), little(block), 0, bytes, "log");
                log.scribble(at, block);
            }
        } catch (ReplogException e) {
            throw new AssertionError(e);
        }
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static Checkpoint named(Checkpoint found, String definition) {
        return new Checkpoint(
                found.logUuid(),
                found.generation(),
                found.tailPosition(),
                found.tailSeq(),
                found.tailChain(),
                found.endPosition(),
                found.endOpening(),
                found.flushedMark(),
                found.appliedSeq(),
                found.role(),
                found.primarySite(),
                found.resyncPhase(),
                found.resyncNeedSeq(),
                found.resyncId(),
                found.resyncBaseSeq(),
                found.forkedAtSeq(),
                found.map(),
                found.terms(),
                found.sites(),
                definition);
    }

    /** What the region map notes of a sector of the device "data". */
    long notedAt(int sector) {
        return group().lastSeqAt(0, (long) sector * SECTOR);
    }

    /** Regions of the device "data" that another site lacks. */
    int lacking(String other) {
        return sees(other).regions().getFirst().lacking();
    }

    /** Exports find no space any more, or do again. */
    void fullForExports(boolean on) {
        fullForExports = on;
    }

    private final class LabPorts implements Ports, Clock, Network {
        @Override
        public Clock clock() {
            return this;
        }

        @Override
        public long monotonicNanos() {
            return lab.now();
        }

        @Override
        public long wallMicros() {
            return 1_700_000_000_000_000L + lab.now() / 1_000;
        }

        @Override
        public long randomBits() {
            return lab.random.nextLong();
        }

        @Override
        public Network network() {
            return this;
        }

        @Override
        public void connect(int siteNr, ConnectDone done) {
            lab.connect(LabSite.this, siteNr, done);
        }

        @Override
        public Storage log() {
            return log.open(LabSite.this);
        }

        @Override
        public Storage device(int devNr) {
            for (int i = 0; i < def.devices().size(); i++) {
                if (def.devices().get(i).devNr() == devNr) {
                    return devices.get(i).open(LabSite.this);
                }
            }
            throw new AssertionError("no device " + devNr);
        }

        @Override
        public Storage[] remoteDevices(int siteNr) throws IOException {
            LabSite remote = lab.siteNr(siteNr);
            if (remote.unreachable) {
                throw new IOException("no way to the devices of " + remote.name());
            }
            return remote.devices.stream()
                    .map(disk -> disk.open(LabSite.this))
                    .toArray(Storage[]::new);
        }

        @Override
        public Storage createExport(String name, long bytes) throws IOException {
            if (fullForExports) {
                throw new IOException("no space left");
            }
            if (exports.stream().anyMatch(each -> each.name.equals(name))) {
                throw new IOException(name + " exists already");
            }
            LabDisk disk = new LabDisk(name, (int) bytes, false, lab.trace());
            exports.add(disk);
            return disk.open(LabSite.this);
        }

        @Override
        public Consumer<String> events() {
            return events::add;
        }
    }
}
