package dmctl.daemon.mapper;

import dmctl.config.GroupConfig.FrontEnd;
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
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A front end of which the test says what it shows, and a device-mapper in memory. */
@Timeout(60)
abstract class MappedNames {
    static final List<Export> EXPORTS =
            List.of(
                    new Export("data", "g", 0, 1 << 20, 512),
                    new Export("wal", "g", 1, 1 << 20, 512));
    static final String UUID = "DMCTL-abc-0-0";
    static final Wanted DATA = new Wanted(0, "data", "g-data", UUID, 2048, false);
    static final Wanted WAL = new Wanted(1, "wal", "g-wal", "DMCTL-abc-0-1", 2048, false);

    @TempDir Path folder;
    final FakeMapper kernel = new FakeMapper();
    final FakeUnder under = new FakeUnder();
    final FakeUnder ublk = new FakeUnder();
    FrontEnd kind = FrontEnd.KERNEL_NBD;
    MappedFrontEnd mapped;
    final MemoryFrontEnd group = new MemoryFrontEnd(EXPORTS);
    String boot = "boot-1";
    final AtomicInteger opened = new AtomicInteger();
    volatile String missing = "";
    ShownGroup shown;

    final Machine machine =
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
        // It still writes what it was told before.
        Eventually.until(() ->
                Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().equals("mapper")));
    }

    void live(String data, String wal) {
        under.shown =
                List.of(
                        new ShownDevice("data", data, State.LIVE),
                        new ShownDevice("wal", wal, State.LIVE));
    }

    ShownGroup daemon(Wanted... wanted) throws IOException {
        return new ShownGroup(
                EXPORTS,
                group,
                (server, served) ->
                        mapped =
                                MappedFrontEnd.open(
                                        List.of(wanted),
                                        kind,
                                        this::front,
                                        served,
                                        folder,
                                        machine));
    }

    DeviceFrontEnd front(FrontEnd wanted) throws IOException {
        return switch (wanted) {
            case KERNEL_NBD -> under;
            case UBLK -> ublk;
            case SOCKETS, DM_USER -> throw new IOException("no devices");
        };
    }

    /** Changes the front end; returns what was told. */
    String change(FrontEnd to) throws Exception {
        return told(done -> mapped.change(to, done));
    }

    void ublkLive() {
        ublk.shown =
                List.of(
                        new ShownDevice("data", "/dev/nbd8", State.LIVE),
                        new ShownDevice("wal", "/dev/nbd9", State.LIVE));
    }

    void restart(Wanted... wanted) throws IOException {
        shown.close();
        group.serving = false;
        shown = daemon(wanted);
    }

    void serve() {
        shown.serve(true, Role.PRIMARY);
    }

    void awaitLive() {
        Eventually.until(
                () -> shown.devices().stream().allMatch(device -> device.state() == State.LIVE));
    }

    FakeMapper.Device data() {
        return Objects.requireNonNull(kernel.find("g-data"));
    }

    String reason() throws Exception {
        FrontEndProblem problem = shown.problem();
        return problem == null ? "" : problem.reason();
    }

    void awaitReason(String words) {
        Eventually.until(() -> reason().contains(words));
    }

    String told(Consumer<Admin.Done> order) throws Exception {
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
}
