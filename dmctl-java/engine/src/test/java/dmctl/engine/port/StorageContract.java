package dmctl.engine.port;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every promise of {@link Storage}. Whoever implements the port extends this. */
public abstract class StorageContract {
    /** Block of the storage: all that is asked is aligned to it. */
    protected static final int BLOCK = 4096;

    private static final int BLOCKS = 512;
    private static final long BYTES = (long) BLOCKS * BLOCK;

    private Storage storage;
    private World world;

    /**
     * Opens a storage that reads as zeroes.
     *
     * @param bytes its size
     * @return the storage
     * @throws Exception if that fails
     */
    protected abstract Storage open(long bytes) throws Exception;

    /**
     * Returns what drives the storage opened last.
     *
     * @return the world
     */
    protected abstract World world();

    @BeforeEach
    void openStorage() throws Exception {
        storage = open(BYTES);
        world = world();
    }

    @AfterEach
    void closeStorage() {
        storage.close();
    }

    /** Remembers the end of one operation. */
    private static final class Ending implements IoDone {
        private int times;
        private boolean submitting;
        private boolean insideSubmit;
        private @Nullable Io nextAtEnd;

        @Override
        public void ioDone(Io io) {
            times++;
            insideSubmit |= submitting;
            nextAtEnd = io.next;
        }
    }

    private static ByteBuffer memory(int bytes) {
        return ByteBuffer.allocateDirect(bytes + BLOCK).alignedSlice(BLOCK).limit(bytes);
    }

    private static ByteBuffer filled(int bytes, int value) {
        ByteBuffer buffer = memory(bytes);
        for (int i = 0; i < bytes; i++) {
            buffer.put(i, (byte) value);
        }
        return buffer;
    }

    private static Io transfer(Io.Op op, long offset, ByteBuffer buffer) {
        Io io = new Io();
        io.op = op;
        io.offset = offset;
        io.buffer = buffer;
        return io;
    }

    private static Io zero(long offset, long length, boolean unmap) {
        Io io = new Io();
        io.op = Io.Op.ZERO;
        io.offset = offset;
        io.length = length;
        io.unmap = unmap;
        return io;
    }

    private static Io flush() {
        Io io = new Io();
        io.op = Io.Op.FLUSH;
        return io;
    }

    private static Io extents(long offset, long length) {
        Io io = new Io();
        io.op = Io.Op.EXTENTS;
        io.offset = offset;
        io.length = length;
        io.extents = new ExtentList();
        return io;
    }

    private Ending start(Io io) {
        Ending ending = new Ending();
        io.done = ending;
        io.error = 77;
        ending.submitting = true;
        storage.submit(io);
        ending.submitting = false;
        return ending;
    }

    /** Runs one operation to its end and returns its error. */
    private int run(Io io) {
        Ending ending = start(io);
        world.runUntil(() -> ending.times > 0);
        assertThat(ending.times).as("ends of %s", io.op).isEqualTo(1);
        assertThat(ending.insideSubmit).as("%s told inside submit", io.op).isFalse();
        assertThat(ending.nextAtEnd).as("link of %s", io.op).isNull();
        return io.error;
    }

    private void write(long offset, int bytes, int value) {
        assertThat(run(transfer(Io.Op.WRITE, offset, filled(bytes, value)))).isZero();
    }

    private byte[] read(long offset, int bytes) {
        ByteBuffer target = filled(bytes, 0x55);
        assertThat(run(transfer(Io.Op.READ, offset, target))).isZero();
        byte[] content = new byte[bytes];
        target.get(0, content);
        return content;
    }

