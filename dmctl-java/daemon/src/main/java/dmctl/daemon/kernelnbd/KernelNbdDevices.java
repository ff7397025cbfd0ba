package dmctl.daemon.kernelnbd;

import dmctl.daemon.front.BackingGroup;
import dmctl.daemon.front.DeviceFrontEnd;
import dmctl.daemon.front.FrontEndProblem;
import dmctl.daemon.front.ShownDevice;
import dmctl.daemon.io.LoopTimer;
import dmctl.daemon.io.OffLoop;
import dmctl.daemon.kernelnbd.KernelNbdDevice.State;
import dmctl.daemon.kernelnbd.KernelNbdHost.Device;
import dmctl.daemon.kernelnbd.KernelNbdHost.Machine;
import dmctl.daemon.kernelnbd.KernelNbdHost.Opened;
import dmctl.daemon.nbd.Export;
import dmctl.daemon.nbd.NbdServer;
import dmctl.engine.GroupStatus.Role;
import dmctl.nativebridge.KernelNbdException;
import dmctl.nativebridge.KernelNbdException.Kind;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Shows the devices of a group as /dev/nbdN through the kernel's NBD client. The kernel holds one
 * end of a socket pair for each, the NBD server of the group serves the other. While the kernel has
 * no socket, for a daemon was killed or the group is not served, requests wait; the next socket
 * gets those again that were not answered. It is handed over only when nothing that came over the
 * old one is under way, so that what is sent again is logged anew and behind it.
 */
public final class KernelNbdDevices implements DeviceFrontEnd {
    /** How long requests wait while the kernel has no socket. */
    static final int DEAD_SECONDS = 600;

    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long RETRY_MIN_MILLIS = 100;
    private static final long RETRY_MAX_MILLIS = 5_000;
    private static final int RETRY_DOUBLINGS_MAX = 6;

    /** A socket that lasted this long was taken by the kernel. */
    private static final long SOUND_NANOS = 5_000 * NANOS_PER_MILLI;

    private static final long ROLE_MILLIS = 1_000;
    private static final long STOP_MILLIS = 30_000;
    private static final long COME_BACK_MILLIS = 5_000;

    private final NbdServer server;
    private final BackingGroup group;
    private final KernelNbdHost host;
    private final OffLoop kernel = new OffLoop("kernel-nbd");
    private final List<KernelNbdDevice> devices = new ArrayList<>();
    private boolean serving;
    private boolean released;
    private boolean takenAway;
    private boolean closed;

    /** Null before the role was looked at for the first time. */
    private @Nullable LoopTimer roleTimer;

    private KernelNbdDevices(NbdServer server, BackingGroup group, KernelNbdHost host) {
        this.server = server;
        this.group = group;
        this.host = host;
    }

    /**
     * Prepares to show devices; the kernel is asked once the group is served. Before the loop runs.
     *
     * @param exports the devices of the group
     * @param server serves them
     * @param group whose devices they are
     * @param stateDir of the site
     * @return the front end
     * @throws IOException if there are too many devices, or the state folder cannot be used
     */
    public static KernelNbdDevices open(
            List<Export> exports, NbdServer server, BackingGroup group, Path stateDir)
            throws IOException {
        return open(exports, server, group, stateDir, KernelNbdHost.THIS_MACHINE);
    }

    static KernelNbdDevices open(
            List<Export> exports,
            NbdServer server,
            BackingGroup group,
            Path stateDir,
            Machine machine)
            throws IOException {
        server.reserve(exports.size());
        KernelNbdIdentity identity = KernelNbdIdentity.of(stateDir);
        KernelNbdHost host = new KernelNbdHost(machine, stateDir, identity, group.events());
        KernelNbdDevices shown = new KernelNbdDevices(server, group, host);
        exports.forEach(export -> shown.devices.add(new KernelNbdDevice(device(export))));
        return shown;
    }

    private static Device device(Export export) {
        return new Device(
                export.devNr(),
                export.name(),
                export.sizeBytes(),
                export.blockSize(),
                NbdServer.attachedFlags(),
                DEAD_SECONDS);
    }

    /**
     * Takes away what an earlier daemon of the site has left, where the site has another front end
     * now; but not what is in use.
     *
     * @param exports the devices of the group
     * @param stateDir of the site
     * @param events told what an administrator should read, one line each
     */
    public static void removeLeftOvers(
            List<Export> exports, Path stateDir, Consumer<String> events) {
        removeLeftOvers(exports, stateDir, KernelNbdHost.THIS_MACHINE, events);
    }

    static void removeLeftOvers(
            List<Export> exports, Path stateDir, Machine machine, Consumer<String> events) {
        if (!KernelNbdIdentity.isIn(stateDir)) {
            return;
        }
        Runnable task =
                () -> {
                    try {
                        KernelNbdIdentity identity = KernelNbdIdentity.of(stateDir);
                        KernelNbdHost host = new KernelNbdHost(machine, stateDir, identity, events);
                        for (Export export : exports) {
                            removeLeftOver(host, device(export), events);
                        }
                    } catch (IOException e) {
                        events.accept("kernel-nbd: " + e.getMessage());
                    }
                };
        Thread.ofPlatform().daemon().name("kernel-nbd").start(task);
    }

