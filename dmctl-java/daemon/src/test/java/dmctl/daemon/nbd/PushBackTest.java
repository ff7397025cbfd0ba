package dmctl.daemon.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clients and a group that are slow, or stop. */
@Timeout(30)
final class PushBackTest {
    private static final int REQUESTS = 16;

    @TempDir Path folder;
    private ServedGroup served;

    @BeforeEach
    void serve() throws Exception {
        served = new ServedGroup(folder, new NbdLimits(8, REQUESTS, 2 << 20));
    }

    @AfterEach
    void stop() {
        served.close();
    }

    private static void progress(NbdClient client, int times) throws IOException {
        byte[] data = new byte[4096];
        new Random(times).nextBytes(data);
        for (int i = 0; i < times; i++) {
            client.write(0, i, i * 4096L, data);
            assertThat(client.simpleReply(0).error()).isZero();
            client.command(0, Nbd.CMD_READ, i, i * 4096L, 4096);
            assertThat(client.simpleReply(4096).data().array()).isEqualTo(data);
        }
    }

    @Test
    void two_clients_go_on_while_a_third_stops_in_the_middle_of_a_payload() throws Exception {
        try (NbdClient stalled = served.simple("data");
                NbdClient one = served.simple("data");
                NbdClient two = served.simple("wal")) {
            stalled.command(0, Nbd.CMD_WRITE, 7, 8 << 20, 64 << 10);
            stalled.send(ByteBuffer.allocate(40_000));
            progress(one, 100);
            progress(two, 100);
            stalled.send(ByteBuffer.allocate((64 << 10) - 40_000));
            assertThat(stalled.simpleReply(0).cookie()).isEqualTo(7);
        }
    }

    @Test
    void a_full_group_stops_the_writer_and_takes_its_bytes_later() throws Exception {
        served.group.full = true;
        byte[] data = new byte[4096];
        new Random(3).nextBytes(data);
        try (NbdClient writer = served.simple("data");
                NbdClient reader = served.simple("data")) {
            writer.write(0, 1, 0, data);
            writer.write(0, 2, 4096, data);
            Eventually.until(() -> served.group.submitted == 1);
            reader.command(0, Nbd.CMD_READ, 5, 0, 4096);
            assertThat(reader.simpleReply(4096).data().array()).isEqualTo(new byte[4096]);
            assertThat(served.group.submitted).isEqualTo(2);
            served.group.full = false;
            served.loop.wake();
            assertThat(writer.simpleReply(0).cookie()).isEqualTo(1);
            assertThat(writer.simpleReply(0).cookie()).isEqualTo(2);
            assertThat(served.group.bytes(0, 4096, 4096)).isEqualTo(data);
        }
    }

    @Test
    void the_loop_sleeps_while_clients_wait() throws Exception {
        served.group.full = true;
        served.group.holding = true;
        try (NbdClient writer = served.simple("data");
                NbdClient reader = served.simple("data");
                NbdClient deaf = served.simple("data")) {
            writer.write(0, 1, 0, new byte[4096]);
            for (int i = 0; i < 2 * REQUESTS; i++) {
                reader.command(0, Nbd.CMD_READ, i, 0, 4096);
                deaf.command(0, Nbd.CMD_READ, i, 0, 1 << 20);
            }
            Eventually.until(() -> served.group.submitted > REQUESTS);
            sleepsSoon(served.loop);
            served.group.holding = false;
            served.loop.wake();
            for (int i = 0; i < 2 * REQUESTS; i++) {
                reader.simpleReply(4096);
            }
            sleepsSoon(served.loop);
        }
    }

    private static void sleepsSoon(LoopThread loop) {
        AtomicLong rounds = new AtomicLong();
        await().during(Duration.ofMillis(200))
                .pollInterval(Duration.ofMillis(5))
                .atMost(Duration.ofSeconds(3))
                .until(() -> loop.rounds == rounds.getAndSet(loop.rounds));
    }

    @Test
    void requests_under_way_are_bounded_per_client() throws Exception {
        served.group.holding = true;
        try (NbdClient client = served.simple("wal")) {
            for (int i = 0; i < 3 * REQUESTS; i++) {
                client.command(0, Nbd.CMD_READ, i, 0, 512);
            }
            Eventually.until(() -> served.group.submitted == REQUESTS);
            served.group.holding = false;
            served.loop.wake();
            for (int i = 0; i < 3 * REQUESTS; i++) {
                assertThat(client.simpleReply(512).cookie()).isEqualTo(i);
            }
        }
    }

    @Test
    void clients_that_do_not_read_their_replies_delay_no_other() throws Exception {
        try (NbdClient first = served.simple("data");
                NbdClient second = served.structured("data");
                NbdClient third = served.simple("data")) {
            for (int i = 0; i < REQUESTS; i++) {
                first.command(0, Nbd.CMD_READ, i, 0, 512 << 10);
                second.command(0, Nbd.CMD_READ, i, 0, 2 << 20);
                third.command(0, Nbd.CMD_READ, i, 0, 2 << 20);
            }
            try (NbdClient other = served.simple("wal")) {
                progress(other, 200);
            }
            for (int i = 0; i < REQUESTS; i++) {
                assertThat(first.simpleReply(512 << 10).error()).isZero();
                assertThat(third.simpleReply(2 << 20).cookie()).isEqualTo(i);
            }
            int ended = 0;
            while (ended < REQUESTS) {
                ended += second.chunk().done() ? 1 : 0;
            }
            assertThat(ended).isEqualTo(REQUESTS);
        }
    }

