package dmctl.engine;

import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A target's side of a resync: compares regions with what its devices hold, writes what differs.
 */
final class CopyTarget implements IoDone {
    static final int CHUNKS = 8;

    private enum Step {
        IDLE,
        READING,
        /** The source is to send what differs. */
        ASKED,
        WRITING
    }

    /** One region under way, by the source's number for it. */
    private static final class Chunk {
        final Io io = new Io();
        final ByteBuffer present;
        final ByteBuffer sums;
        final ByteBuffer wanted;
        int slot;
        int device;
        long offset;
        int bytes;
        int block;
        Step step = Step.IDLE;

        Chunk(int slot, int regionBytes, LinkBuffers buffers) {
            this.slot = slot;
            present = buffers.take(regionBytes);
            int blocks = BlockSums.blocks(regionBytes);
            sums = buffers.take(blocks * BlockSums.SUM_BYTES);
            wanted = buffers.take(2 * ((blocks + 7) / 8));
        }

        void give(LinkBuffers buffers) {
            buffers.give(present);
            buffers.give(sums);
            buffers.give(wanted);
        }
    }

    private final Replica replica;
    private final LinkChannel channel;
    private final BlockSums blockSums = new BlockSums();
    private final @Nullable Chunk[] chunks = new Chunk[CHUNKS];
    private final ArrayDeque<Chunk> answers = new ArrayDeque<>();
    private final ArrayDeque<Chunk> finished = new ArrayDeque<>();
    private int inFlight;
    private boolean stopped;

    CopyTarget(Replica replica, LinkChannel channel) {
        this.replica = replica;
        this.channel = channel;
    }

    boolean quiet() {
        return inFlight == 0;
    }

    void stop() {
        stopped = true;
        giveBuffers();
    }

    private void giveBuffers() {
        for (int i = 0; i < CHUNKS && inFlight == 0; i++) {
            Chunk chunk = chunks[i];
            chunks[i] = null;
            if (chunk != null) {
                chunk.give(replica.linkBuffers());
            }
        }
    }

    boolean sums(ByteBuffer in, int meta, int metaBytes) {
        int slot = metaBytes < 20 ? -1 : in.getInt(meta);
        int bytes = slot < 0 ? 0 : in.getInt(meta + 16);
        int regionBytes = replica.devices().regions().regionBytes();
        if (slot < 0
                || slot >= CHUNKS
                || bytes <= 0
                || bytes > regionBytes
                || ((bytes | in.getLong(meta + 8)) & (replica.def().blockSize() - 1)) != 0
                || metaBytes != 20 + BlockSums.blocks(bytes) * BlockSums.SUM_BYTES
                || replica.standing().phase != Standing.Phase.COPYING
                || !replica.devices()
                        .knows(in.getInt(meta + 4), in.getLong(meta + 8) >>> 9, bytes >>> 9)) {
            channel.fault("a region that does not fit, from " + channel.peer());
            return true;
        }
        if (replica.peers().copiesInFlight() > inFlight) {
            // Writes of a lost connection must not land on top of this one's.
            return false;
        }
        Chunk chunk = chunks[slot];
        if (chunk == null) {
            chunk = new Chunk(slot, regionBytes, replica.linkBuffers());
            chunks[slot] = chunk;
        }
        if (chunk.step != Step.IDLE) {
            channel.fault("a region in place of one that is under way, from " + channel.peer());
            return true;
        }
        chunk.device = replica.devices().deviceIndex(in.getInt(meta + 4));
        chunk.offset = in.getLong(meta + 8);
        chunk.bytes = bytes;
        chunk.sums.put(0, in, meta + 20, metaBytes - 20);
        chunk.step = Step.READING;
        chunk.io.op = Io.Op.READ;
        chunk.io.buffer = chunk.present.clear().limit(bytes);
        submit(chunk, chunk.offset);
        return true;
    }

    private void submit(Chunk chunk, long offset) {
        chunk.io.attachment = chunk;
        chunk.io.offset = offset;
        inFlight++;
        replica.peers().copyStarted();
        replica.submit(replica.device(chunk.device), chunk.io, this);
    }

    @Override
    public void ioDone(Io io) {
        inFlight--;
        replica.peers().copyEnded();
        if (stopped) {
            giveBuffers();
            return;
        }
        if (!(io.attachment instanceof Chunk chunk)) {
            return;
        }
        if (io.error != 0) {
            channel.fault(replica.deviceFailed(chunk.device, "copying to", io.error));
            return;
        }
        if (chunk.step == Step.READING) {
            answers.add(chunk);
        } else {
            writeNext(chunk);
        }
        pump();
    }

