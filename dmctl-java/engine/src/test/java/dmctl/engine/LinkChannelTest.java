package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.port.Wire;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LinkChannelTest {
    private static final LogIdentity IDENTITY =
            new LogIdentity(3, 4, 1 << 20, 1 << 20, 16384, 131072, 12 << 10, 0, 0);

    /** Types from here on mean nothing, so nothing is demanded of them. */
    private static final int UNKNOWN = 64;

    private final Replica replica = Lab.of(Lab.primary("home")).site("home").parts(IDENTITY);

    /** A wire whose other end is the test. */
    private static final class TestWire implements Wire {
        private final ByteBuffer arrived =
                ByteBuffer.allocate(512 << 10).order(ByteOrder.LITTLE_ENDIAN);
        private final ByteBuffer sent =
                ByteBuffer.allocate(512 << 10).order(ByteOrder.LITTLE_ENDIAN);
        private @Nullable Events events;
        private int readAtMost = Integer.MAX_VALUE;
        private int room = Integer.MAX_VALUE;
        private int writes;
        private boolean wantRead = true;
        private boolean closed;

        Events events() {
            Events told = events;
            if (told == null) {
                throw new AssertionError("nobody listens");
            }
            return told;
        }

        void arrive(byte[] bytes) {
            arrived.put(bytes);
            events().readable(this);
        }

        @Override
        public void listen(Events receiver) {
            events = receiver;
        }

        @Override
        public int read(ByteBuffer target) {
            arrived.flip();
            int bytes = Math.min(Math.min(arrived.remaining(), target.remaining()), readAtMost);
            target.put(target.position(), arrived, arrived.position(), bytes);
            target.position(target.position() + bytes);
            arrived.position(arrived.position() + bytes);
            arrived.compact();
            return bytes;
        }

        @Override
        public int write(ByteBuffer source) {
            writes++;
            int bytes = Math.min(source.remaining(), room);
            sent.put(sent.position(), source, source.position(), bytes);
            sent.position(sent.position() + bytes);
            source.position(source.position() + bytes);
            room -= bytes;
            return bytes;
        }

        @Override
        public void wantRead(boolean wanted) {
            wantRead = wanted;
        }

        @Override
        public void close() {
            closed = true;
        }

        @Override
        public String peer() {
            return "the peer";
        }

        byte[] takeSent() {
            byte[] bytes = new byte[sent.position()];
            sent.get(0, bytes);
            sent.clear();
            return bytes;
        }
    }

    /** What a channel hands on, as type, meta and data. */
    private static final class Receiver implements LinkChannel.Events {
        private final List<String> messages = new ArrayList<>();
        private String closedBecause = "";
        private int closes;
        private boolean takes = true;

        @Override
        public boolean message(
                int type, ByteBuffer in, int meta, int metaBytes, int data, int dataBytes) {
            if (!takes) {
                return false;
            }
            messages.add(type + ":" + text(in, meta, metaBytes) + ":" + text(in, data, dataBytes));
            return true;
        }

        private static String text(ByteBuffer in, int at, int bytes) {
            byte[] text = new byte[bytes];
            in.get(at, text);
            return new String(text, StandardCharsets.US_ASCII);
        }

        @Override
        public void closed(String reason) {
            closedBecause = reason;
            closes++;
        }
    }

    private final TestWire wire = new TestWire();
    private final Receiver receiver = new Receiver();
    private final LinkChannel channel = new LinkChannel(replica, wire, receiver);

    /** Bytes of a message as the other end would send them. */
    private byte[] message(int type, String meta, String data) {
        TestWire other = new TestWire();
        LinkChannel sender = new LinkChannel(replica, other, new Receiver());
        send(sender, type, meta, data);
        sender.flush();
        sender.close();
        return other.takeSent();
    }

    private static void send(LinkChannel to, int type, String meta, String data) {
        int at = to.begin(type, meta.length(), data.length());
        to.out().put(at, meta.getBytes(StandardCharsets.US_ASCII));
        to.out().put(at + meta.length(), data.getBytes(StandardCharsets.US_ASCII));
        to.end();
    }

    private static byte[] joined(List<byte[]> parts) {
        ByteBuffer all = ByteBuffer.allocate(parts.stream().mapToInt(part -> part.length).sum());
        parts.forEach(all::put);
        return all.array();
    }

    // Framing

    @Test
    void messagesArriveWholeAndInOrderHoweverTheirBytesAreCut() {
        Random random = new Random(5);
        for (int run = 0; run < 20; run++) {
            List<byte[]> parts = new ArrayList<>();
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                String meta = "m".repeat(random.nextInt(200));
                String data = "d".repeat(random.nextInt(8_000));
                parts.add(message(UNKNOWN + i, meta, data));
                expected.add((UNKNOWN + i) + ":" + meta + ":" + data);
            }
            byte[] all = joined(parts);
            receiver.messages.clear();
            for (int at = 0; at < all.length; ) {
                int next = Math.min(all.length, at + 1 + random.nextInt(9_000));
                wire.readAtMost = 1 + random.nextInt(5_000);
                wire.arrive(java.util.Arrays.copyOfRange(all, at, next));
                at = next;
            }
            while (wire.arrived.position() > 0) {
                wire.events().readable(wire);
            }
            assertThat(receiver.messages).isEqualTo(expected);
        }
        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void severalMessagesGoOutInOneWriteAndWaitForRoom() {
        wire.room = 30;
        send(channel, 1, "one", "");
        send(channel, 2, "two", "");
        channel.flush();
        assertThat(channel.hasOutput()).isTrue();
        wire.room = Integer.MAX_VALUE;
        wire.events().writable(wire);
        assertThat(channel.hasOutput()).isFalse();
        byte[] sent = wire.takeSent();
        assertThat(sent).isEqualTo(joined(List.of(message(1, "one", ""), message(2, "two", ""))));
    }

    @Test
    void messagesGoOutWholeAndInOrderHoweverLittleIsTakenAtATime() {
        Random random = new Random(6);
        List<byte[]> queued = new ArrayList<>();
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        for (int i = 0; i < 2_000; i++) {
            String data = "d".repeat(random.nextInt(6_000));
            if (channel.hasRoom(2, data.length())) {
                send(channel, 1, "" + (10 + i % 80), data);
                queued.add(message(1, "" + (10 + i % 80), data));
            }
            wire.room = random.nextInt(5_000);
            wire.events().writable(wire);
            sent.writeBytes(wire.takeSent());
        }
        wire.room = Integer.MAX_VALUE;
        wire.events().writable(wire);
        sent.writeBytes(wire.takeSent());
        assertThat(channel.hasOutput()).isFalse();
        assertThat(queued).hasSizeGreaterThan(1_000);
        assertThat(sent.toByteArray()).isEqualTo(joined(queued));
    }

    @Test
    void aFullWireIsLeftAloneUntilItTells() {
        wire.room = 30;
        send(channel, 1, "one", "");
        send(channel, 2, "two", "");
        channel.flush();
        int writes = wire.writes;
        send(channel, 3, "three", "");
        channel.flush();
        assertThat(wire.writes).isEqualTo(writes);
        wire.events().writable(wire);
        assertThat(wire.writes).isEqualTo(writes + 1);
    }

    @Test
    void aPeerThatStandsStillNeverMakesTheChannelGrow() {
        wire.room = 0;
        int queued = 0;
        while (channel.hasRoom(8, 4_096)) {
            send(channel, 1, "12345678", "d".repeat(4_096));
            channel.flush();
            assertThat(++queued).isLessThan(1_000);
        }
        assertThat(queued).isPositive();
        channel.sendLongs(1, 2, 3);
        assertThat(channel.isOpen()).isTrue();
    }

    // Damage

    @Test
    void anotherProtocolEndsTheChannel() {
        wire.arrive("GET / HTTP/1.0\r\n\r\n is not for us".getBytes(StandardCharsets.US_ASCII));
        assertThat(receiver.closedBecause).contains("the peer does not speak this version");
        assertThat(wire.closed).isTrue();
    }

    @Test
    void anotherVersionEndsTheChannel() {
        byte[] bytes = message(1, "meta", "");
        bytes[4]++;
        wire.arrive(bytes);
        assertThat(receiver.closedBecause).contains("does not speak this version");
    }

    @Test
    void aMessageLargerThanAllowedEndsTheChannelBeforeItIsReceived() {
        for (int[] lengths :
                List.of(
                        new int[] {1 << 30, 0},
                        new int[] {0, 1 << 30},
                        new int[] {Integer.MAX_VALUE, Integer.MAX_VALUE},
                        new int[] {-1, 0},
                        new int[] {0, Integer.MIN_VALUE})) {
            TestWire bad = new TestWire();
            Receiver told = new Receiver();
            LinkChannel victim = new LinkChannel(replica, bad, told);
            byte[] bytes = message(1, "meta", "");
            ByteBuffer.wrap(bytes)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(8, lengths[0])
                    .putInt(12, lengths[1]);
            bad.arrive(bytes);
            assertThat(told.closedBecause).contains("larger than allowed");
            assertThat(victim.isOpen()).isFalse();
        }
    }

    @Test
    void aFlippedBitInHeaderOrMetaIsFound() {
        int length = message(1, "meta", "data").length;
        for (int bit = 0; bit < (length - 4) * 8; bit++) {
            TestWire bad = new TestWire();
            Receiver told = new Receiver();
            LinkChannel victim = new LinkChannel(replica, bad, told);
            byte[] bytes = message(1, "meta", "data");
            bytes[bit / 8] ^= (byte) (1 << bit % 8);
            bad.arrive(bytes);
            assertThat(told.messages).as("bit %d", bit).isEmpty();
            // A length that has grown a little may still wait for its bytes.
            assertThat(told.closes == 1 || victim.isOpen()).isTrue();
            victim.close();
        }
    }

    @Test
    void randomBytesNeverReachTheOwnerAsAMessage() {
        Random random = new Random(17);
        for (int i = 0; i < 500; i++) {
            TestWire bad = new TestWire();
            Receiver told = new Receiver();
            LinkChannel victim = new LinkChannel(replica, bad, told);
            byte[] bytes = new byte[20 + random.nextInt(200)];
            random.nextBytes(bytes);
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(0, Message.MAGIC);
            bad.arrive(bytes);
            assertThat(told.messages).isEmpty();
            victim.close();
        }
    }

    // Pushing back

    @Test
    void aMessageThatFindsNoRoomIsHandedOnAgainLater() {
        receiver.takes = false;
        wire.arrive(joined(List.of(message(1, "one", ""), message(2, "two", ""))));
        assertThat(receiver.messages).isEmpty();
        receiver.takes = true;
        channel.retry();
        assertThat(receiver.messages).containsExactly("1:one:", "2:two:");
        assertThat(wire.wantRead).isTrue();
    }

    @Test
    void aReceiverWithoutRoomStopsReadingOnceItsBufferIsFull() {
        receiver.takes = false;
        byte[] one = message(1, "meta", "d".repeat(8_000));
        for (int i = 0; i < 100 && wire.wantRead; i++) {
            wire.arrive(one);
        }
        assertThat(wire.wantRead).isFalse();
        assertThat(wire.arrived.position()).isPositive();
        receiver.takes = true;
        channel.retry();
        assertThat(wire.wantRead).isTrue();
    }

    @Test
    void aBlockedChannelIsNotTakenForADeadPeer() {
        receiver.takes = false;
        wire.arrive(message(1, "one", ""));
        channel.checkAlive(0);
        assertThat(channel.isOpen()).isTrue();
    }

    // The end

    @Test
    void aRefusalIsSentBeforeTheChannelCloses() {
        wire.room = 10;
        channel.refuse(Message.CODE_FENCED, "a higher term is known");
        assertThat(channel.isOpen()).as("its words are still on the way").isTrue();
        wire.room = Integer.MAX_VALUE;
        wire.events().writable(wire);
        assertThat(channel.isOpen()).isFalse();
        assertThat(wire.closed).isTrue();

        TestWire other = new TestWire();
        List<String> texts = new ArrayList<>();
        new LinkChannel(
                replica,
                other,
                new LinkChannel.Events() {
                    @Override
                    public boolean message(
                            int type,
                            ByteBuffer in,
                            int meta,
                            int metaBytes,
                            int data,
                            int dataBytes) {
                        texts.add(type + " " + in.getInt(meta));
                        texts.add(LinkChannel.refusalText(in, meta, metaBytes));
                        return true;
                    }

                    @Override
                    public void closed(String reason) {
                        texts.add(reason);
                    }
                });
        other.arrive(wire.takeSent());
        assertThat(texts)
                .containsExactly(
                        Message.REFUSE + " " + Message.CODE_FENCED, "a higher term is known");
    }

    @Test
    void nothingIsHandedOnAfterAClose() {
        byte[] bytes = message(1, "one", "");
        channel.close();
        wire.arrive(bytes);
        wire.events().writable(wire);
        wire.events().closed(wire, "late");
        channel.flush();
        channel.fault("late");
        assertThat(receiver.messages).isEmpty();
        assertThat(receiver.closes).isZero();
        assertThat(channel.hasRoom(0, 0)).isFalse();
    }

    @Test
    void anOwnerThatClosesInTheMiddleOfABurstGetsNoMore() {
        TestWire bursting = new TestWire();
        List<Integer> types = new ArrayList<>();
        LinkChannel[] it = new LinkChannel[1];
        it[0] =
                new LinkChannel(
                        replica,
                        bursting,
                        new LinkChannel.Events() {
                            @Override
                            public boolean message(
                                    int type,
                                    ByteBuffer in,
                                    int meta,
                                    int metaBytes,
                                    int data,
                                    int dataBytes) {
                                types.add(type);
                                it[0].close();
                                return true;
                            }

                            @Override
                            public void closed(String reason) {
                                types.add(-1);
                            }
                        });
        bursting.arrive(joined(List.of(message(1, "one", ""), message(2, "two", ""))));
        assertThat(types).containsExactly(1);
    }

    @Test
    void theEndOfTheStreamIsToldOnce() {
        wire.events().closed(wire, "reset by the peer");
        wire.events().closed(wire, "again");
        channel.fault("again");
        assertThat(receiver.closedBecause).isEqualTo("reset by the peer");
        assertThat(receiver.closes).isEqualTo(1);
    }
}