    @Test
    void a_client_that_goes_away_midway_leaves_nothing_behind() throws Exception {
        for (int round = 0; round < 20; round++) {
            served.group.holding = round % 2 == 0;
            served.group.full = round % 3 == 0;
            try (NbdClient client = served.simple("data")) {
                client.command(0, Nbd.CMD_READ, 1, 0, 8 << 20);
                client.write(0, 2, 0, new byte[4096]);
                client.command(0, Nbd.CMD_READ, 3, 0, 4096);
                client.command(0, Nbd.CMD_WRITE, 4, 0, 1 << 20);
            }
            served.group.holding = false;
            served.group.full = false;
            served.loop.wake();
        }
        Eventually.until(() -> served.loop.server.connectionCount() == 0);
        assertThat(served.loop.events).hasSize(20);
        try (NbdClient other = served.simple("wal")) {
            progress(other, 20);
        }
    }

    @Test
    void a_client_that_dies_without_reading_leaves_nothing_behind() throws Exception {
        int reads = 400;
        NbdLimits limits = new NbdLimits(2, 512, 4 << 20);
        Path other = Files.createDirectory(folder.resolve("other"));
        try (ServedGroup deep = new ServedGroup(other, limits)) {
            deep.group.heldOffset = 4096;
            try (NbdClient deaf = deep.structured("data")) {
                for (int i = 0; i < reads; i++) {
                    deaf.command(0, Nbd.CMD_READ, i, 0, 4096);
                }
                deaf.write(0, reads, 4096, new byte[4096]);
                deaf.command(0, Nbd.CMD_READ, reads + 1, 8192, 8 << 20);
                Eventually.until(() -> deep.group.submitted > reads + 1);
                sleepsSoon(deep.loop);
                assertThat(deep.group.submitted).isLessThan(reads + 1 + 16);
                // The reply of the WRITE waits behind the half of the last READ that is here.
                deep.group.heldOffset = -1;
                deep.loop.wake();
                sleepsSoon(deep.loop);
            }
            Eventually.until(() -> deep.loop.server.connectionCount() == 0);
        }
    }

    @Test
    void good_bye_waits_for_what_is_under_way() throws Exception {
        served.group.holding = true;
        try (NbdClient client = served.simple("wal")) {
            client.write(0, 1, 0, new byte[512]);
            client.command(0, Nbd.CMD_DISC, 2, 0, 0);
            Eventually.until(() -> served.group.submitted == 1);
            served.group.holding = false;
            served.loop.wake();
            assertThat(client.simpleReply(0).cookie()).isEqualTo(1);
            assertThat(client.atEnd()).isTrue();
        }
        assertThat(served.loop.events).isEmpty();
    }

    @Test
    void a_half_closed_client_still_gets_its_replies() throws Exception {
        served.group.holding = true;
        try (NbdClient client = served.simple("wal")) {
            client.write(0, 1, 0, new byte[512]);
            client.channel.shutdownOutput();
            Eventually.until(() -> !served.loop.events.isEmpty());
            served.group.holding = false;
            served.loop.wake();
            assertThat(client.simpleReply(0).cookie()).isEqualTo(1);
            assertThat(client.atEnd()).isTrue();
        }
        assertThat(served.loop.events).singleElement().asString().contains("1 under way");
    }

    @Test
    void misbehaving_clients_are_named_once_and_others_go_on() throws Exception {
        try (NbdClient good = served.simple("wal")) {
            try (NbdClient bad = served.simple("data")) {
                bad.send(ByteBuffer.allocate(Nbd.REQUEST_BYTES).putInt(0, 0xbadbad));
                assertThat(bad.atEnd()).isTrue();
            }
            try (NbdClient bad = served.simple("data")) {
                bad.command(0, Nbd.CMD_WRITE, 1, 0, 0xffff_fe00L);
                assertThat(bad.atEnd()).isTrue();
            }
            try (NbdClient bad = served.simple("data")) {
                ByteBuffer both = ByteBuffer.allocate(2 * Nbd.REQUEST_BYTES);
                both.put(NbdClient.request(0, Nbd.CMD_DISC, 0, 0, 0));
                both.put(NbdClient.request(0, Nbd.CMD_FLUSH, 0, 0, 0));
                bad.send(both.flip());
                assertThat(bad.atEnd()).isTrue();
            }
            progress(good, 10);
        }
        Eventually.until(() -> served.loop.server.connectionCount() == 0);
        assertThat(served.loop.events).hasSize(4);
        assertThat(served.loop.events.get(0)).contains("nbd.sock#2", "0xbadbad");
        assertThat(served.loop.events.get(1)).contains("4294966784 bytes");
        assertThat(served.loop.events.get(2)).contains("after disconnecting");
        assertThat(served.loop.events.get(3)).contains("without saying good-bye");
    }
}
