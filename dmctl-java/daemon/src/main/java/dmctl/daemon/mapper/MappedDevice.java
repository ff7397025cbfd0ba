package dmctl.daemon.mapper;

import dmctl.daemon.front.ShownDevice;

/** What the loop knows of one device that is to have a name under /dev/mapper. */
final class MappedDevice {
    final Wanted want;

    /** Whether the mapped device is there and leads to {@link #below}. */
    boolean live;

    /** Path of the front end's device. */
    String below = "";

    /** Removed by somebody else: not ours to make again. */
    boolean taken;

    /** Why it is not as it should be, since when, and what to do; empty while nothing is wrong. */
    String reason = "";

    String nextStep = "";
    long reasonSinceMicros;

    /** When to try again, on the loop's monotonic clock. */
    long againNanos;

    MappedDevice(Wanted want) {
        this.want = want;
    }

    /** Whether nothing is expected of it soon. */
    boolean isCalm() {
        return live || taken || !reason.isEmpty();
    }

    /** Whether there is something to do, now that the front end shows a device. */
    boolean wants(ShownDevice shown, long nowNanos) {
        return shown.state() == ShownDevice.State.LIVE
                && !taken
                && !(live && below.equals(shown.path()))
                && nowNanos - againNanos >= 0;
    }

    ShownDevice shown(ShownDevice under) {
        ShownDevice.State state = under.state();
        if (!live && state == ShownDevice.State.LIVE) {
            state = taken ? ShownDevice.State.ABSENT : ShownDevice.State.STARTING;
        }
        return new ShownDevice(
                under.name(),
                live ? want.path() : "",
                state,
                new ShownDevice.Mapping(want.name(), want.uuid(), live ? below : under.path()));
    }
}
