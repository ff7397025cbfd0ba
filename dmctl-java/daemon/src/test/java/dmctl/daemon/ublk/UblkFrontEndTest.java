package dmctl.daemon.ublk;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.config.GroupConfig;
import dmctl.daemon.front.BackingGroup;
import dmctl.daemon.front.FrontEndProblem;
import dmctl.daemon.front.ShownDevice;
import dmctl.daemon.front.ShownDevice.State;
import dmctl.daemon.front.ShownGroup;
import dmctl.daemon.io.GroupLoop;
import dmctl.daemon.io.SystemClock;
import dmctl.daemon.io.Turn;
import dmctl.daemon.nbd.Export;
import dmctl.daemon.nbd.MemoryFrontEnd;
import dmctl.engine.GroupStatus.Role;
import dmctl.nativebridge.Errno;
import dmctl.nativebridge.FakeUblk;
import dmctl.nativebridge.UblkDevice;
import dmctl.nativebridge.UblkQueue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
class UblkFrontEndTest {
    private static final int BYTES = 8 << 20;
    private static final UUID GROUP = new UUID(1, 2);
    private static final int FUA = 1 << 13;
    private static final int NO_UNMAP = 1 << 15;

    @TempDir Path folder;

    private static ConditionFactory await() {
        return Awaitility.await().atMost(60, TimeUnit.SECONDS);
    }

    private final FakeUblk driver = new FakeUblk();
    private final MemoryFrontEnd group =
            new MemoryFrontEnd(
                    List.of(
                            new Export("data", "g", 0, BYTES, 512),
                            new Export("wal", "g", 1, BYTES, 512)));
    private final List<String> events = new CopyOnWriteArrayList<>();
    private @Nullable Daemon daemon;

    /** The daemon's loop around a front end and a group in memory. */
    private final class Daemon implements Turn {
        final UblkFrontEnd frontEnd;
        final GroupLoop loop;
        private final SystemClock clock = new SystemClock();
        volatile boolean killed;
        volatile @Nullable Throwable failure;
        private boolean more;

        Daemon(boolean wanted) throws IOException {
            loop = new GroupLoop("test", clock, thrown -> failure = thrown);
            UblkSettings settings =
                    new UblkSettings(
                            GROUP,
                            "home",
                            512,
                            List.of(
                                    new GroupConfig.Device(0, "data", BYTES),
                                    new GroupConfig.Device(1, "wal", BYTES)),
                            folder,
                            wanted);
            frontEnd =
                    new UblkFrontEnd(
                            settings,
                            driver,
                            new BackingGroup(
                                    group,
                                    () -> Role.PRIMARY,
                                    loop,
                                    events::add,
                                    ShownGroup.PAUSE_NANOS));
            loop.start(this);
        }

        @Override
        public void turn() {
            if (!killed) {
                group.turn();
                more = frontEnd.endOfRound();
            }
        }

        @Override
        public long nextWakeNanos() {
            return !killed && (more || group.hasEnds()) ? 0 : Long.MAX_VALUE;
        }

        <T> T onLoop(Callable<T> task) throws Exception {
            CompletableFuture<T> done = new CompletableFuture<>();
            loop.execute(() -> {
                try {
                    done.complete(task.call());
                } catch (Exception e) {
                    done.completeExceptionally(e);
                }
            });
            return done.get(60, TimeUnit.SECONDS);
        }

        List<ShownDevice> shown() throws Exception {
            return onLoop(frontEnd::devices);
        }

        void awaitAll(State state) {
            await().until(() -> shown().stream().allMatch(device -> device.state() == state));
        }

        void wake() {
            loop.execute(() -> {});
        }

        String stop(boolean keepUsed) throws Exception {
            CompletableFuture<String> told = new CompletableFuture<>();
            loop.execute(() -> frontEnd.stop(keepUsed, told::complete));
            return told.get(60, TimeUnit.SECONDS);
        }

        void kill() throws Exception {
            onLoop(() -> {
                killed = true;
                driver.killServer();
                return true;
            });
            loop.stop();
            assertThat(loop.awaitEnd(10_000)).isTrue();
        }
    }

