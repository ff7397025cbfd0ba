package dmctl.daemon.kernelnbd;

import dmctl.daemon.front.ShownDevice;
import dmctl.daemon.kernelnbd.KernelNbdHost.Device;
import dmctl.daemon.nbd.Attached;
import org.jspecify.annotations.Nullable;

/** What the loop knows of one device that is shown through the kernel's NBD client. */
final class KernelNbdDevice {
    /** Where it stands. */
    enum State {
        /** Nobody has asked the kernel yet, or the group is not served here. */
        IDLE,
        /** The kernel is being asked. */
        OPENING,
        /** The kernel has a socket. */
        SERVED,
        /** The kernel has no socket, and will be asked again. */
        WAITING,
        /** Taken away by somebody else: not ours to show again. */
        TAKEN
    }

    final Device device;
    State state = State.IDLE;

    /** Its place at the kernel; -1 while not known. */
    int index = -1;

    /** The kernel's connection; not over before nothing that came over it is under way. */
    @Nullable Attached attached;

    /** Whether it was served since the daemon started. */
    boolean known;

    /** Why the kernel has no socket of it, and since when; empty while nothing is wrong. */
    String reason = "";

    long reasonSinceMicros;

    /** Since when the kernel has its socket, on the loop's monotonic clock. */
    long servedSinceNanos;

    /** How often in a row the kernel did not take a socket. */
    int failures;

    KernelNbdDevice(Device device) {
        this.device = device;
    }

    String path() {
        return index < 0 ? "" : KernelNbdHost.path(index);
    }

    ShownDevice shown() {
        ShownDevice.State shown =
                switch (state) {
                    case OPENING -> ShownDevice.State.STARTING;
                    case SERVED -> ShownDevice.State.LIVE;
                    case WAITING ->
                            index < 0 ? ShownDevice.State.ABSENT : ShownDevice.State.WAITING;
                    case IDLE, TAKEN -> ShownDevice.State.ABSENT;
                };
        boolean there = shown != ShownDevice.State.ABSENT;
        return new ShownDevice(device.name(), there ? path() : "", shown);
    }
}
