package dmctl.daemon.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.daemon.nbd.NbdClient.Reply;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
final class TransmissionTest {
    private static final long END = ServedGroup.SMALL_BYTES;

    @TempDir Path folder;
    private ServedGroup served;

    @BeforeEach
    void serve() throws Exception {
        served = new ServedGroup(folder, new NbdLimits(8, 32, 4 << 20));
    }

    @AfterEach
    void stop() {
        served.close();
    }

    private static byte[] pattern(int seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static byte[] bytes(ByteBuffer data) {
        byte[] bytes = new byte[data.remaining()];
        data.get(bytes);
        return bytes;
    }

    /** Asks for one thing and returns the errno of the reply. */
    private static int errorOf(NbdClient client, int flags, int type, long offset, long length)
            throws IOException {
        client.command(flags, type, 1, offset, length);
        return client.simpleReply(0).error();
    }

    @Test
    void what_was_written_is_read_back_with_simple_replies() throws Exception {
        byte[] data = pattern(1, 5 * 512);
        try (NbdClient client = served.simple("wal")) {
            client.write(0, 11, 512, data);
            assertThat(client.simpleReply(0).cookie()).isEqualTo(11);
            client.command(0, Nbd.CMD_READ, 12, 512, data.length);
            Reply reply = client.simpleReply(data.length);
            assertThat(reply.cookie()).isEqualTo(12);
            assertThat(bytes(reply.data())).isEqualTo(data);
        }
    }

    @Test
    void exports_do_not_mix() throws Exception {
        try (NbdClient data = served.simple("data");
                NbdClient wal = served.simple("wal")) {
            data.write(0, 1, 0, pattern(1, 4096));
            wal.write(0, 1, 0, pattern(2, 4096));
            data.simpleReply(0);
            wal.simpleReply(0);
            assertThat(served.group.bytes(0, 0, 4096)).isEqualTo(pattern(1, 4096));
            assertThat(served.group.bytes(1, 0, 4096)).isEqualTo(pattern(2, 4096));
        }
    }

    @Test
    void a_structured_read_answers_in_one_chunk_that_ends_it() throws Exception {
        try (NbdClient client = served.structured("data")) {
            client.write(0, 1, 4096, pattern(3, 65536));
            assertThat(client.chunk().type()).isEqualTo(Nbd.REPLY_NONE);
            client.command(Nbd.CMD_FLAG_DF, Nbd.CMD_READ, 2, 4096, 65536);
            Reply reply = client.chunk();
            assertThat(reply.done()).isTrue();
            assertThat(reply.type()).isEqualTo(Nbd.REPLY_OFFSET_DATA);
            assertThat(reply.data().getLong()).isEqualTo(4096);
            assertThat(bytes(reply.data())).isEqualTo(pattern(3, 65536));
        }
    }

    @Test
    void thirty_two_megabytes_pass_whole_in_both_directions() throws Exception {
        byte[] data = pattern(4, Nbd.MAX_PAYLOAD);
        Path other = Files.createDirectory(folder.resolve("large"));
        List<Export> exports = List.of(new Export("data", "g", 0, 33 << 20, 4096));
        try (ServedGroup large = new ServedGroup(other, NbdLimits.DEFAULT, exports);
                NbdClient simple = large.simple("data");
                NbdClient structured = large.structured("data")) {
            simple.write(Nbd.CMD_FLAG_FUA, 1, 4096, data);
            assertThat(simple.simpleReply(0).error()).isZero();
            assertThat(large.group.submitted).isEqualTo(64);
            assertThat(large.group.durableRequests).isEqualTo(1);
            simple.command(0, Nbd.CMD_READ, 2, 4096, data.length);
            simple.command(0, Nbd.CMD_FLUSH, 3, 0, 0);
            simple.command(0, Nbd.CMD_READ, 4, 4096, data.length);
            assertThat(bytes(simple.simpleReply(data.length).data())).isEqualTo(data);
            assertThat(Set.of(simple.simpleReply(0).cookie())).contains(3L);
            assertThat(bytes(simple.simpleReply(data.length).data())).isEqualTo(data);
            structured.command(0, Nbd.CMD_READ, 5, 4096, data.length);
            assertThat(assembled(structured, 4096, data.length)).isEqualTo(data);
        }
    }

    private static byte[] assembled(NbdClient client, long from, int length) throws IOException {
        byte[] whole = new byte[length];
        int got = 0;
        Reply chunk;
        do {
            chunk = client.chunk();
            int at = (int) (chunk.data().getLong() - from);
            got += chunk.data().remaining();
            chunk.data().get(whole, at, chunk.data().remaining());
        } while (!chunk.done());
        assertThat(got).isEqualTo(length);
        return whole;
    }

    @Test
    void many_requests_of_one_packet_are_all_answered() throws Exception {
        try (NbdClient client = served.simple("wal")) {
            ByteBuffer packet = ByteBuffer.allocate(200 * (Nbd.REQUEST_BYTES + 512));
            for (int i = 0; i < 200; i++) {
                packet.put(NbdClient.request(0, Nbd.CMD_WRITE, i, i * 512L, 512));
                packet.put(pattern(i, 512));
            }
            client.send(packet.flip());
            Set<Long> cookies = new HashSet<>();
            for (int i = 0; i < 200; i++) {
                Reply reply = client.simpleReply(0);
                assertThat(reply.error()).isZero();
                cookies.add(reply.cookie());
            }
            assertThat(cookies).hasSize(200);
            assertThat(served.group.bytes(1, 199 * 512, 512)).isEqualTo(pattern(199, 512));
        }
    }

    @Test
    void random_sizes_in_random_packets_arrive_in_order() throws Exception {
        Random random = new Random(7);
        byte[] model = new byte[(int) END];
        try (NbdClient client = served.simple("wal")) {
            ByteBuffer stream = ByteBuffer.allocate(24 << 20);
            int count = 0;
            for (; stream.position() < 20 << 20; count++) {
                int length = 512 * (1 + random.nextInt(random.nextInt(10) == 0 ? 1500 : 20));
                int offset = 512 * random.nextInt((int) (END - length) / 512 + 1);
                byte[] data = pattern(count, length);
                stream.put(NbdClient.request(0, Nbd.CMD_WRITE, count, offset, length)).put(data);
                System.arraycopy(data, 0, model, offset, length);
            }
            stream.flip();
            int end = stream.limit();
            while (stream.position() < end) {
                int size = Math.min(end - stream.position(), 1 + random.nextInt(300_000));
                client.send(stream.limit(stream.position() + size));
            }
            for (int answered = 0; answered < count; answered++) {
                assertThat(client.simpleReply(0).error()).isZero();
            }
            assertThat(served.group.bytes(1, 0, (int) END)).isEqualTo(model);
        }
    }

    @Test
    void zeroes_trim_flush_and_fua_reach_the_group() throws Exception {
        try (NbdClient client = served.simple("wal")) {
            client.write(Nbd.CMD_FLAG_FUA, 1, 0, pattern(1, 16384));
            client.simpleReply(0);
            assertThat(served.group.durableRequests).isEqualTo(1);
            assertThat(errorOf(client, 0, Nbd.CMD_WRITE_ZEROES, 0, 4096)).isZero();
            assertThat(errorOf(client, 2, Nbd.CMD_WRITE_ZEROES, 4096, 4096)).isZero();
            assertThat(errorOf(client, 1, Nbd.CMD_TRIM, 8192, 4096)).isZero();
            assertThat(served.group.durableRequests).isEqualTo(2);
            assertThat(errorOf(client, 0, Nbd.CMD_FLUSH, 0, 0)).isZero();
            assertThat(served.group.flushes).isEqualTo(1);
            byte[] expected = pattern(1, 16384);
            Arrays.fill(expected, 0, 12288, (byte) 0);
            assertThat(served.group.bytes(1, 0, 16384)).isEqualTo(expected);
        }
    }

    @Test
    void block_status_tells_data_from_zeroes() throws Exception {
        try (NbdClient client = served.structured("wal")) {
            client.write(0, 1, 8192, pattern(1, 4096));
            client.chunk();
            client.command(0, Nbd.CMD_BLOCK_STATUS, 2, 4096, 12288);
            Reply reply = client.chunk();
            assertThat(reply.type()).isEqualTo(Nbd.REPLY_BLOCK_STATUS);
            assertThat(reply.done()).isTrue();
            int[] fields = new int[7];
            reply.data().asIntBuffer().get(fields);
            assertThat(fields).containsExactly(1, 4096, 3, 4096, 0, 4096, 3);
            client.command(Nbd.CMD_FLAG_REQ_ONE, Nbd.CMD_BLOCK_STATUS, 3, 4096, 12288);
            assertThat(client.chunk().data().remaining()).isEqualTo(12);
        }
    }

    @Test
    void errors_are_those_of_the_protocol() throws Exception {
        try (NbdClient client = served.simple("wal")) {
            assertThat(errorOf(client, 0, Nbd.CMD_READ, END, 512)).isEqualTo(Nbd.EINVAL);
            assertThat(errorOf(client, 0, Nbd.CMD_READ, -512, 512)).isEqualTo(Nbd.EINVAL);
            assertThat(errorOf(client, 0, Nbd.CMD_READ, 0, 64 << 20)).isEqualTo(Nbd.EINVAL);
            assertThat(errorOf(client, 0, Nbd.CMD_READ, 0, 0)).isEqualTo(Nbd.EINVAL);
            assertThat(errorOf(client, 0, Nbd.CMD_READ, 1, 512)).isEqualTo(Nbd.EINVAL);
            assertThat(errorOf(client, Nbd.CMD_FLAG_DF, Nbd.CMD_READ, 0, 512))
                    .isEqualTo(Nbd.EINVAL);
            assertThat(errorOf(client, 0, Nbd.CMD_TRIM, END, 512)).isEqualTo(Nbd.EINVAL);
            assertThat(errorOf(client, 0, Nbd.CMD_WRITE_ZEROES, END, 512)).isEqualTo(Nbd.ENOSPC);
            assertThat(errorOf(client, 16, Nbd.CMD_WRITE_ZEROES, 0, 512)).isEqualTo(Nbd.EINVAL);
            assertThat(errorOf(client, 0, 5, 0, 512)).isEqualTo(Nbd.EINVAL);
            assertThat(errorOf(client, 0, 99, 0, 512)).isEqualTo(Nbd.EINVAL);
            assertThat(errorOf(client, 0, Nbd.CMD_FLUSH, 512, 0)).isEqualTo(Nbd.EINVAL);
            assertThat(errorOf(client, 0, Nbd.CMD_BLOCK_STATUS, 0, 512)).isEqualTo(Nbd.EINVAL);
            client.write(0, 1, END - 512, new byte[1024]);
            assertThat(client.simpleReply(0).error()).isEqualTo(Nbd.ENOSPC);
            client.write(0, 1, 0, new byte[33 << 20]);
            assertThat(client.simpleReply(0).error()).isEqualTo(Nbd.EINVAL);
            client.write(64, 1, 0, new byte[512]);
            assertThat(client.simpleReply(0).error()).isEqualTo(Nbd.EINVAL);
            client.write(0, 1, 0, new byte[0]);
            assertThat(client.simpleReply(0).error()).isEqualTo(Nbd.EINVAL);
            assertThat(errorOf(client, 0, Nbd.CMD_FLUSH, 0, 0)).isZero();
        }
    }

    @Test
    void structured_errors_say_what_is_wrong() throws Exception {
        try (NbdClient client = served.structured("data")) {
            client.command(0, Nbd.CMD_READ, 1, 512, 512);
            Reply reply = client.chunk();
            assertThat(reply.error()).isEqualTo(Nbd.EINVAL);
            assertThat(NbdClient.message(reply)).contains("block size 4096");
            client.command(Nbd.CMD_FLAG_DF, Nbd.CMD_READ, 2, 0, 1 << 20);
            assertThat(client.chunk().error()).isEqualTo(Nbd.EOVERFLOW);
        }
    }

    @Test
    void errors_of_the_group_are_passed_on() throws Exception {
        served.group.badOffset = 0;
        try (NbdClient simple = served.simple("data");
                NbdClient structured = served.structured("data")) {
            assertThat(errorOf(simple, 0, Nbd.CMD_READ, 0, 4096)).isEqualTo(Nbd.EIO);
            assertThat(errorOf(simple, 0, Nbd.CMD_READ, 0, 1 << 20)).isEqualTo(Nbd.EIO);
            simple.write(0, 2, 0, new byte[1 << 20]);
            assertThat(simple.simpleReply(0).error()).isEqualTo(Nbd.EIO);
            structured.command(0, Nbd.CMD_BLOCK_STATUS, 1, 0, 4096);
            assertThat(structured.chunk().error()).isEqualTo(Nbd.EIO);
            served.group.badOffset = 512 << 10;
            structured.command(0, Nbd.CMD_READ, 3, 0, 1 << 20);
            Reply reply = structured.chunk();
            while (!reply.done()) {
                reply = structured.chunk();
            }
            assertThat(reply.error()).isEqualTo(Nbd.EIO);
        }
    }

    @Test
    void a_read_that_fails_midway_gets_no_bytes_of_another() throws Exception {
        int sent = 512 << 10;
        served.group.badOffset = sent;
        served.group.heldOffset = sent;
        try (NbdClient client = served.simple("data")) {
            client.command(0, Nbd.CMD_READ, 1, 0, sent + 4096);
            client.command(0, Nbd.CMD_READ, 2, 4 << 20, 4096);
            client.read(Nbd.SIMPLE_REPLY_BYTES + sent);
            Eventually.until(() -> served.group.submitted == 3);
            served.group.heldOffset = -1;
            served.loop.wake();
            assertThat(client.atEnd()).isTrue();
        }
        assertThat(served.loop.events)
                .singleElement()
                .asString()
                .contains("after its reply had begun");
    }

    @Test
    void ends_told_from_inside_submit_are_fine() throws Exception {
        served.group.atOnce = true;
        byte[] data = pattern(5, 3 << 20);
        try (NbdClient client = served.simple("data")) {
            client.write(0, 1, 0, data);
            assertThat(client.simpleReply(0).error()).isZero();
            client.command(0, Nbd.CMD_READ, 2, 0, data.length);
            assertThat(bytes(client.simpleReply(data.length).data())).isEqualTo(data);
        }
    }

    @Test
    void a_group_that_is_no_more_served_ends_what_is_under_way_and_closes() throws Exception {
        try (NbdClient client = served.simple("data");
                NbdClient idle = served.simple("wal")) {
            served.group.holding = true;
            client.write(0, 1, 0, pattern(1, 4096));
            Eventually.until(() -> served.group.submitted == 1);
            served.group.serving = false;
            served.loop.wake();
            assertThat(idle.atEnd()).isTrue();
            client.write(0, 2, 0, pattern(1, 4096));
            Reply refused = client.simpleReply(0);
            assertThat(refused.cookie()).isEqualTo(2);
            assertThat(refused.error()).isEqualTo(Nbd.ESHUTDOWN);
            served.group.holding = false;
            served.loop.wake();
            assertThat(client.simpleReply(0).cookie()).isEqualTo(1);
            assertThat(client.atEnd()).isTrue();
        }
    }

    @Test
    void tcp_serves_the_same() throws Exception {
        try (NbdClient client = NbdClient.transmitting(served.tcp, "g/data", true)) {
            client.write(0, 1, 0, pattern(6, 4096));
            assertThat(client.chunk().error()).isZero();
            assertThat(served.group.bytes(0, 0, 4096)).isEqualTo(pattern(6, 4096));
        }
    }
}
