package dmctl.simulator;

import dmctl.engine.port.Network;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A copy of a site's disks, opened by an engine of its own that reaches nobody. */
final class CloneRun implements SimProcess.World {
    private static final long PATIENCE_NANOS = 4_000_000_000L;

    private final Run run;
    private final EventQueue queue = new EventQueue();
    private final SimSite site;
    private final SimRandom random;
    private String reason = "does not come to serve";
    private boolean asked;
    private boolean reading;
    private int @Nullable [] image;
    private boolean over;
    private long headSeq;
    private long[][] regions = {};

    CloneRun(Run run, SimSite original, boolean powerCut, SimRandom random) {
        this.run = run;
        this.random = random;
        SimDisk[] devices = new SimDisk[original.devices.length];
        for (int i = 0; i < devices.length; i++) {
            devices[i] = original.devices[i].copy();
        }
        SimDisk log = original.log.copy();
        site =
                new SimSite(
                        original.nr,
                        "clone of " + original.name,
                        original.definition,
                        log,
                        devices);
        site.clockSkewMicros = original.clockSkewMicros;
        site.incarnation = original.incarnation;
        for (SimDisk disk : site.disks()) {
            if (powerCut) {
                disk.powerCut(random);
            } else {
                disk.processKilled(random);
            }
        }
    }

    /** Damages the log; false if nothing was written there that it could be done to. */
    boolean damage(LogDamage damage, LogDamage.Where where) {
        return damage.inflict(site.log, where, random);
    }

    /** The newest seq of the clone's log while its image was read. */
    long headSeq() {
        return headSeq;
    }

    /** What its region map said then. */
    long[][] regions() {
        return regions;
    }

    /** Damages the region map in the log; false if there is none, or no such damage. */
    boolean damageMap(LogDamage damage) {
        return damage.inflictOnMap(site.log, random);
    }

    String reason() {
        return reason;
    }

    /**
     * Starts the clone and reads all devices.
     *
     * @param takeover whether it has to be taken over first
     * @return what every sector shows, or null if it does not serve
     */
    int @Nullable [] image(boolean takeover) {
        SimProcess process = new SimProcess(site, queue, random.split(), this);
        site.process = process;
        process.start();
        while (!over && queue.now() < PATIENCE_NANOS && queue.runNext()) {
            switch (process.group().status().role()) {
                case TARGET, FENCED -> {
                    if (takeover && !asked) {
                        asked = true;
                        process.thread.after(1_000_000, () -> takeOver(process));
                    } else if (!takeover) {
                        reason = "has become " + process.group().status().role();
                        over = true;
                    }
                }
                case FAILED -> {
                    reason = "has failed: " + process.group().status().problems();
                    over = true;
                }
                default -> {}
            }
            if (process.group().serving() && !reading) {
                reading = true;
                ImageReader reader =
                        new ImageReader(
                                process,
                                run.plan.deviceSectors,
                                run.buffers,
                                this::found,
                                error -> fail("cannot be read: " + error));
                process.thread.after(0, reader::start);
            }
        }
        if (!over) {
            reason = "does not come to serve: " + process.group().notServingReason();
        }
        process.thread.die();
        run.countRecovery(process.group());
        return image;
    }

    private void takeOver(SimProcess process) {
        process.group()
                .takeover(
                        false,
                        new Failover.Told(text -> {}, text -> fail("refuses takeover: " + text)));
    }

    private void found(int[] found) {
        image = found;
        SimProcess process = site.process;
        if (process != null) {
            headSeq = process.group().status().headSeq();
            regions = RegionOracle.look(process.group(), run.plan.deviceSectors);
        }
        over = true;
    }

    private void fail(String why) {
        reason = why;
        over = true;
    }

    @Override
    public Network network(int siteNr, SimThread thread) {
        return (to, done) ->
                thread.after(1_000_000, () -> done.failed("site " + to + " is out of reach"));
    }

    @Override
    public SimStorage[] openRemote(int siteNr, SimProcess by) throws IOException {
        throw new IOException("site " + siteNr + " is out of reach");
    }

    @Override
    public void event(int siteNr, String line) {
        run.trace.line(() -> "        clone of site" + siteNr + ": " + line);
        run.countEvent(line);
    }

    @Override
    public void afterTurn(SimProcess process) {}
}