    void pump() {
        while (!answers.isEmpty() && answer(answers.peek())) {
            answers.poll();
        }
        while (!finished.isEmpty() && channel.hasRoom(4, 0)) {
            Chunk chunk = finished.poll();
            chunk.step = Step.IDLE;
            channel.out().putInt(channel.begin(Message.COPY_DONE, 4, 0), chunk.slot);
            channel.end();
        }
    }

    private boolean answer(Chunk chunk) {
        int blocks = BlockSums.blocks(chunk.bytes);
        int bits = (blocks + 7) / 8;
        if (!channel.hasRoom(4 + bits, 0)) {
            return false;
        }
        int at = channel.begin(Message.COPY_WANT, 4 + bits, 0);
        ByteBuffer out = channel.out();
        out.putInt(at, chunk.slot);
        for (int i = 0; i < bits; i++) {
            out.put(at + 4 + i, (byte) 0);
        }
        for (int block = 0; block < blocks; block++) {
            int sum = block * BlockSums.SUM_BYTES;
            if (!blockSums.matches(chunk.present, chunk.bytes, block, chunk.sums, sum)) {
                Bits.set(out, at + 4, block);
            }
        }
        channel.end();
        chunk.step = Step.ASKED;
        return true;
    }

    boolean data(ByteBuffer in, int meta, int metaBytes, int data, int dataBytes) {
        int slot = metaBytes < 8 ? -1 : in.getInt(meta);
        Chunk chunk = slot >= 0 && slot < CHUNKS ? chunks[slot] : null;
        int bits = chunk == null ? 0 : (BlockSums.blocks(chunk.bytes) + 7) / 8;
        if (chunk == null
                || chunk.step != Step.ASKED
                || metaBytes != 8 + 2 * bits
                || dataBytes > chunk.bytes
                || replica.log().crc().of(in, data, dataBytes) != in.getInt(meta + 4)) {
            channel.fault(
                    "a region's blocks are damaged or were not asked for, from " + channel.peer());
            return true;
        }
        if (dataBytes != dataBytes(chunk, in, meta + 8, bits)) {
            channel.fault("a region's blocks are not complete, from " + channel.peer());
            return true;
        }
        chunk.wanted.put(0, in, meta + 8, 2 * bits);
        // The blocks go where they belong in the region, so that runs of them are one write.
        int from = data;
        for (int block = 0; block < BlockSums.blocks(chunk.bytes); block++) {
            int length = BlockSums.length(chunk.bytes, block);
            if (Bits.get(chunk.wanted, 0, block) && !Bits.get(chunk.wanted, bits, block)) {
                chunk.present.put(block * BlockSums.BLOCK_BYTES, in, from, length);
                from += length;
            }
        }
        chunk.block = 0;
        chunk.step = Step.WRITING;
        writeNext(chunk);
        pump();
        return true;
    }

    private static int dataBytes(Chunk chunk, ByteBuffer in, int at, int bits) {
        int sum = 0;
        for (int block = 0; block < BlockSums.blocks(chunk.bytes); block++) {
            if (Bits.get(in, at, block) && !Bits.get(in, at + bits, block)) {
                sum += BlockSums.length(chunk.bytes, block);
            }
        }
        return sum;
    }

    private void writeNext(Chunk chunk) {
        int blocks = BlockSums.blocks(chunk.bytes);
        int bits = (blocks + 7) / 8;
        while (chunk.block < blocks && !Bits.get(chunk.wanted, 0, chunk.block)) {
            chunk.block++;
        }
        if (chunk.block == blocks) {
            finished.add(chunk);
            return;
        }
        int from = chunk.block * BlockSums.BLOCK_BYTES;
        int to = from;
        boolean zero = Bits.get(chunk.wanted, bits, chunk.block);
        while (chunk.block < blocks
                && Bits.get(chunk.wanted, 0, chunk.block)
                && Bits.get(chunk.wanted, bits, chunk.block) == zero) {
            to += BlockSums.length(chunk.bytes, chunk.block++);
        }
        if (zero) {
            chunk.io.op = Io.Op.ZERO;
            chunk.io.unmap = true;
            chunk.io.length = (long) to - from;
        } else {
            chunk.io.op = Io.Op.WRITE;
            chunk.io.buffer = chunk.present.clear().limit(to).position(from);
        }
        submit(chunk, chunk.offset + from);
    }
}
