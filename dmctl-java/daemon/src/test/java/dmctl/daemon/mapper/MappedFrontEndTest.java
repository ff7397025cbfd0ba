package dmctl.daemon.mapper;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.FrontEnd;
import dmctl.config.GroupFile;
import dmctl.daemon.front.FrontEndProblem;
import dmctl.daemon.front.ShownDevice;
import dmctl.daemon.front.ShownDevice.State;
import dmctl.daemon.nbd.Eventually;
import dmctl.engine.GroupStatus.Role;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class MappedFrontEndTest extends MappedNames {
    @Test
    void namesAreMadeOnceTheGroupIsServedAndTheFrontEndHasItsDevices() throws Exception {
        under.shown =
                List.of(
                        new ShownDevice("data", "", State.STARTING),
                        new ShownDevice("wal", "/dev/nbd1", State.LIVE));
        assertThat(opened.get()).isZero();
        serve();
        Eventually.until(() -> kernel.find("g-wal") != null);
        Eventually.until(() -> shown.devices().get(1).state() == State.LIVE);
        assertThat(shown.devices())
                .containsExactly(
                        new ShownDevice(
                                "data",
                                "",
                                State.STARTING,
                                new ShownDevice.Mapping("g-data", UUID, "")),
                        new ShownDevice(
                                "wal",
                                "/dev/mapper/g-wal",
                                State.LIVE,
                                new ShownDevice.Mapping("g-wal", WAL.uuid(), "/dev/nbd1")));
        live("/dev/nbd0", "/dev/nbd1");
        awaitLive();
        assertThat(data().table()).isEqualTo("0 2048 linear 43:0 0");
        assertThat(data().uuid).isEqualTo(UUID);
        assertThat(opened.get()).isEqualTo(1);
    }

    @Test
    void aDeviceWithoutANameIsShownAsItIs() throws Exception {
        restart(WAL);
        serve();
        Eventually.until(() -> kernel.find("g-wal") != null);
        assertThat(shown.devices().getFirst())
                .isEqualTo(new ShownDevice("data", "/dev/nbd0", State.LIVE));
        assertThat(kernel.names()).containsExactly("g-wal");
    }

    @Test
    void deviceMapperIsNotTouchedByATargetThatHasMadeNothing() throws Exception {
        shown.serve(false, Role.TARGET);
        assertThat(shown.stop(false)).isEmpty();
        assertThat(under.stops.get()).isEqualTo(1);
        assertThat(opened.get()).isZero();
    }

    @Test
    void theNextDaemonAdoptsWhatAKilledOneHasLeft() throws Exception {
        serve();
        awaitLive();
        data().suspended = true;
        kernel.calls.clear();
        restart(DATA, WAL);
        serve();
        awaitLive();
        assertThat(kernel.calls).containsExactly("resume g-data");
        assertThat(data().suspended).isFalse();
    }

    @Test
    void aTableThatWasLoadedAndNotTakenIsDropped() throws Exception {
        serve();
        awaitLive();
        data().inactive = List.of();
        data().suspended = true;
        restart(DATA, WAL);
        serve();
        awaitLive();
        assertThat(data().table()).isEqualTo("0 2048 linear 43:0 0");
    }

    @Test
    void anotherDeviceOfTheFrontEndIsTakenWhileTheNameIsUsed() throws Exception {
        serve();
        awaitLive();
        data().openCount = 1;
        kernel.calls.clear();
        live("/dev/nbd5", "/dev/nbd1");
        shown.wake();
        Eventually.until(() -> data().table().equals("0 2048 linear 43:5 0"));
        awaitLive();
        assertThat(kernel.calls)
                .containsExactly("reload g-data", "suspend g-data", "resume g-data");
    }

    @Test
    void aChangeThatFailsLeavesTheOldTableInUse() throws Exception {
        serve();
        awaitLive();
        kernel.failing = "suspend";
        live("/dev/nbd5", "/dev/nbd1");
        awaitReason("suspend failed");
        assertThat(data().table()).isEqualTo("0 2048 linear 43:0 0");
        assertThat(data().suspended).isFalse();
        assertThat(data().inactive).isNull();
    }

    @Test
    void aNameOfSomebodyElseIsRefusedAndNeverTouched() throws Exception {
        FakeMapper.Device other = kernel.add("g-data", "LVM-x", "8:1 0");
        serve();
        awaitReason("/dev/mapper/g-data is there already (UUID LVM-x) and was not made by this");
        Eventually.until(() -> kernel.find("g-wal") != null);
        assertThat(shown.devices().getFirst().state()).isEqualTo(State.STARTING);
        assertThat(other.table()).isEqualTo("0 2048 linear 8:1 0");
        assertThat(shown.stop(false)).isEmpty();
        assertThat(kernel.names()).containsExactly("g-data");
    }

    @Test
    void ourUuidMadeWithAnotherStateFolderIsRefused() throws Exception {
        kernel.add("mine", UUID, "8:1 0");
        serve();
        awaitReason("/dev/mapper/mine has the UUID " + UUID + ", but was not made with this");
        assertThat(kernel.names()).contains("mine");
    }

    @Test
    void theRecordOfAnotherBootDoesNotCount() throws Exception {
        serve();
        awaitLive();
        boot = "boot-2";
        restart(DATA, WAL);
        serve();
        awaitReason("was not made with this state folder");
    }

    @Test
    void anotherNameInTheFileRenames() throws Exception {
        serve();
        awaitLive();
        restart(new Wanted(0, "data", "new", UUID, 2048, false), WAL);
        serve();
        awaitLive();
        assertThat(kernel.names()).containsExactlyInAnyOrder("new", "g-wal");
        assertThat(Files.readString(folder.resolve("mapper"))).contains("0 new " + UUID);
    }

    @Test
    void aStopIsRefusedWhileANameIsUsedAndChangesNothing() throws Exception {
        serve();
        awaitLive();
        data().openCount = 1;
        assertThat(shown.stop(false))
                .isEqualTo("in use on this machine: /dev/mapper/g-data; unmount or close it");
        assertThat(under.stops.get()).isZero();
        assertThat(kernel.names()).containsExactlyInAnyOrder("g-data", "g-wal");
        awaitLive();
        data().openCount = 0;
        assertThat(shown.stop(false)).isEmpty();
        assertThat(kernel.names()).isEmpty();
        assertThat(under.stops.get()).isEqualTo(1);
    }

    @Test
    void aServiceStopKeepsWhatIsUsed() throws Exception {
        serve();
        awaitLive();
        data().openCount = 1;
        assertThat(shown.stop(true)).isEmpty();
        assertThat(kernel.names()).containsExactly("g-data");
        assertThat(under.stops.get()).isEqualTo(1);
        restart(DATA, WAL);
        serve();
        awaitLive();
        assertThat(kernel.names()).containsExactlyInAnyOrder("g-data", "g-wal");
    }

    @Test
    void namesComeBackWhereTheFrontEndCannotStop() throws Exception {
        serve();
        awaitLive();
        under.refusal = "in use: data (/dev/nbd0)";
        assertThat(shown.stop(false)).isEqualTo("in use: data (/dev/nbd0)");
        awaitLive();
        assertThat(kernel.names()).containsExactlyInAnyOrder("g-data", "g-wal");
    }

    @Test
    void aSiteThatIsNotPrimaryAnyMoreShowsNothing() throws Exception {
        serve();
        awaitLive();
        data().openCount = 1;
        shown.serve(false, Role.FENCED);
        Eventually.until(() -> data().table().equals("0 2048 error "));
        Eventually.until(() -> kernel.find("g-wal") == null);
        assertThat(shown.devices()).noneMatch(device -> device.path().startsWith("/dev/mapper"));
        data().openCount = 0;
        Eventually.until(() -> kernel.names().isEmpty());
    }

    @Test
    void aSiteThatIsPrimaryAgainTakesBackWhatWasStillUsed() throws Exception {
        serve();
        awaitLive();
        data().openCount = 1;
        shown.serve(false, Role.TARGET);
        Eventually.until(() -> data().table().equals("0 2048 error "));
        serve();
        awaitLive();
        assertThat(data().table()).isEqualTo("0 2048 linear 43:0 0");
    }

    @Test
    void whatIsMissingIsNamedAndTriedAgain() throws Exception {
        missing = "this kernel has no device-mapper; load it with: modprobe dm-mod";
        serve();
        awaitReason("device data: this kernel has no device-mapper; load it with: modprobe dm-mod");
        missing = "";
        awaitLive();
        assertThat(shown.problem()).isNull();
    }

    @Test
    void whatSomebodyElseDoesToItIsSaid() throws Exception {
        serve();
        awaitLive();
        data().suspended = true;
        awaitReason("/dev/mapper/g-data is suspended");
        data().suspended = false;
        kernel.remove(
                dmctl.nativebridge.devmapper.DeviceRef.named("g-wal"),
                dmctl.nativebridge.devmapper.TaskOptions.NONE);
        awaitReason("device wal: /dev/mapper/g-wal was removed by another program");
        assertThat(shown.devices().get(1).state()).isEqualTo(State.ABSENT);
    }

    @Test
    void whatTheFileDoesNotNameAnyMoreIsRemovedUnlessUsed() throws Exception {
        serve();
        awaitLive();
        data().openCount = 1;
        shown.close();
        List<String> events = new CopyOnWriteArrayList<>();
        LeftOvers.remove(List.of(), folder, machine, events::add);
        assertThat(kernel.names()).containsExactly("g-data");
        assertThat(events)
                .containsExactlyInAnyOrder(
                        "/dev/mapper/g-wal was removed",
                        "/dev/mapper/g-data is in use, and the group's file does not name it any"
                                + " more; unmount or close it, and restart the daemon");
        data().openCount = 0;
        LeftOvers.remove(List.of(), folder, machine, events::add);
        assertThat(kernel.names()).isEmpty();
        shown = daemon(DATA);
    }

    @Test
    void namesAreLedToAnotherFrontEndWhileTheyAreUsed() throws Exception {
        serve();
        awaitLive();
        data().openCount = 1;
        ublkLive();
        assertThat(change(FrontEnd.UBLK)).isEqualTo("done: the names lead to ublk");
        assertThat(data().table()).isEqualTo("0 2048 linear 43:8 0");
        assertThat(shown.devices().getFirst().mapping().below()).isEqualTo("/dev/nbd8");
        assertThat(under.closed).isTrue();
        assertThat(mapped.kind()).isEqualTo(FrontEnd.UBLK);
        Eventually.until(
                () -> Files.readString(folder.resolve("mapper")).contains("front-end ublk\n"));
        assertThat(change(FrontEnd.UBLK)).isEqualTo("refused: the front end is ublk already");
    }

    @Test
    void aFrontEndThatCannotBeHadChangesNothing() throws Exception {
        serve();
        awaitLive();
        ublk.problem = new FrontEndProblem("no module", 1, "modprobe ublk_drv");
        assertThat(change(FrontEnd.UBLK))
                .isEqualTo(
                        "refused: ublk: no module; modprobe ublk_drv; the front end is kernel-nbd"
                                + " as before");
        assertThat(ublk.closed).isTrue();
        assertThat(data().table()).isEqualTo("0 2048 linear 43:0 0");
        assertThat(change(FrontEnd.SOCKETS)).isEqualTo("refused: no devices");
    }

    @Test
    void aNameThatCannotBeLedToTheNewOneTakesAllBack() throws Exception {
        serve();
        awaitLive();
        ublkLive();
        kernel.failing = "suspend";
        kernel.failingName = "g-wal";
        kernel.failingCount = 1;
        assertThat(change(FrontEnd.UBLK))
                .isEqualTo("refused: ublk: suspend failed; the front end is kernel-nbd as before");
        assertThat(data().table()).isEqualTo("0 2048 linear 43:0 0");
        assertThat(Objects.requireNonNull(kernel.find("g-wal")).table())
                .isEqualTo("0 2048 linear 43:1 0");
        assertThat(ublk.closed).isTrue();
        assertThat(under.closed).isFalse();
    }

    @Test
    void whatStillUsesTheOldFrontEndIsNamedAndKeepsIt() throws Exception {
        serve();
        awaitLive();
        ublkLive();
        under.refusal = "in use: /dev/nbd0";
        assertThat(change(FrontEnd.UBLK))
                .isEqualTo("done: the names lead to ublk; what is left: in use: /dev/nbd0");
        assertThat(under.closed).isFalse();
        under.refusal = "";
        Eventually.until(() -> under.closed);
    }

    @Test
    void aDaemonThatWasKilledInAChangeServesBothAndEndsIt() throws Exception {
        serve();
        awaitLive();
        ublkLive();
        kernel.suspend(
                dmctl.nativebridge.devmapper.DeviceRef.named("g-data"),
                dmctl.nativebridge.devmapper.TaskOptions.NONE);
        Path record = folder.resolve("mapper");
        Files.writeString(
                record,
                Files.readString(record)
                        .replace("front-end kernel-nbd", "front-end kernel-nbd ublk"));
        assertThat(LeftOvers.kinds(folder, machine))
                .containsExactly(FrontEnd.KERNEL_NBD, FrontEnd.UBLK);
        kind = FrontEnd.UBLK;
        restart(DATA, WAL);
        serve();
        Eventually.until(() -> data().table().equals("0 2048 linear 43:8 0"));
        Eventually.until(() -> under.stops.get() == 1);
        assertThat(data().suspended).isFalse();
        assertThat(mapped.kind()).isEqualTo(FrontEnd.UBLK);
    }

    @Test
    void theFilesOtherFrontEndIsTakenAfterARestartWhileNamesAreUsed() throws Exception {
        serve();
        awaitLive();
        data().openCount = 1;
        ublkLive();
        kind = FrontEnd.UBLK;
        restart(DATA, WAL);
        assertThat(mapped.kind()).isEqualTo(FrontEnd.KERNEL_NBD);
        serve();
        Eventually.until(() -> data().table().equals("0 2048 linear 43:8 0"));
        awaitLive();
    }

    @Test
    void aUuidSaysGroupSiteAndDevice() throws Exception {
        GroupConfig group =
                GroupFile.parse(
                        Path.of("/srv/erp.yaml"),
                        """
                        group: erp
                        uuid: 6f1c2a34-9f5e-4b6a-8a1d-3c5b7e9f0a12
                        devices: [{name: data, size: 1MiB, nr: 7}]
                        sites:
                          - name: home
                            nr: 40
                            listen: unix:l
                            log: {path: log}
                            devices: {data: d}
                            front-end: ublk
                            mapper: true
                        """);
        assertThat(Wanted.of(group, group.site("home").orElseThrow()))
                .containsExactly(
                        new Wanted(
                                7,
                                "data",
                                "erp-data",
                                "DMCTL-6f1c2a349f5e4b6a8a1d3c5b7e9f0a12-40-7",
                                2048,
                                false));
    }
}
