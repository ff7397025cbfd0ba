package dmctl.daemon.mapper;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.FrontEnd;
import dmctl.config.GroupFile;
import dmctl.daemon.front.DeviceFrontEnd;
import dmctl.daemon.front.FrontEndProblem;
import dmctl.daemon.front.ShownDevice;
import dmctl.daemon.front.ShownDevice.State;
import dmctl.daemon.front.ShownGroup;
import dmctl.daemon.nbd.Eventually;
import dmctl.daemon.nbd.Export;
import dmctl.daemon.nbd.MemoryFrontEnd;
import dmctl.engine.Admin;
import dmctl.engine.GroupStatus.Role;
import dmctl.nativebridge.devmapper.DeviceMapper;
import dmctl.nativebridge.devmapper.DeviceMapperException;
import dmctl.nativebridge.devmapper.DeviceNumber;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class MappedFrontEndTest {
    private static final List<Export> EXPORTS =
            List.of(
                    new Export("data", "g", 0, 1 << 20, 512),
                    new Export("wal", "g", 1, 1 << 20, 512));
    private static final String UUID = "DMCTL-abc-0-0";
    private static final Wanted DATA = new Wanted(0, "data", "g-data", UUID, 2048, false);
    private static final Wanted WAL = new Wanted(1, "wal", "g-wal", "DMCTL-abc-0-1", 2048, false);

    @TempDir Path folder;
    private final FakeMapper kernel = new FakeMapper();
    private final FakeUnder under = new FakeUnder();
    private final FakeUnder ublk = new FakeUnder();
    private FrontEnd kind = FrontEnd.KERNEL_NBD;
    private MappedFrontEnd mapped;
    private final MemoryFrontEnd group = new MemoryFrontEnd(EXPORTS);
    private String boot = "boot-1";
    private final AtomicInteger opened = new AtomicInteger();
    private volatile String missing = "";
    private ShownGroup shown;

    private final Machine machine =
            new Machine() {
                @Override
                public DeviceMapper mapper() throws DeviceMapperException {
                    opened.incrementAndGet();
                    if (!missing.isEmpty()) {
                        throw new DeviceMapperException(missing, 0, false);
                    }
                    return kernel;
                }

                @Override
                public DeviceNumber number(String path) {
                    return new DeviceNumber(43, Integer.parseInt(path.substring(8)));
                }

                @Override
                public String boot() {
                    return boot;
                }
            };

    @BeforeEach
    void begin() throws Exception {
        group.serving = false;
        live("/dev/nbd0", "/dev/nbd1");
        ublk.shown =
                List.of(
                        new ShownDevice("data", "", State.ABSENT),
                        new ShownDevice("wal", "", State.ABSENT));
        shown = daemon(DATA, WAL);
    }

    @AfterEach
    void end() {
        shown.close();
    }

    private void live(String data, String wal) {
        under.shown =
                List.of(
                        new ShownDevice("data", data, State.LIVE),
                        new ShownDevice("wal", wal, State.LIVE));
    }

    private ShownGroup daemon(Wanted... wanted) throws IOException {
        return new ShownGroup(
                EXPORTS,
                group,
                (server, role, loop, whole) ->
                        mapped =
                                MappedFrontEnd.open(
                                        List.of(wanted),
                                        kind,
                                        this::front,
                                        group,
                                        role,
                                        loop,
                                        folder,
                                        machine,
                                        whole.events::add));
    }

    private DeviceFrontEnd front(FrontEnd wanted) throws IOException {
        return switch (wanted) {
            case KERNEL_NBD -> under;
            case UBLK -> ublk;
            case SOCKETS, DM_USER -> throw new IOException("no devices");
        };
    }

    /** Changes the front end; returns what was told. */
    private String change(FrontEnd to) throws Exception {
        return told(done -> mapped.change(to, done));
    }

    private void ublkLive() {
        ublk.shown =
                List.of(
                        new ShownDevice("data", "/dev/nbd8", State.LIVE),
                        new ShownDevice("wal", "/dev/nbd9", State.LIVE));
    }

    private void restart(Wanted... wanted) throws IOException {
        shown.close();
        group.serving = false;
        shown = daemon(wanted);
    }

    private void serve() {
        shown.serve(true, Role.PRIMARY);
    }

    private void awaitLive() {
        Eventually.until(
                () -> shown.devices().stream().allMatch(device -> device.state() == State.LIVE));
    }

    private FakeMapper.Device data() {
        return Objects.requireNonNull(kernel.find("g-data"));
    }

    private String reason() throws Exception {
        FrontEndProblem problem = shown.problem();
        return problem == null ? "" : problem.reason();
    }

    private void awaitReason(String words) {
        Eventually.until(() -> reason().contains(words));
    }

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

    private static final Wanted APP = new Wanted(0, "data", "vg-app", "", 2048, true);
    private static final Wanted LOG = new Wanted(1, "wal", "vg-log", "", 2048, true);

    private void live() {
        kernel.add("vg-app", "LVM-1", "8:1 0").openCount = 1;
        kernel.add("vg-app-origin", "", "8:1 0");
        kernel.add("vg-log", "", "8:2 0").openCount = 1;
        kernel.add("vg-log-origin", "", "8:2 0");
    }

    private String told(Consumer<Admin.Done> order) throws Exception {
        CompletableFuture<String> told = new CompletableFuture<>();
        Admin.Done done =
                new Admin.Done() {
                    @Override
                    public void done(String text) {
                        told.complete("done: " + text);
                    }

                    @Override
                    public void refused(String text) {
                        told.complete("refused: " + text);
                    }
                };
        shown.ask(() -> {
            order.accept(done);
            return "";
        });
        return told.get(40, TimeUnit.SECONDS);
    }

    private String table(String name) {
        return Objects.requireNonNull(kernel.find(name)).table();
    }

    private boolean suspended(String name) {
        return Objects.requireNonNull(kernel.find(name)).suspended;
    }

    @Test
    void theGroupIsPutUnderNamesInUseAndTakenOutAgain() throws Exception {
        live();
        restart(APP, LOG);
        serve();
        assertThat(told(mapped::insert))
                .isEqualTo("done: the group is under /dev/mapper/vg-app, /dev/mapper/vg-log");
        assertThat(table("vg-app")).isEqualTo("0 2048 linear 43:0 0");
        assertThat(table("vg-log")).isEqualTo("0 2048 linear 43:1 0");
        assertThat(Files.readString(folder.resolve("mapper")))
                .contains("0 vg-app LVM-1 inserted\n1 vg-log - inserted\n");
        awaitLive();
        assertThat(shown.stop(false))
                .isEqualTo(
                        "the group is under /dev/mapper/vg-app; take it out and stop it with: dmctl"
                                + " eject");
        restart(APP, LOG);
        serve();
        awaitLive();
        assertThat(told(mapped::beginEject)).isEqualTo("done: ");
        assertThat(suspended("vg-app")).isTrue();
        assertThat(suspended("vg-log")).isTrue();
        assertThat(table("vg-app")).isEqualTo("0 2048 linear 43:0 0");
        assertThat(told(done -> mapped.endEject(true, done))).isEqualTo("done: ");
        assertThat(table("vg-app")).isEqualTo("0 2048 linear 8:1 0");
        assertThat(table("vg-log")).isEqualTo("0 2048 linear 8:2 0");
        assertThat(suspended("vg-log")).isFalse();
        assertThat(Files.readString(folder.resolve("mapper"))).doesNotContain("inserted");
    }

    @Test
    void whatCannotBeAppliedIsNotTakenOut() throws Exception {
        live();
        restart(APP, LOG);
        serve();
        told(mapped::insert);
        told(mapped::beginEject);
        assertThat(told(done -> mapped.endEject(false, done))).isEqualTo("done: ");
        assertThat(table("vg-app")).isEqualTo("0 2048 linear 43:0 0");
        assertThat(suspended("vg-app")).isFalse();
        assertThat(suspended("vg-log")).isFalse();
        awaitLive();
    }

    @ParameterizedTest
    @ValueSource(strings = {"reload", "suspend", "resume"})
    void anInsertionThatFailsLeavesAllNamesAsTheyWere(String call) throws Exception {
        live();
        restart(APP, LOG);
        serve();
        kernel.failing = call;
        kernel.failingName = "vg-log";
        kernel.failingCount = 1;
        assertThat(told(mapped::insert)).isEqualTo("refused: " + call + " failed");
        for (String name : List.of("vg-app", "vg-log")) {
            assertThat(table(name)).isEqualTo(table(name + "-origin"));
            assertThat(suspended(name)).isFalse();
            assertThat(Objects.requireNonNull(kernel.find(name)).inactive).isNull();
        }
        assertThat(Files.readString(folder.resolve("mapper"))).doesNotContain("inserted");
    }

    @ParameterizedTest
    @ValueSource(strings = {"reload", "suspend"})
    void anEjectThatFailsLeavesAllNamesAtTheGroup(String call) throws Exception {
        live();
        restart(APP, LOG);
        serve();
        told(mapped::insert);
        kernel.failing = call;
        kernel.failingName = "vg-log";
        kernel.failingCount = 1;
        assertThat(told(mapped::beginEject)).isEqualTo("refused: " + call + " failed");
        assertThat(table("vg-app")).isEqualTo("0 2048 linear 43:0 0");
        for (String name : List.of("vg-app", "vg-log")) {
            assertThat(suspended(name)).isFalse();
            assertThat(Objects.requireNonNull(kernel.find(name)).inactive).isNull();
        }
        assertThat(told(mapped::beginEject)).isEqualTo("done: ");
    }

    @Test
    void aDaemonThatDiedBeforeTheNamesLedToTheGroupLeavesThemAlone() throws Exception {
        live();
        restart(APP, LOG);
        serve();
        told(mapped::insert);
        Path record = folder.resolve("mapper");
        String noted = Files.readString(record);
        told(mapped::beginEject);
        told(done -> mapped.endEject(true, done));
        Files.writeString(record, noted);
        Objects.requireNonNull(kernel.find("vg-app")).suspended = true;
        restart(APP, LOG);
        serve();
        awaitReason("/dev/mapper/vg-app does not lead to the group; dmctl insert");
        assertThat(table("vg-app")).isEqualTo("0 2048 linear 8:1 0");
        assertThat(suspended("vg-app")).isFalse();
    }

    @Test
    void aNameWithAnotherTableOrSizeThanItsOriginIsRefused() throws Exception {
        live();
        restart(new Wanted(0, "data", "vg-app", "", 4096, true));
        serve();
        assertThat(told(mapped::insert)).contains("has 2048 sectors, device data of the group has");
        kernel.remove(
                dmctl.nativebridge.devmapper.DeviceRef.named("vg-app-origin"),
                dmctl.nativebridge.devmapper.TaskOptions.NONE);
        assertThat(told(mapped::insert)).contains("/dev/mapper/vg-app-origin is gone");
        kernel.add("vg-app-origin", "", "8:7 0");
        assertThat(told(mapped::insert)).contains("does not have the table of");
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
