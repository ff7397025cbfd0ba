package dmctl.daemon;

import com.grack.nanojson.JsonObject;
import dmctl.config.Address;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.DaemonPlaces;
import dmctl.daemon.front.DeviceFrontEnd;
import dmctl.daemon.io.GroupLoop;
import dmctl.daemon.kernelnbd.KernelNbdDevices;
import dmctl.daemon.nbd.Export;
import dmctl.daemon.nbd.NbdLimits;
import dmctl.daemon.nbd.NbdServer;
import dmctl.engine.Group;
import dmctl.engine.GroupStatus.Role;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The ways in for applications. On the loop, or before it starts. */
final class FrontEnds {
    private final NbdServer nbd;
    private final GroupConfig.FrontEnd kind;
    private final @Nullable DeviceFrontEnd devices;

    private FrontEnds(NbdServer nbd, GroupConfig.FrontEnd kind, @Nullable DeviceFrontEnd devices) {
        this.nbd = nbd;
        this.kind = kind;
        this.devices = devices;
    }

    /** Opens every way in that the group's file names for this site. */
    static FrontEnds open(
            GroupConfig config,
            DaemonPlaces places,
            Group group,
            GroupLoop loop,
            Consumer<String> events)
            throws IOException {
        List<Export> exports =
                config.devices().stream()
                        .map(device ->
                                new Export(
                                        device.name(),
                                        config.name(),
                                        device.nr(),
                                        device.sizeBytes(),
                                        config.blockSize()))
                        .toList();
        NbdServer nbd = new NbdServer(exports, group, NbdLimits.DEFAULT, loop::register, events);
        for (Address address : places.nbd()) {
            nbd.listen(Definitions.address(address), config.insecure());
        }
        Supplier<Role> role = () -> group.status().role();
        DeviceFrontEnd devices =
                switch (places.frontEnd()) {
                    case SOCKETS -> null;
                    case KERNEL_NBD ->
                            KernelNbdDevices.open(
                                    exports, nbd, group, role, loop, places.stateDir(), events);
                    case UBLK, DM_USER ->
                            throw new IOException(
                                    "front-end: this release has sockets and kernel-nbd only;"
                                            + " write one of these");
                };
        return new FrontEnds(nbd, places.frontEnd(), devices);
    }

    /** Does what comes after the group's turn; true if the group should have its turn again. */
    boolean endOfRound() {
        DeviceFrontEnd shown = devices;
        boolean again = shown != null && shown.endOfRound();
        return nbd.endOfRound() || again;
    }

    /** How the devices appear on this machine. */
    JsonObject status(long nowMicros) {
        return devices == null
                ? StatusJson.frontEnd(kind, List.of(), null, nowMicros)
                : StatusJson.frontEnd(kind, devices.devices(), devices.problem(), nowMicros);
    }

    /**
     * Takes the devices of the machine away, before the group stops.
     *
     * @param keepUsed whether those in use stay, or else the group goes on
     * @param told an empty text when the group may stop, else why it should not
     */
    void stop(boolean keepUsed, Consumer<String> told) {
        if (devices == null) {
            told.accept("");
        } else {
            devices.stop(keepUsed, told);
        }
    }

    /** Ends every connection and stops listening. */
    void close() {
        if (devices != null) {
            devices.close();
        }
        nbd.close();
    }
}
