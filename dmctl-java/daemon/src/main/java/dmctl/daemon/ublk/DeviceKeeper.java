package dmctl.daemon.ublk;

import dmctl.daemon.front.ShownDevice.State;
import dmctl.nativebridge.CommandRing;
import dmctl.nativebridge.Errno;
import dmctl.nativebridge.ErrnoException;
import dmctl.nativebridge.UblkControl;
import dmctl.nativebridge.UblkDevice;
import dmctl.nativebridge.UblkException;
import dmctl.nativebridge.UblkException.Why;
import dmctl.nativebridge.UblkGeometry;
import dmctl.nativebridge.UblkSystem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes, takes over and removes the devices, on a thread of its own: while the driver starts or
 * stops a device, the loop has to serve it. Touches no device that does not bear this site's mark.
 */
final class DeviceKeeper {
    /** How long the kernel may take to see that a killed server is gone. */
    private static final long TAKE_OVER_NANOS = TimeUnit.SECONDS.toNanos(20);

    /** How long the device's node may take to appear. */
    private static final long NODE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final UblkSettings settings;
    private final UblkSystem system;
    private final Loop loop;
    private final OnLoop onLoop;
    private final DevicesAtDriver atDriver;
    private final Consumer<String> events;
    private final List<ServedDevice> devices;

    /** The side of the loop. */
    interface Loop {
        /** Runs something on the loop, later. */
        void execute(Runnable task);

        /** The ring of the loop's thread; on the loop. */
        CommandRing ring() throws IOException;

        /** From now on no request goes to the engine; on the loop. */
        void freeze();
    }

    DeviceKeeper(
            UblkSettings settings,
            UblkSystem system,
            Loop loop,
            List<ServedDevice> devices,
            Consumer<String> events) {
        this.settings = settings;
        this.system = system;
        this.loop = loop;
        this.devices = devices;
        this.events = events;
        onLoop = new OnLoop(loop);
        atDriver = new DevicesAtDriver(settings, system, onLoop, devices, events);
    }

    /** Shows every device that is not shown yet. */
    void show() throws IOException {
        DeviceNumbers numbers = new DeviceNumbers(settings);
        try (UblkControl control = UblkControl.open(system)) {
            Map<Integer, UblkDevice> found = atDriver.cleaned(control);
            for (ServedDevice device : devices) {
                if (onLoop.get(device::state) != State.LIVE) {
                    show(control, numbers, device, found.get(device.devNr));
                }
            }
        }
    }

    /** Removes every device of this site, in use or not. */
    void withdraw() throws IOException {
        DeviceNumbers numbers = new DeviceNumbers(settings);
        try (UblkControl control = UblkControl.open(system)) {
            for (ServedDevice device : devices) {
                if (onLoop.get(device::isOpen)) {
                    remove(control, device, -1);
                }
            }
            for (UblkDevice left : atDriver.own(control)) {
                atDriver.remove(control, left, "it is not served here");
            }
        } catch (UblkException e) {
            boolean noDriver = e.why() == Why.MODULE_NOT_LOADED || e.why() == Why.NO_DRIVER;
            if (settings.wanted() || !noDriver) {
                throw e;
            }
        }
        if (!settings.wanted()) {
            numbers.forget();
        }
    }

    /**
     * Removes the devices before a stop.
     *
     * @param keepUsed whether those in use are left to the next start of this site
     * @return empty, or why nothing was done
     */
    String release(boolean keepUsed) throws IOException {
        Map<ServedDevice, Integer> held = new LinkedHashMap<>();
        List<ServedDevice> used = new ArrayList<>();
        try (UblkControl control = UblkControl.open(system)) {
            for (ServedDevice device : devices) {
                if (onLoop.get(device::state) == State.LIVE) {
                    // Held exclusively, nobody mounts it meanwhile.
                    int fd = system.openExclusively(onLoop.get(device::id));
                    if (fd == -Errno.EBUSY) {
                        used.add(device);
                    } else {
                        held.put(device, fd);
                    }
                }
            }
            if (!used.isEmpty() && !keepUsed) {
                return inUse(used);
            }
            for (Map.Entry<ServedDevice, Integer> each : held.entrySet()) {
                int fd = each.setValue(-1);
                remove(control, each.getKey(), fd);
            }
        } finally {
            held.values().forEach(this::closeIfOpen);
        }
        if (!used.isEmpty()) {
            leave(used);
        }
        return "";
    }

    private String inUse(List<ServedDevice> used) throws IOException {
        List<String> names = new ArrayList<>();
        for (ServedDevice device : used) {
            int id = onLoop.get(device::id);
            names.add(device.name + " (" + UblkDevice.path(id) + DeviceUsers.of(id) + ")");
        }
        return "in use: "
                + String.join(", ", names)
                + "; unmount or detach first, or say --keep-devices: their requests then wait for"
                + " the next start";
    }

    /** Lets the requests under way end and takes no others. */
    private void leave(List<ServedDevice> used) throws IOException {
        onLoop.run(loop::freeze);
        long end = System.nanoTime() + TAKE_OVER_NANOS;
        for (ServedDevice device : used) {
            while (onLoop.get(device::underWay) > 0 && System.nanoTime() < end) {
                LockSupport.parkNanos(LOOK_NANOS);
            }
            onLoop.run(() -> device.enter(State.WAITING));
            events.accept(
                    "device "
                            + device.name
                            + ": "
                            + UblkDevice.path(onLoop.get(device::id))
                            + " is in use and stays; its requests wait for the next start");
        }
    }

