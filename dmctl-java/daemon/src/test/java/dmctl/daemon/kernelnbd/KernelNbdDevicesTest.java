package dmctl.daemon.kernelnbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dmctl.daemon.front.ShownDevice;
import dmctl.daemon.front.ShownDevice.State;
import dmctl.daemon.front.ShownGroup;
import dmctl.daemon.nbd.Eventually;
import dmctl.daemon.nbd.Export;
import dmctl.daemon.nbd.MemoryFrontEnd;
import dmctl.engine.GroupStatus.Role;
import dmctl.nativebridge.Errno;
import dmctl.nativebridge.FakeNbdDisk;
import dmctl.nativebridge.FakeNbdKernel;
import dmctl.nativebridge.KernelNbd;
import dmctl.nativebridge.NbdDisks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class KernelNbdDevicesTest {
    private static final List<Export> EXPORTS =
            List.of(
                    new Export("data", "g", 0, 4 << 20, 4096),
                    new Export("wal", "g", 7, 1 << 20, 4096));
    private static final int BLOCK = 4096;

    @TempDir Path folder;
    private Path state;
    private FakeNbdKernel kernel;
    private MemoryFrontEnd group;
    private ShownGroup shown;
    private final Set<Integer> inUse = ConcurrentHashMap.newKeySet();

    @BeforeEach
    void begin() throws Exception {
        state = Files.createDirectory(folder.resolve("state"));
        kernel = new FakeNbdKernel(4, folder.resolve("sys"));
        group =
                new MemoryFrontEnd(
                        List.of(EXPORTS.get(0), new Export("wal", "g", 1, 1 << 20, 512)));
        group.serving = false;
        shown = daemon();
    }

    @AfterEach
    void end() {
        group.holding = false;
        shown.close();
    }

    private final KernelNbdHost.Machine machine =
            new KernelNbdHost.Machine() {
                @Override
                public KernelNbd open() throws IOException {
                    return kernel.open();
                }

                @Override
                public NbdDisks disks() {
                    return kernel.disks();
                }

                @Override
                public boolean inUse(int index) {
                    return inUse.contains(index);
                }
            };

    private ShownGroup daemon() throws IOException {
        return new ShownGroup(
                EXPORTS,
                group,
                (server, served) -> KernelNbdDevices.open(EXPORTS, server, served, state, machine));
    }

    private static byte[] block(int value) {
        byte[] bytes = new byte[BLOCK];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private void live() {
        shown.serve(true, Role.PRIMARY);
        Eventually.until(
                () -> shown.devices().stream().allMatch(device -> device.state() == State.LIVE));
    }

    private FakeNbdDisk data() throws Exception {
        String path = shown.devices().getFirst().path();
        return kernel.device(Integer.parseInt(path.substring("/dev/nbd".length())));
    }

    @Test
    void nothingIsShownBeforeTheGroupIsServed() throws Exception {
        assertThat(shown.devices())
                .containsExactly(
                        new ShownDevice("data", "", State.ABSENT),
                        new ShownDevice("wal", "", State.ABSENT));
        assertThat(kernel.connects()).isZero();
        live();
        assertThat(shown.devices())
                .containsExactly(
                        new ShownDevice("data", "/dev/nbd0", State.LIVE),
                        new ShownDevice("wal", "/dev/nbd1", State.LIVE));
        assertThat(shown.problem()).isNull();
        assertThat(kernel.disks().sizeBytes(0)).isEqualTo(4 << 20);
    }

    @Test
    void whatTheKernelWritesItReadsBack() throws Exception {
        live();
        FakeNbdDisk disk = data();
        assertThat(disk.await(disk.write(2 * BLOCK, block(7)))).isZero();
        assertThat(disk.await(disk.flush())).isZero();
        assertThat(disk.read(2 * BLOCK, BLOCK)).isEqualTo(block(7));
        assertThat(group.bytes(0, 2 * BLOCK, BLOCK)).isEqualTo(block(7));
        assertThat(group.flushes).isEqualTo(1);
    }

    @Test
    void devicesOfOthersAreNeverTouched() throws Exception {
        kernel.takenBySomebodyElse(0);
        Files.writeString(state.resolve("kernel-nbd"), "id \n0 nbd0\n");
        live();
        assertThat(shown.devices())
                .extracting(ShownDevice::path)
                .containsExactly("/dev/nbd1", "/dev/nbd2");
        assertThat(shown.stop(false)).isEmpty();
        assertThat(kernel.disks().connected(0)).isTrue();
        assertThat(kernel.disks().connected(1)).isFalse();
    }

    @Test
    void aKilledDaemonIsFollowedByOneThatGoesOn() throws Exception {
        live();
        FakeNbdDisk disk = data();
        assertThat(disk.await(disk.write(0, block(1)))).isZero();
        group.holding = true;
        long unanswered = disk.write(BLOCK, block(2));
        Eventually.until(() -> group.submitted == 2);
        shown.close();
        assertThat(disk.noticeEnd()).isTrue();
        long meanwhile = disk.write(2 * BLOCK, block(3));

        group.holding = false;
        group.turn();
        kernel.device(1).noticeEnd();
        shown = daemon();
        live();
        assertThat(disk.await(unanswered)).isZero();
        assertThat(disk.await(meanwhile)).isZero();
        assertThat(kernel.connects()).as("the same devices").isEqualTo(2);
        assertThat(disk.sockets).isEqualTo(2);
        assertThat(group.bytes(0, BLOCK, BLOCK)).isEqualTo(block(2));
        assertThat(group.bytes(0, 2 * BLOCK, BLOCK)).isEqualTo(block(3));
    }

    @Test
    void aSocketThatTheKernelDidNotTakeIsOfferedAgain() throws Exception {
        live();
        FakeNbdDisk disk = data();
        shown.close();
        shown = daemon();
        shown.serve(true, Role.PRIMARY);
        // It has not noticed yet that the old one is dead, and drops the new ones without a word.
        Eventually.until(() -> shown.devices().getFirst().state() == State.WAITING);
        assertThat(disk.sockets).isEqualTo(1);
        assertThat(disk.noticeEnd()).isTrue();
        Eventually.until(() -> disk.sockets == 2);
        assertThat(disk.await(disk.write(0, block(4)))).isZero();
    }

    @Test
    void anOrphanIsFoundThoughItsNumberWasNotNoted() throws Exception {
        live();
        FakeNbdDisk disk = data();
        shown.close();
        Path file = state.resolve("kernel-nbd");
        String text = Files.readString(file);
        Files.writeString(file, text.replace("0 nbd0\n", "").replace("7 nbd1\n", "7 nbd3\n"));
        disk.noticeEnd();
        kernel.device(1).noticeEnd();
        shown = daemon();
        live();
        assertThat(kernel.connects()).isEqualTo(2);
        assertThat(shown.devices())
                .extracting(ShownDevice::path)
                .contains("/dev/nbd0", "/dev/nbd1");
    }

    @Test
    void aCopyOfTheStateFolderHasNoClaim() throws Exception {
        live();
        Path copy = Files.createDirectory(folder.resolve("copy"));
        Files.copy(state.resolve("kernel-nbd"), copy.resolve("kernel-nbd"));
        KernelNbdIdentity original = KernelNbdIdentity.of(state);
        KernelNbdIdentity other = KernelNbdIdentity.of(copy);
        assertThat(other.backend(0)).isNotEqualTo(original.backend(0));
        assertThat(other.index(0)).isEmpty();
        assertThat(KernelNbdIdentity.of(state).backend(7)).isEqualTo(original.backend(7));
        assertThat(original.index(7)).hasValue(1);
    }

    @Test
    void aDeviceGetsTheNumberItHad() throws Exception {
        kernel.takenBySomebodyElse(0);
        live();
        assertThat(shown.stop(false)).isEmpty();
        shown.close();
        kernel.disconnect(0);
        shown = daemon();
        live();
        assertThat(shown.devices())
                .extracting(ShownDevice::path)
                .containsExactly("/dev/nbd1", "/dev/nbd2");
    }

    @Test
    void whileTheGroupIsNotServedRequestsWaitAndAreNotRefused() throws Exception {
        live();
        FakeNbdDisk disk = data();
        group.holding = true;
        long held = disk.write(0, block(5));
        Eventually.until(() -> group.submitted == 1);
        shown.serve(false, Role.STARTING);
        assertThat(disk.await(held)).as("no answer, the socket ends").isEqualTo(-1);
        kernel.device(1).noticeEnd();
        group.holding = false;
        shown.serve(true, Role.PRIMARY);
        live();
        assertThat(disk.await(held)).isZero();
        assertThat(group.submitted).as("sent again").isEqualTo(2);
    }

    @Test
    void aSiteThatAnotherTookOverFromLetsGoOfItsDevices() throws Exception {
        live();
        shown.serve(false, Role.FENCED);
        Eventually.until(() -> !kernel.disks().connected(0) && !kernel.disks().connected(1));
        assertThat(shown.events)
                .anyMatch(line -> line.contains("data is not served here any more"));
        live();
        assertThat(kernel.connects()).isEqualTo(4);
    }

    @Test
    void whatIsInUseIsNotTakenAwayByOrderAndStaysForTheNextDaemon() throws Exception {
        live();
        inUse.add(1);
        assertThat(shown.stop(false))
                .isEqualTo("in use on this machine: wal (/dev/nbd1); unmount or close it");
        live();
        FakeNbdDisk disk = data();
        assertThat(disk.await(disk.write(0, block(6)))).isZero();
        FakeNbdDisk wal = kernel.device(1);
        assertThat(shown.stop(true)).isEmpty();
        assertThat(kernel.disks().connected(0)).isFalse();
        assertThat(kernel.disks().connected(1)).isTrue();
        assertThat(wal.noticeEnd()).isTrue();
        assertThat(shown.events)
                .anyMatch(line -> line.contains("wal is in use and stays /dev/nbd1"));
    }

    @Test
    void withAnotherFrontEndLeftOversAreTakenAwayUnlessInUse() throws Exception {
        live();
        shown.close();
        inUse.add(1);
        kernel.takenBySomebodyElse(2);
        KernelNbdDevices.removeLeftOvers(EXPORTS, state, machine, shown.events::add);
        Eventually.until(
                () -> shown.events.stream().anyMatch(line -> line.contains("wal is in use")));
        assertThat(kernel.disks().connected(0)).isFalse();
        assertThat(kernel.disks().connected(1)).isTrue();
        assertThat(kernel.disks().connected(2)).isTrue();
    }

    @Test
    void aDeviceDisconnectedBySomebodyElseStaysSo() throws Exception {
        live();
        kernel.disconnect(0);
        Eventually.until(() -> shown.devices().getFirst().state() == State.ABSENT);
        assertThat(Objects.requireNonNull(shown.problem()).reason())
                .isEqualTo("device data: /dev/nbd0 was disconnected by another program");
        assertThat(kernel.connects()).isEqualTo(2);
    }

    @Test
    void aKernelThatCannotIsNamedAndAskedAgain() throws Exception {
        kernel.module = false;
        shown.serve(true, Role.PRIMARY);
        Eventually.until(() -> shown.problem() != null);
        assertThat(Objects.requireNonNull(shown.problem()).reason()).contains("modprobe nbd");
        kernel.module = true;
        kernel.refusal = Errno.EPERM;
        Eventually.until(() -> problemSays("CAP_SYS_ADMIN"));
        kernel.refusal = 0;
        kernel.keepsBackends = false;
        Eventually.until(() -> problemSays("Linux 5.14"));
        // Disconnected again each time it is tried.
        Eventually.until(() -> !kernel.disks().connected(0));
        kernel.keepsBackends = true;
        live();
        assertThat(shown.problem()).isNull();
    }

    private boolean problemSays(String text) throws Exception {
        var problem = shown.problem();
        return problem != null && problem.reason().contains(text);
    }

    @Test
    void moreDevicesThanConnectionsAreRefusedByName() {
        List<Export> many =
                java.util.stream.IntStream.range(0, 8)
                        .mapToObj(nr -> new Export("d" + nr, "g", nr, 4096, 512))
                        .toList();
        assertThatThrownBy(() ->
                        new ShownGroup(
                                many,
                                group,
                                (server, served) ->
                                        KernelNbdDevices.open(many, server, served, state)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("8 devices, but at most 7");
    }
}
