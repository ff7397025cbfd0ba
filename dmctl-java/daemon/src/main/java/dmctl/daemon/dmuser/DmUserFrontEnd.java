package dmctl.daemon.dmuser;

import dmctl.daemon.front.BackingGroup;
import dmctl.daemon.front.DeviceFrontEnd;
import dmctl.daemon.front.FrontEndProblem;
import dmctl.daemon.front.ShownDevice;
import dmctl.daemon.io.LoopTimer;
import dmctl.daemon.nbd.Export;
import dmctl.engine.GroupStatus.Role;
import dmctl.nativebridge.DmUserFile;
import dmctl.nativebridge.DmUserMessage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Serves the devices of a group at /dev/dm-user/GROUP-DEVICE, to tables {@code 0 SECTORS user 0
 * SECTORS GROUP-DEVICE}. Requests wait while the group is not served here, and fail once another
 * site has become primary. A daemon that ends takes the requests under way with it: the driver
 * fails them.
 */
public final class DmUserFrontEnd implements DeviceFrontEnd {
    private static final long ROLE_NANOS = 1_000_000_000;

    private final BackingGroup group;
    private final List<DmUserDevice> devices = new ArrayList<>();
    private final long startedMicros;
    private boolean serving;
    private boolean lost;

    /** Null before the role was looked at for the first time. */
    private @Nullable LoopTimer roleTimer;

    private boolean closed;
    private long submittedBefore;

    private DmUserFrontEnd(BackingGroup group) {
        this.group = group;
        this.startedMicros = group.loop().clock().wallMicros();
    }

    /**
     * Begins to look for the devices. Before the loop runs.
     *
     * @param exports the devices of the group
     * @param group whose devices they are
     * @return the front end
     * @throws IOException if the group's blocks are larger than the driver's
     */
    public static DmUserFrontEnd open(List<Export> exports, BackingGroup group) throws IOException {
        return open(exports, group, DmUserFile::open);
    }

    static DmUserFrontEnd open(List<Export> exports, BackingGroup group, DmUserReader.Opener opener)
            throws IOException {
        DmUserFrontEnd front = new DmUserFrontEnd(group);
        for (Export export : exports) {
            if (export.blockSize() != DmUserMessage.SECTOR_BYTES) {
                throw new IOException(
                        "front-end: dm-user has blocks of 512 bytes, the group of "
                                + export.blockSize()
                                + "; write another front-end");
            }
            front.devices.add(new DmUserDevice(export, group, opener));
        }
        front.devices.forEach(device -> device.reader.start());
        return front;
    }

    @Override
    public boolean endOfRound() {
        boolean now = group.serving();
        if (now != serving) {
            serving = now;
            lost = false;
            goOn();
            lookAtRole();
        } else if (!now && roleTimer == null) {
            lookAtRole();
        }
        long submitted = 0;
        for (int i = 0; i < devices.size(); i++) {
            submitted += devices.get(i).submitted;
        }
        boolean again = submitted != submittedBefore;
        submittedBefore = submitted;
        return again;
    }

    private void goOn() {
        for (DmUserDevice device : devices) {
            device.goOn(lost);
        }
    }

    private void lookAtRole() {
        if (roleTimer != null) {
            roleTimer.cancel();
        }
        if (serving || lost || closed) {
            return;
        }
        Role now = group.role().get();
        if (now == Role.TARGET || now == Role.FENCED) {
            lost = true;
            goOn();
        } else {
            roleTimer = group.loop().schedule(ROLE_NANOS, this::lookAtRole);
        }
    }

    @Override
    public List<ShownDevice> devices() {
        return devices.stream().map(DmUserDevice::shown).toList();
    }

    @Override
    public @Nullable FrontEndProblem problem() {
        for (DmUserDevice device : devices) {
            if (!device.reader.problem().isEmpty()) {
                return new FrontEndProblem(
                        device.reader.problem(),
                        startedMicros,
                        "mend that; it is tried again and again");
            }
        }
        return null;
    }

    @Override
    public long memoryBytes() {
        return devices.size() * DmUserDevice.memoryBytes();
    }

    @Override
    public void stop(boolean keepUsed, Consumer<String> told) {
        List<String> named = new ArrayList<>();
        for (DmUserDevice device : devices) {
            if (device.reader.isOpen()) {
                named.add(device.reader.path());
            }
        }
        String paths = String.join(", ", named);
        if (!named.isEmpty() && !keepUsed) {
            told.accept("tables name " + paths + "; dmsetup remove them first");
            return;
        }
        if (!named.isEmpty()) {
            group.say("tables name " + paths + ": their requests fail until the next daemon");
        }
        told.accept("");
    }

    @Override
    public void close() {
        closed = true;
        devices.forEach(device -> device.reader.stop());
    }
}
