package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupStatus.Role;
import dmctl.engine.Hello.Kind;
import dmctl.engine.port.Wire;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Peers that say anything in any order, in messages whose checksums are right: they may lose their
 * connection, but bring nothing down.
 */
class StrangePeerTest {
    private static final int RUNS = 150;
    private static final int MESSAGES = 20;
    private static final LogIdentity IDENTITY =
            new LogIdentity(3, 4, 1 << 20, 1 << 20, 16384, 131072, 12 << 10, 0, 0);

    private final Lab lab = Lab.running(Lab.primary("home"), Lab.async("far"));
    private final LabSite home = lab.site("home");
    private final LabSite far = lab.site("far");
    private final Replica parts = Lab.of(Lab.primary("home")).site("home").parts(IDENTITY);

    /** Listens to nothing. */
    private static final class Deaf implements LinkChannel.Events {
        @Override
        public boolean message(
                int type, ByteBuffer in, int meta, int metaBytes, int data, int dataBytes) {
            return true;
        }

        @Override
        public void closed(String reason) {
            assertThat(reason).isNotNull();
        }
    }

    private static void sendRandom(LinkChannel to, Random random) {
        int metaBytes = random.nextInt(5) == 0 ? random.nextInt(400) : random.nextInt(60);
        int dataBytes = random.nextInt(3) == 0 ? random.nextInt(9_000) : 0;
        if (!to.hasRoom(metaBytes, dataBytes)) {
            return;
        }
        int at = to.begin(1 + random.nextInt(18), metaBytes, dataBytes);
        byte[] bytes = new byte[metaBytes + dataBytes];
        if (random.nextBoolean()) {
            random.nextBytes(bytes);
        } else {
            for (int i = 0; i < bytes.length; i += 8) {
                bytes[i] = (byte) random.nextInt(12);
            }
        }
        to.out().put(at, bytes);
        to.end();
    }

    /** A hello that this site of the lab takes for one of its group's. */
    private Hello hello(LabSite as, Kind kind, TermHistory history) {
        return new Hello(
                new java.util.UUID(1, 2),
                as == home ? 0 : 1,
                kind,
                Role.PRIMARY,
                Standing.Phase.NONE,
                -1,
                home.shape(),
                0,
                0,
                0,
                0,
                0,
                0,
                1,
                0,
                history,
                0);
    }

    private static TermHistory history(Random random) {
        return random.nextInt(4) == 0
                ? TermHistory.EMPTY
                : new TermHistory(
                        List.of(
                                new Term(
                                        1L + random.nextInt(3) * 1_000L,
                                        random.nextInt(3),
                                        0,
                                        0,
                                        Term.Kind.FIRST)));
    }

    private void speak(LinkChannel channel, Random random) {
        for (int i = 0; i < MESSAGES && channel.isOpen(); i++) {
            sendRandom(channel, random);
            if (random.nextInt(3) == 0) {
                channel.flush();
                lab.run(random.nextInt(200));
            }
        }
        channel.flush();
        lab.run(300);
        channel.close();
        lab.settle();
    }

    @Test
    void aTargetOutlivesAPrimaryThatSaysAnything() {
        home.kill();
        for (int seed = 0; seed < RUNS; seed++) {
            Random random = new Random(seed);
            LinkChannel channel = new LinkChannel(parts, lab.connectTo(far), new Deaf());
            channel.sendBytes(Message.HELLO, hello(home, Kind.SOURCE, history(random)).encode());
            speak(channel, random);
            assertThat(far.status().role()).as("seed %d", seed).isNotEqualTo(Role.FAILED);
        }
    }

    @Test
    void aTargetOutlivesAPrimaryOfItsOwnHistoryThatSaysAnything() {
        for (int seed = 0; seed < RUNS; seed++) {
            Random random = new Random(seed);
            LinkChannel channel = new LinkChannel(parts, lab.connectTo(far), new Deaf());
            channel.sendBytes(Message.HELLO, hello(home, Kind.SOURCE, far.firstTerm()).encode());
            channel.sendBytes(Message.START, Hello.encode(far.firstTerm(), 1));
            speak(channel, random);
            assertThat(far.status().role()).as("seed %d", seed).isNotEqualTo(Role.FAILED);
        }
    }

    @Test
    void aSiteThatIsAskedOutlivesAnythingThatIsAsked() {
        for (int seed = 0; seed < RUNS; seed++) {
            Random random = new Random(seed);
            LinkChannel channel = new LinkChannel(parts, lab.connectTo(home), new Deaf());
            channel.sendBytes(Message.HELLO, hello(far, Kind.QUERY, history(random)).encode());
            speak(channel, random);
            assertThat(home.group().serving()).as("seed %d", seed).isTrue();
        }
        home.write(0, "abc");
        assertThat(home.read(0, 3)).isEqualTo("abc");
    }

    @Test
    void aPrimaryOutlivesASiteThatAnswersAnything() {
        far.kill();
        home.write(0, "abc");
        for (int seed = 0; seed < RUNS; seed++) {
            Random random = new Random(seed);
            far.impersonate(wire -> answerAnything(wire, random));
            lab.run(6_000);
            assertThat(home.status().role()).as("seed %d", seed).isNotEqualTo(Role.FAILED);
            if (!home.group().serving()) {
                // Told that it is fenced, it rightly stops.
                assertThat(home.takeover()).contains("home is primary");
            }
            home.write(seed % 32, "d");
        }
        assertThat(home.read(0, 1)).isEqualTo("d");
    }

    private void answerAnything(Wire wire, Random random) {
        LinkChannel channel = new LinkChannel(parts, wire, new Deaf());
        TermHistory known = random.nextBoolean() ? home.firstTerm() : TermHistory.EMPTY;
        channel.sendBytes(Message.HELLO_REPLY, hello(far, Kind.REPLY, known).encode());
        for (int i = 0; i < MESSAGES; i++) {
            sendRandom(channel, random);
        }
        channel.flush();
    }

    @Test
    void whoAcknowledgesImproperlyIsNotListenedTo() {
        assertThat(refusalOfAck(0, 0, 0, 1)).contains("no proper acknowledgement");
        assertThat(refusalOfAck(100, 100, 100, 1, 1 << 20, 1000)).contains("acknowledges seq 100");
    }

    private String refusalOfAck(long... ack) {
        far.kill();
        far.impersonate(wire -> {
            LinkChannel channel = new LinkChannel(parts, wire, new Deaf());
            channel.sendBytes(
                    Message.HELLO_REPLY, hello(far, Kind.REPLY, home.firstTerm()).encode());
            channel.sendLongs(Message.ACK, ack);
            channel.flush();
        });
        lab.run(6_000);
        return home.sees("far").problem().reason();
    }

    @Test
    void bytesThatAreNoMessageCloseTheConnectionAndNothingElse() {
        for (int seed = 0; seed < RUNS; seed++) {
            byte[] bytes = new byte[500];
            new Random(seed).nextBytes(bytes);
            var wire = lab.connectTo(home);
            wire.write(ByteBuffer.wrap(bytes));
            lab.run(10);
            wire.close();
        }
        home.write(0, "abc");
        assertThat(home.read(0, 3)).isEqualTo("abc");
    }
}
