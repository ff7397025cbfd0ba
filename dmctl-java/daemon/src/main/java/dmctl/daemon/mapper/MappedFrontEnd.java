package dmctl.daemon.mapper;

import dmctl.daemon.front.DeviceFrontEnd;
import dmctl.daemon.front.FrontEndProblem;
import dmctl.daemon.front.ShownDevice;
import dmctl.daemon.io.GroupLoop;
import dmctl.daemon.io.OffLoop;
import dmctl.daemon.mapper.MapperHost.Condition;
import dmctl.daemon.mapper.MapperHost.Released;
import dmctl.engine.GroupStatus.Role;
import dmctl.engine.port.FrontEnd;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Gives the devices that a front end shows names under /dev/mapper. A mapped device stays when the
 * daemon is killed, and leads to the front end's device again when the next one has that.
 */
public final class MappedFrontEnd implements DeviceFrontEnd {
    private static final long SOON_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long CALM_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long COME_BACK_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final DeviceFrontEnd under;
    private final FrontEnd group;
    private final Supplier<Role> role;
    private final GroupLoop loop;
    private final MapperHost host;
    private final Consumer<String> events;
    private final OffLoop kernel = new OffLoop("mapper");
    private final Map<String, MappedDevice> devices = new LinkedHashMap<>();

    /** Whether device-mapper is being asked; for one thing at a time. */
    private boolean working;

    private boolean begun;
    private boolean serving;
    private boolean stopping;
    private boolean closed;

    /** Whether nothing is left of what a site must not show that is not primary. */
    private boolean withdrawn;

    /** When to try again, on the loop's monotonic clock. */
    private long withdrawAgainNanos;

    private MappedFrontEnd(
            DeviceFrontEnd under,
            FrontEnd group,
            Supplier<Role> role,
            GroupLoop loop,
            MapperHost host,
            Consumer<String> events) {
        this.under = under;
        this.group = group;
        this.role = role;
        this.loop = loop;
        this.host = host;
        this.events = events;
    }

    /**
     * Prepares to name devices; device-mapper is asked once the front end shows them. Before the
     * loop runs.
     *
     * @param wanted the names
     * @param under shows the devices
     * @param group whether it is served
     * @param role which part this site plays
     * @param loop of the group
     * @param stateDir of the site
     * @param machine whose device-mapper it is
     * @param events told what an administrator should read, one line each
     * @return the front end
     * @throws IOException if the state folder cannot be used
     */
    public static MappedFrontEnd open(
            List<Wanted> wanted,
            DeviceFrontEnd under,
            FrontEnd group,
            Supplier<Role> role,
            GroupLoop loop,
            Path stateDir,
            Machine machine,
            Consumer<String> events)
            throws IOException {
        MapperHost host =
                new MapperHost(machine, MapperRecord.of(stateDir, machine.boot()), events);
        MappedFrontEnd mapped = new MappedFrontEnd(under, group, role, loop, host, events);
        wanted.forEach(want -> mapped.devices.put(want.device(), new MappedDevice(want)));
        return mapped;
    }

    /**
     * Removes what an earlier daemon of the site has made and nobody asks for any more; but not
     * what is in use. Before the loop runs.
     *
     * @param wanted the names that are asked for
     * @param stateDir of the site
     * @param machine whose device-mapper it is
     * @param events told what an administrator should read, one line each
     */
    public static void removeLeftOvers(
            List<Wanted> wanted, Path stateDir, Machine machine, Consumer<String> events) {
        try {
            MapperRecord record = MapperRecord.of(stateDir, machine.boot());
            MapperHost host = new MapperHost(machine, record, events);
            host.removeLeftOvers(wanted);
            host.close();
        } catch (IOException e) {
            events.accept("mapper: " + e.getMessage());
        }
    }

    @Override
    public boolean endOfRound() {
        boolean more = under.endOfRound();
        boolean now = group.serving();
        if (!begun) {
            begun = true;
            serving = now;
            look();
        } else if (now != serving) {
            serving = now;
            steer();
        }
        return more;
    }

    /** Looks again and again; more often while something is to be done. */
    private void look() {
        if (closed) {
            return;
        }
        steer();
        loop.schedule(isCalm() ? CALM_NANOS : SOON_NANOS, this::look);
    }

    /** Each look may also find that the front end has a device, or this site another part. */
    private boolean isCalm() {
        return serving ? devices.values().stream().allMatch(MappedDevice::isCalm) : withdrawn;
    }

    private void steer() {
        if (working || stopping || closed) {
            return;
        }
        if (serving) {
            withdrawn = false;
            show();
        } else if (!withdrawn && loop.clock().monotonicNanos() - withdrawAgainNanos >= 0) {
            Role now = role.get();
            if (now == Role.TARGET || now == Role.FENCED) {
                withdraw();
            }
        }
    }

    private void show() {
        long now = loop.clock().monotonicNanos();
        Map<MappedDevice, String> todo = new LinkedHashMap<>();
        List<MappedDevice> done = new ArrayList<>();
        for (ShownDevice shown : under.devices()) {
            MappedDevice device = devices.get(shown.name());
            if (device == null) {
                continue;
            }
            if (device.wants(shown, now)) {
                todo.put(device, shown.path());
            } else if (device.live) {
                done.add(device);
            }
        }
        if (todo.isEmpty() && done.isEmpty()) {
            return;
        }
        work(() -> {
            todo.forEach(this::show);
            done.forEach(this::check);
        });
    }

