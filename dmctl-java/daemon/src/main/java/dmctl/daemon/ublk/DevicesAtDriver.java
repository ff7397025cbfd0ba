package dmctl.daemon.ublk;

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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** What the driver has of this site's devices, from earlier starts among them. */
final class DevicesAtDriver {
    private final UblkSettings settings;
    private final UblkSystem system;
    private final OnLoop onLoop;
    private final List<ServedDevice> devices;
    private final Consumer<String> events;

    DevicesAtDriver(
            UblkSettings settings,
            UblkSystem system,
            OnLoop onLoop,
            List<ServedDevice> devices,
            Consumer<String> events) {
        this.settings = settings;
        this.system = system;
        this.onLoop = onLoop;
        this.devices = devices;
        this.events = events;
    }

    /** Those that bear this site's mark. */
    List<UblkDevice> own(UblkControl control) throws IOException {
        List<UblkDevice> found = new ArrayList<>();
        for (int id : system.devices()) {
            try {
                UblkDevice device = control.device(id);
                if (settings.isOwn(device.mark())) {
                    found.add(device);
                }
            } catch (ErrnoException e) {
                if (e.errno() != Errno.ENODEV && e.errno() != Errno.EINVAL) {
                    throw e;
                }
                // Removed meanwhile.
            }
        }
        return found;
    }

    /** Finds this site's devices and removes those that nobody can be served by. */
    Map<Integer, UblkDevice> cleaned(UblkControl control) throws IOException {
        Map<Integer, UblkDevice> usable = new HashMap<>();
        Set<Integer> open = new HashSet<>();
        Map<Integer, ServedDevice> wanted = new HashMap<>();
        for (ServedDevice device : devices) {
            wanted.put(device.devNr, device);
            if (onLoop.get(device::isOpen)) {
                open.add(onLoop.get(device::id));
            }
        }
        for (UblkDevice found : own(control)) {
            ServedDevice device = wanted.get(UblkSettings.devNr(found.mark()));
            if (open.contains(found.id())) {
                continue;
            }
            String useless =
                    device == null
                            ? "the group has no such device"
                            : usable.containsKey(device.devNr)
                                    ? "there is another one"
                                    : useless(control, found, device);
            if (useless.isEmpty() && device != null) {
                usable.put(device.devNr, found);
            } else {
                remove(control, found, useless);
            }
        }
        return usable;
    }

    private String useless(UblkControl control, UblkDevice found, ServedDevice device)
            throws IOException {
        if (found.state() == UblkDevice.State.DEAD) {
            return "it was never shown, or stopped";
        }
        if (found.state() == UblkDevice.State.OTHER || !found.survives()) {
            return "it cannot be taken over";
        }
        UblkGeometry is = control.geometry(found.id());
        return is.bytes() == device.sizeBytes && is.blockBytes() == settings.blockSize()
                ? ""
                : "it has " + is.bytes() + " bytes in blocks of " + is.blockBytes();
    }

    /** Removes one that this daemon does not serve. */
    void remove(UblkControl control, UblkDevice left, String why) throws IOException {
        control.stop(left.id());
        delete(control, left.id());
        events.accept(UblkDevice.path(left.id()) + " of an earlier start is removed: " + why);
    }

    /** Has the driver forget a device that was stopped. */
    void delete(UblkControl control, int id) throws IOException {
        try {
            control.delete(id);
        } catch (UblkException e) {
            if (e.why() != Why.NO_ANSWER) {
                throw e;
            }
            events.accept(
                    UblkDevice.path(id)
                            + " is still open somewhere"
                            + DeviceUsers.of(id)
                            + " and goes away when it is closed");
        }
    }
}
