package dmctl.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dmctl.config.GroupConfig;
import dmctl.config.GroupFile;
import dmctl.daemon.io.GroupLoop;
import dmctl.daemon.io.SystemClock;
import dmctl.daemon.io.Turn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceNoticesTest {
    private static final DaemonOptions CREATE =
            new DaemonOptions(Path.of("group.yaml"), "home", true, false);

    private static final long WATCHDOG_NANOS = TimeUnit.MILLISECONDS.toNanos(150);

    @TempDir Path folder;

    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final ServiceNotices notices = new ServiceNotices(heard::add, WATCHDOG_NANOS);

    private static final Turn IDLE =
            new Turn() {
                @Override
                public void turn() {}

                @Override
                public long nextWakeNanos() {
                    return Long.MAX_VALUE;
                }
            };

    @Test
    void a_site_is_ready_when_it_serves_and_says_when_it_stops() throws Exception {
        Path file = folder.resolve("g.yaml");
        Files.writeString(
                file,
                """
                group: told
                memory: 8MiB
                devices:
                  - {name: data, size: 1MiB}
                sites:
                  - name: home
                    listen: unix:home/link.sock
                    log: {path: log, size: 4MiB}
                    devices: {data: data.img}
                """);
        GroupConfig config = GroupFile.read(file);
        SiteDaemon daemon =
                SiteDaemon.start(config, config.site("home").orElseThrow(), CREATE, notices);
        await().until(() -> heard.stream().anyMatch(message -> message.contains("READY=1")));
        assertThat(heard)
                .filteredOn(message -> message.contains("READY=1"))
                .singleElement()
                .isEqualTo("WATCHDOG=1\nREADY=1\nSTATUS=primary, serving");
        assertThat(heard.getFirst())
                .as("until then it asks for time")
                .startsWith("WATCHDOG=1\nEXTEND_TIMEOUT_USEC=");
        assertThat(daemon.stop(false).getBoolean("ok")).isTrue();
        assertThat(heard).anyMatch(message -> message.startsWith("STOPPING=1\nSTATUS=stops"));
    }

    @Test
    void a_loop_that_hangs_falls_silent() throws Exception {
        GroupLoop loop = new GroupLoop("hung", new SystemClock(), failure -> {});
        CountDownLatch hangs = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        StubAdmin admin = new StubAdmin();
        loop.execute(() -> notices.begin(loop, admin::status));
        loop.start(IDLE);
        await().until(() -> heard.size() > 3);
        assertThat(List.copyOf(heard).subList(1, 3)).as("once ready").containsOnly("WATCHDOG=1");

        loop.execute(() -> {
            hangs.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        hangs.await();
        int before = heard.size();
        await().pollDelay(4 * WATCHDOG_NANOS, TimeUnit.NANOSECONDS)
                .untilAsserted(() -> assertThat(heard).hasSize(before));

        release.countDown();
        await().until(() -> heard.size() > before);
        loop.stop();
        assertThat(loop.awaitEnd(20_000)).isTrue();
    }

    @Test
    void goes_on_where_nobody_listens() throws Exception {
        GroupLoop loop = new GroupLoop("deaf", new SystemClock(), failure -> {});
        ServiceNotices deaf =
                new ServiceNotices(
                        message -> {
                            heard.add(message);
                            throw new IOException("nobody");
                        },
                        WATCHDOG_NANOS);
        loop.execute(() -> deaf.begin(loop, new StubAdmin()::status));
        loop.start(IDLE);
        await().until(() -> heard.size() > 3);
        loop.stop();
        assertThat(loop.awaitEnd(20_000)).isTrue();
    }

    @Test
    void reads_what_systemd_asks_for() throws Exception {
        assertThat(ServiceNotices.asked(Map.of())).isSameAs(ServiceNotices.NONE);
        assertThatThrownBy(() -> ServiceNotices.asked(Map.of("NOTIFY_SOCKET", "nonsense")))
                .isInstanceOf(DaemonFailure.class)
                .hasMessageContaining("NOTIFY_SOCKET: not the name of a Unix socket: 'nonsense'");
        assertThatThrownBy(() ->
                        ServiceNotices.asked(
                                Map.of(
                                        "NOTIFY_SOCKET", "/run/systemd/notify",
                                        "WATCHDOG_USEC", "soon")))
                .isInstanceOf(DaemonFailure.class)
                .hasMessageContaining("WATCHDOG_USEC: not a number of microseconds: 'soon'");
    }
}