    /** Off the loop. */
    private void show(MappedDevice device, String path) {
        try {
            host.show(device.want, path);
            loop.execute(() -> {
                device.live = true;
                device.below = path;
                because(device, "", "");
            });
        } catch (IOException e) {
            loop.execute(() -> {
                device.live = false;
                device.againNanos = loop.clock().monotonicNanos() + CALM_NANOS;
                because(
                        device,
                        String.valueOf(e.getMessage()),
                        "mend that; it is tried again and again");
            });
        }
    }

    /** Off the loop. */
    private void check(MappedDevice device) {
        try {
            Condition condition = host.look(device.want);
            loop.execute(() -> checked(device, condition));
        } catch (IOException e) {
            loop.execute(() -> because(device, String.valueOf(e.getMessage()), "see dmesg"));
        }
    }

    private void checked(MappedDevice device, Condition condition) {
        if (stopping) {
            return;
        }
        String name = device.want.name();
        switch (condition) {
            case GOOD -> because(device, "", "");
            case SUSPENDED ->
                    because(
                            device,
                            device.want.path() + " is suspended: its requests wait",
                            "dmsetup resume " + name);
            case GONE -> {
                device.live = false;
                device.taken = true;
                because(
                        device,
                        device.want.path() + " was removed by another program",
                        "restart the daemon to have it again");
            }
        }
    }

    private void because(MappedDevice device, String reason, String nextStep) {
        if (reason.equals(device.reason)) {
            return;
        }
        device.reason = reason;
        device.nextStep = nextStep;
        device.reasonSinceMicros = loop.clock().wallMicros();
        if (!reason.isEmpty()) {
            events.accept("device " + device.want.device() + ": " + reason);
        }
    }

    private void withdraw() {
        for (MappedDevice device : devices.values()) {
            device.live = false;
            device.taken = false;
        }
        work(() -> {
            try {
                boolean gone = host.withdraw();
                loop.execute(() -> withdrawn(gone));
            } catch (IOException e) {
                loop.execute(() -> {
                    withdrawn(false);
                    String reason = String.valueOf(e.getMessage());
                    devices.values().forEach(device -> because(device, reason, "see dmesg"));
                });
            }
        });
    }

    private void withdrawn(boolean gone) {
        withdrawn = gone;
        devices.values().forEach(device -> because(device, "", ""));
        withdrawAgainNanos = loop.clock().monotonicNanos() + CALM_NANOS;
    }

    private void work(Runnable task) {
        working = true;
        try {
            kernel.execute(() -> {
                try {
                    task.run();
                } finally {
                    loop.execute(() -> working = false);
                }
            });
        } catch (RejectedExecutionException e) {
            working = false;
            events.accept("mapper: device-mapper is too slow to be asked");
        }
    }

    @Override
    public List<ShownDevice> devices() {
        List<ShownDevice> shown = new ArrayList<>();
        for (ShownDevice device : under.devices()) {
            MappedDevice mapped = devices.get(device.name());
            shown.add(mapped == null ? device : mapped.shown(device));
        }
        return shown;
    }

    @Override
    public @Nullable FrontEndProblem problem() {
        for (MappedDevice device : devices.values()) {
            if (!device.reason.isEmpty()) {
                return new FrontEndProblem(
                        "device " + device.want.device() + ": " + device.reason,
                        device.reasonSinceMicros,
                        device.nextStep);
            }
        }
        return under.problem();
    }

    /** A mapped device takes memory of the kernel only. */
    @Override
    public long memoryBytes() {
        return under.memoryBytes();
    }

    @Override
    public void stop(boolean keepUsed, Consumer<String> told) {
        stopping = true;
        try {
            kernel.execute(() -> {
                Released released = release(keepUsed);
                loop.execute(() -> released(released, keepUsed, told));
            });
        } catch (RejectedExecutionException e) {
            stopping = false;
            told.accept("device-mapper is too slow to be asked; see dmesg");
        }
    }

    private Released release(boolean keepUsed) {
        try {
            return host.release(keepUsed);
        } catch (IOException e) {
            // A device that is kept, or that nobody can ask for, holds up no stop of a machine.
            String text = "mapper: " + e.getMessage();
            events.accept(text);
            return new Released(keepUsed ? "" : text, List.of());
        }
    }

    private void released(Released released, boolean keepUsed, Consumer<String> told) {
        for (MappedDevice device : devices.values()) {
            device.live &= !released.removed().contains(device.want.devNr());
        }
        if (!released.refusal().isEmpty()) {
            stopping = false;
            told.accept(released.refusal());
            return;
        }
        under.stop(
                keepUsed,
                hindrance -> {
                    if (hindrance.isEmpty()) {
                        // Where the group does not stop after all, the devices come back.
                        loop.schedule(COME_BACK_NANOS, () -> stopping = !group.serving());
                    } else {
                        stopping = false;
                    }
                    told.accept(hindrance);
                });
    }

    @Override
    public void close() {
        closed = true;
        try {
            kernel.execute(host::close);
        } catch (RejectedExecutionException e) {
            events.accept("mapper: device-mapper is left open");
        }
        kernel.close();
        under.close();
    }
}
