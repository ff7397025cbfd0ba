package dmctl.engine;

import dmctl.engine.GroupStatus.ResyncProgress;
import dmctl.engine.port.Request;
import java.nio.ByteBuffer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The primary's side of a resync: copies regions through the merged read path, in passes, while the
 * log is kept from the seq at which the pass began. If the log cannot be kept that long the pass is
 * followed by another over what was written since. What is copied is always durable in this log
 * first, so that no copy can hold a record that a power cut here takes back.
 */
final class ResyncSource implements Request.Done {
    /** Where the copied chunks go. */
    interface Sink {
        /** A chunk is read and durable here; the sink calls {@link ResyncSource#chunkDone}. */
        void chunk(Chunk chunk);

        /** A region could not be read; the source has stopped, and begins anew when told. */
        void failed(String reason);
    }

    /** One region under way. */
    static final class Chunk {
        final int slot;
        final ByteBuffer data;
        final Request request = new Request();
        boolean busy;
        boolean read;
        boolean given;
        int device;
        long offset;
        int bytes;
        long holdsSeq;

        Chunk(int slot, int bytesMax) {
            this.slot = slot;
            data = Buffers.aligned(bytesMax);
        }
    }

    static final int CHUNKS = 8;

    private final Replica replica;
    private final SiteState site;
    private final Sink sink;

    /** None before the first start: most sites are never copied again. */
    private Chunk[] chunks = {};

    private boolean running;
    private int pass;
    private long sinceSeq;
    private long baseSeq;
    private long previousBaseSeq;
    private long needSeq;
    private int device;
    private int region;
    private long totalBytes;
    private long doneBytes;
    private long sentBytes;
    private long startedMicros;
    private long rateNanos;
    private long rateBytes;
    private long rate;
    private long budget;
    private long budgetNanos;

    ResyncSource(Replica replica, SiteState site, Sink sink) {
        this.replica = replica;
        this.site = site;
        this.sink = sink;
    }

    private Chunk[] makeChunks() {
        Chunk[] made = new Chunk[CHUNKS];
        for (int i = 0; i < CHUNKS; i++) {
            made[i] = new Chunk(i, replica.devices().regions().regionBytes());
            made[i].request.done = this;
            made[i].request.owner = made[i];
        }
        return made;
    }

    boolean running() {
        return running;
    }

    /**
     * Begins from the first region.
     *
     * @param since only regions written after this seq are copied; -1: all
     */
    void start(long since) {
        if (chunks.length == 0) {
            chunks = makeChunks();
        }
        running = true;
        site.copying = this;
        sinceSeq = since;
        pass = 0;
        sentBytes = 0;
        needSeq = 0;
        startedMicros = replica.wallMicros();
        rateNanos = replica.nanos();
        budgetNanos = rateNanos;
        budget = 0;
        beginPass();
        replica.event(
                String.format(
                        Locale.ROOT,
                        "site %s: resync begins, %d bytes to look at%s",
                        site.site.name(),
                        totalBytes,
                        since < 0 ? "" : ", the regions written after seq " + since));
    }

    /** Regions of a device that this pass has still to look at. */
    int regionsLeft(int of) {
        long offset =
                of < device
                        ? Long.MAX_VALUE
                        : of == device ? replica.devices().regions().regionOffset(region) : 0;
        return replica.devices().regions().newerThan(of, offset, wantedSinceSeq());
    }

    /** Gives up; chunks being read end by themselves. */
    void stop() {
        running = false;
        site.copying = null;
        site.unpinResync();
        site.progress = null;
        for (Chunk chunk : chunks) {
            // Read, but it still waited for the log to be durable: nobody else lets go of it.
            if (chunk.read && !chunk.given) {
                chunk.busy = false;
            }
        }
    }

    /** All is copied; the log stays pinned from the base on until the site replays from there. */
    void finish() {
        running = false;
        site.copying = null;
        site.progress = null;
    }

    private void beginPass() {
        pass++;
        previousBaseSeq = baseSeq;
        baseSeq = replica.log().headSeq();
        site.resyncPinSeq = baseSeq;
        device = 0;
        region = 0;
        doneBytes = 0;
        totalBytes = 0;
        RegionMap map = replica.devices().regions();
        for (int d = 0; d < replica.def().devices().size(); d++) {
            for (int r = 0; r < map.regions(d); r++) {
                if (isWanted(d, r)) {
                    totalBytes += map.regionLength(d, r);
                }
            }
        }
        rateBytes = 0;
    }

    private boolean isWanted(int d, int r) {
        return replica.devices().regions().lastSeq(d, r) > wantedSinceSeq();
    }

    private long wantedSinceSeq() {
        return pass == 1 ? sinceSeq : previousBaseSeq;
    }

