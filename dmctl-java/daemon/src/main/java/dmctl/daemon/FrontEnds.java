package dmctl.daemon;

import dmctl.config.Address;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.DaemonPlaces;
import dmctl.config.GroupConfig.Site;
import dmctl.config.SiteSettings;
import dmctl.daemon.dmuser.DmUserFrontEnd;
import dmctl.daemon.front.BackingGroup;
import dmctl.daemon.front.DeviceFrontEnd;
import dmctl.daemon.kernelnbd.KernelNbdDevices;
import dmctl.daemon.mapper.LeftOvers;
import dmctl.daemon.mapper.Machine;
import dmctl.daemon.mapper.MappedFrontEnd;
import dmctl.daemon.mapper.Wanted;
import dmctl.daemon.nbd.Export;
import dmctl.daemon.nbd.NbdLimits;
import dmctl.daemon.nbd.NbdServer;
import dmctl.daemon.ublk.UblkFrontEnd;
import dmctl.daemon.ublk.UblkSettings;
import dmctl.engine.Admin;
import dmctl.nativebridge.UblkSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The ways in for applications. On the loop, or before it starts. */
final class FrontEnds {
    private final NbdServer nbd;
    private final GroupConfig.FrontEnd kind;
    private final @Nullable DeviceFrontEnd devices;

    /** The same, where devices have names under /dev/mapper. */
    private final @Nullable MappedFrontEnd mapped;

    private FrontEnds(
            NbdServer nbd,
            GroupConfig.FrontEnd kind,
            @Nullable DeviceFrontEnd devices,
            @Nullable MappedFrontEnd mapped) {
        this.nbd = nbd;
        this.kind = kind;
        this.devices = devices;
        this.mapped = mapped;
    }

    /** Opens every way in that the group's file names for this site. */
    static FrontEnds open(GroupConfig config, Site self, BackingGroup group) throws IOException {
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
        NbdServer nbd =
                new NbdServer(
                        exports, group.requests(), NbdLimits.DEFAULT, group.loop(), group.events());
        for (Address address : places.nbd()) {
            nbd.listen(Definitions.address(address), config.insecure());
        }
        List<Wanted> names = Wanted.of(config, self);
        Path stateDir = places.stateDir();
        LeftOvers.remove(names, stateDir, Machine.THIS, group.events());
        if (places.frontEnd() != GroupConfig.FrontEnd.KERNEL_NBD
                && !LeftOvers.kinds(stateDir, Machine.THIS)
                        .contains(GroupConfig.FrontEnd.KERNEL_NBD)) {
            KernelNbdDevices.removeLeftOvers(exports, stateDir, group.events());
        }
        if (names.isEmpty()) {
            return new FrontEnds(
                    nbd,
                    places.frontEnd(),
                    devices(places.frontEnd(), config, self, exports, nbd, group),
                    null);
        }
        MappedFrontEnd mapped =
                MappedFrontEnd.open(
                        names,
                        places.frontEnd(),
                        kind -> {
                            DeviceFrontEnd made =
                                    Wanted.mayLeadTo(kind)
                                            ? devices(kind, config, self, exports, nbd, group)
                                            : null;
                            if (made == null) {
                                throw new IOException(
                                        "front-end: "
                                                + SiteSettings.spelled(kind)
                                                + " has no devices to lead names to");
                            }
                            return made;
                        },
                        group,
                        stateDir,
                        Machine.THIS);
        return new FrontEnds(nbd, places.frontEnd(), mapped, mapped);
    }

    private static @Nullable DeviceFrontEnd devices(
            GroupConfig.FrontEnd kind,
            GroupConfig config,
            Site self,
            List<Export> exports,
            NbdServer nbd,
            BackingGroup group)
            throws IOException {
        return switch (kind) {
            case SOCKETS, UBLK -> ublk(kind, config, self, group);
            case KERNEL_NBD ->
                    KernelNbdDevices.open(
                            exports, nbd, group, self.daemon().orElseThrow().stateDir());
            case DM_USER -> DmUserFrontEnd.open(exports, group);
        };
    }

    /** Where the file asks for it; else to remove what an earlier start has left, if anything. */
    private static @Nullable DeviceFrontEnd ublk(
            GroupConfig.FrontEnd kind, GroupConfig config, Site self, BackingGroup group) {
        DaemonPlaces places = self.daemon().orElseThrow();
        boolean wanted = kind == GroupConfig.FrontEnd.UBLK;
        UblkSettings settings =
                new UblkSettings(
                        config.uuid(),
                        self.name(),
                        config.blockSize(),
                        config.devices(),
                        places.stateDir(),
                        wanted);
        return wanted || Files.exists(settings.record())
                ? new UblkFrontEnd(settings, UblkSystem.ofKernel(), group)
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
        MappedFrontEnd names = mapped;
        String word = SiteSettings.spelled(names == null ? kind : names.kind());
        return shown == null
                ? new FrontEndView(word, List.of(), null, 0)
                : new FrontEndView(word, shown.devices(), shown.problem(), shown.memoryBytes());
    }

    /** Changes the front end under the names that devices have; see {@link MappedFrontEnd}. */
    void change(GroupConfig.FrontEnd to, Admin.Done told) {
        MappedFrontEnd names = mapped;
        if (names == null) {
            told.refused(
                    "the devices have no names under /dev/mapper that could lead to others; write"
                            + " mapper: true into the group's file, and restart the daemon");
        } else {
            names.change(to, told);
        }
    }

    /** Puts the group under the names that are in use; see {@link MappedFrontEnd}. */
    void insert(Admin.Done told) {
        named(told, names -> names.insert(told));
    }

    /** Holds the I/O of these names, and has them ready to lead to the local devices. */
    void beginEject(Admin.Done told) {
        named(told, names -> names.beginEject(told));
    }

    /** Lets their I/O go on: at the local devices, or at the group as before. */
    void endEject(boolean applied, Admin.Done told) {
        named(told, names -> names.endEject(applied, told));
    }

    private void named(Admin.Done told, Consumer<MappedFrontEnd> order) {
        MappedFrontEnd names = mapped;
        if (names == null) {
            told.refused(
                    "the group's file names no device to put the group under; write mapper:"
                            + " {DEVICE: {insert: NAME}} at the site");
        } else {
            order.accept(names);
        }
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
