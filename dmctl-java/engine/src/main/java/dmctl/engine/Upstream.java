package dmctl.engine;

import dmctl.engine.GroupStatus.Role;
import dmctl.replog.Body;
import dmctl.replog.BodyFault;
import dmctl.replog.Frame;
import java.nio.ByteBuffer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A target's side of the link to the primary: takes records into its log, and says how far it is.
 */
final class Upstream {
    private static final byte[] ZEROES = new byte[Frame.HEAD_BYTES];

    private final Replica replica;
    private final LogRing log;
    private final Inbound inbound;
    private final LinkChannel channel;
    private final Hello source;
    private final CopyTarget copies;
    private boolean ready;
    private boolean saving;
    private boolean ended;
    private boolean eager;
    private long ackedReceived = -1;
    private long ackedDurable = -1;
    private long ackedApplied = -1;
    private boolean ackedConsistent;
    private long ackNanos;
    private long beatMicros;
    private long sourceCompletedSeq;
    private long sourceFlushedSeq;
    private long startPosition;
    private long ackedRoomBytes;
    private long ackedRoomSeq;
    private long behindBytes;

    Upstream(Replica replica, Inbound inbound, Hello source) {
        this.replica = replica;
        this.log = replica.log();
        this.inbound = inbound;
        this.channel = inbound.channel();
        this.source = source;
        copies = new CopyTarget(replica, channel);
    }

    int sourceSite() {
        return source.site();
    }

    boolean ready() {
        return ready;
    }

    boolean eager() {
        return eager;
    }

    /** Newest seq the source has durable itself. */
    long sourceFlushedSeq() {
        return sourceFlushedSeq;
    }

    long sourceCompletedSeq() {
        return sourceCompletedSeq;
    }

    long behindBytes() {
        return behindBytes;
    }

    long beatMicros() {
        return beatMicros;
    }

    void lost(String reason) {
        ended = true;
        copies.stop();
        // Only for the records that are here: others may come from another source.
        replica.peers().durableAtSource(Math.min(sourceFlushedSeq, log.headSeq()));
        replica.peers().upstreamLost(this, reason);
    }

    void close(String reason) {
        inbound.close(reason);
    }

    void pump() {
        if (!ready || ended) {
            return;
        }
        copies.pump();
        long received = log.headSeq();
        long durable = log.flushedSeq();
        long applied = replica.applier().appliedSeq();
        boolean consistent = replica.standing().consistent() && !replica.savingConsistent();
        long roomBytes = log.tailPosition() + log.identity().ringBytes() - startPosition;
        long roomSeq = replica.checkpointer().newestSeqTaken();
        boolean news =
                (eager && received != ackedReceived)
                        || durable != ackedDurable
                        || applied != ackedApplied
                        || roomBytes != ackedRoomBytes
                        || roomSeq != ackedRoomSeq
                        || consistent != ackedConsistent;
        boolean due = replica.nanos() - ackNanos >= replica.heartbeatNanos();
        if ((news || due) && channel.hasRoom(Message.ACK_BYTES, 0)) {
            channel.sendLongs(
                    Message.ACK,
                    received,
                    durable,
                    applied,
                    consistent ? 1 : 0,
                    roomBytes,
                    roomSeq);
            ackedReceived = received;
            ackedDurable = durable;
            ackedApplied = applied;
            ackedConsistent = consistent;
            ackedRoomBytes = roomBytes;
            ackedRoomSeq = roomSeq;
            ackNanos = replica.nanos();
        }
    }

    long wakeNanos() {
        if (ended || !ready) {
            return Long.MAX_VALUE;
        }
        return channel.hasRoom(Message.ACK_BYTES, 0)
                ? ackNanos + replica.heartbeatNanos()
                : Long.MAX_VALUE;
    }

