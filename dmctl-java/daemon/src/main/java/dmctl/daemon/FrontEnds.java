package dmctl.daemon;

import dmctl.config.Address;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.DaemonPlaces;
import dmctl.config.GroupConfig.Site;
import dmctl.config.SiteSettings;
import dmctl.daemon.dmuser.DmUserFrontEnd;
import dmctl.daemon.front.DeviceFrontEnd;
import dmctl.daemon.io.GroupLoop;
import dmctl.daemon.kernelnbd.KernelNbdDevices;
import dmctl.daemon.mapper.Machine;
import dmctl.daemon.mapper.MappedFrontEnd;
import dmctl.daemon.mapper.Wanted;
import dmctl.daemon.nbd.Export;
import dmctl.daemon.nbd.NbdLimits;
import dmctl.daemon.nbd.NbdServer;
import dmctl.engine.Group;
import dmctl.engine.GroupStatus.Role;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The ways in for applications. On the loop, or before it starts. */
final class FrontEnds {
    private final NbdServer nbd;
    private final String kind;
    private final @Nullable DeviceFrontEnd devices;

    private FrontEnds(NbdServer nbd, String kind, @Nullable DeviceFrontEnd devices) {
        this.nbd = nbd;
        this.kind = kind;
        this.devices = devices;
    }

    /** Opens every way in that the group's file names for this site. */
    static FrontEnds open(
            GroupConfig config, Site self, Group group, GroupLoop loop, Consumer<String> events)
            throws IOException {
        DaemonPlaces places = self.daemon().orElseThrow();
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
        List<Wanted> names = Wanted.of(config, self);
        MappedFrontEnd.removeLeftOvers(names, places.stateDir(), Machine.THIS, events);
        DeviceFrontEnd shown =
                devices(places.frontEnd(), exports, nbd, group, loop, places.stateDir(), events);
        if (shown != null && !names.isEmpty()) {
            shown = mapped(names, shown, group, loop, places.stateDir(), events);
        }
        return new FrontEnds(nbd, SiteSettings.spelled(places.frontEnd()), shown);
    }

    private static DeviceFrontEnd mapped(
            List<Wanted> names,
            DeviceFrontEnd under,
            Group group,
            GroupLoop loop,
            Path stateDir,
            Consumer<String> events)
            throws IOException {
        Supplier<Role> role = () -> group.status().role();
        return MappedFrontEnd.open(names, under, group, role, loop, stateDir, Machine.THIS, events);
    }

    private static @Nullable DeviceFrontEnd devices(
            GroupConfig.FrontEnd kind,
            List<Export> exports,
            NbdServer nbd,
            Group group,
            GroupLoop loop,
            Path stateDir,
            Consumer<String> events)
            throws IOException {
        Supplier<Role> role = () -> group.status().role();
        if (kind != GroupConfig.FrontEnd.KERNEL_NBD) {
            KernelNbdDevices.removeLeftOvers(exports, stateDir, events);
        }
        return switch (kind) {
            case SOCKETS -> null;
            case KERNEL_NBD ->
                    KernelNbdDevices.open(exports, nbd, group, role, loop, stateDir, events);
            case DM_USER -> DmUserFrontEnd.open(exports, group, role, loop, events);
            case UBLK ->
                    throw new IOException(
                            "front-end: ublk is not there yet; write \"front-end: kernel-nbd\" or"
                                    + " \"front-end: sockets\"");
        };
    }

    /** Does what comes after the group's turn; true if the group should have its turn again. */
    boolean endOfRound() {
        boolean more = nbd.endOfRound();
        DeviceFrontEnd shown = devices;
        if (shown != null) {
            more |= shown.endOfRound();
        }
        return more;
    }

    /** Takes the devices away before the group stops; see {@link DeviceFrontEnd#stop}. */
    void stop(boolean keepUsed, Consumer<String> told) {
        DeviceFrontEnd shown = devices;
        if (shown == null) {
            told.accept("");
        } else {
            shown.stop(keepUsed, told);
        }
    }

    FrontEndView view() {
        DeviceFrontEnd shown = devices;
        return shown == null
                ? new FrontEndView(kind, List.of(), null, 0)
                : new FrontEndView(kind, shown.devices(), shown.problem(), shown.memoryBytes());
    }

    /** Ends every connection and stops listening. */
    void close() {
        nbd.close();
        DeviceFrontEnd shown = devices;
        if (shown != null) {
            shown.close();
        }
    }
}
