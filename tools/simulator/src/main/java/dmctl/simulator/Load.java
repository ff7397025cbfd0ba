package dmctl.simulator;

import dmctl.engine.GroupDefinition.Policy;
import dmctl.engine.GroupStatus;
import dmctl.engine.port.Request;
import dmctl.simulator.Moments.Moment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The writers: applications that outlive every crash and keep a journal of what they asked for. */
final class Load implements Request.Done {
    static final int POOLED_BYTES = 160 << 10;

    /** The seq of the last record of a large op that does not have all of them yet. */
    private static final long PARTLY = Long.MAX_VALUE / 2;

    private final Run run;
    private final Plan plan;
    private final Journal journal;
    private final SimRandom random;
    private final List<Op> underWay = new ArrayList<>();
    private final int[] busy;
    private final int bufferBytes;
    private final List<ByteBuffer> pool;
    private final List<Op> abandoned = new ArrayList<>();
    private final byte[] scratch = new byte[POOLED_BYTES];
    private @Nullable SimProcess server;
    private long newestSeq;
    private int changes;
    private int failures;

    /**
     * Creates the writers.
     *
     * @param pool buffers of one size, kept from run to run
     */
    Load(Run run, SimRandom random, List<ByteBuffer> pool) {
        this.run = run;
        this.pool = pool;
        this.random = random;
        plan = run.plan;
        journal = run.journal;
        busy = new int[plan.writers];
        bufferBytes = Math.min(plan.tuning.batchDataBytes() * 5 / 2, POOLED_BYTES) & -4096;
    }

    int changes() {
        return changes;
    }

    int underWay() {
        return underWay.size();
    }

    int failures() {
        return failures;
    }

    boolean open() {
        return server != null;
    }

    /** The newest seq known to have been given out in this line. */
    long newestSeq() {
        return newestSeq;
    }

    /** A primary serves: the writers turn to it. */
    void open(SimProcess process, long headSeq) {
        server = process;
        newestSeq = headSeq;
        for (int writer = 0; writer < plan.writers; writer++) {
            for (int i = busy[writer]; i < plan.depth; i++) {
                busy[writer]++;
                next(writer, process);
            }
        }
    }

    /** The primary is gone or does not serve: what is under way may or may not happen. */
    void close() {
        settle();
        for (Op op : underWay) {
            abandoned.add(op);
        }
        underWay.clear();
        Arrays.fill(busy, 0);
        server = null;
    }

    private void next(int writer, SimProcess process) {
        long think = random.around(plan.thinkNanos) * (run.aheadOfFaults() ? 40 : 1);
        process.thread.after(think, () -> issue(writer, process));
    }

    private void issue(int writer, SimProcess process) {
        if (server != process) {
            return;
        }
        if (!run.wantsLoad()) {
            busy[writer]--;
            return;
        }
        if (run.farAheadOfFaults()) {
            process.thread.after(random.around(3_000_000), () -> issue(writer, process));
            return;
        }
        Op op = draw(writer);
        op.line = run.line();
        op.issued = journal.tick();
        op.covers = run.floors.completed;
        Request request = op.request;
        request.owner = op;
        request.done = this;
        underWay.add(op);
        if (op.kind == Op.Kind.WRITE || op.kind == Op.Kind.ZERO || op.kind == Op.Kind.DISCARD) {
            op.nr =
                    journal.issue(
                            writer,
                            op.device,
                            op.firstSector,
                            op.sectors,
                            op.kind != Op.Kind.WRITE);
            changes++;
            if (op.kind == Op.Kind.WRITE) {
                if (large(op.sectors)) {
                    journal.markLarge(op.nr);
                }
                stamp(op);
            }
            journal.ordered(op.nr, newestSeq + 1, 0);
        }
        run.trace.mix(1, op.nr, (long) op.device << 32 | op.firstSector);
        run.trace.line(() -> "writer " + writer + " " + describe(op));
        boolean taken = process.group().submit(request);
        if (!taken) {
            run.moments().met(Moment.LOG_FULL);
        }
        if (op.changes() && underWay.contains(op)) {
            noteSeq(op);
        }
    }

