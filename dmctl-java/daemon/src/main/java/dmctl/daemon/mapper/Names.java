package dmctl.daemon.mapper;

import dmctl.daemon.front.BackingGroup;
import dmctl.daemon.front.FrontEndProblem;
import dmctl.daemon.front.ShownDevice;
import dmctl.daemon.mapper.MapperHost.Condition;
import dmctl.engine.GroupStatus.Role;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The names of a site: makes and watches them while the group is served, and withdraws them. */
final class Names {
    private final Underlying under;
    private final BackingGroup group;
    private final MapperHost host;
    private final MapperThread thread;
    private final BooleanSupplier stopping;
    private final Map<String, MappedDevice> devices = new LinkedHashMap<>();

    /** Whether nothing is left of what a site must not show that is not primary. */
    private boolean withdrawn;

    /** When to try again, on the loop's monotonic clock. */
    private long withdrawAgainNanos;

    /**
     * Has names to care for.
     *
     * @param stopping whether a name that is gone may have been removed by this daemon
     */
    Names(
            List<Wanted> wanted,
            Underlying under,
            BackingGroup group,
            MapperHost host,
            MapperThread thread,
            BooleanSupplier stopping) {
        this.under = under;
        this.group = group;
        this.host = host;
        this.thread = thread;
        this.stopping = stopping;
        wanted.forEach(want -> devices.put(want.device(), new MappedDevice(want)));
    }

    /** Whether nothing is to be done soon. */
    boolean isCalm(boolean serving) {
        return serving ? devices.values().stream().allMatch(MappedDevice::isCalm) : withdrawn;
    }

    /** Whether every name leads to a device of the front end that it should lead to. */
    boolean settled() {
        for (ShownDevice shown : under.current().front().devices()) {
            MappedDevice device = devices.get(shown.name());
            if (device != null && !(device.live && device.below.equals(shown.path()))) {
                return false;
            }
        }
        return true;
    }

    /** Why a name is not as it should be; empty if all are. */
    String firstReason() {
        return devices.values().stream()
                .map(device -> device.reason)
                .filter(reason -> !reason.isEmpty())
                .findFirst()
                .orElse("");
    }

    /** Has what failed be tried again at once. */
    void tryAgain() {
        devices.values().forEach(device -> device.againNanos = 0);
    }

    boolean anyInserted() {
        return devices.values().stream().anyMatch(device -> device.want.inserted());
    }

    /** What the names that the group is put under are to lead to. */
    Map<Wanted, String> insertedPaths() {
        Map<Wanted, String> paths = new LinkedHashMap<>();
        for (ShownDevice shown : under.current().front().devices()) {
            MappedDevice device = devices.get(shown.name());
            if (device != null && device.want.inserted()) {
                paths.put(device.want, shown.path());
            }
        }
        return paths;
    }

    /** The group was put under these names. */
    void inserted(Map<Wanted, String> paths) {
        for (MappedDevice device : devices.values()) {
            String path = paths.get(device.want);
            if (path != null) {
                live(device, path);
                group.say("the group is under " + device.want.path() + ", over " + path);
            }
        }
    }

    /** These devices of the group have no name any more. */
    void removed(List<Integer> devNrs) {
        for (MappedDevice device : devices.values()) {
            device.live &= !devNrs.contains(device.want.devNr());
        }
    }

    /** Does what can be done now for names that should be there. */
    void show() {
        withdrawn = false;
        long now = group.nanos();
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
        thread.work(() -> {
            todo.forEach(this::show);
            done.forEach(this::check);
        });
    }

    /** Off the loop. */
    private void show(MappedDevice device, String path) {
        try {
            host.show(device.want, path);
            group.loop().execute(() -> live(device, path));
        } catch (IOException e) {
            group.loop()
                    .execute(() -> {
                        device.againNanos = group.nanos() + group.pauseNanos();
                        because(
                                device,
                                String.valueOf(e.getMessage()),
                                "mend that; it is tried again and again");
                    });
        }
    }

    private void live(MappedDevice device, String path) {
        device.live = true;
        device.below = path;
        because(device, "", "");
    }

    /** Off the loop. */
    private void check(MappedDevice device) {
        try {
            Condition condition = host.look(device.want);
            group.loop().execute(() -> checked(device, condition));
        } catch (IOException e) {
            group.loop()
                    .execute(() -> because(device, String.valueOf(e.getMessage()), "see dmesg"));
        }
    }

    private void checked(MappedDevice device, Condition condition) {
        if (stopping.getAsBoolean()) {
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
        device.reasonSinceMicros = group.loop().clock().wallMicros();
        if (!reason.isEmpty()) {
            group.say("device " + device.want.device() + ": " + reason);
        }
    }

    /** Takes names away from a site that is not primary. */
    void withdraw() {
        if (withdrawn || group.nanos() - withdrawAgainNanos < 0) {
            return;
        }
        Role now = group.role().get();
        if (now != Role.TARGET && now != Role.FENCED) {
            return;
        }
        for (MappedDevice device : devices.values()) {
            device.live = false;
            device.taken = false;
        }
        thread.work(() -> {
            try {
                boolean gone = host.withdraw();
                group.loop().execute(() -> withdrawn(gone));
            } catch (IOException e) {
                group.loop()
                        .execute(() -> {
                            withdrawn(false);
                            String reason = String.valueOf(e.getMessage());
                            devices.values()
                                    .forEach(device -> because(device, reason, "see dmesg"));
                        });
            }
        });
    }

    private void withdrawn(boolean gone) {
        withdrawn = gone;
        devices.values().forEach(device -> because(device, "", ""));
        withdrawAgainNanos = group.nanos() + group.pauseNanos();
    }

    /** The front end's devices, by their names. */
    List<ShownDevice> shown() {
        List<ShownDevice> shown = new ArrayList<>();
        for (ShownDevice device : under.current().front().devices()) {
            MappedDevice mapped = devices.get(device.name());
            shown.add(mapped == null ? device : mapped.shown(device));
        }
        return shown;
    }

    @Nullable FrontEndProblem problem() {
        for (MappedDevice device : devices.values()) {
            if (!device.reason.isEmpty()) {
                return new FrontEndProblem(
                        "device " + device.want.device() + ": " + device.reason,
                        device.reasonSinceMicros,
                        device.nextStep);
            }
        }
        return null;
    }
}
