package dmctl.daemon.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class ReadBuffersTest {
    private static final int POOL_BYTES = 4 << 20;

    private static final class Account extends ReadAccount {
        Account() {
            super(new ReadBuffer(ReadBuffers.aligned(ReadBuffers.SLAB_BYTES), null));
        }

        @Override
        void freed() {
            assertThat(heldBytes).isNotNegative();
        }

        @Override
        void served() {
            throw new AssertionError("the pool only says whose turn it is");
        }
    }

    private static ReadBuffer taken(ReadBuffers buffers, int bytes, ReadAccount account) {
        return Objects.requireNonNull(buffers.take(bytes, account));
    }

    @Test
    void buffers_in_use_are_aligned_and_never_overlap() {
        ReadBuffers buffers = new ReadBuffers(POOL_BYTES);
        Random random = new Random(11);
        List<Account> accounts = List.of(new Account(), new Account(), new Account());
        List<ReadBuffer> held = new ArrayList<>();
        for (int step = 0; step < 20_000; step++) {
            Account account = accounts.get(random.nextInt(accounts.size()));
            int bytes = 512 * (1 + random.nextInt(8 << random.nextInt(8)));
            ReadBuffer buffer = random.nextInt(5) < 3 ? buffers.take(bytes, account) : null;
            if (buffer != null) {
                ByteBuffer memory = buffer.bytes;
                assertThat(memory.remaining()).isEqualTo(bytes);
                assertThat(memory.alignmentOffset(0, 4096)).isZero();
                memory.putInt(0, step);
                memory.putInt(((bytes - 1) & ~4095), step);
                held.add(buffer);
            } else if (!held.isEmpty()) {
                ReadBuffer back = held.remove(random.nextInt(held.size()));
                int last = (back.bytes.limit() - 1) & ~4095;
                assertThat(back.bytes.getInt(last)).isEqualTo(back.bytes.getInt(0));
                back.release();
            }
            for (Account waiting : accounts) {
                assertThat(waiting.heldBytes).isLessThanOrEqualTo(POOL_BYTES / 2);
            }
        }
        held.forEach(ReadBuffer::release);
        assertThat(accounts).allMatch(account -> account.heldBytes == 0 && account.reserveFree);
    }

    @Test
    void who_finds_none_takes_its_reserve_and_then_waits_its_turn() {
        ReadBuffers buffers = new ReadBuffers(ReadBuffers.SLAB_BYTES);
        Account first = new Account();
        Account second = new Account();
        Account third = new Account();
        ReadBuffer whole = taken(buffers, ReadBuffers.SLAB_BYTES, first);
        ReadBuffer reserve = taken(buffers, 4096, second);
        assertThat(reserve.slab).isNull();
        assertThat(buffers.take(4096, second)).isNull();
        assertThat(taken(buffers, 4096, third).slab).isNull();
        assertThat(buffers.take(4096, third)).isNull();
        assertThat(buffers.servedWaiter()).isNull();
        whole.release();
        assertThat(buffers.servedWaiter()).isSameAs(second);
        assertThat(buffers.take(4096, third)).as("not its turn").isNull();
        assertThat(taken(buffers, 4096, second).slab).isNotNull();
        assertThat(buffers.servedWaiter()).isSameAs(third);
        assertThat(taken(buffers, 4096, third).slab).isNotNull();
        assertThat(buffers.servedWaiter()).isNull();
    }

    @Test
    void a_slab_is_cut_anew_when_all_of_it_is_free() {
        ReadBuffers buffers = new ReadBuffers(ReadBuffers.SLAB_BYTES);
        Account account = new Account();
        ReadBuffer small = taken(buffers, 4096, account);
        small.release();
        ReadBuffer large = taken(buffers, ReadBuffers.SLAB_BYTES, account);
        assertThat(large.slab).isNotNull().isSameAs(small.slab);
    }

    @Test
    void one_client_gets_no_more_than_half() {
        ReadBuffers buffers = new ReadBuffers(POOL_BYTES);
        Account greedy = new Account();
        for (int i = 0; i < POOL_BYTES / ReadBuffers.SLAB_BYTES / 2; i++) {
            assertThat(taken(buffers, ReadBuffers.SLAB_BYTES, greedy).slab).isNotNull();
        }
        assertThat(taken(buffers, 4096, greedy).slab).as("its reserve").isNull();
        assertThat(buffers.take(4096, greedy)).isNull();
        assertThat(buffers.servedWaiter()).as("it waits for itself only").isNull();
        assertThat(taken(buffers, 4096, new Account()).slab).isNotNull();
    }
}