    /** Starts reads, hands on what is durable; true when all passes are done. */
    boolean pump() {
        if (!running) {
            return false;
        }
        refillBudget();
        while (idleChunk() && budget >= 0 && nextRegion()) {
            startRead();
        }
        boolean busy = false;
        for (Chunk chunk : chunks) {
            busy |= chunk.busy;
            if (chunk.busy && chunk.read && !chunk.given) {
                if (replica.log().flushedSeq() >= chunk.holdsSeq) {
                    chunk.given = true;
                    sink.chunk(chunk);
                } else {
                    replica.log().requestFlush(chunk.holdsSeq);
                }
            }
        }
        progress();
        if (busy || nextRegion() || !running) {
            return false;
        }
        if (!site.resyncPinned()) {
            beginPass();
            return false;
        }
        if (replica.log().flushedSeq() < baseSeq) {
            // The site will hold the history up to here: it must not be longer than this log.
            replica.log().requestFlush(baseSeq);
            return false;
        }
        return true;
    }

    /** All records up to here are contained in the copy: replay begins after it. */
    long baseSeq() {
        return baseSeq;
    }

    /** Newest record that a copied region may hold: consistent from there on. */
    long needSeq() {
        return needSeq;
    }

    void addSent(long bytes) {
        sentBytes += bytes;
        budget -= bytes;
    }

    private boolean idleChunk() {
        for (Chunk chunk : chunks) {
            if (!chunk.busy) {
                return true;
            }
        }
        return false;
    }

    private boolean nextRegion() {
        RegionMap map = replica.devices().regions();
        while (device < replica.def().devices().size()) {
            while (region < map.regions(device)) {
                if (isWanted(device, region)) {
                    return true;
                }
                region++;
            }
            device++;
            region = 0;
        }
        return false;
    }

    private void startRead() {
        Chunk chunk = chunks[0];
        for (Chunk candidate : chunks) {
            if (!candidate.busy) {
                chunk = candidate;
                break;
            }
        }
        RegionMap map = replica.devices().regions();
        chunk.busy = true;
        chunk.read = false;
        chunk.given = false;
        chunk.device = device;
        chunk.offset = map.regionOffset(region);
        chunk.bytes = map.regionLength(device, region);
        region++;
        chunk.data.clear().limit(chunk.bytes);
        Request request = chunk.request;
        request.op = Request.Op.READ;
        request.devNr = replica.def().devices().get(chunk.device).devNr();
        request.offset = chunk.offset;
        request.length = chunk.bytes;
        request.data = chunk.data;
        replica.reads().submit(request);
    }

    @Override
    public void requestTaken(Request request) {
        throw new InvariantViolation("a read is never waited for");
    }

    @Override
    public void requestDone(Request request) {
        if (!(request.owner instanceof Chunk chunk)) {
            throw new InvariantViolation("a request of a chunk");
        }
        if (!running) {
            chunk.busy = false;
            return;
        }
        if (request.error != 0) {
            chunk.busy = false;
            stop();
            sink.failed(
                    String.format(
                            Locale.ROOT,
                            "reading the local device %s failed with errno %d",
                            replica.def().devices().get(chunk.device).name(),
                            request.error));
            return;
        }
        chunk.read = true;
        chunk.holdsSeq = replica.log().writtenSeq();
        needSeq = Math.max(needSeq, chunk.holdsSeq);
        replica.wake();
    }

    /** Whether chunks of an earlier, stopped run are still under way. */
    boolean quiet() {
        for (Chunk chunk : chunks) {
            if (chunk.busy && (!chunk.given || running)) {
                return false;
            }
        }
        return true;
    }

    /** Forgets chunks that were read, handed on or not, before the sink was lost. */
    void forgetGiven() {
        for (Chunk chunk : chunks) {
            if (chunk.read) {
                chunk.busy = false;
            }
        }
    }

    @Nullable Chunk chunk(int slot) {
        return slot >= 0 && slot < chunks.length && chunks[slot].busy && chunks[slot].given
                ? chunks[slot]
                : null;
    }

    /** The sink has the chunk on its device. */
    void chunkDone(Chunk chunk) {
        chunk.busy = false;
        doneBytes += chunk.bytes;
        replica.wake();
    }

    private void refillBudget() {
        long limit = site.settings.resyncBytesPerSecond();
        long now = replica.nanos();
        if (limit == 0) {
            budget = 0;
        } else {
            long earned = (long) ((now - budgetNanos) / 1e9 * limit);
            if (earned > 0) {
                budget = Math.min(limit / 10, budget + earned);
                budgetNanos = now;
            }
        }
    }

    /** When the rate limit lets more go. */
    long wakeNanos() {
        long limit = site.settings.resyncBytesPerSecond();
        return running && limit > 0 && budget < 0
                ? replica.nanos() + Math.max(1_000_000, (long) (-budget * 1e9 / limit))
                : Long.MAX_VALUE;
    }

    private void progress() {
        long now = replica.nanos();
        if (now - rateNanos >= 1_000_000_000L || site.progress == null) {
            double seconds = Math.max(1e-3, (now - rateNanos) / 1e9);
            rate = (long) ((doneBytes - rateBytes) / seconds);
            rateBytes = doneBytes;
            rateNanos = now;
        }
        // Regions are written while the pass is under way.
        totalBytes = Math.max(totalBytes, doneBytes);
        long left = totalBytes - doneBytes;
        site.progress =
                new ResyncProgress(
                        totalBytes,
                        doneBytes,
                        sentBytes,
                        pass,
                        startedMicros,
                        rate,
                        rate > 0 ? left / rate : -1);
    }
}
