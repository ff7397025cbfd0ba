package dmctl.engine;

import dmctl.engine.ResyncSource.Chunk;
import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import dmctl.engine.port.Storage;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A resync of devices that are visible here: read, compare, write the blocks that differ. */
final class BlockdevCopy implements ResyncSource.Sink, IoDone {
    /** One region of the site under way. */
    private static final class Work {
        final Io io = new Io();
        final ByteBuffer present;
        int block;

        Work(ByteBuffer present) {
            this.present = present;
        }
    }

    private final Replica replica;
    private final ResyncSource source;
    private final Storage[] devices;
    private final Consumer<String> failed;
    private final @Nullable Work[] works = new Work[ResyncSource.CHUNKS];
    private int inFlight;

    BlockdevCopy(Replica replica, SiteState site, Storage[] devices, Consumer<String> failed) {
        this.replica = replica;
        this.devices = devices;
        this.failed = failed;
        source = new ResyncSource(replica, site, this);
    }

    ResyncSource source() {
        return source;
    }

    boolean quiet() {
        return inFlight == 0;
    }

    @Override
    public void failed(String reason) {
        failed.accept(reason);
    }

    @Override
    public void chunk(Chunk chunk) {
        Work work = works[chunk.slot];
        if (work == null) {
            work = new Work(Buffers.aligned(replica.devices().regions().regionBytes()));
            works[chunk.slot] = work;
        }
        work.block = 0;
        work.io.op = Io.Op.READ;
        work.io.buffer = work.present.duplicate().clear().limit(chunk.bytes);
        work.io.offset = chunk.offset;
        work.io.attachment = work;
        work.io.tag = chunk.slot;
        inFlight++;
        replica.submit(devices[chunk.device], work.io, this);
    }

    @Override
    public void ioDone(Io io) {
        inFlight--;
        Chunk chunk = source.chunk((int) io.tag);
        if (!(io.attachment instanceof Work work) || chunk == null || !source.running()) {
            return;
        }
        if (io.error != 0) {
            failed("a device of the site failed with errno " + io.error);
            return;
        }
        writeNext(chunk, work);
    }

    private void writeNext(Chunk chunk, Work work) {
        int blocks = BlockSums.blocks(chunk.bytes);
        while (work.block < blocks && same(chunk, work)) {
            work.block++;
        }
        if (work.block == blocks) {
            source.chunkDone(chunk);
            return;
        }
        int from = work.block * BlockSums.BLOCK_BYTES;
        int to = from;
        while (work.block < blocks && !same(chunk, work)) {
            to += BlockSums.length(chunk.bytes, work.block++);
        }
        work.io.op = Io.Op.WRITE;
        work.io.buffer = chunk.data.duplicate().limit(to).position(from);
        work.io.offset = chunk.offset + from;
        source.addSent(to - from);
        inFlight++;
        replica.submit(devices[chunk.device], work.io, this);
    }

    private static boolean same(Chunk chunk, Work work) {
        int from = work.block * BlockSums.BLOCK_BYTES;
        int length = BlockSums.length(chunk.bytes, work.block);
        return chunk.data.slice(from, length).equals(work.present.slice(from, length));
    }
}