    private static byte[] bytes(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    @Test
    void itHasTheSizeItWasOpenedWithAndAName() {
        assertThat(storage.sizeBytes()).isEqualTo(BYTES);
        assertThat(storage.name()).isNotEmpty();
    }

    @Test
    void aNewStorageReadsAsZeroes() {
        assertThat(read(0, BLOCK)).isEqualTo(bytes(BLOCK, 0));
        assertThat(read(BYTES - BLOCK, BLOCK)).isEqualTo(bytes(BLOCK, 0));
    }

    @Test
    void whatWasWrittenIsReadAndItsNeighboursAreNot() {
        write(3 * BLOCK, 2 * BLOCK, 7);
        assertThat(read(2 * BLOCK, BLOCK)).isEqualTo(bytes(BLOCK, 0));
        assertThat(read(3 * BLOCK, 2 * BLOCK)).isEqualTo(bytes(2 * BLOCK, 7));
        assertThat(read(5 * BLOCK, BLOCK)).isEqualTo(bytes(BLOCK, 0));
    }

    @Test
    void theLastBlockIsWrittenAndRead() {
        write(BYTES - BLOCK, BLOCK, 9);
        assertThat(read(BYTES - BLOCK, BLOCK)).isEqualTo(bytes(BLOCK, 9));
    }

    @Test
    void noEndIsToldInsideSubmit() {
        List<Io> operations =
                List.of(
                        transfer(Io.Op.WRITE, 0, filled(BLOCK, 1)),
                        transfer(Io.Op.READ, BLOCK, memory(BLOCK)),
                        zero(2 * BLOCK, BLOCK, true),
                        zero(3 * BLOCK, BLOCK, false),
                        extents(4 * BLOCK, BLOCK),
                        flush(),
                        transfer(Io.Op.READ, BYTES, memory(BLOCK)));
        for (Io io : operations) {
            Ending ending = start(io);
            assertThat(ending.times).as("%s told by return of submit", io.op).isZero();
            world.runUntil(() -> ending.times > 0);
            assertThat(ending.insideSubmit).isFalse();
        }
        world.settle();
        assertThat(operations).allMatch(io -> ((Ending) io.done).times == 1);
    }

    @Test
    void onlyTheRangeFromPositionToLimitIsUsedAndBothStay() {
        ByteBuffer source = filled(4 * BLOCK, 1);
        for (int i = BLOCK; i < 3 * BLOCK; i++) {
            source.put(i, (byte) 2);
        }
        source.position(BLOCK).limit(3 * BLOCK);
        assertThat(run(transfer(Io.Op.WRITE, 8 * BLOCK, source))).isZero();
        assertThat(source.position()).isEqualTo(BLOCK);
        assertThat(source.limit()).isEqualTo(3 * BLOCK);
        assertThat(read(7 * BLOCK, BLOCK)).isEqualTo(bytes(BLOCK, 0));
        assertThat(read(8 * BLOCK, 2 * BLOCK)).isEqualTo(bytes(2 * BLOCK, 2));
        assertThat(read(10 * BLOCK, BLOCK)).isEqualTo(bytes(BLOCK, 0));

        ByteBuffer target = filled(4 * BLOCK, 5);
        target.position(BLOCK).limit(2 * BLOCK);
        assertThat(run(transfer(Io.Op.READ, 8 * BLOCK, target))).isZero();
        assertThat(target.position()).isEqualTo(BLOCK);
        assertThat(target.limit()).isEqualTo(2 * BLOCK);
        target.clear();
        assertThat(target.get(BLOCK - 1)).isEqualTo((byte) 5);
        assertThat(target.get(BLOCK)).isEqualTo((byte) 2);
        assertThat(target.get(2 * BLOCK - 1)).isEqualTo((byte) 2);
        assertThat(target.get(2 * BLOCK)).isEqualTo((byte) 5);
    }

    @Test
    void theFieldsOfTheSubmitterAreLeftAlone() {
        Io io = transfer(Io.Op.WRITE, 0, filled(BLOCK, 1));
        io.kind = 5;
        io.tag = 6;
        io.owner = "me";
        assertThat(run(io)).isZero();
        assertThat(io.kind).isEqualTo(5);
        assertThat(io.tag).isEqualTo(6);
        assertThat(io.owner).isEqualTo("me");
        assertThat(io.offset).isZero();
        assertThat(io.op).isEqualTo(Io.Op.WRITE);
    }

    @Test
    void aRangeThatEndsBeyondTheStorageIsAnErrorAndChangesNothing() {
        write(BYTES - BLOCK, BLOCK, 3);
        assertThat(run(transfer(Io.Op.READ, BYTES - BLOCK, memory(2 * BLOCK)))).isPositive();
        assertThat(run(transfer(Io.Op.READ, BYTES, memory(BLOCK)))).isPositive();
        assertThat(run(transfer(Io.Op.WRITE, BYTES - BLOCK, filled(2 * BLOCK, 4)))).isPositive();
        assertThat(run(transfer(Io.Op.WRITE, BYTES, filled(BLOCK, 4)))).isPositive();
        assertThat(run(zero(BYTES - BLOCK, 2 * BLOCK, false))).isPositive();
        assertThat(run(extents(BYTES - BLOCK, 2 * BLOCK))).isPositive();
        assertThat(read(BYTES - BLOCK, BLOCK)).isEqualTo(bytes(BLOCK, 3));
        assertThat(storage.sizeBytes()).isEqualTo(BYTES);
    }

    @Test
    void aZeroedRangeReadsAsZeroesUnmappedOrNot() {
        for (boolean unmap : new boolean[] {true, false}) {
            write(0, 8 * BLOCK, 6);
            assertThat(run(zero(2 * BLOCK, 3 * BLOCK, unmap))).isZero();
            assertThat(read(BLOCK, BLOCK)).isEqualTo(bytes(BLOCK, 6));
            assertThat(read(2 * BLOCK, 3 * BLOCK)).isEqualTo(bytes(3 * BLOCK, 0));
            assertThat(read(5 * BLOCK, BLOCK)).isEqualTo(bytes(BLOCK, 6));
        }
    }

    @Test
    void aZeroedRangeCanBeWrittenAgain() {
        write(0, BLOCK, 6);
        assertThat(run(zero(0, BLOCK, true))).isZero();
        write(0, BLOCK, 8);
        assertThat(read(0, BLOCK)).isEqualTo(bytes(BLOCK, 8));
    }

    @Test
    void aFlushEndsWithoutErrorAndWhatWasWrittenStays() {
        write(0, BLOCK, 1);
        assertThat(run(flush())).isZero();
        assertThat(run(flush())).isZero();
        assertThat(read(0, BLOCK)).isEqualTo(bytes(BLOCK, 1));
    }

    @Test
    void operationsOfDistinctRangesMayBeUnderWayTogether() {
        List<Io> operations = new ArrayList<>();
        List<Ending> endings = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            operations.add(transfer(Io.Op.WRITE, (long) i * BLOCK, filled(BLOCK, i + 1)));
        }
        for (int i = 64; i < 96; i++) {
            operations.add(zero((long) i * BLOCK, BLOCK, i % 2 == 0));
            operations.add(transfer(Io.Op.READ, (i + 32L) * BLOCK, memory(BLOCK)));
        }
        operations.add(flush());
        operations.forEach(io -> endings.add(start(io)));
        world.runUntil(() -> endings.stream().allMatch(ending -> ending.times > 0));
        world.settle();
        assertThat(endings).allMatch(ending -> ending.times == 1 && !ending.insideSubmit);
        assertThat(operations).allMatch(io -> io.error == 0);
        for (int i = 0; i < 64; i++) {
            assertThat(read((long) i * BLOCK, BLOCK)).isEqualTo(bytes(BLOCK, i + 1));
        }
    }

