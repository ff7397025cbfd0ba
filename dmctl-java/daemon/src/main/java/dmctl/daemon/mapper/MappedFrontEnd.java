package dmctl.daemon.mapper;

import dmctl.config.GroupConfig;
import dmctl.config.SiteSettings;
import dmctl.daemon.front.DeviceFrontEnd;
import dmctl.daemon.front.FrontEndProblem;
import dmctl.daemon.front.ShownDevice;
import dmctl.daemon.io.GroupLoop;
import dmctl.daemon.io.LoopTimer;
import dmctl.daemon.io.OffLoop;
import dmctl.daemon.mapper.MapperHost.Condition;
import dmctl.daemon.mapper.MapperHost.Released;
import dmctl.daemon.mapper.Underlying.Shown;
import dmctl.engine.Admin;
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

    private static final String BUSY =
            "the front end is being changed or stopped already; wait for that";

    /** How long I/O under way may take to end; less than an order waits. */
    private static final long HOLD_NANOS = TimeUnit.SECONDS.toNanos(100);

    /** How long the front end may take to make its devices. */
    private static final long COMING_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final Underlying under;
    private final FrontEnd group;
    private final Supplier<Role> role;
    private final GroupLoop loop;
    private final MapperHost host;
    private final Consumer<String> events;
    private final OffLoop kernel = new OffLoop("mapper");
    private final Map<String, MappedDevice> devices = new LinkedHashMap<>();
    private final Changing changing;

    /** Whether device-mapper is being asked; for one thing at a time. */
    private boolean working;

    /** The next look; null before the first one. */
    private @Nullable LoopTimer next;

    private boolean begun;
    private boolean serving;
    private boolean stopping;
    private boolean closed;

    /** Whether nothing is left of what a site must not show that is not primary. */
    private boolean withdrawn;

    /** When to try again, on the loop's monotonic clock. */
    private long withdrawAgainNanos;

    /** Who wants the group to be put under names; null if nobody does. */
    private Admin.@Nullable Done inserting;

    private long insertEndNanos;

    private MappedFrontEnd(
            Underlying under,
            FrontEndMaker maker,
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
        changing = new Changing(under, maker, devices, loop, kernel, host, events);
    }

    /**
     * Prepares to name devices; device-mapper is asked once the front end shows them. Devices that
     * still lead to another kind of front end are served by that first. Before the loop runs.
     *
     * @param wanted the names
     * @param kind of the front end
     * @param maker makes it
     * @param group whether it is served
     * @param role which part this site plays
     * @param loop of the group
     * @param stateDir of the site
     * @param machine whose device-mapper it is
     * @param events told what an administrator should read, one line each
     * @return the front end
     * @throws IOException if the state folder cannot be used, or there is no such front end
     */
    public static MappedFrontEnd open(
            List<Wanted> wanted,
            GroupConfig.FrontEnd kind,
            FrontEndMaker maker,
            FrontEnd group,
            Supplier<Role> role,
            GroupLoop loop,
            Path stateDir,
            Machine machine,
            Consumer<String> events)
            throws IOException {
        MapperRecord record = MapperRecord.of(stateDir, machine.boot());
        List<GroupConfig.FrontEnd> kinds = new ArrayList<>(LeftOvers.kinds(record));
        if (kinds.isEmpty()) {
            kinds.add(kind);
        }
        Underlying under = new Underlying(shown(kinds.removeFirst(), maker));
        for (GroupConfig.FrontEnd other : kinds) {
            under.add(shown(other, maker));
        }
        record.frontEnds(under.kinds(null));
        MapperHost host = new MapperHost(machine, record, events);
        MappedFrontEnd mapped = new MappedFrontEnd(under, maker, group, role, loop, host, events);
        if (under.current().kind() != kind) {
            mapped.changing.want(kind);
        }
        wanted.forEach(want -> mapped.devices.put(want.device(), new MappedDevice(want)));
        return mapped;
    }

    private static Shown shown(GroupConfig.FrontEnd kind, FrontEndMaker maker) throws IOException {
        return new Shown(kind, maker.make(kind));
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
        LoopTimer before = next;
        if (before != null) {
            before.cancel();
        }
        next = loop.schedule(isCalm() ? CALM_NANOS : SOON_NANOS, this::look);
    }

    /** Each look may also find that the front end has a device, or this site another part. */
    private boolean isCalm() {
        if (changing.busy() || inserting != null) {
            return false;
        }
        return serving ? devices.values().stream().allMatch(MappedDevice::isCalm) : withdrawn;
    }

    private void steer() {
        if (working || stopping || closed) {
            return;
        }
        Admin.Done insert = inserting;
        if (insert != null) {
            steerInsert(insert);
            return;
        }
        if (serving) {
            withdrawn = false;
            changing.steer();
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
        for (ShownDevice shown : under.current().front().devices()) {
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

    /**
     * Has names lead to another kind of front end, while they are used. Where that fails, they lead
     * to the one before again.
     *
     * @param kind which
     * @param told done when they do and the one before has let its devices go
     */
    public void change(GroupConfig.FrontEnd kind, Admin.Done told) {
        if (changing.busy() || inserting != null || stopping) {
            told.refused(BUSY);
        } else if (!group.serving()) {
            told.refused(
                    "the group is not served at this site; write front-end: "
                            + SiteSettings.spelled(kind)
                            + " into the group's file, and restart the daemon");
        } else {
            changing.order(kind, told);
            loop.execute(this::look);
        }
    }

    /**
     * Puts the group under the names that are there without it, while they are used; all of them,
     * or none.
     *
     * @param told done when their I/O goes to the group
     */
    public void insert(Admin.Done told) {
        boolean any = devices.values().stream().anyMatch(device -> device.want.inserted());
        if (changing.busy() || inserting != null || stopping) {
            told.refused(BUSY);
        } else if (!any) {
            told.refused(
                    "the group's file names no device to put the group under; write mapper:"
                            + " {DEVICE: {insert: NAME}} at the site");
        } else {
            inserting = told;
            insertEndNanos = loop.clock().monotonicNanos() + COMING_NANOS;
            loop.execute(this::look);
        }
    }

    private void steerInsert(Admin.Done told) {
        if (!serving || !under.current().allLive()) {
            if (loop.clock().monotonicNanos() - insertEndNanos > 0) {
                inserting = null;
                FrontEndProblem problem = under.problem();
                told.refused(
                        "the front end does not show the devices"
                                + (problem == null ? "" : ": " + problem.reason()));
            }
            return;
        }
        inserting = null;
        Map<Wanted, String> paths = new LinkedHashMap<>();
        for (ShownDevice shown : under.current().front().devices()) {
            MappedDevice device = devices.get(shown.name());
            if (device != null && device.want.inserted()) {
                paths.put(device.want, shown.path());
            }
        }
        work(() -> {
            try {
                host.insert(paths);
                loop.execute(() -> inserted(paths, told));
            } catch (IOException e) {
                loop.execute(() -> told.refused(String.valueOf(e.getMessage())));
            }
        });
    }

    private void inserted(Map<Wanted, String> paths, Admin.Done told) {
        List<String> names = new ArrayList<>();
        for (MappedDevice device : devices.values()) {
            String path = paths.get(device.want);
            if (path != null) {
                device.live = true;
                device.below = path;
                because(device, "", "");
                names.add(device.want.path());
                events.accept("the group is under " + device.want.path() + ", over " + path);
            }
        }
        told.done("the group is under " + String.join(", ", names));
    }

    /**
     * Holds the I/O of the names that the group was put under.
     *
     * @param told done when it is held; then {@link #endEject} has to follow
     */
    public void beginEject(Admin.Done told) {
        if (changing.busy() || inserting != null || stopping) {
            told.refused(BUSY);
            return;
        }
        stopping = true;
        long end = loop.clock().monotonicNanos() + HOLD_NANOS;
        atKernel(
                () -> {
                    Released released = host.release(false, true);
                    if (!released.refusal().isEmpty()) {
                        throw new IOException(released.refusal());
                    }
                    host.beginEject();
                    if (loop.clock().monotonicNanos() - end > 0) {
                        host.abortEject(); // whoever has ordered it does not wait any more
                        throw new IOException("I/O under way has not ended; see dmctl status");
                    }
                },
                told,
                () -> {},
                () -> stopping = false);
    }

    /**
     * Lets the I/O of these names go on.
     *
     * @param applied whether everything is on the local devices, which the names lead to then; else
     *     they lead to the group as before
     * @param told when it does
     */
    public void endEject(boolean applied, Admin.Done told) {
        atKernel(
                () -> {
                    if (applied) {
                        host.endEject();
                    } else {
                        host.abortEject();
                    }
                },
                told,
                () -> stopping = applied,
                () -> {});
    }

    /** A task that blocks. */
    private interface Blocking {
        void run() throws IOException;
    }

    private void atKernel(Blocking task, Admin.Done told, Runnable done, Runnable failed) {
        try {
            kernel.execute(() -> {
                try {
                    task.run();
                    loop.execute(() -> {
                        done.run();
                        told.done("");
                    });
                } catch (IOException e) {
                    loop.execute(() -> {
                        failed.run();
                        told.refused(String.valueOf(e.getMessage()));
                    });
                }
            });
        } catch (RejectedExecutionException e) {
            failed.run();
            told.refused("device-mapper is too slow to be asked; see dmesg");
        }
    }

    /**
     * Returns what names lead to.
     *
     * @return the kind of front end
     */
    public GroupConfig.FrontEnd kind() {
        return under.current().kind();
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
        for (ShownDevice device : under.current().front().devices()) {
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
            return host.release(keepUsed, false);
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