    private Daemon start(boolean wanted) throws IOException {
        Daemon started = new Daemon(wanted);
        daemon = started;
        return started;
    }

    private Daemon live() throws IOException {
        Daemon started = start(true);
        started.awaitAll(State.LIVE);
        return started;
    }

    @AfterEach
    void end() throws InterruptedException {
        Daemon last = daemon;
        if (last != null) {
            last.loop.execute(last.frontEnd::close);
            last.loop.stop();
            assertThat(last.loop.awaitEnd(10_000)).isTrue();
            assertThat(last.failure).isNull();
        }
    }

    private int io(int id, int op, int flags, long offset, byte[] data) throws Exception {
        return driver.request(id, op, flags, offset >> 9, data.length >> 9, data)
                .get(60, TimeUnit.SECONDS);
    }

    private static byte[] filled(int value, int length) {
        byte[] data = new byte[length];
        Arrays.fill(data, (byte) value);
        return data;
    }

    @Test
    void devices_are_there_and_do_what_is_asked() throws Exception {
        Daemon running = live();
        assertThat(running.shown())
                .containsExactly(
                        new ShownDevice("data", "/dev/ublkb0", State.LIVE),
                        new ShownDevice("wal", "/dev/ublkb1", State.LIVE));
        assertThat(events)
                .containsExactly(
                        "device data: /dev/ublkb0 is there", "device wal: /dev/ublkb1 is there");
        byte[] large = filled(7, 512 << 10);
        assertThat(io(0, UblkQueue.WRITE, 0, 4096, large)).isEqualTo(large.length);
        assertThat(group.bytes(0, 4096, large.length)).isEqualTo(large);
        assertThat(group.bytes(1, 4096, 512)).isEqualTo(new byte[512]);
        byte[] back = new byte[8192];
        assertThat(io(0, UblkQueue.READ, 0, 0, back)).isEqualTo(8192);
        assertThat(back).startsWith(new byte[4096]).endsWith(filled(7, 4096));

        assertThat(group.durableRequests).isZero();
        assertThat(io(1, UblkQueue.WRITE, FUA, 0, filled(3, 512))).isEqualTo(512);
        assertThat(group.durableRequests).isOne();
        assertThat(io(1, UblkQueue.FLUSH, 0, 0, new byte[0])).isZero();
        assertThat(group.flushes).isOne();
        assertThat(io(0, UblkQueue.DISCARD, 0, 4096, new byte[4096])).isZero();
        assertThat(io(0, UblkQueue.WRITE_ZEROES, NO_UNMAP, 8192, new byte[4096])).isZero();
        assertThat(group.bytes(0, 4096, 8192)).isEqualTo(new byte[8192]);
        assertThat(io(0, 9, 0, 0, new byte[512])).isEqualTo(-Errno.EOPNOTSUPP);
        group.badOffset = 1 << 20;
        assertThat(io(0, UblkQueue.READ, 0, 1 << 20, new byte[512])).isEqualTo(-Errno.EIO);
    }

    @Test
    void a_write_that_has_to_wait_for_room_keeps_its_memory() throws Exception {
        live();
        group.full = true;
        List<CompletableFuture<Integer>> writes =
                java.util.stream.IntStream.range(0, 300)
                        .mapToObj(i -> driver.request(0, 1, 0, 8L * i, 8, filled(i, 4096)))
                        .toList();
        assertThat(io(1, UblkQueue.READ, 0, 0, new byte[512])).isEqualTo(512);
        assertThat(writes).noneMatch(CompletableFuture::isDone);
        group.full = false;
        Objects.requireNonNull(daemon).wake();
        for (int i = 0; i < writes.size(); i++) {
            assertThat(writes.get(i).get(60, TimeUnit.SECONDS)).isEqualTo(4096);
            assertThat(group.bytes(0, 4096L * i, 4096)).isEqualTo(filled(i, 4096));
        }
    }