    @Test
    void anOperationMayBeSubmittedAgainWhereItsEndIsTold() {
        ByteBuffer buffer = filled(BLOCK, 1);
        Io io = transfer(Io.Op.WRITE, 0, buffer);
        int[] ends = new int[2];
        io.done =
                same -> {
                    ends[0]++;
                    if (ends[0] < 10) {
                        buffer.put(0, (byte) ends[0]);
                        same.offset += BLOCK;
                        ends[1]++;
                        storage.submit(same);
                        ends[1]--;
                    }
                    assertThat(ends[1]).as("ends told inside submit").isZero();
                };
        storage.submit(io);
        world.runUntil(() -> ends[0] == 10);
        for (int i = 0; i < 10; i++) {
            assertThat(read((long) i * BLOCK, BLOCK)[0]).isEqualTo((byte) Math.max(1, i));
        }
    }

    @Test
    void aLargeTransferIsDoneWhole() {
        int bytes = 300 * BLOCK;
        ByteBuffer source = memory(bytes);
        byte[] content = new byte[bytes];
        new Random(11).nextBytes(content);
        source.put(0, content);
        assertThat(run(transfer(Io.Op.WRITE, 100 * BLOCK, source))).isZero();
        assertThat(read(100 * BLOCK, bytes)).isEqualTo(content);
    }

    @Test
    void extentsCoverTheRangeAndWhatTheyCallZeroReadsAsZeroes() {
        write(10 * BLOCK, 5 * BLOCK, 1);
        write(100 * BLOCK, BLOCK, 2);
        write(200 * BLOCK, 50 * BLOCK, 3);
        assertThat(run(zero(210 * BLOCK, 20 * BLOCK, true))).isZero();
        assertThat(run(flush())).isZero();
        checkExtents(0, BYTES);
        checkExtents(12 * BLOCK, 90 * BLOCK);
        checkExtents(10 * BLOCK, BLOCK);
        checkExtents(300 * BLOCK, 10 * BLOCK);
    }

    @Test
    void extentsReplaceWhatTheListHeld() {
        Io io = extents(0, BLOCK);
        io.extents.add(12345, true);
        assertThat(run(io)).isZero();
        assertThat(io.extents.size()).isEqualTo(1);
        assertThat(io.extents.length(0)).isEqualTo(BLOCK);
    }

    private void checkExtents(long offset, long length) {
        Io io = extents(offset, length);
        assertThat(run(io)).isZero();
        long at = offset;
        for (int i = 0; i < io.extents.size(); i++) {
            int bytes = (int) io.extents.length(i);
            assertThat(bytes).isPositive();
            if (io.extents.readsZero(i)) {
                assertThat(read(at, bytes)).isEqualTo(bytes(bytes, 0));
            }
            at += bytes;
        }
        assertThat(at - offset).isEqualTo(length);
    }

    @Test
    void manyRandomOperationsDoWhatAnArrayDoes() {
        Random random = new Random(42);
        byte[] model = new byte[(int) BYTES];
        for (int round = 0; round < 40; round++) {
            List<Ending> endings = new ArrayList<>();
            int at = 0;
            while (at < BLOCKS) {
                int blocks = Math.min(BLOCKS - at, 1 + random.nextInt(64));
                int from = at * BLOCK;
                int bytes = blocks * BLOCK;
                if (random.nextInt(3) == 0) {
                    endings.add(start(zero(from, bytes, random.nextBoolean())));
                    Arrays.fill(model, from, from + bytes, (byte) 0);
                } else if (random.nextBoolean()) {
                    int value = 1 + random.nextInt(100);
                    endings.add(start(transfer(Io.Op.WRITE, from, filled(bytes, value))));
                    Arrays.fill(model, from, from + bytes, (byte) value);
                }
                at += blocks;
            }
            endings.add(start(flush()));
            world.runUntil(() -> endings.stream().allMatch(ending -> ending.times == 1));
        }
        assertThat(read(0, (int) BYTES)).isEqualTo(model);
    }
}
