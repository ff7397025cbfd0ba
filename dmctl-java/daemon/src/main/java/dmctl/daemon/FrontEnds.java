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
import dmctl.daemon.nbd.Export;
import dmctl.daemon.nbd.NbdLimits;
import dmctl.daemon.nbd.NbdServer;
import dmctl.daemon.ublk.UblkFrontEnd;
import dmctl.daemon.ublk.UblkSettings;
import dmctl.engine.Group;
import dmctl.engine.GroupStatus.Role;
import dmctl.nativebridge.UblkSystem;
import java.io.IOException;
import java.nio.file.Files;
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
        return new FrontEnds(
                nbd,
                SiteSettings.spelled(places.frontEnd()),
                devices(config, self, exports, nbd, group, loop, events));
    }

    private static @Nullable DeviceFrontEnd devices(
            GroupConfig config,
            Site self,
            List<Export> exports,
            NbdServer nbd,
            Group group,
            GroupLoop loop,
            Consumer<String> events)
            throws IOException {
        GroupConfig.FrontEnd kind = self.daemon().orElseThrow().frontEnd();
        Path stateDir = self.daemon().orElseThrow().stateDir();
        Supplier<Role> role = () -> group.status().role();
        if (kind != GroupConfig.FrontEnd.KERNEL_NBD) {
            KernelNbdDevices.removeLeftOvers(exports, stateDir, events);
        }
        return switch (kind) {
            case SOCKETS, UBLK -> ublk(config, self, group, loop, events);
            case KERNEL_NBD ->
                    KernelNbdDevices.open(exports, nbd, group, role, loop, stateDir, events);
            case DM_USER -> DmUserFrontEnd.open(exports, group, role, loop, events);
        };
    }

    /** Where the file asks for it; else to remove what an earlier start has left, if anything. */
    private static @Nullable DeviceFrontEnd ublk(
            GroupConfig config, Site self, Group group, GroupLoop loop, Consumer<String> events) {
        DaemonPlaces places = self.daemon().orElseThrow();
        boolean wanted = places.frontEnd() == GroupConfig.FrontEnd.UBLK;
        UblkSettings settings =
                new UblkSettings(
                        config.uuid(),
                        self.name(),
                        config.blockSize(),
                        config.devices(),
                        places.stateDir(),
                        wanted);
        return wanted || Files.exists(settings.record())
                ? new UblkFrontEnd(settings, UblkSystem.ofKernel(), group, loop, events)
                : null;
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