    @Test
    void a_killed_daemon_is_followed_by_one_that_goes_on_where_it_was() throws Exception {
        Daemon first = live();
        group.holding = true;
        CompletableFuture<Integer> held = driver.request(0, 1, 0, 0, 8, filled(1, 4096));
        await().until(() -> group.submitted > 2);
        first.kill();
        group.holding = false;
        group.forget();
        assertThat(driver.state(0)).isEqualTo("QUIESCED");
        CompletableFuture<Integer> later = driver.request(0, 1, 0, 8, 8, filled(2, 4096));
        driver.busy.set(3);
        int before = group.submitted;
        live();
        assertThat(held.get(60, TimeUnit.SECONDS)).isEqualTo(4096);
        assertThat(later.get(60, TimeUnit.SECONDS)).isEqualTo(4096);
        assertThat(group.submitted - before).isEqualTo(2);
        assertThat(driver.devices()).containsExactly(0, 1);
        assertThat(events).anyMatch(line -> line.contains("data: /dev/ublkb0 is taken over from"));
    }

    @Test
    void a_recovery_that_was_not_ended_is_ended_and_not_undone() throws Exception {
        live().kill();
        CompletableFuture<Integer> waiting = driver.request(0, 1, 0, 0, 8, filled(1, 4096));
        driver.interrupted.set(1);
        live();
        assertThat(waiting.get(60, TimeUnit.SECONDS)).isEqualTo(4096);
        assertThat(events)
                .anyMatch(line -> line.contains("END_USER_RECOVERY: interrupted"))
                .contains("device data: /dev/ublkb0 goes on")
                .noneMatch(line -> line.contains("removed"));
        assertThat(driver.devices()).containsExactly(0, 1);
    }

    @Test
    void requests_wait_until_it_is_known_whether_the_site_serves() throws Exception {
        Daemon first = live();
        first.kill();
        group.serving = false;
        group.starting = true;
        Daemon second = start(true);
        CompletableFuture<Integer> waiting = driver.request(0, 1, 0, 0, 8, filled(1, 4096));
        for (int i = 0; i < 20; i++) {
            second.onLoop(() -> true);
        }
        assertThat(driver.state(0)).isEqualTo("QUIESCED");
        assertThat(waiting).isNotDone();
        group.serving = true;
        second.wake();
        assertThat(waiting.get(60, TimeUnit.SECONDS)).isEqualTo(4096);

        group.serving = false;
        CompletableFuture<Integer> again = driver.request(0, 1, 0, 0, 8, filled(2, 4096));
        for (int i = 0; i < 20; i++) {
            second.onLoop(() -> true);
        }
        assertThat(again).isNotDone();
        group.serving = true;
        second.wake();
        assertThat(again.get(60, TimeUnit.SECONDS)).isEqualTo(4096);
    }

    @Test
    void a_site_that_does_not_serve_has_no_devices() throws Exception {
        Daemon running = live();
        driver.mount(0, true);
        group.serving = false;
        running.wake();
        driver.mount(0, false);
        running.awaitAll(State.ABSENT);
        await().until(() -> driver.devices().length == 0);
        group.serving = true;
        running.wake();
        running.awaitAll(State.LIVE);
        assertThat(driver.devices()).containsExactly(0, 1);
    }

    @Test
    void a_stop_removes_what_nobody_uses_and_refuses_otherwise() throws Exception {
        Daemon running = live();
        driver.mount(1, true);
        assertThat(running.stop(false))
                .startsWith("in use: wal (/dev/ublkb1")
                .contains("--keep-devices");
        assertThat(running.shown()).allMatch(device -> device.state() == State.LIVE);
        assertThat(io(0, UblkQueue.WRITE, 0, 0, filled(1, 512))).isEqualTo(512);

        assertThat(running.stop(true)).isEmpty();
        assertThat(driver.devices()).containsExactly(1);
        CompletableFuture<Integer> waiting = driver.request(1, 1, 0, 0, 1, filled(5, 512));
        running.onLoop(() -> true);
        assertThat(waiting).isNotDone();
        running.kill();
        live();
        assertThat(waiting.get(60, TimeUnit.SECONDS)).isEqualTo(512);
        driver.mount(1, false);
        assertThat(Objects.requireNonNull(daemon).stop(false)).isEmpty();
        assertThat(driver.devices()).isEmpty();
    }

