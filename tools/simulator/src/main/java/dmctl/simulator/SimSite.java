package dmctl.simulator;

import dmctl.engine.Group;
import dmctl.engine.GroupDefinition;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A place with disks that outlive the processes running there. */
final class SimSite {
    final int nr;
    final String name;
    final GroupDefinition definition;
    final SimDisk log;
    final SimDisk[] devices;
    final List<SimDisk> exports = new ArrayList<>();

    /** Counts the processes that ran here. */
    int incarnation;

    /** The host's clock is off by so much. */
    long clockSkewMicros;

    /** When the process is down: whether it was stopped cleanly. */
    boolean stoppedCleanly;

    @Nullable SimProcess process;

    SimSite(int nr, String name, GroupDefinition definition, SimDisk log, SimDisk[] devices) {
        this.nr = nr;
        this.name = name;
        this.definition = definition;
        this.log = log;
        this.devices = devices;
    }

    @Nullable Group group() {
        SimProcess running = process;
        return running == null ? null : running.group();
    }

    boolean running() {
        return process != null;
    }

    List<SimDisk> disks() {
        List<SimDisk> all = new ArrayList<>(List.of(devices));
        all.add(log);
        return all;
    }
}
