package dmctl.engine.port;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every promise of {@link Wire}. Whoever implements the port extends this. */
public abstract class WireContract {
    /**
     * The two ends of one connection, neither listened to yet.
     *
     * @param left one
     * @param right the other
     */
    public record Pair(Wire left, Wire right) {}

    /** More than any wire holds on the way. */
    private static final int PLENTY = 32 << 20;

    private World world;
    private Wire left;
    private Wire right;

    /**
     * Makes a connection.
     *
     * @return its ends
     * @throws Exception if that fails
     */
    protected abstract Pair connect() throws Exception;

    /**
     * Returns what drives the wires connected last.
     *
     * @return the world
     */
    protected abstract World world();

    @BeforeEach
    void connectWires() throws Exception {
        Pair pair = connect();
        left = pair.left();
        right = pair.right();
        world = world();
    }

    @AfterEach
    void closeWires() {
        left.close();
        right.close();
    }

    /** Reads in chunks of random size, or not at all. */
    private static final class Receiver implements Wire.Events {
        private final ByteArrayOutputStream got = new ByteArrayOutputStream();
        private final Random random = new Random(3);
        private final ByteBuffer chunk = ByteBuffer.allocateDirect(64 << 10);
        private boolean reads = true;
        private int readables;
        private int writables;
        private int closes;
        private @Nullable String reason;

        @Override
        public void readable(Wire wire) {
            assertThat(closes).as("closed before readable").isZero();
            readables++;
            if (reads) {
                chunk.clear().limit(1 + random.nextInt(chunk.capacity()));
                int count = wire.read(chunk);
                assertThat(chunk.position()).isEqualTo(count);
                byte[] bytes = new byte[count];
                chunk.get(0, bytes);
                got.writeBytes(bytes);
            }
        }

        @Override
        public void writable(Wire wire) {
            assertThat(closes).as("closed before writable").isZero();
            writables++;
        }

        @Override
        public void closed(Wire wire, String why) {
            closes++;
            reason = why;
        }
    }

    /** Keeps writing a text in chunks of random size. */
    private static final class Sender implements Wire.Events {
        private final ByteBuffer rest;
        private final Random random = new Random(4);
        private final Receiver receiver = new Receiver();

        Sender(byte[] text) {
            rest = ByteBuffer.allocateDirect(text.length);
            rest.put(text).flip();
        }

        void send(Wire wire) {
            int end = rest.limit();
            while (rest.hasRemaining()) {
                int chunk = Math.min(rest.remaining(), 1 + random.nextInt(100_000));
                rest.limit(rest.position() + chunk);
                int before = rest.position();
                int count = wire.write(rest);
                assertThat(rest.position() - before).isEqualTo(count);
                boolean full = rest.hasRemaining();
                rest.limit(end);
                if (full) {
                    return;
                }
            }
        }

        @Override
        public void readable(Wire wire) {
            receiver.readable(wire);
        }

        @Override
        public void writable(Wire wire) {
            receiver.writable(wire);
            send(wire);
        }

        @Override
        public void closed(Wire wire, String why) {
            receiver.closed(wire, why);
        }
    }

    private static byte[] text(int bytes, int seed) {
        byte[] text = new byte[bytes];
        new Random(seed).nextBytes(text);
        return text;
    }

    private static ByteBuffer direct(byte[] text) {
        return ByteBuffer.allocateDirect(text.length).put(text).flip();
    }

    /** Writes until the wire takes no more; returns what it took. */
    private static int fill(Wire wire) {
        ByteBuffer source = ByteBuffer.allocateDirect(PLENTY);
        int total = 0;
        while (source.hasRemaining()) {
            int count = wire.write(source);
            total += count;
            if (source.hasRemaining()) {
                return total;
            }
        }
        throw new AssertionError("took " + total + " bytes that nobody read");
    }