    @Test
    void devices_of_others_are_never_touched_and_own_leftovers_are_removed() throws Exception {
        long own = new UblkSettings(GROUP, "home", 512, List.of(), folder, true).mark(0) & ~0xffffL;
        long other = new UblkSettings(GROUP, "near", 512, List.of(), folder, true).mark(0);
        driver.addForeign(0, UblkDevice.State.DEAD, 0);
        driver.addForeign(1, UblkDevice.State.LIVE, other);
        driver.addForeign(2, UblkDevice.State.DEAD, own);
        driver.addForeign(3, UblkDevice.State.QUIESCED, own | 1);
        driver.addForeign(4, UblkDevice.State.DEAD, own | 77);
        Daemon running = live();
        assertThat(running.shown())
                .extracting(ShownDevice::path)
                .containsExactly("/dev/ublkb2", "/dev/ublkb3");
        assertThat(driver.devices()).containsExactly(0, 1, 2, 3);
        assertThat(driver.state(1)).isEqualTo("LIVE");
        assertThat(events)
                .contains(
                        "/dev/ublkb2 of an earlier start is removed: it was never shown, or"
                                + " stopped",
                        "/dev/ublkb3 of an earlier start is removed: it cannot be taken over",
                        "/dev/ublkb4 of an earlier start is removed: the group has no such device");
    }

    @Test
    void a_device_gets_its_number_again_if_it_is_free() throws Exception {
        driver.addForeign(0, UblkDevice.State.LIVE, 0);
        Daemon first = live();
        assertThat(first.stop(false)).isEmpty();
        first.kill();
        assertThat(Files.readAllLines(folder.resolve("ublk")))
                .hasSize(3)
                .first()
                .isEqualTo("ublk devices of group " + GROUP + " site home");
        driver.remove(0);
        Daemon second = live();
        assertThat(second.shown())
                .extracting(ShownDevice::path)
                .containsExactly("/dev/ublkb1", "/dev/ublkb2");
        assertThat(second.stop(false)).isEmpty();
        second.kill();
        driver.addForeign(1, UblkDevice.State.LIVE, 0);
        assertThat(live().shown())
                .extracting(ShownDevice::path)
                .containsExactly("/dev/ublkb0", "/dev/ublkb2");
    }

    @Test
    void what_is_in_the_way_is_said_once_and_tried_again() throws Exception {
        driver.controlError = Errno.ENOENT;
        Daemon running = start(true);
        await().until(() -> running.onLoop(running.frontEnd::problem) != null);
        FrontEndProblem problem = Objects.requireNonNull(running.onLoop(running.frontEnd::problem));
        assertThat(problem.reason()).contains("not loaded");
        assertThat(problem.nextStep()).isEqualTo("modprobe ublk_drv");
        driver.controlError = 0;
        running.awaitAll(State.LIVE);
        assertThat(running.onLoop(running.frontEnd::problem)).isNull();
        assertThat(events)
                .filteredOn(line -> line.startsWith("ublk:"))
                .containsExactly(
                        "ublk: /dev/ublk-control is not there: the ublk driver is not loaded;"
                                + " next: modprobe ublk_drv");
    }

    @Test
    void a_site_that_shows_none_any_more_removes_those_of_its_earlier_start() throws Exception {
        live().kill();
        assertThat(driver.devices()).hasSize(2);
        start(false).wake();
        await().until(() -> driver.devices().length == 0);
        await().until(() -> !Files.exists(folder.resolve("ublk")));
    }

    @Test
    void a_failure_of_the_thread_that_serves_ends_the_loop() throws Exception {
        Daemon running = live();
        driver.breakRings = true;
        CompletableFuture<Integer> never = driver.request(0, 0, 0, 0, 1, new byte[512]);
        await().until(() -> running.failure != null);
        assertThat(never).isNotDone();
        daemon = null;
    }

    @Test
    void an_answer_that_the_driver_refuses_ends_the_loop() throws Exception {
        Daemon running = live();
        driver.refusing = true;
        CompletableFuture<Integer> never = driver.request(1, 0, 0, 0, 1, new byte[512]);
        await().until(() -> running.failure != null);
        assertThat(running.failure)
                .hasMessageMatching("/dev/ublkb1: the driver refuses .* request 0: .*EINVAL.*");
        assertThat(never).isNotDone();
        daemon = null;
    }
}