    private static void removeLeftOver(KernelNbdHost host, Device device, Consumer<String> events)
            throws IOException {
        if (host.inUse(device)) {
            events.accept(
                    "device "
                            + device.name()
                            + " is in use through the kernel's NBD client, where nobody serves it now;"
                            + " write \"front-end: kernel-nbd\" and restart the daemon");
        } else if (host.disconnect(device)) {
            events.accept("device " + device.name() + ": its /dev/nbd device was disconnected");
        }
    }

    @Override
    public boolean endOfRound() {
        boolean now = group.serving();
        if (now != serving) {
            serving = now;
            if (now) {
                takenAway = false;
                devices.forEach(this::open);
            } else {
                lookAtRole();
            }
        } else if (!now && roleTimer == null) {
            lookAtRole();
        }
        return false;
    }

    /**
     * A site that another has taken over from must not hold its applications' requests for long.
     */
    private void lookAtRole() {
        if (roleTimer != null) {
            roleTimer.cancel();
        }
        if (serving || released || takenAway) {
            return;
        }
        Role now = group.role().get();
        if (now == Role.TARGET || now == Role.FENCED) {
            takenAway = true;
            devices.forEach(this::takeAway);
        } else {
            roleTimer = group.loop().schedule(ROLE_MILLIS * NANOS_PER_MILLI, this::lookAtRole);
        }
    }

    private void takeAway(KernelNbdDevice device) {
        device.known = false;
        offLoop(
                device,
                () -> {
                    if (host.disconnect(device.device)) {
                        group.say(
                                "device "
                                        + device.device.name()
                                        + " is not served here any more: its /dev/nbd device was"
                                        + " disconnected, and what still uses it gets errors");
                    }
                });
    }

    private void offLoop(KernelNbdDevice device, OffLoop.Task task) {
        try {
            kernel.execute(() -> {
                try {
                    task.run();
                } catch (IOException e) {
                    group.say("device " + device.device.name() + ": " + e.getMessage());
                }
            });
        } catch (RejectedExecutionException e) {
            group.say("device " + device.device.name() + ": the kernel is too slow to be told");
        }
    }

    private void open(KernelNbdDevice device) {
        boolean idle = device.state == State.IDLE || device.state == State.WAITING;
        if (!serving || released || !idle || device.attached != null) {
            return;
        }
        device.state = State.OPENING;
        boolean known = device.known;
        offLoop(
                device,
                () -> {
                    try {
                        Opened opened = host.open(device.device, known);
                        group.loop().execute(() -> opened(device, opened));
                    } catch (IOException e) {
                        group.loop().execute(() -> failed(device, e));
                    }
                });
    }

    private void opened(KernelNbdDevice device, Opened opened) {
        device.index = opened.index();
        if (!serving || released) {
            device.state = State.IDLE;
            closeQuietly(opened.channel());
            return;
        }
        String peer = "kernel " + device.path();
        try {
            device.attached =
                    server.attach(
                            opened.channel(),
                            device.device.devNr(),
                            peer,
                            goodbye -> ended(device, goodbye));
        } catch (IOException e) {
            closeQuietly(opened.channel());
            failed(device, e);
            return;
        }
        device.state = State.SERVED;
        because(device, "");
        device.servedSinceNanos = group.nanos();
        if (!device.known) {
            group.say("device " + device.device.name() + " is " + device.path());
            int index = device.index;
            offLoop(device, () -> host.lookAfter(index));
        }
        device.known = true;
    }