    boolean message(int type, ByteBuffer in, int meta, int metaBytes, int data, int dataBytes) {
        if (ended) {
            return true;
        }
        if (saving) {
            return false;
        }
        switch (type) {
            case Message.START ->
                    start(Hello.history(in, meta + 8, metaBytes - 8), in.getLong(meta));
            case Message.BATCH -> {
                return batch(in, meta, metaBytes, data, dataBytes);
            }
            case Message.BEAT -> beat(in, meta);
            case Message.CUT -> cut(in.getLong(meta));
            case Message.RESYNC_BEGIN -> beginResync(in.getLong(meta) == 1);
            case Message.COPY_SUMS -> {
                return ready && copies.sums(in, meta, metaBytes);
            }
            case Message.COPY_DATA -> {
                return ready && copies.data(in, meta, metaBytes, data, dataBytes);
            }
            case Message.RESYNC_END ->
                    endResync(
                            in.getLong(meta),
                            in.getLong(meta + 8),
                            Hello.history(in, meta + 16, metaBytes - 16));
            case Message.FORKED ->
                    forked(in.getLong(meta), Hello.history(in, meta + 8, metaBytes - 8));
            default -> channel.fault("unexpected message " + type + " from " + channel.peer());
        }
        return true;
    }

    private void start(@Nullable TermHistory history, long eagerly) {
        Standing standing = replica.standing();
        if (history == null || history.latestNumber() < standing.history.latestNumber()) {
            channel.fault("a damaged term history from " + channel.peer());
            return;
        }
        eager = eagerly == 1;
        standing.history = history;
        if (standing.phase == Standing.Phase.COPYING && history.latestId() != standing.resyncId) {
            // Not who began it: what it copies may be of another history.
            standing.needSeq = 0;
            standing.resyncId = 0;
        }
        standing.primarySite = source.site();
        boolean wasForked = standing.forkedAtSeq >= 0;
        standing.forkedAtSeq = -1;
        if (standing.role != Role.TARGET) {
            standing.role = Role.TARGET;
            replica.roleChanged();
        }
        saving = true;
        // The term is durable here before anything written in it is acknowledged.
        if (wasForked) {
            replica.saveConsistent(this::started);
        } else {
            replica.checkpointer().save(this::started);
        }
    }

    private void started() {
        saving = false;
        ready = !ended;
        startPosition = log.headPosition();
        replica.wake();
    }

    private boolean batch(ByteBuffer in, int meta, int metaBytes, int data, int dataBytes) {
        if (!ready) {
            return false;
        }
        if (!checkBatch(replica, channel, in, meta, metaBytes, dataBytes)) {
            return true;
        }
        if (Body.firstSeq(in, meta) != log.headSeq() + 1
                || !replica.history()
                        .holds(
                                Body.firstSeq(in, meta),
                                Body.termNumber(in, meta),
                                Body.termId(in, meta))) {
            channel.fault(
                    String.format(
                            Locale.ROOT,
                            "batch of seq %d does not follow seq %d",
                            Body.firstSeq(in, meta),
                            log.headSeq()));
            return true;
        }
        return append(replica, channel, in, meta, data, dataBytes);
    }

    /** Whether a batch is whole and fits this log; if not, the channel is ended. */
    static boolean checkBatch(
            Replica replica,
            LinkChannel channel,
            ByteBuffer in,
            int meta,
            int metaBytes,
            int dataBytes) {
        LogRing log = replica.log();
        BodyFault fault = Body.check(in, meta, metaBytes, log.crc());
        if (fault != BodyFault.NONE || Body.dataBytes(in, meta) != dataBytes) {
            channel.fault("a damaged batch from " + channel.peer() + ": " + fault);
            return false;
        }
        int most = log.identity().frameBytesMax() - Frame.HEAD_BYTES;
        if (Frame.frameBytes(dataBytes) > log.identity().frameBytesMax()) {
            channel.fault(
                    String.format(
                            Locale.ROOT,
                            "a batch of %d bytes from %s: this log takes %d at most; give all sites"
                                    + " the same batch size and logs of 16 times that at least",
                            dataBytes,
                            channel.peer(),
                            most));
            return false;
        }
        return true;
    }

