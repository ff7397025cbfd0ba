package dmctl.daemon.ublk;

import dmctl.config.GroupConfig;
import dmctl.daemon.front.BackingGroup;
import dmctl.daemon.front.DeviceFrontEnd;
import dmctl.daemon.front.FrontEndProblem;
import dmctl.daemon.front.ShownDevice;
import dmctl.daemon.front.ShownDevice.State;
import dmctl.daemon.io.OffLoop;
import dmctl.nativebridge.CommandRing;
import dmctl.nativebridge.ErrnoException;
import dmctl.nativebridge.UblkControl;
import dmctl.nativebridge.UblkException;
import dmctl.nativebridge.UblkQueue;
import dmctl.nativebridge.UblkSystem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Shows a group's devices as /dev/ublkbN. They are there while the group is served here; a restart
 * keeps them, their requests waiting, until it is known whether this site still is primary.
 */
public final class UblkFrontEnd implements DeviceFrontEnd, DeviceKeeper.Loop {
    private final UblkSettings settings;
    private final UblkSystem system;
    private final BackingGroup group;
    private final ServedDevice[] devices;
    private final DeviceKeeper keeper;
    private final OffLoop thread = new OffLoop("ublk-keeper");

    private @Nullable CommandRing ring;
    private @Nullable FrontEndProblem problem;

    /** Whether the keeper is at work; it does one thing at a time. */
    private boolean working;

    private boolean stopping;
    private boolean frozen;
    private boolean withdrawn;
    private boolean waiting;

    /**
     * Prepares to show devices; {@link #endOfRound} does it.
     *
     * @param settings what is to be shown
     * @param system the kernel
     * @param group whose devices they are
     */
    public UblkFrontEnd(UblkSettings settings, UblkSystem system, BackingGroup group) {
        this.settings = settings;
        this.system = system;
        this.group = group;
        devices = new ServedDevice[settings.devices().size()];
        for (int slot = 0; slot < devices.length; slot++) {
            GroupConfig.Device device = settings.devices().get(slot);
            devices[slot] =
                    new ServedDevice(
                            device.name(), device.nr(), device.sizeBytes(), slot, group.requests());
        }
        keeper = new DeviceKeeper(settings, system, this, List.of(devices), group.events());
    }

    @Override
    public boolean endOfRound() {
        if (!working && !stopping && !waiting) {
            steer();
        }
        CommandRing open = ring;
        return open != null && serve(open);
    }

    /** Has the keeper do what the group's state asks for. */
    private void steer() {
        boolean serving = group.serving() && settings.wanted();
        if (serving) {
            withdrawn = false;
            if (!allLive()) {
                work(keeper::show, () -> {});
            }
        } else if (!withdrawn && !(settings.wanted() && group.requests().aboutToServe())) {
            work(keeper::withdraw, () -> withdrawn = true);
        }
    }

    private boolean allLive() {
        for (ServedDevice device : devices) {
            if (device.state() != State.LIVE) {
                return false;
            }
        }
        return true;
    }

    private void work(OffLoop.Task task, Runnable then) {
        working = true;
        thread.execute(() -> {
            try {
                task.run();
                group.loop().execute(() -> worked(null, then));
            } catch (IOException e) {
                group.loop().execute(() -> worked(e, then));
            } catch (RuntimeException | Error e) {
                group.loop().execute(() -> broken(e));
            }
        });
    }

    private static void broken(Throwable cause) {
        throw new IllegalStateException("ublk", cause);
    }

    private void worked(@Nullable IOException failure, Runnable then) {
        working = false;
        if (failure == null) {
            problem = null;
            then.run();
            return;
        }
        String reason = String.valueOf(failure.getMessage());
        String remedy =
                failure instanceof UblkException known
                        ? known.remedy()
                        : "see the daemon's messages and dmesg; it is tried again";
        FrontEndProblem known = problem;
        if (known == null || !known.reason().equals(reason)) {
            problem = new FrontEndProblem(reason, group.loop().clock().wallMicros(), remedy);
            group.say("ublk: " + reason + "; next: " + remedy);
        }
        waiting = true;
        group.loop().schedule(group.pauseNanos(), () -> waiting = false);
    }

    private boolean serve(CommandRing open) {
        try {
            open.submit();
        } catch (IOException e) {
            throw new UncheckedIOException("ublk", e);
        }
        boolean hold = frozen || (!group.serving() && group.requests().aboutToServe());
        boolean submitted = false;
        if (!hold) {
            for (ServedDevice device : devices) {
                submitted |= device.submitHeld();
            }
        }
        while (open.next()) {
            ServedDevice device = devices[UblkQueue.slot(open.data())];
            submitted |= device.ended(UblkQueue.tag(open.data()), open.result(), hold);
        }
        return submitted || open.due();
    }

    @Override
    public void execute(Runnable task) {
        group.loop().execute(task);
    }

    @Override
    public CommandRing ring() throws IOException {
        CommandRing open = ring;
        if (open == null) {
            try {
                open = system.ring(Math.max(1, devices.length) * settings.depth(), false);
            } catch (ErrnoException e) {
                throw UblkControl.noRing(e);
            }
            group.loop().watch(open.bell());
            ring = open;
        }
        return open;
    }

    @Override
    public void freeze() {
        frozen = true;
    }

    @Override
    public List<ShownDevice> devices() {
        List<ShownDevice> shown = new ArrayList<>();
        for (ServedDevice device : devices) {
            shown.add(device.shown());
        }
        return shown;
    }

    @Override
    public @Nullable FrontEndProblem problem() {
        return problem;
    }

    @Override
    public long memoryBytes() {
        return settings.wanted()
                ? (long) devices.length * settings.depth() * UblkSettings.MAX_IO_BYTES
                : 0;
    }

    @Override
    public void stop(boolean keepUsed, Consumer<String> told) {
        if (working) {
            // Behind what is being done.
            group.loop().schedule(TimeUnit.MILLISECONDS.toNanos(20), () -> stop(keepUsed, told));
            return;
        }
        stopping = true;
        if (!settings.wanted() || ring == null) {
            told.accept("");
            return;
        }
        String[] refusal = {""};
        work(
                () -> refusal[0] = release(keepUsed),
                () -> {
                    stopping = refusal[0].isEmpty();
                    told.accept(refusal[0]);
                });
    }

    private String release(boolean keepUsed) {
        try {
            return keeper.release(keepUsed);
        } catch (IOException e) {
            return "ublk: " + e.getMessage();
        }
    }

    @Override
    public void close() {
        stopping = true;
        thread.close();
        CommandRing open = ring;
        if (open == null || frozen) {
            // A ring whose devices are kept ends with the process.
            return;
        }
        ring = null;
        try {
            group.loop().unwatch(open.bell());
        } catch (IOException e) {
            group.say("ublk: " + e.getMessage());
        }
        open.close();
    }
}
