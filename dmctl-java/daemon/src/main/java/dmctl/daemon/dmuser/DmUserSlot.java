package dmctl.daemon.dmuser;

import dmctl.engine.port.Request;
import dmctl.nativebridge.DmUserMessage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One request of the driver: its memory, and how far it has got. The answer's head stands right
 * before the data, so that both leave in one write. From the reader to the loop and back to the
 * pool.
 */
final class DmUserSlot implements Runnable {
    private static final int ALIGNMENT = 4096;

    final Request request = new Request();
    final int capacity;
    final long dataAddress;

    private final DmUserDevice device;
    private final MemorySegment answerHead;
    private final ByteBuffer data;

    /** The opening that the request was read from. */
    @Nullable DmUserOpening opening;

    long seq;
    long type;
    long flags;
    long offset;
    long length;

    /** Bytes that have ended. */
    long done;

    /** Whether its flush, if it has one, has ended. */
    boolean flushed;

    DmUserSlot(DmUserDevice device, Arena arena, int capacity) {
        this.device = device;
        this.capacity = capacity;
        MemorySegment memory = arena.allocate(ALIGNMENT + (long) capacity, ALIGNMENT);
        answerHead = memory.asSlice(ALIGNMENT - DmUserMessage.HEAD_BYTES, DmUserMessage.HEAD_BYTES);
        MemorySegment body = memory.asSlice(ALIGNMENT, capacity);
        dataAddress = body.address();
        data = body.asByteBuffer();
        request.owner = this;
        request.done = device;
    }

    void take(DmUserOpening from, MemorySegment head) {
        opening = from;
        seq = DmUserMessage.seq(head);
        type = DmUserMessage.type(head);
        flags = DmUserMessage.flags(head);
        offset = DmUserMessage.sector(head) * DmUserMessage.SECTOR_BYTES;
        length = DmUserMessage.length(head);
        restart();
    }

    /** From its beginning, again. */
    void restart() {
        done = 0;
        flushed = false;
    }

    /** The memory of the next stretch. */
    ByteBuffer data(int bytes) {
        return data.limit((int) done + bytes).position((int) done);
    }

    /** Where the answer begins, with its head filled in. */
    long answer(long answerType) {
        DmUserMessage.put(answerHead, seq, answerType, 0, offset / 512, length);
        return answerHead.address();
    }

    boolean carries(long flag) {
        return (flags & flag) != 0;
    }

    /** On the loop: the request has come. */
    @Override
    public void run() {
        device.arrived(this);
    }
}