    private static String describe(Op op) {
        return op.kind
                + (op.nr >= 0 ? " " + op.nr : "")
                + (op.kind == Op.Kind.FLUSH
                        ? ""
                        : " dev " + op.device + " sectors " + op.firstSector + "+" + op.sectors)
                + (op.request.fua ? " fua" : "");
    }

    private boolean large(int sectors) {
        return sectors * Stamp.SECTOR > plan.tuning.batchDataBytes() / 2;
    }

    private Op draw(int writer) {
        int dice = random.below(100);
        Op.Kind kind =
                dice < 58
                        ? Op.Kind.WRITE
                        : dice < 66
                                ? Op.Kind.ZERO
                                : dice < 73
                                        ? Op.Kind.DISCARD
                                        : dice < 83 ? Op.Kind.FLUSH : Op.Kind.READ;
        Op op = new Op(writer, kind);
        Request request = op.request;
        if (kind == Op.Kind.FLUSH) {
            request.op = Request.Op.FLUSH;
            return op;
        }
        do {
            pickRange(op);
        } while (!allowed(op));
        request.devNr = op.device;
        request.offset = (long) op.firstSector * Stamp.SECTOR;
        request.length = (long) op.sectors * Stamp.SECTOR;
        request.op =
                switch (kind) {
                    case WRITE -> Request.Op.WRITE;
                    case READ -> Request.Op.READ;
                    default -> Request.Op.ZERO;
                };
        request.unmap = kind == Op.Kind.DISCARD;
        request.fua = kind != Op.Kind.READ && random.oneIn(12);
        if (kind == Op.Kind.READ || kind == Op.Kind.WRITE) {
            ByteBuffer buffer = takeBuffer();
            buffer.limit(op.sectors * Stamp.SECTOR);
            request.data = buffer;
        }
        return op;
    }

    private void pickRange(Op op) {
        int grid = plan.blockSize / Stamp.SECTOR;
        op.device = random.below(plan.deviceSectors.length);
        int blocks = plan.deviceSectors[op.device] / grid;
        int dice = random.below(100);
        int small = plan.bulky ? 20 : 70;
        int most = dice < small ? 8 : dice < small + 26 ? 32 : bufferBytes / Stamp.SECTOR;
        int length = 1 + random.below(Math.max(1, Math.min(most / grid, blocks / 2)));
        int room = blocks - length + 1;
        // Half of the traffic meets in a small part of each device.
        int first = random.oneIn(2) ? random.below(Math.min(room, 64 / grid)) : random.below(room);
        op.firstSector = first * grid;
        op.sectors = length * grid;
    }

    /** Large ops take effect in parts: they overlap no other op under way. */
    private boolean allowed(Op op) {
        if (op.kind == Op.Kind.READ) {
            return true;
        }
        boolean large = op.kind == Op.Kind.WRITE && large(op.sectors);
        for (Op other : underWay) {
            if (other.changes()
                    && (large || journal.large(other.nr))
                    && other.overlaps(op.device, op.firstSector, op.sectors)) {
                return false;
            }
        }
        return true;
    }

    private void stamp(Op op) {
        byte[] bytes = scratch;
        for (int i = 0; i < op.sectors; i++) {
            Stamp.write(bytes, i * Stamp.SECTOR, op.writer, op.nr, op.device, op.firstSector + i);
        }
        ByteBuffer data = op.request.data;
        if (data != null) {
            data.put(data.position(), bytes, 0, op.sectors * Stamp.SECTOR);
        }
    }

    private ByteBuffer takeBuffer() {
        ByteBuffer buffer =
                pool.isEmpty()
                        ? ByteBuffer.allocateDirect(POOLED_BYTES + 4096).alignedSlice(4096)
                        : pool.removeLast();
        buffer.clear();
        return buffer;
    }

    /** Notes the places in the order that the engine has given out meanwhile. */
    void settle() {
        for (Op op : underWay) {
            if (op.changes()) {
                noteSeq(op);
            }
        }
        for (Op op : abandoned) {
            if (op.changes()) {
                noteSeq(op);
            }
        }
    }

