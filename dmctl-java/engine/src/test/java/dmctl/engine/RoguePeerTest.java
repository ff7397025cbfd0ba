package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.port.Io;
import dmctl.replog.Body;
import dmctl.replog.Crc;
import dmctl.replog.Frame;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Peers that send what no daemon sends: they are hung up on, and the site goes on. */
class RoguePeerTest {
    private static final int FRAME_BYTES_MAX = Frame.HEAD_BYTES + (8 << 10);
    private static final int CHUNK_BYTES = 4 << 10;
    private static final int COPY_SUMS_BYTES = 20 + BlockSums.SUM_BYTES;

    private final Lab lab = Lab.of(Lab.primary("home"), Lab.async("far"));
    private final LabSite home = lab.site("home");
    private final LabSite far = lab.site("far");

    private Stranger primary(int frameBytesMax) {
        Stranger stranger = new Stranger(lab, home, far, frameBytesMax);
        stranger.greetAsPrimary();
        return stranger;
    }

    private void onlyFar() {
        lab.cut("home", "far");
        far.start();
        lab.settle();
    }

    private void stillAnswers() {
        Stranger asking = new Stranger(lab, home, far, FRAME_BYTES_MAX);
        asking.greet(Hello.Kind.QUERY);
        assertThat(asking.isHungUpOn()).isFalse();
    }

    private void goesOn() {
        lab.mendAll();
        home.start();
        lab.until("serving", () -> home.group().serving());
        home.write(0, "abc");
        lab.until("applied", () -> far.data().image().startsWith("abc"));
    }

    @Test
    void messagesThatAreTooShortEndTheConnection() {
        onlyFar();
        Map<Integer, Integer> least =
                Map.of(
                        Message.START, 16,
                        Message.BEAT, 48,
                        Message.CUT, 8,
                        Message.RESYNC_BEGIN, 8,
                        Message.RESYNC_END, 24,
                        Message.FORKED, 16,
                        Message.COPY_SUMS, 20,
                        Message.COPY_DATA, 8);
        for (Map.Entry<Integer, Integer> each : least.entrySet()) {
            for (int bytes : new int[] {0, each.getValue() - 1}) {
                Stranger stranger = primary(FRAME_BYTES_MAX);
                stranger.send(each.getKey(), new byte[bytes]);
                assertThat(stranger.isHungUpOn()).as("type %s", each.getKey()).isTrue();
            }
        }
        assertThat(far.status().problems())
                .anyMatch(problem -> problem.reason().contains("too short"));
        goesOn();
    }

    @Test
    void aBatchLargerThanTheLogTakesIsRefusedAndSaysWhy() {
        onlyFar();
        Stranger stranger = primary(64 << 10);
        TermHistory history = stranger.beginTerm();
        ByteBuffer head = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
        byte[] data = new byte[16 << 10];
        ByteBuffer bytes = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
        Crc crc = new Crc();
        Body.put(head, 0, history.latestNumber(), history.latestId(), 1, 1, data.length, 1);
        Body.putDescriptor(head, 0, 0, Body.WRITE, 0, 0, 0, 32, 0, crc.of(bytes, 0, data.length));
        Body.seal(head, 0, crc);
        stranger.send(Message.BATCH, Stranger.bytes(head, Body.headBytes(1)), data);
        assertThat(stranger.isHungUpOn()).isTrue();
        assertThat(far.status().problems())
                .anyMatch(problem -> problem.reason().contains("same batch size"));
        assertThat(far.status().headSeq()).isZero();
    }

    private Stranger copying() {
        onlyFar();
        Stranger stranger = primary(FRAME_BYTES_MAX);
        stranger.send(Message.RESYNC_BEGIN, new byte[8]);
        lab.settle();
        Stranger again = primary(FRAME_BYTES_MAX);
        again.beginTerm();
        return again;
    }

    private static byte[] copySums(int slot, long offset) {
        ByteBuffer meta = ByteBuffer.allocate(COPY_SUMS_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        meta.putInt(0, slot).putLong(8, offset).putInt(16, CHUNK_BYTES);
        return meta.array();
    }

    @Test
    void aRegionInPlaceOfOneUnderWayEndsTheConnection() {
        Stranger stranger = copying();
        far.data().hold(Io.Op.READ);
        stranger.send(Message.COPY_SUMS, copySums(3, 0));
        assertThat(stranger.isHungUpOn()).isFalse();
        stranger.send(Message.COPY_SUMS, copySums(3, CHUNK_BYTES));
        assertThat(stranger.isHungUpOn()).isTrue();
        far.data().release();
        stillAnswers();
    }

    private static byte[] copyData() {
        // The block is wanted, and it is zeroes.
        ByteBuffer meta = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN);
        meta.putInt(0, 3).put(8, (byte) 1).put(9, (byte) 1);
        ByteBuffer none = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        meta.putInt(4, new Crc().of(none, 0, 0));
        return meta.array();
    }

    @Test
    void blocksOfARegionThatIsStillBeingReadEndTheConnection() {
        Stranger stranger = copying();
        far.data().hold(Io.Op.READ);
        stranger.send(Message.COPY_SUMS, copySums(3, 0));
        stranger.send(Message.COPY_DATA, copyData());
        assertThat(stranger.isHungUpOn()).isTrue();
        far.data().release();
        stillAnswers();
    }

    @Test
    void blocksOfARegionThatIsStillBeingWrittenEndTheConnection() {
        Stranger stranger = copying();
        stranger.send(Message.COPY_SUMS, copySums(3, 0));
        assertThat(stranger.heard()).contains(Message.COPY_WANT);
        far.data().hold(Io.Op.ZERO);
        stranger.send(Message.COPY_DATA, copyData());
        assertThat(stranger.isHungUpOn()).isFalse();
        stranger.send(Message.COPY_DATA, copyData());
        assertThat(stranger.isHungUpOn()).isTrue();
        far.data().release();
        stillAnswers();
    }

    @Test
    void aRegionOffTheGridOfBlocksEndsTheConnection() {
        Stranger stranger = copying();
        stranger.send(Message.COPY_SUMS, copySums(3, 100));
        assertThat(stranger.isHungUpOn()).isTrue();
    }
}