    private void closeQuietly(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            group.say("kernel-nbd: closing: " + e.getMessage());
        }
    }

    private void failed(KernelNbdDevice device, IOException e) {
        String text = String.valueOf(e.getMessage());
        if (device.known
                && e instanceof KernelNbdException refused
                && refused.kind() == Kind.NOT_CONNECTED) {
            taken(device);
            return;
        }
        if (!text.equals(device.reason)) {
            because(device, text);
            group.say("device " + device.device.name() + ": " + text);
        }
        retry(device);
    }

    private void because(KernelNbdDevice device, String reason) {
        device.reason = reason;
        device.reasonSinceMicros = group.loop().clock().wallMicros();
    }

    private void taken(KernelNbdDevice device) {
        device.state = State.TAKEN;
        because(device, device.path() + " was disconnected by another program");
        group.say(
                "device "
                        + device.device.name()
                        + ": "
                        + device.reason
                        + "; it is shown again when the daemon is restarted");
    }

    private void retry(KernelNbdDevice device) {
        device.state = State.WAITING;
        int doublings = Math.min(device.failures++, RETRY_DOUBLINGS_MAX);
        long millis = Math.min(RETRY_MIN_MILLIS << doublings, RETRY_MAX_MILLIS);
        group.loop().schedule(millis * NANOS_PER_MILLI, () -> open(device));
    }

    /** Nothing of the old socket is under way any more: the kernel may have a new one. */
    private void ended(KernelNbdDevice device, boolean goodbye) {
        device.attached = null;
        if (released || !serving) {
            device.state = State.IDLE;
        } else if (goodbye) {
            taken(device);
        } else {
            // Also where the kernel did not take the socket, for the old one was not dead to it
            // yet.
            long lived = group.nanos() - device.servedSinceNanos;
            device.failures = lived > SOUND_NANOS ? 0 : device.failures;
            retry(device);
        }
    }

    @Override
    public List<ShownDevice> devices() {
        return devices.stream().map(KernelNbdDevice::shown).toList();
    }

    @Override
    public @Nullable FrontEndProblem problem() {
        for (KernelNbdDevice device : devices) {
            if (!device.reason.isEmpty()) {
                return new FrontEndProblem(
                        "device " + device.device.name() + ": " + device.reason,
                        device.reasonSinceMicros,
                        device.state == State.TAKEN
                                ? "restart the daemon to show it again"
                                : "mend that; it is tried again and again");
            }
        }
        return null;
    }

    /** All that it takes are connections of the NBD server. */
    @Override
    public long memoryBytes() {
        return 0;
    }

    @Override
    public void stop(boolean keepUsed, Consumer<String> told) {
        released = true;
        Stop stop = new Stop(keepUsed, told);
        LoopTimer timeout = group.loop().schedule(STOP_MILLIS * NANOS_PER_MILLI, stop::tooLong);
        stop.timeout = timeout;
        try {
            kernel.execute(() -> {
                List<String> used = inUse();
                if (keepUsed || used.isEmpty()) {
                    devices.forEach(device -> leave(device, keepUsed));
                    group.loop().execute(stop::left);
                } else {
                    String text = "in use on this machine: " + String.join(", ", used);
                    group.loop().execute(() -> stop.end(text + "; unmount or close it"));
                }
            });
        } catch (RejectedExecutionException e) {
            stop.tooLong();
        }
    }

    /** One order to stop, until it is known what comes of it. On the loop. */
    private final class Stop {
        private final boolean keepUsed;
        private final Consumer<String> told;
        private @Nullable LoopTimer timeout;
        private boolean over;

        Stop(boolean keepUsed, Consumer<String> told) {
            this.keepUsed = keepUsed;
            this.told = told;
        }

        void tooLong() {
            String text = "kernel-nbd: the kernel has not let go of the devices in time";
            group.say(text);
            end(keepUsed ? "" : text + "; see its messages (dmesg)");
        }

        /** Lets what is under way end, looking again until it has. */
        void left() {
            boolean idle = true;
            for (KernelNbdDevice device : devices) {
                if (device.attached != null) {
                    idle = false;
                    device.attached.end();
                }
            }
            if (idle) {
                end("");
            } else if (!over) {
                group.loop().schedule(NANOS_PER_MILLI, this::left);
            }
        }

        void end(String hindrance) {
            if (over) {
                return;
            }
            over = true;
            if (timeout != null) {
                timeout.cancel();
            }
            if (hindrance.isEmpty()) {
                // Where the group does not stop after all, the devices come back.
                group.loop()
                        .schedule(
                                COME_BACK_MILLIS * NANOS_PER_MILLI,
                                KernelNbdDevices.this::comeBack);
            } else {
                comeBack();
            }
            told.accept(hindrance);
        }
    }

    private void comeBack() {
        if (closed || !group.serving()) {
            return;
        }
        released = false;
        for (KernelNbdDevice device : devices) {
            device.known = device.attached != null;
            open(device);
        }
    }

    private List<String> inUse() {
        List<String> used = new ArrayList<>();
        for (KernelNbdDevice device : devices) {
            try {
                if (host.inUse(device.device)) {
                    used.add(device.device.name() + " (" + device.path() + ")");
                }
            } catch (IOException e) {
                used.add(device.device.name() + " (" + e.getMessage() + ")");
            }
        }
        return used;
    }

    /** Takes a device away, unless it stays for the next daemon. */
    private void leave(KernelNbdDevice device, boolean keepUsed) {
        String name = device.device.name();
        try {
            if (keepUsed && host.inUse(device.device)) {
                group.say(
                        "device "
                                + name
                                + " is in use and stays "
                                + device.path()
                                + ": its requests wait up to "
                                + DEAD_SECONDS
                                + " s for the next daemon");
            } else {
                host.disconnect(device.device);
            }
        } catch (IOException e) {
            group.say("device " + name + ": " + e.getMessage());
        }
    }

    @Override
    public void close() {
        released = true;
        closed = true;
        kernel.close();
    }
}
