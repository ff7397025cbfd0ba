package dmctl.daemon.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Damaged, random and cut streams of bytes: whatever comes, the loop and other clients go on. */
@Timeout(300)
final class FuzzTest {
    private static final int CONNECTIONS = Integer.getInteger("nbd.fuzz.connections", 1500);
    private static final int BYTES = 1 << 20;

    @TempDir Path folder;

    /** A stream that a client could send, up to the damage done to it. */
    private static byte[] stream(Random random) {
        ByteBuffer out = ByteBuffer.allocate(1 << 20);
        out.putInt(random.nextInt(30) == 0 ? random.nextInt(5) : 3);
        for (int n = random.nextInt(6); n > 0; n--) {
            option(random, out);
        }
        byte[] go = NbdClient.infoRequest(random.nextBoolean() ? "data" : "wal", 3);
        if (random.nextInt(8) == 0) {
            go = "wal".getBytes(StandardCharsets.UTF_8);
            out.putLong(Nbd.OPTION_MAGIC).putInt(Nbd.OPT_EXPORT_NAME);
        } else {
            out.putLong(Nbd.OPTION_MAGIC).putInt(Nbd.OPT_GO);
        }
        out.putInt(go.length).put(go);
        for (int n = random.nextInt(60); n > 0; n--) {
            command(random, out);
        }
        byte[] bytes = new byte[out.position()];
        out.flip().get(bytes);
        for (int n = random.nextInt(4); n > 0; n--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        return bytes;
    }

    private static void option(Random random, ByteBuffer out) {
        int option = random.nextInt(20) == 0 ? random.nextInt(3) : 3 + random.nextInt(10);
        byte[] data =
                switch (option) {
                    case Nbd.OPT_INFO -> NbdClient.infoRequest("data", 0, 1, 2, 3);
                    case Nbd.OPT_LIST_META_CONTEXT, Nbd.OPT_SET_META_CONTEXT ->
                            NbdClient.metaQuery("wal", "base:allocation", "x:y");
                    default -> new byte[random.nextInt(3) == 0 ? random.nextInt(40) : 0];
                };
        out.putLong(Nbd.OPTION_MAGIC).putInt(option == Nbd.OPT_GO ? 3 : option);
        out.putInt(data.length).put(data);
    }

    private static void command(Random random, ByteBuffer out) {
        int type = random.nextInt(9);
        int flags = random.nextInt(4) == 0 ? random.nextInt(64) : 0;
        int unit = random.nextInt(5) == 0 ? 512 : 4096;
        long offset = (long) unit * random.nextInt(64) + (random.nextInt(20) == 0 ? 7 : 0);
        int length = unit * random.nextInt(5);
        if (type == Nbd.CMD_FLUSH && random.nextInt(5) != 0) {
            offset = 0;
            length = 0;
        }
        if (type == Nbd.CMD_DISC && random.nextInt(5) != 0) {
            type = Nbd.CMD_READ;
        }
        if (random.nextInt(20) == 0) {
            length = random.nextInt();
        }
        out.put(NbdClient.request(flags, type, random.nextLong(), offset, length));
        if (type == Nbd.CMD_WRITE) {
            int payload = Math.min(Math.abs(length % 20_481), out.remaining() - 4096);
            out.position(out.position() + Math.max(0, payload));
        }
    }

    /** Sends all of it in odd parts, then reads to the end that the server has to make. */
    private static void feed(NbdClient client, byte[] bytes, Random random) throws IOException {
        client.channel.configureBlocking(false);
        ByteBuffer in = ByteBuffer.allocate(1 << 16);
        ByteBuffer out = ByteBuffer.wrap(bytes);
        while (out.hasRemaining()) {
            int size = Math.min(out.remaining(), 1 + random.nextInt(8000));
            int sent = client.channel.write(out.slice(out.position(), size));
            out.position(out.position() + sent);
            if (client.channel.read(in.clear()) < 0) {
                return;
            }
        }
        client.channel.shutdownOutput();
        client.channel.configureBlocking(true);
        while (client.channel.read(in.clear()) >= 0) {
            assertThat(in.position()).isPositive();
        }
    }

    @Test
    void damaged_streams_end_their_own_connection_at_most() throws Exception {
        List<Export> exports =
                List.of(
                        new Export("data", "g", 0, BYTES, 4096),
                        new Export("wal", "g", 1, BYTES, 512));
        try (ServedGroup served = new ServedGroup(folder, new NbdLimits(8, 8, 1 << 20), exports);
                NbdClient good = served.simple("wal")) {
            for (int seed = 0; seed < CONNECTIONS; seed++) {
                Random random = new Random(seed);
                byte[] bytes = stream(random);
                served.group.atOnce = random.nextBoolean();
                try (NbdClient client = served.client()) {
                    feed(client, bytes, random);
                } catch (IOException e) {
                    assertThat(e)
                            .as("seed %s: an end by the server", seed)
                            .hasMessageMatching("Broken pipe|Connection reset.*");
                }
                good.command(0, Nbd.CMD_READ, seed, 0, 512);
                assertThat(good.simpleReply(512).cookie()).as("seed %s", seed).isEqualTo(seed);
            }
            Eventually.until(() -> served.loop.server.connectionCount() == 1);
            assertThat(served.loop.failure).isNull();
            assertThat(served.group.submitted).isGreaterThan(CONNECTIONS * 5);
            assertThat(served.loop.events).hasSizeBetween(CONNECTIONS / 2, CONNECTIONS);
        }
    }
}