    @Test
    void bytesArriveWholeAndInOrderBothWaysAtOnce() {
        byte[] there = text(3_000_000, 1);
        byte[] back = text(2_000_000, 2);
        Sender leftSender = new Sender(there);
        Sender rightSender = new Sender(back);
        left.listen(leftSender);
        right.listen(rightSender);
        leftSender.send(left);
        rightSender.send(right);
        world.runUntil(() ->
                leftSender.receiver.got.size() >= back.length
                        && rightSender.receiver.got.size() >= there.length);
        assertThat(Arrays.equals(leftSender.receiver.got.toByteArray(), back)).isTrue();
        assertThat(Arrays.equals(rightSender.receiver.got.toByteArray(), there)).isTrue();
        assertThat(leftSender.receiver.closes + rightSender.receiver.closes).isZero();
    }

    @Test
    void aReadOrWriteStaysBetweenPositionAndLimit() {
        Receiver receiver = new Receiver();
        receiver.reads = false;
        right.listen(receiver);
        ByteBuffer source = direct("..hello..".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        source.position(2).limit(7);
        assertThat(left.write(source)).isEqualTo(5);
        assertThat(source.position()).isEqualTo(7);
        assertThat(source.limit()).isEqualTo(7);
        world.runUntil(() -> receiver.readables > 0);
        ByteBuffer target = ByteBuffer.allocateDirect(16);
        target.position(4).limit(7);
        int total = 0;
        while (target.hasRemaining()) {
            total += right.read(target);
        }
        assertThat(total).isEqualTo(3);
        assertThat(target.limit()).isEqualTo(7);
        target.clear();
        assertThat(target.get(3)).isZero();
        assertThat(target.get(4)).isEqualTo((byte) 'h');
        assertThat(target.get(6)).isEqualTo((byte) 'l');
        assertThat(target.get(7)).isZero();
    }

    @Test
    void aReadWithNothingThereTakesNothing() {
        Receiver receiver = new Receiver();
        right.listen(receiver);
        assertThat(right.read(ByteBuffer.allocateDirect(10))).isZero();
        world.settle();
        assertThat(receiver.readables).isZero();
        assertThat(receiver.closes).isZero();
    }

    @Test
    void nothingIsToldBeforeSomebodyListens() {
        assertThat(left.write(direct(text(10, 1)))).isEqualTo(10);
        world.settle();
        Receiver receiver = new Receiver();
        right.listen(receiver);
        assertThat(receiver.readables).as("told inside listen").isZero();
        world.runUntil(() -> receiver.got.size() == 10);
        assertThat(receiver.got.toByteArray()).isEqualTo(text(10, 1));
    }

    @Test
    void anEndBeforeSomebodyListensIsToldAfterTheBytes() {
        assertThat(left.write(direct(text(10, 1)))).isEqualTo(10);
        left.close();
        world.settle();
        Receiver receiver = new Receiver();
        right.listen(receiver);
        world.runUntil(() -> receiver.closes > 0);
        assertThat(receiver.got.toByteArray()).isEqualTo(text(10, 1));
    }

    @Test
    void bytesLeftUnreadAreToldOfAgain() {
        Receiver receiver = new Receiver();
        receiver.reads = false;
        right.listen(receiver);
        assertThat(left.write(direct(text(10, 1)))).isEqualTo(10);
        world.runUntil(() -> receiver.readables >= 3);
        receiver.reads = true;
        world.runUntil(() -> receiver.got.size() == 10);
        int readables = receiver.readables;
        world.settle();
        assertThat(receiver.readables).as("told though all was read").isEqualTo(readables);
    }

    @Test
    void whoDoesNotWantToReadIsLeftAlone() {
        Receiver receiver = new Receiver();
        right.listen(receiver);
        right.wantRead(false);
        assertThat(left.write(direct(text(10, 1)))).isEqualTo(10);
        world.settle();
        assertThat(receiver.readables).isZero();
        right.wantRead(true);
        world.runUntil(() -> receiver.got.size() == 10);
    }

    @Test
    void notWantingToReadMayComeBeforeListening() {
        Receiver receiver = new Receiver();
        right.wantRead(false);
        right.listen(receiver);
        assertThat(left.write(direct(text(10, 1)))).isEqualTo(10);
        world.settle();
        assertThat(receiver.readables).isZero();
    }

    @Test
    void aSlowReaderHoldsUpTheWriterUntilItReads() {
        Receiver writer = new Receiver();
        Receiver receiver = new Receiver();
        left.listen(writer);
        right.listen(receiver);
        right.wantRead(false);
        int first = fill(left);
        assertThat(first).isPositive();
        world.settle();
        while (writer.writables > 0) {
            // What was on the way has been taken in by the other end.
            writer.writables = 0;
            first += fill(left);
            world.settle();
        }
        int total = first;
        right.wantRead(true);
        world.runUntil(() -> writer.writables > 0);
        world.runUntil(() -> receiver.got.size() == total);
        int writables = writer.writables;
        world.settle();
        assertThat(writer.writables).as("told though nobody waits").isEqualTo(writables);
    }

    @Test
    void anEndIsToldOnceAfterAllBytesHaveBeenRead() {
        byte[] text = text(100_000, 5);
        Receiver receiver = new Receiver();
        right.listen(receiver);
        Sender sender = new Sender(text);
        left.listen(sender);
        sender.send(left);
        world.runUntil(() -> !sender.rest.hasRemaining());
        left.close();
        world.runUntil(() -> receiver.closes > 0);
        world.settle();
        assertThat(receiver.got.toByteArray()).isEqualTo(text);
        assertThat(receiver.closes).isEqualTo(1);
        assertThat(receiver.reason).isNotEmpty();
        assertThat(right.read(ByteBuffer.allocateDirect(10))).isZero();
        assertThat(right.write(direct(text(10, 1)))).isZero();
    }

    @Test
    void whoClosesIsToldNothingMore() {
        Receiver receiver = new Receiver();
        Receiver other = new Receiver();
        left.listen(other);
        right.listen(receiver);
        assertThat(left.write(direct(text(10, 1)))).isEqualTo(10);
        right.close();
        world.runUntil(() -> other.closes == 1);
        world.settle();
        assertThat(receiver.readables + receiver.writables + receiver.closes).isZero();
        assertThat(other.closes).isEqualTo(1);
        assertThat(right.read(ByteBuffer.allocateDirect(10))).isZero();
        assertThat(right.write(direct(text(10, 1)))).isZero();
        right.close();
    }

    @Test
    void aWriterIsToldWhenItsPeerHasLeft() {
        Receiver writer = new Receiver();
        left.listen(writer);
        fill(left);
        right.close();
        world.runUntil(() -> writer.closes > 0 || writer.writables > 0);
        ByteBuffer more = direct(text(10, 1));
        while (writer.closes == 0) {
            left.write(more.rewind());
            world.settle();
        }
        assertThat(writer.closes).isEqualTo(1);
    }

    @Test
    void closingInsideAnEventIsAllowed() {
        Receiver other = new Receiver();
        left.listen(other);
        int[] events = new int[1];
        right.listen(
                new Wire.Events() {
                    @Override
                    public void readable(Wire wire) {
                        events[0]++;
                        wire.close();
                    }

                    @Override
                    public void writable(Wire wire) {
                        events[0]++;
                    }

                    @Override
                    public void closed(Wire wire, String reason) {
                        events[0]++;
                    }
                });
        assertThat(left.write(direct(text(10, 1)))).isEqualTo(10);
        world.runUntil(() -> other.closes == 1);
        world.settle();
        assertThat(events[0]).isEqualTo(1);
    }

    @Test
    void aWireNamesItsPeer() {
        assertThat(left.peer()).isNotEmpty();
        assertThat(right.peer()).isNotEmpty();
    }
}