    /** Takes a checked batch into the log; false if there is no room now. */
    static boolean append(
            Replica replica,
            LinkChannel channel,
            ByteBuffer in,
            int meta,
            int data,
            int dataBytes) {
        LogRing log = replica.log();
        int count = Body.count(in, meta);
        int base = log.reserve(Frame.frameBytes(dataBytes));
        if (base < 0 || !replica.checkpointer().mayGoOnTo(log.headSeq() + count)) {
            replica.needSpace();
            return false;
        }
        int body = base + Frame.BODY_OFFSET;
        log.memory().put(base, ZEROES);
        log.memory().put(body, in, meta, Body.headBytes(count));
        log.memory().put(base + Frame.HEAD_BYTES, in, data, dataBytes);
        int padding = Frame.frameBytes(dataBytes) - Frame.HEAD_BYTES - dataBytes;
        log.memory().put(base + Frame.HEAD_BYTES + dataBytes, ZEROES, 0, padding);
        for (int i = 0; i < count; i++) {
            if (!Body.dataIntact(log.memory(), body, base + Frame.HEAD_BYTES, i, log.crc())) {
                channel.fault(
                        String.format(
                                Locale.ROOT,
                                "data of seq %d from %s is damaged: checksum",
                                Body.firstSeq(in, meta) + i,
                                channel.peer()));
                return true;
            }
            if (!replica.devices()
                    .knows(
                            Body.devNr(in, meta, i),
                            Body.sector(in, meta, i),
                            Integer.toUnsignedLong(Body.sectorCount(in, meta, i)))) {
                channel.fault("a record for a device or range that this group does not have");
                return true;
            }
        }
        long firstSeq = Body.firstSeq(log.memory(), body);
        log.append(base, dataBytes, firstSeq, count, 0);
        for (int i = 0; i < count; i++) {
            int type = Body.type(log.memory(), body, i);
            if (type != Body.MARK && type != Body.CHANGE) {
                replica.devices()
                        .indexPut(
                                Body.devNr(log.memory(), body, i),
                                Body.sector(log.memory(), body, i),
                                Integer.toUnsignedLong(Body.sectorCount(log.memory(), body, i)),
                                firstSeq + i);
            }
        }
        return true;
    }

    private void beat(ByteBuffer in, int meta) {
        sourceFlushedSeq = Math.max(sourceFlushedSeq, in.getLong(meta));
        sourceCompletedSeq = in.getLong(meta + 16);
        behindBytes = in.getLong(meta + 32);
        eager = in.getLong(meta + 40) == 1;
        beatMicros = replica.wallMicros();
    }

    private void cut(long seq) {
        BatchTable batches = log.batches();
        long batch = batches.find(seq + 1);
        boolean between = batch == batches.end() || batches.firstSeq(batch) == seq + 1;
        if (replica.applier().touchedSeq() > seq || seq < log.tailSeq() || !between) {
            channel.fault(
                    String.format(
                            Locale.ROOT,
                            "cannot cut off at seq %d: records beyond are applied, or it is inside a batch",
                            seq));
            return;
        }
        replica.rebase().cutAt(seq, "cut off at seq " + seq);
    }

    private void beginResync(boolean discard) {
        Standing standing = replica.standing();
        long common = source.history().commonSeq(source.headSeq(), standing.history, log.headSeq());
        boolean surplus = standing.phase == Standing.Phase.NONE && common < log.headSeq();
        if (surplus && !discard) {
            channel.fault("holds records that the history does not: not overwritten unasked");
            return;
        }
        standing.primarySite = source.site();
        boolean part =
                standing.phase == Standing.Phase.NONE
                        && standing.forkedAtSeq < 0
                        && common == log.headSeq();
        replica.rebase()
                .beginCopying(surplus ? common : -1, part ? source.history().latestId() : 0);
    }

    private void endResync(long baseSeq, long needSeq, @Nullable TermHistory history) {
        if (replica.standing().phase != Standing.Phase.COPYING
                || history == null
                || baseSeq < 0
                || needSeq < 0
                || !copies.quiet()) {
            channel.fault("an end of a resync that is not under way");
            return;
        }
        replica.standing().history = history;
        replica.rebase().beginReplaying(baseSeq, needSeq);
    }

    private void forked(long seq, @Nullable TermHistory history) {
        if (history == null || seq < 0 || seq >= log.headSeq()) {
            channel.fault("a fork that is none, from " + channel.peer());
            return;
        }
        Standing standing = replica.standing();
        boolean news = standing.forkedAtSeq != seq;
        standing.forkedAtSeq = seq;
        standing.primarySite = source.site();
        standing.role = standing.role == Role.TARGET ? Role.TARGET : Role.FENCED;
        // The primary says so at every try.
        if (news) {
            replica.event(
                    String.format(
                            Locale.ROOT,
                            "forked: this site holds records beyond seq %d that the history does not",
                            seq));
        }
        ended = true;
        replica.checkpointer().save(() -> close("forked at seq " + seq));
    }
}
