package dmctl.engine;

import dmctl.engine.GroupStatus.Problem;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Words for people: why this site does not serve, what holds it up, what would be lost. */
final class Explain {
    private final Replica replica;
    private final FillRate fillRate = new FillRate();

    Explain(Replica replica) {
        this.replica = replica;
    }

    String dataText() {
        return switch (replica.standing().phase) {
            case NEVER_SYNCED -> "not consistent: never synced";
            case COPYING -> "not consistent: resync, regions are being copied";
            case REPLAYING ->
                    "not consistent: resync, replaying to seq " + replica.standing().needSeq;
            case NONE ->
                    replica.standing().forkedAtSeq >= 0
                            ? "forked at seq " + replica.standing().forkedAtSeq
                            : "consistent";
        };
    }

    /** What the last primary had completed beyond a seq, as far as it has told. */
    String lossText(long headSeq) {
        long completed = replica.peers().toldCompletedSeq();
        long told = replica.peers().toldMicros();
        if (completed < 0 || told == 0) {
            return "lost: not known, no primary has been heard since this daemon started";
        }
        return String.format(
                        Locale.ROOT,
                        "lost: %d writes of those the primary had told of %.1f s ago; what it completed since is not known",
                        Math.max(0, completed - headSeq),
                        Math.max(0, replica.wallMicros() - told) / 1e6)
                .toLowerCase(Locale.ROOT);
    }

    String notServingReason() {
        if (!replica.failure().isEmpty()) {
            return replica.failure();
        }
        if (!replica.isOpen()) {
            return "the log is being opened";
        }
        if (replica.stopping()) {
            return "a clean stop is under way";
        }
        if (replica.serving()) {
            return "";
        }
        if (replica.roles().busy()) {
            String names = replica.roles().waitingFor();
            return "asking the other sites before serving"
                    + (names.isEmpty() ? "" : "; sync sites that must be heard: " + names);
        }
        return String.format(
                Locale.ROOT,
                "site %s is %s, not primary",
                replica.sites().self().site.name(),
                replica.standing().role.name().toLowerCase(Locale.ROOT));
    }

    @Nullable Problem stalled() {
        if (!replica.serving() || !replica.writes().isStalled()) {
            return null;
        }
        SiteState holder = null;
        if (!replica.log().batches().isEmpty()) {
            holder =
                    replica.sites()
                            .holderOf(
                                    replica.log()
                                            .batches()
                                            .lastSeq(replica.log().batches().first()));
        }
        if (!replica.applier().stopped().isEmpty()) {
            return new Problem(
                    "stalled",
                    "the log fills up, for nothing is applied: " + replica.applier().stopped(),
                    replica.writes().stalledSinceMicros(),
                    "mend the device, then restart this site");
        }
        if (!replica.checkpointer().mayGoOnTo(replica.writes().newestSeq() + 1)) {
            return new Problem(
                    "stalled",
                    String.format(
                            Locale.ROOT,
                            "%d records are not on the local devices yet, as many as may be: they are"
                                    + " slower than the writes",
                            replica.log().identity().unappliedRecordsMax()),
                    replica.writes().stalledSinceMicros(),
                    "wait, or make the log larger");
        }
        boolean logFull = replica.log().freeBytes() < replica.log().identity().frameBytesMax();
        String reason =
                !logFull
                        ? "memory is full of records that are being written"
                        : holder == null
                                ? "the log is full: the local devices are slower than the writes"
                                : String.format(
                                        Locale.ROOT,
                                        "the log is full: it is kept for site %s (%s)",
                                        holder.site.name(),
                                        holder.settings.mode().name().toLowerCase(Locale.ROOT));
        String next =
                holder == null
                        ? "wait, or make the log larger"
                        : String.format(
                                Locale.ROOT,
                                "bring site %s back, or dmctl set %s mode drop",
                                holder.site.name(),
                                holder.site.name());
        return new Problem("stalled", reason, replica.writes().stalledSinceMicros(), next);
    }

    /** Time to a full log at the rate of the last seconds; -1 if it does not fill. */
    long logSecondsToFull() {
        LogRing log = replica.log();
        return fillRate.secondsToFull(
                heldBytes(log), log.headPosition(), log.identity().ringBytes(), replica.nanos());
    }

    /**
     * What the log could not release if it had to: what a site lacks, and what the devices are
     * behind with. That a live site gets what fits in memory a little later is no sign of that, nor
     * that the devices are left alone under load.
     */
    private long heldBytes(LogRing log) {
        long late = log.memory().capacity();
        long held =
                bytesAfter(log, replica.applier().appliedSeq())
                        - late
                        - replica.applier().backlogBytesMax();
        for (SiteState site : replica.sites().others()) {
            if (replica.serving() && site.pinSeq() < log.headSeq()) {
                long lacks = bytesAfter(log, site.pinSeq());
                held = Math.max(held, site.flow == GroupStatus.Flow.LIVE ? lacks - late : lacks);
            }
        }
        return Math.max(0, held);
    }

    private static long bytesAfter(LogRing log, long seq) {
        BatchTable batches = log.batches();
        long next = batches.find(seq + 1);
        return next == batches.end() ? 0 : log.headPosition() - batches.position(next);
    }

    /** Most memory that this engine takes. */
    long memoryBytesMax() {
        MemoryBound bound = MemoryBound.of(replica.def(), replica.log().identity());
        return bound.heapBytes() + bound.bufferBytes();
    }
}