    private void show(
            UblkControl control,
            DeviceNumbers numbers,
            ServedDevice device,
            @Nullable UblkDevice found)
            throws IOException {
        onLoop.run(() -> device.enter(State.STARTING));
        try {
            if (onLoop.get(device::isOpen)) {
                goOn(control, numbers, device);
            } else if (found == null) {
                make(control, numbers, device);
            } else {
                takeOver(control, numbers, found, device);
            }
            onLoop.run(() -> device.enter(State.LIVE));
        } catch (IOException e) {
            onLoop.run(() -> device.enter(State.ABSENT));
            throw e;
        }
    }

    /** Ends an attempt that was not ended: who uses the device would see its removal as errors. */
    private void goOn(UblkControl control, DeviceNumbers numbers, ServedDevice device)
            throws IOException {
        int id = onLoop.get(device::id);
        switch (control.device(id).state()) {
            case LIVE -> {}
            case QUIESCED -> control.endRecovery(id);
            case DEAD, OTHER -> {
                remove(control, device, -1);
                make(control, numbers, device);
                return;
            }
        }
        events.accept("device " + device.name + ": " + UblkDevice.path(id) + " goes on");
    }

    private void make(UblkControl control, DeviceNumbers numbers, ServedDevice device)
            throws IOException {
        UblkDevice made = add(control, numbers.idOf(device.devNr), device);
        try {
            numbers.put(device.devNr, made.id());
            serve(made, device);
            control.start(made.id());
        } catch (IOException e) {
            try {
                control.stop(made.id());
                drained(device);
                atDriver.delete(control, made.id());
            } catch (IOException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
        events.accept("device " + device.name + ": " + UblkDevice.path(made.id()) + " is there");
    }

    private UblkDevice add(UblkControl control, int preferredId, ServedDevice device)
            throws IOException {
        UblkGeometry geometry =
                new UblkGeometry(settings.blockSize(), device.sizeBytes, UblkSettings.MAX_IO_BYTES);
        long mark = settings.mark(device.devNr);
        try {
            return control.add(preferredId, settings.depth(), geometry, mark);
        } catch (ErrnoException e) {
            if (e.errno() != Errno.EEXIST || preferredId == UblkControl.ANY_ID) {
                throw e;
            }
            return control.add(UblkControl.ANY_ID, settings.depth(), geometry, mark);
        }
    }

    private void takeOver(
            UblkControl control, DeviceNumbers numbers, UblkDevice found, ServedDevice device)
            throws IOException {
        numbers.put(device.devNr, found.id());
        long end = System.nanoTime() + TAKE_OVER_NANOS;
        boolean begun = false;
        while (!begun) {
            try {
                control.startRecovery(found.id());
                begun = true;
            } catch (ErrnoException e) {
                if (e.errno() != Errno.EBUSY || System.nanoTime() > end) {
                    throw e;
                }
                LockSupport.parkNanos(LOOK_NANOS);
            }
        }
        serve(control.device(found.id()), device);
        control.endRecovery(found.id());
        events.accept(
                "device "
                        + device.name
                        + ": "
                        + UblkDevice.path(found.id())
                        + " is taken over from process "
                        + found.pid()
                        + "; its requests go on");
    }

    /** Lets the loop fetch all requests of a device. */
    private void serve(UblkDevice made, ServedDevice device) throws IOException {
        int fd = openServer(made.id());
        try {
            onLoop.get(() -> {
                device.open(system, loop.ring(), fd, made);
                return true;
            });
        } catch (IOException e) {
            if (!onLoop.get(device::isOpen)) {
                system.close(fd);
            }
            throw e;
        }
    }

    private int openServer(int id) throws IOException {
        long end = System.nanoTime() + NODE_NANOS;
        int fd = system.openServer(id);
        while (fd < 0 && System.nanoTime() < end) {
            LockSupport.parkNanos(LOOK_NANOS);
            fd = system.openServer(id);
        }
        if (fd < 0) {
            throw new ErrnoException("open", "/dev/ublkc" + id, -fd);
        }
        return fd;
    }

    private void remove(UblkControl control, ServedDevice device, int fd) throws IOException {
        int id = onLoop.get(device::id);
        onLoop.run(() -> device.enter(State.STOPPING));
        try {
            if (fd >= 0) {
                int flushed = system.flush(fd);
                if (flushed < 0) {
                    throw new ErrnoException("fsync", UblkDevice.path(id), -flushed);
                }
            }
            control.stop(id);
        } finally {
            closeIfOpen(fd);
        }
        drained(device);
        atDriver.delete(control, id);
        onLoop.run(() -> device.enter(State.ABSENT));
        events.accept("device " + device.name + ": " + UblkDevice.path(id) + " is removed");
    }

    private void closeIfOpen(int fd) {
        if (fd >= 0) {
            system.close(fd);
        }
    }

    private void drained(ServedDevice device) throws IOException {
        CompletableFuture<Void> drained = onLoop.get(device::drained);
        OnLoop.await(
                drained, "the driver has not given back the requests of device " + device.name);
    }
}
