package dmctl.engine;

import dmctl.engine.ResyncSource.Chunk;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * A resync over a channel: checksums of each region's blocks first, then only the blocks that
 * differ; blocks of zeroes without data.
 */
final class TcpCopy implements ResyncSource.Sink {
    private static final int QUEUED_MAX = 16;

    private final Replica replica;
    private final ResyncSource source;
    private final BlockSums sums = new BlockSums();
    private final Chunk[] toSend = new Chunk[QUEUED_MAX];
    private final Consumer<String> failed;
    private int toSendCount;
    private long targetOpening = -1;

    TcpCopy(Replica replica, SiteState site, Consumer<String> failed) {
        this.replica = replica;
        this.failed = failed;
        source = new ResyncSource(replica, site, this);
    }

    ResyncSource source() {
        return source;
    }

    /**
     * Begins, or goes on where a lost connection left off if the target has not restarted.
     *
     * @param since only regions written after this seq are copied; -1: all
     */
    boolean begin(long opening, long since) {
        source.forgetGiven();
        toSendCount = 0;
        if (!source.quiet()) {
            return false;
        }
        if (!source.running() || opening != targetOpening) {
            if (source.running()) {
                source.stop();
            }
            source.start(since);
        }
        targetOpening = opening;
        return true;
    }

    void lost() {
        // Chunks handed on may not be on the target: the next connection starts over.
        if (source.running()) {
            source.stop();
        }
        source.forgetGiven();
        toSendCount = 0;
    }

    boolean pump(LinkChannel to) {
        boolean done = source.pump();
        while (toSendCount > 0 && sendSums(to, toSend[0])) {
            toSendCount--;
            System.arraycopy(toSend, 1, toSend, 0, toSendCount);
        }
        return done && toSendCount == 0;
    }

    long wakeNanos() {
        return source.wakeNanos();
    }

    @Override
    public void chunk(Chunk chunk) {
        toSend[toSendCount++] = chunk;
    }

    @Override
    public void failed(String reason) {
        failed.accept(reason);
    }

    private boolean sendSums(LinkChannel to, Chunk chunk) {
        int blocks = BlockSums.blocks(chunk.bytes);
        int metaBytes = 20 + blocks * BlockSums.SUM_BYTES;
        if (!to.hasRoom(metaBytes, 0)) {
            return false;
        }
        int at = to.begin(Message.COPY_SUMS, metaBytes, 0);
        ByteBuffer out = to.out();
        out.putInt(at, chunk.slot);
        out.putInt(at + 4, replica.def().devices().get(chunk.device).devNr());
        out.putLong(at + 8, chunk.offset);
        out.putInt(at + 16, chunk.bytes);
        for (int block = 0; block < blocks; block++) {
            sums.put(chunk.data, chunk.bytes, block, out, at + 20 + block * BlockSums.SUM_BYTES);
        }
        to.end();
        return true;
    }

    /**
     * The target says which blocks differ.
     *
     * @return false if there is no room for them now
     */
    boolean wanted(LinkChannel to, ByteBuffer in, int meta, int metaBytes) {
        Chunk chunk = metaBytes < 4 ? null : source.chunk(in.getInt(meta));
        int blocks = chunk == null ? 0 : BlockSums.blocks(chunk.bytes);
        int bits = (blocks + 7) / 8;
        if (chunk == null || metaBytes != 4 + bits) {
            to.fault("an answer for a region that was not asked, from " + to.peer());
            return true;
        }
        int dataBytes = 0;
        for (int block = 0; block < blocks; block++) {
            if (Bits.get(in, meta + 4, block)
                    && !BlockSums.isZero(chunk.data, chunk.bytes, block)) {
                dataBytes += BlockSums.length(chunk.bytes, block);
            }
        }
        int outMeta = 8 + 2 * bits;
        if (!to.hasRoom(outMeta, dataBytes)) {
            return false;
        }
        int at = to.begin(Message.COPY_DATA, outMeta, dataBytes);
        ByteBuffer out = to.out();
        out.putInt(at, chunk.slot);
        int data = at + outMeta;
        for (int i = 0; i < bits; i++) {
            out.put(at + 8 + i, in.get(meta + 4 + i));
            out.put(at + 8 + bits + i, (byte) 0);
        }
        for (int block = 0; block < blocks; block++) {
            if (!Bits.get(in, meta + 4, block)) {
                continue;
            }
            int length = BlockSums.length(chunk.bytes, block);
            if (BlockSums.isZero(chunk.data, chunk.bytes, block)) {
                Bits.set(out, at + 8 + bits, block);
            } else {
                out.put(data, chunk.data, block * BlockSums.BLOCK_BYTES, length);
                data += length;
            }
        }
        out.putInt(at + 4, replica.log().crc().of(out, at + outMeta, dataBytes));
        to.end();
        source.addSent(dataBytes);
        return true;
    }

    void done(ByteBuffer in, int meta, int metaBytes) {
        Chunk chunk = metaBytes < 4 ? null : source.chunk(in.getInt(meta));
        if (chunk != null) {
            source.chunkDone(chunk);
        }
    }
}