    private void noteSeq(Op op) {
        Request request = op.request;
        History line = op.line;
        long known = journal.seq(op.nr);
        if (line == null || (known != 0 && known != PARTLY)) {
            return;
        }
        if (request.taken < request.length || request.seq == 0) {
            if (request.taken > 0 && journal.large(op.nr)) {
                // Some of its records are in the log, some wait; nothing else touches its range.
                journal.ordered(op.nr, journal.lowSeq(op.nr), PARTLY);
                line.add(op.nr);
            }
            return;
        }
        long seq = request.seq;
        if (line == run.line()) {
            if (seq <= op.covers) {
                throw new Violation(
                        journal.name(op.nr)
                                + " was given seq "
                                + seq
                                + ", but seq "
                                + op.covers
                                + " completed before its issue");
            }
            newestSeq = Math.max(newestSeq, seq);
        }
        journal.ordered(
                op.nr, journal.large(op.nr) ? Math.min(journal.lowSeq(op.nr), seq) : seq, seq);
        line.add(op.nr);
    }

    @Override
    public void requestTaken(Request request) {
        Op op = (Op) request.owner;
        if (op != null && op.changes()) {
            noteSeq(op);
        }
    }

    @Override
    public void requestDone(Request request) {
        Op op = (Op) request.owner;
        if (op == null || !underWay.remove(op)) {
            return;
        }
        SimProcess process = server;
        run.trace.mix(2, op.nr, request.error);
        run.trace.line(
                () -> "end of " + describe(op) + " seq " + request.seq + " error " + request.error);
        if (op.changes()) {
            noteSeq(op);
        }
        if (request.error == 0) {
            completed(op);
        } else {
            failures++;
            run.requestFailed(op);
        }
        if (request.data != null) {
            pool.add(request.data);
            request.data = null;
        }
        if (process != null) {
            next(op.writer, process);
        }
    }

    private void completed(Op op) {
        Floors floors = run.floors;
        switch (op.kind) {
            case FLUSH -> {
                floors.afterPowerCut = Math.max(floors.afterPowerCut, op.covers);
                run.moments().met(Moment.FLUSHED);
            }
            case READ -> checkRead(op);
            default -> completedChange(op);
        }
    }

    private void completedChange(Op op) {
        long seq = journal.seq(op.nr);
        if (seq == 0) {
            throw new Violation(journal.name(op.nr) + " completed without a seq");
        }
        journal.complete(op.nr);
        Floors floors = run.floors;
        floors.completed = Math.max(floors.completed, seq);
        floors.afterKill = Math.max(floors.afterKill, seq);
        if (op.request.fua) {
            floors.afterPowerCut = Math.max(floors.afterPowerCut, seq);
            run.moments().met(Moment.FLUSHED);
        }
        run.checks().completed(seq, op.request.fua);
        // The sites had let it pass, and it waited for a flush while their policies were changed.
        boolean admittedBefore = op.request.fua && journal.issued(op.nr) <= run.weather().setTick();
        SimProcess process = server;
        if (process == null || !run.anySyncSite() || admittedBefore) {
            return;
        }
        for (GroupStatus.SiteStatus site : process.group().status().sites()) {
            if (site.nr() != process.site.nr
                    && site.settings().policy() == Policy.SYNC
                    && !site.degraded()) {
                floors.atSite[site.nr()] = Math.max(floors.atSite[site.nr()], seq);
            }
        }
    }

    private void checkRead(Op op) {
        settle();
        History line = run.line();
        ByteBuffer data = op.request.data;
        if (data == null) {
            return;
        }
        byte[] bytes = scratch;
        data.get(data.position(), bytes, 0, op.sectors * Stamp.SECTOR);
        boolean early = false;
        for (int i = 0; i < op.sectors; i++) {
            int sector = op.firstSector + i;
            int content = Stamp.read(bytes, i * Stamp.SECTOR, op.device, sector);
            int index = line.index(op.device, sector);
            if (!ReadOracle.current(line, index, content, op.issued)) {
                throw new Violation(
                        "a read shows "
                                + journal.name(content)
                                + " at "
                                + line.place(index)
                                + ", which is stale or was never there: "
                                + ReadOracle.versions(line, index));
            }
            if (content >= 0) {
                run.floors.afterKill = Math.max(run.floors.afterKill, line.lowSeq(content));
                early |= !journal.completed(content);
            }
        }
        if (early) {
            run.moments().met(Moment.READ_BEFORE_COMPLETION);
        }
    }
}
