package dmctl.engine;

/** What an open log needs from time to time: space, flushes, checkpoints. */
final class Upkeep {
    private static final long CHECKPOINT_NANOS = 1_000_000_000L;

    private final Replica replica;
    private boolean saveSoon;
    private boolean spaceNeeded;
    private long lastCheckpointNanos;

    Upkeep(Replica replica) {
        this.replica = replica;
        lastCheckpointNanos = replica.nanos();
    }

    void saveSoon() {
        saveSoon = true;
    }

    void needSpace() {
        spaceNeeded = true;
    }

    void checkpointed() {
        lastCheckpointNanos = replica.nanos();
    }

    void beforeApply() {
        makeSpace();
        if (replica.serving() && replica.writes().isHeld() && replica.sites().waitsForSelf()) {
            replica.log().requestFlush(replica.log().writtenSeq());
            replica.applier().nudge();
        }
        flushWhenDue();
    }

    void afterApply() {
        saveWhenDue();
    }

    private void makeSpace() {
        LogRing log = replica.log();
        Applier applier = replica.applier();
        boolean serving = replica.serving();
        long ringBytes = log.identity().ringBytes();
        boolean full =
                spaceNeeded
                        || (serving && replica.writes().isStalled())
                        || log.usedBytes() > ringBytes / 2;
        spaceNeeded = false;
        boolean enough = !full || log.batches().isEmpty();
        if (isCrowded()) {
            applier.hurry(true);
        } else if (enough && !replica.stopping() && log.usedBytes() < ringBytes / 2) {
            applier.hurry(false);
        }
        if (enough) {
            return;
        }
        boolean tight =
                log.freeBytes() < Math.max(ringBytes / 8, 2L * log.identity().frameBytesMax());
        if (tight) {
            applier.hurry(true);
        }
        Sites sites = replica.sites();
        long firstSeq = log.batches().lastSeq(log.batches().first());
        if (tight && serving && sites.releasableSeq() < firstSeq) {
            sites.dropForSpace(firstSeq);
        }
        boolean applied = applier.settledSeq() >= firstSeq;
        boolean released =
                replica.standing().role != GroupStatus.Role.PRIMARY
                        || sites.releasableSeq() >= firstSeq;
        boolean unread = replica.pinnedPosition() > log.batches().position(log.batches().first());
        if (applied && released && unread && replica.checkpointer().mayRelease()) {
            replica.checkpointer().releaseSpace();
        }
    }

    /** Whether nearly as many records are not applied as recovery could take in. */
    private boolean isCrowded() {
        return !replica.checkpointer()
                .mayGoOnTo(
                        replica.log().headSeq()
                                + replica.log().identity().unappliedRecordsMax() / 4);
    }

    private void flushWhenDue() {
        LogRing log = replica.log();
        if (!log.hasUnflushed()) {
            return;
        }
        Upstream source = replica.peers().upstream();
        boolean atOnce = replica.stopping() || (source != null && source.eager());
        if (atOnce
                || (isCrowded() && replica.applier().appliedSeq() >= replica.applyLimitSeq())
                || log.unflushedBytes() > log.identity().unflushedBytesMax() / 4
                || replica.nanos() >= flushDueNanos()) {
            log.requestFlush(log.writtenSeq());
        }
    }

    private long flushDueNanos() {
        return replica.log().firstUnflushedNanos()
                + replica.def().tuning().asyncFlushMillis() * 1_000_000L;
    }

    private boolean hasUnsaved() {
        return replica.applier().settledSeq() > replica.checkpointer().persistedAppliedSeq();
    }

    private void saveWhenDue() {
        if (saveSoon) {
            saveSoon = false;
            replica.checkpointer().save();
        } else if (hasUnsaved()
                && replica.nanos() - lastCheckpointNanos >= CHECKPOINT_NANOS
                && replica.checkpointer().idle()) {
            replica.checkpointer().save();
        }
    }

    long wakeNanos() {
        long wake = Long.MAX_VALUE;
        // What is under way wakes the group when it ends; a time that has passed would spin.
        if (replica.log().hasUnflushed() && replica.log().mayFlush()) {
            wake = flushDueNanos();
        }
        if (hasUnsaved() && replica.checkpointer().idle() && !replica.log().failed()) {
            wake = Math.min(wake, lastCheckpointNanos + CHECKPOINT_NANOS);
        }
        return wake;
    }
}
