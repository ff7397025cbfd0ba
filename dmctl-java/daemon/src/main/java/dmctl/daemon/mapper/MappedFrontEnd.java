package dmctl.daemon.mapper;

import dmctl.config.GroupConfig;
import dmctl.config.SiteSettings;
import dmctl.daemon.front.DeviceFrontEnd;
import dmctl.daemon.front.FrontEndProblem;
import dmctl.daemon.front.ShownDevice;
import dmctl.daemon.io.GroupLoop;
import dmctl.daemon.io.LoopTimer;
import dmctl.daemon.io.OffLoop;
import dmctl.daemon.mapper.Change.Phase;
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

    /** How long a new front end may take to make its devices. */
    private static final long COMING_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final Underlying under;
    private final FrontEndMaker maker;
    private final FrontEnd group;
    private final Supplier<Role> role;
    private final GroupLoop loop;
    private final MapperHost host;
    private final Consumer<String> events;
    private final OffLoop kernel = new OffLoop("mapper");
    private final Map<String, MappedDevice> devices = new LinkedHashMap<>();

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

    /** What the file asks for, where devices lead to something else from before; null if not. */
    private GroupConfig.@Nullable FrontEnd wantedKind;

    private @Nullable Change change;

    /** When to try again to let a front end go, on the loop's monotonic clock. */
    private long leaveAgainNanos;

    private boolean leaving;

    private MappedFrontEnd(
            Underlying under,
            FrontEndMaker maker,
            FrontEnd group,
            Supplier<Role> role,
            GroupLoop loop,
            MapperHost host,
            Consumer<String> events) {
        this.under = under;
        this.maker = maker;
        this.group = group;
        this.role = role;
        this.loop = loop;
        this.host = host;
        this.events = events;
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
        List<GroupConfig.FrontEnd> kinds = new ArrayList<>(kinds(record));
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
        mapped.wantedKind = under.current().kind() == kind ? null : kind;
        wanted.forEach(want -> mapped.devices.put(want.device(), new MappedDevice(want)));
        return mapped;
    }

    private static Shown shown(GroupConfig.FrontEnd kind, FrontEndMaker maker) throws IOException {
        return new Shown(kind, maker.make(kind));
    }

    private static List<GroupConfig.FrontEnd> kinds(MapperRecord record) throws IOException {
        List<GroupConfig.FrontEnd> kinds = new ArrayList<>();
        for (String word : record.frontEnds()) {
            kinds.add(
                    SiteSettings.named(GroupConfig.FrontEnd.class, word)
                            .orElseThrow(() ->
                                    new IOException(
                                            "the state folder names a front end that is not known: "
                                                    + word)));
        }
        return kinds;
    }

    /**
     * Returns which kinds of front ends devices of an earlier daemon still lead to.
     *
     * @param stateDir of the site
     * @param machine whose device-mapper it is
     * @return the kinds
     * @throws IOException if the state folder cannot be used
     */
    public static List<GroupConfig.FrontEnd> kindsInUse(Path stateDir, Machine machine)
            throws IOException {
        return kinds(MapperRecord.of(stateDir, machine.boot()));
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
        LoopTimer before = next;
        if (before != null) {
            before.cancel();
        }
        next = loop.schedule(isCalm() ? CALM_NANOS : SOON_NANOS, this::look);
    }

    /** Each look may also find that the front end has a device, or this site another part. */
    private boolean isCalm() {
        if (change != null || wantedKind != null) {
            return false;
        }
        return serving ? devices.values().stream().allMatch(MappedDevice::isCalm) : withdrawn;
    }

    private void steer() {
        if (working || stopping || closed) {
            return;
        }
        if (serving) {
            withdrawn = false;
            steerChange();
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
        String name = SiteSettings.spelled(kind);
        if (change != null || stopping) {
            told.refused("the front end is being changed or stopped already; wait for that");
        } else if (!group.serving()) {
            told.refused(
                    "the group is not served at this site; write front-end: "
                            + name
                            + " into the group's file, and restart the daemon");
        } else if (kind == under.current().kind()) {
            told.refused("the front end is " + name + " already");
        } else if (!settled()) {
            told.refused("not all names are there; see dmctl status");
        } else {
            wantedKind = null;
            begin(kind, told);
        }
    }

    private void begin(GroupConfig.FrontEnd kind, Admin.Done told) {
        Shown coming;
        try {
            coming =
                    under.others().stream()
                            .filter(other -> other.kind() == kind)
                            .findFirst()
                            .orElse(null);
            if (coming == null) {
                coming = shown(kind, maker);
                under.add(coming);
            }
        } catch (IOException e) {
            told.refused(String.valueOf(e.getMessage()));
            return;
        }
        long end = loop.clock().monotonicNanos() + COMING_NANOS;
        change = new Change(under.current(), coming, end, told);
        noteKinds(kind);
        loop.execute(this::look);
    }

    /** Durable before a name leads to a new one: the device-mapper thread does one after another. */
    private void noteKinds(GroupConfig.@Nullable FrontEnd next) {
        List<String> kinds = under.kinds(next);
        try {
            kernel.execute(() -> {
                try {
                    host.frontEnds(kinds);
                } catch (IOException e) {
                    events.accept("mapper: " + e.getMessage());
                }
            });
        } catch (RejectedExecutionException e) {
            events.accept("mapper: device-mapper is too slow to be asked");
        }
    }

    /** Whether every name leads to a device of the front end that it should lead to. */
    private boolean settled() {
        for (ShownDevice shown : under.current().front().devices()) {
            MappedDevice device = devices.get(shown.name());
            if (device != null && !(device.live && device.below.equals(shown.path()))) {
                return false;
            }
        }
        return true;
    }

    private void steerChange() {
        GroupConfig.FrontEnd wanted = wantedKind;
        Change now = change;
        if (now == null && wanted != null && settled()) {
            wantedKind = null;
            begin(wanted, told(wanted));
        } else if (now == null) {
            if (settled()) {
                under.others().forEach(this::leave);
            }
        } else {
            steer(now);
        }
    }

    private Admin.Done told(GroupConfig.FrontEnd kind) {
        return new Admin.Done() {
            @Override
            public void done(String text) {
                events.accept("front-end: " + text);
            }

            @Override
            public void refused(String text) {
                events.accept(
                        "front-end: the file's " + SiteSettings.spelled(kind) + " failed: " + text);
            }
        };
    }

    private void steer(Change now) {
        switch (now.phase) {
            case COMING -> {
                if (now.next.allLive()) {
                    under.prefer(now.next);
                    now.phase = Phase.MOVING;
                    return;
                }
                FrontEndProblem problem = now.next.front().problem();
                if (problem != null || loop.clock().monotonicNanos() - now.endNanos > 0) {
                    now.failure =
                            problem == null
                                    ? "its devices are not there in time; see the daemon's messages"
                                    : problem.reason() + "; " + problem.nextStep();
                    now.phase = Phase.LEAVING;
                }
            }
            case MOVING -> {
                String failed = firstReason();
                if (!failed.isEmpty()) {
                    now.failure = failed;
                    now.phase = Phase.RETURNING;
                    under.prefer(now.before);
                    devices.values().forEach(device -> device.againNanos = 0);
                } else if (settled()) {
                    now.phase = Phase.LEAVING;
                }
            }
            case RETURNING -> {
                if (settled()) {
                    now.phase = Phase.LEAVING;
                }
            }
            case LEAVING -> leave(now.failure.isEmpty() ? now.before : now.next);
        }
    }

    private String firstReason() {
        return devices.values().stream()
                .map(device -> device.reason)
                .filter(reason -> !reason.isEmpty())
                .findFirst()
                .orElse("");
    }

    /** Lets a front end go that no name leads to. What is in use otherwise keeps it. */
    private void leave(Shown shown) {
        if (leaving || loop.clock().monotonicNanos() - leaveAgainNanos < 0) {
            return;
        }
        leaving = true;
        shown.front().stop(false, hindrance -> left(shown, hindrance));
    }

    private void left(Shown shown, String hindrance) {
        leaving = false;
        leaveAgainNanos = loop.clock().monotonicNanos() + CALM_NANOS;
        if (hindrance.isEmpty()) {
            under.remove(shown);
            noteKinds(null);
        }
        Change now = change;
        change = null;
        if (now != null) {
            String kind = SiteSettings.spelled(now.next.kind());
            if (!now.failure.isEmpty()) {
                now.told.refused(
                        kind
                                + ": "
                                + now.failure
                                + "; the front end is "
                                + SiteSettings.spelled(now.before.kind())
                                + " as before");
            } else {
                now.told.done(
                        "the names lead to "
                                + kind
                                + (hindrance.isEmpty() ? "" : "; what is left: " + hindrance));
            }
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
