package dmctl.nativebridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dmctl.nativebridge.UblkDevice.State;
import dmctl.nativebridge.UblkException.Why;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class UblkControlTest {
    private static final UblkGeometry SMALL = new UblkGeometry(512, 1 << 20, 64 << 10);
    private static final long MARK = 0x1122334455667788L;

    private final FakeUblk driver = new FakeUblk();

    /** Serves a device from memory until it is taken away; ends with how many requests it saw. */
    private CompletableFuture<Integer> serve(UblkDevice device, byte[] disk) {
        CompletableFuture<Integer> seen = new CompletableFuture<>();
        Thread.ofPlatform()
                .daemon(true)
                .start(() -> {
                    try {
                        seen.complete(serveHere(device, disk));
                    } catch (IOException | RuntimeException e) {
                        seen.completeExceptionally(e);
                    }
                });
        return seen;
    }

    private int serveHere(UblkDevice device, byte[] disk) throws IOException {
        CommandRing ring = driver.ring(device.depth(), false);
        int fd = driver.openServer(device.id());
        UblkQueue queue = UblkQueue.open(driver, ring, fd, device, 3);
        queue.fetchAll();
        int seen = 0;
        int aborted = 0;
        while (aborted < device.depth()) {
            ring.await(100_000_000L);
            while (ring.next()) {
                assertThat(UblkQueue.slot(ring.data())).isEqualTo(3);
                if (ring.result() == -Errno.ENODEV) {
                    aborted++;
                } else {
                    seen++;
                    queue.commit(
                            UblkQueue.tag(ring.data()),
                            carryOut(queue, UblkQueue.tag(ring.data()), disk));
                }
            }
        }
        queue.close();
        return seen;
    }

    private static int carryOut(UblkQueue queue, int tag, byte[] disk) {
        int at = (int) queue.offset(tag);
        int length = (int) queue.length(tag);
        MemorySegment memory = queue.memory(tag);
        switch (queue.op(tag)) {
            case UblkQueue.READ ->
                    MemorySegment.copy(disk, at, memory, ValueLayout.JAVA_BYTE, 0, length);
            case UblkQueue.WRITE ->
                    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, 0, disk, at, length);
            default -> {
                return queue.fua(tag) ? -Errno.EROFS : 0;
            }
        }
        return length;
    }

    @Test
    void a_device_lives_its_life() throws Exception {
        byte[] disk = new byte[1 << 20];
        try (UblkControl control = UblkControl.open(driver)) {
            UblkDevice device = control.add(UblkControl.ANY_ID, 4, SMALL, MARK);
            assertThat(UblkDevice.path(device.id())).isEqualTo("/dev/ublkb0");
            assertThat(device.survives()).isTrue();
            assertThat(control.geometry(0)).isEqualTo(SMALL);
            assertThat(control.device(0))
                    .isEqualTo(new UblkDevice(0, State.DEAD, 4, 64 << 10, 0, device.flags(), MARK));
            CompletableFuture<Integer> server = serve(device, disk);
            control.start(0);
            assertThat(control.device(0).state()).isEqualTo(State.LIVE);
            assertThat(control.device(0).pid()).isEqualTo((int) ProcessHandle.current().pid());
            byte[] data = new byte[8192];
            java.util.Arrays.fill(data, (byte) 9);
            assertThat(driver.request(0, UblkQueue.WRITE, 0, 8, 16, data).get()).isEqualTo(8192);
            assertThat(disk[4096]).isEqualTo((byte) 9);
            byte[] back = new byte[8192];
            assertThat(driver.request(0, UblkQueue.READ, 0, 8, 16, back).get()).isEqualTo(8192);
            assertThat(back).isEqualTo(data);
            assertThat(driver.request(0, UblkQueue.FLUSH, 0, 0, 0, new byte[0]).get()).isZero();
            assertThat(driver.request(0, UblkQueue.WRITE_ZEROES, 1 << 13, 0, 8, data).get())
                    .isEqualTo(-Errno.EROFS);
            control.stop(0);
            assertThat(server.get(10, TimeUnit.SECONDS)).isEqualTo(5);
            control.delete(0);
            assertThat(driver.devices()).isEmpty();
            assertThatThrownBy(() -> control.device(0)).hasMessageContaining("ENODEV");
        }
    }

    @Test
    void a_device_whose_server_was_killed_is_taken_over_with_its_requests() throws Exception {
        byte[] disk = new byte[1 << 20];
        try (UblkControl control = UblkControl.open(driver)) {
            UblkDevice device = control.add(7, 2, SMALL, MARK);
            assertThatThrownBy(() -> control.add(7, 2, SMALL, MARK))
                    .hasMessage("ublk device 7: ADD_DEV: exists already (EEXIST)");
            CompletableFuture<Integer> first = serve(device, disk);
            control.start(7);
            assertThatThrownBy(() -> control.startRecovery(7)).hasMessageContaining("EBUSY");
            driver.killServer();
            assertThat(first).isNotDone();
        }
        try (UblkControl control = UblkControl.open(driver)) {
            assertThat(control.device(7).state()).isEqualTo(State.QUIESCED);
            CompletableFuture<Integer> waiting =
                    driver.request(7, UblkQueue.WRITE, 0, 0, 1, new byte[512]);
            assertThat(waiting).isNotDone();
            control.startRecovery(7);
            CompletableFuture<Integer> second = serve(control.device(7), disk);
            control.endRecovery(7);
            assertThat(waiting.get(10, TimeUnit.SECONDS)).isEqualTo(512);
            control.stop(7);
            control.delete(7);
            assertThat(second.get(10, TimeUnit.SECONDS)).isEqualTo(1);
        }
    }

    @Test
    void a_command_without_an_answer_has_a_deadline() throws Exception {
        try (UblkControl control = UblkControl.open(driver)) {
            control.add(0, 2, SMALL, MARK);
            driver.stuckCommand = UblkAbi.DEL_DEV;
            long before = System.nanoTime();
            assertThatThrownBy(() -> control.delete(0))
                    .isInstanceOfSatisfying(
                            UblkException.class, e -> assertThat(e.why()).isEqualTo(Why.NO_ANSWER))
                    .hasMessage("ublk device 0: DEL_DEV has not ended after 5 s");
            assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - before))
                    .isBetween(4L, 20L);
            assertThat(control.device(0).id()).isZero();
        }
    }

    private void assertRefused(Why why, String what, String remedy) {
        assertThatThrownBy(() -> UblkControl.open(driver))
                .isInstanceOfSatisfying(
                        UblkException.class,
                        e -> {
                            assertThat(e.why()).isEqualTo(why);
                            assertThat(e.getMessage()).contains(what).doesNotContain("\n");
                            assertThat(e.remedy()).contains(remedy).doesNotContain("\n");
                        });
    }

    @Test
    void what_is_in_the_way_is_said_with_the_remedy() {
        driver.controlError = Errno.ENOENT;
        assertRefused(Why.MODULE_NOT_LOADED, "not loaded", "modprobe ublk_drv");
        driver.module = false;
        assertRefused(Why.NO_DRIVER, "no ublk driver", "boot one that has ublk_drv");
        driver.controlError = Errno.EACCES;
        assertRefused(Why.NO_PRIVILEGE, "no right", "CAP_SYS_ADMIN");
        driver.controlError = 0;
        driver.ringError = Errno.EPERM;
        assertRefused(Why.NO_IO_URING, "io_uring", "kernel.io_uring_disabled=0");
        driver.ringError = Errno.EINVAL;
        assertRefused(Why.TOO_OLD, "128 bytes", "Linux 6.5");
        driver.ringError = 0;
        driver.features = 0;
        assertRefused(Why.TOO_OLD, "GET_FEATURES", "Linux 6.5");
        driver.features = 0x1fe & ~UblkAbi.F_USER_RECOVERY_REISSUE;
        assertRefused(Why.TOO_OLD, "no USER_RECOVERY_REISSUE", "Linux 6.5");
    }

    @Test
    void a_device_that_is_not_what_was_asked_for_is_given_back() throws Exception {
        try (UblkControl control = UblkControl.open(driver)) {
            driver.features = 0x1fe & ~UblkAbi.F_USER_RECOVERY;
            assertThatThrownBy(() -> control.add(0, 2, SMALL, MARK))
                    .hasMessageContaining("got no USER_RECOVERY");
            assertThat(driver.devices()).isEmpty();
        }
    }
}
