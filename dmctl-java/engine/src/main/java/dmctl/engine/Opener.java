package dmctl.engine;

import dmctl.engine.GroupDefinition.Site;
import dmctl.engine.GroupStatus.Role;
import dmctl.engine.Standing.Phase;
import dmctl.engine.port.Io;
import dmctl.engine.port.Storage;
import dmctl.replog.Checkpoint;
import dmctl.replog.CheckpointCodec;
import dmctl.replog.Chosen;
import dmctl.replog.DamagedException;
import dmctl.replog.Frame;
import dmctl.replog.LinkCursors;
import dmctl.replog.LogLayout;
import dmctl.replog.RegionMapMark;
import dmctl.replog.ReplogException;
import dmctl.replog.Superblock;
import dmctl.replog.SuperblockCodec;
import dmctl.replog.WrongDeviceException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Opens this site's log: reads superblocks, checkpoint and cursors, follows the frames, and makes
 * the new opening durable. A log is created only where the header area is all zeroes.
 */
final class Opener {
    /** Told how it went. */
    interface Done {
        /** The log is open; replica and tables are filled. */
        void opened(boolean wasClean, boolean fresh);

        /** It is not; the reason names the place. */
        void failed(String reason);
    }

    private static final int CHECKSUM_BYTES = 8;
    private static final int HEAD_BYTES = (int) LogLayout.CHECKPOINT_OFFSET;

    private final Replica replica;
    private final Storage storage;
    private final Done done;
    private @Nullable Superblock superblock;
    private int superblockCopy;
    private boolean fresh;
    private boolean wasClean;
    private LinkCursors cursors = new LinkCursors(new UUID(0, 0), 0, List.of());
    private int cursorSlot;

    Opener(Replica replica, Done done) {
        this.replica = replica;
        this.storage = replica.ports().log();
        this.done = done;
    }

    void start() {
        int bytes = HEAD_BYTES + 2 * LogLayout.DEFAULT_CHECKPOINT_BYTES;
        if (storage.sizeBytes() < LogLayout.MIN_TOTAL_BYTES) {
            done.failed(
                    String.format(
                            Locale.ROOT,
                            "%s has %d bytes: a log needs %d at least",
                            storage.name(),
                            storage.sizeBytes(),
                            LogLayout.MIN_TOTAL_BYTES));
            return;
        }
        ByteBuffer head = Buffers.aligned(bytes);
        io(Io.Op.READ, head, 0, () -> headRead(head));
    }

    private void headRead(ByteBuffer head) {
        try {
            if (isUnused(head)) {
                create();
                return;
            }
            Chosen<Superblock> chosen = SuperblockCodec.choose(head, storage.name());
            Superblock found = chosen.value();
            check(found);
            if (chosen.other() != null) {
                replica.event("the other superblock: " + chosen.other().getMessage());
            }
            superblockCopy = chosen.copy();
            Chosen<LinkCursors> slots = LinkCursors.choose(head, found.logUuid(), storage.name());
            cursors = slots.value();
            cursorSlot = slots.copy();
            opened(found);
        } catch (ReplogException e) {
            done.failed(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Whether there is no log here: all zeroes, but for a first superblock whose writing was
     * interrupted, for nothing can have been logged before it was whole.
     */
    private boolean isUnused(ByteBuffer head) {
        for (int i = SuperblockCodec.BYTES; i < head.capacity(); i += 8) {
            if (head.getLong(i) != 0) {
                return false;
            }
        }
        try {
            return SuperblockCodec.decode(head, 0, storage.name()).opening() == 0;
        } catch (DamagedException e) {
            return true;
        } catch (ReplogException e) {
            return isZero(head, SuperblockCodec.BYTES - CHECKSUM_BYTES);
        }
    }

    private static boolean isZero(ByteBuffer head, int bytes) {
        for (int i = 0; i < bytes; i += 8) {
            if (head.getLong(i) != 0) {
                return false;
            }
        }
        return true;
    }

    private void check(Superblock found) throws WrongDeviceException {
        if (!found.groupUuid().equals(replica.def().uuid())) {
            throw new WrongDeviceException(
                    storage.name(), 0, "group UUID", replica.def().uuid(), found.groupUuid());
        }
        if (!found.siteUuid().equals(replica.siteUuid())) {
            throw new WrongDeviceException(
                    storage.name(), 0, "site UUID", replica.siteUuid(), found.siteUuid());
        }
    }

    private void create() throws ReplogException {
        long slot =
                CheckpointCodec.bytesFor(
                        1024, replica.def().sites().size(), replica.def().text().length());
        LogLayout layout =
                LogLayout.of(
                        storage.name(),
                        storage.sizeBytes(),
                        slot,
                        replica.def().devices().size(),
                        RegionMap.pagesWanted(replica.def()));
        UUID logUuid =
                new UUID(
                        replica.ports().clock().randomBits(), replica.ports().clock().randomBits());
        Superblock first =
                new Superblock(
                        1,
                        logUuid,
                        replica.def().uuid(),
                        replica.siteUuid(),
                        layout,
                        replica.def().blockSize(),
                        0,
                        true,
                        replica.wallMicros());
        fresh = true;
        replica.event("creating a new log on " + storage.name());
        cursors = new LinkCursors(logUuid, 0, List.of());
        writeSuperblock(first, 0, () -> opened(first));
    }

    private void writeSuperblock(Superblock block, int copy, Runnable then) {
        ByteBuffer buffer = Buffers.aligned(SuperblockCodec.BYTES);
        SuperblockCodec.encode(block, copy, buffer, 0);
        io(
                Io.Op.WRITE,
                buffer,
                LogLayout.superblockOffset(copy),
                () ->
                        io(
                                Io.Op.FLUSH,
                                buffer,
                                0,
                                () -> {
                                    superblock = block;
                                    superblockCopy = copy;
                                    then.run();
                                }));
    }

    private void opened(Superblock found) {
        superblock = found;
        wasClean = found.clean();
        LogLayout layout = found.layout();
        int data =
                LogIdentity.batchDataBytes(
                        replica.def().tuning().batchDataBytes(), layout.ringBytes());
        LogIdentity identity =
                new LogIdentity(
                        found.logUuid().getMostSignificantBits(),
                        found.logUuid().getLeastSignificantBits(),
                        layout.ringOffset(),
                        layout.ringBytes(),
                        layout.checkpointOffset(),
                        layout.checkpointBytes(),
                        Frame.HEAD_BYTES + data,
                        layout.mapOffset(),
                        layout.mapPages());
        replica.build(identity, found.logUuid(), cursors, cursorSlot);
        if (found.opening() == 0) {
            fresh = true;
            walk(identity, initial(found), 1);
            return;
        }
        ByteBuffer slots = Buffers.aligned(2 * layout.checkpointBytes());
        io(
                Io.Op.READ,
                slots,
                layout.checkpointOffset(),
                () -> checkpointRead(found, identity, slots));
    }

    private Checkpoint initial(Superblock found) {
        Standing standing = replica.standing();
        boolean primary = replica.def().firstPrimary() == replica.def().selfSite();
        standing.role = primary ? Role.PRIMARY : Role.TARGET;
        standing.primarySite = replica.def().firstPrimary();
        standing.phase = primary ? Phase.NONE : Phase.NEVER_SYNCED;
        String hold = replica.holdReason();
        if (!hold.isEmpty()) {
            for (SiteState site : replica.sites().others()) {
                site.paused = true;
                site.pauseReason = hold;
            }
        }
        return Checkpoints.capture(
                replica, 0, 0, 0, 0, 0, found.opening(), 0, 0, RegionMapMark.NONE);
    }

    private void checkpointRead(Superblock found, LogIdentity identity, ByteBuffer slots) {
        try {
            Chosen<Checkpoint> chosen =
                    CheckpointCodec.choose(
                            slots,
                            0,
                            found.layout().checkpointBytes(),
                            found.layout().checkpointOffset(),
                            found.logUuid(),
                            storage.name());
            Checkpoint checkpoint = chosen.value();
            Checkpoints.restore(checkpoint, replica.standing(), replica.sites());
            DeviceChange change = DeviceChange.between(checkpoint.definition(), replica.def());
            String refusal = change.refusal(replica.def().name(), found.clean());
            if (!refusal.isEmpty()) {
                done.failed(refusal);
                return;
            }
            change.apply(replica);
            loadRegions(identity, checkpoint, chosen.copy());
        } catch (ReplogException e) {
            done.failed(String.valueOf(e.getMessage()));
        }
    }

    private void loadRegions(LogIdentity identity, Checkpoint checkpoint, int slot) {
        replica.devices()
                .regionPages()
                .load(
                        checkpoint.map(),
                        new RegionPages.Loaded() {
                            @Override
                            public void loaded() {
                                walk(identity, checkpoint, slot);
                            }

                            @Override
                            public void failed(String reason) {
                                done.failed(reason);
                            }
                        });
    }

    private void walk(LogIdentity identity, Checkpoint checkpoint, int slot) {
        Recovery.Done recovered =
                new Recovery.Done() {
                    @Override
                    public void recovered(BatchTable batches, int frameBytesMax) {
                        fill(checkpoint, slot, batches, frameBytesMax);
                    }

                    @Override
                    public void damaged(String reason) {
                        done.failed(reason);
                    }
                };
        new Recovery(replica, identity, checkpoint, recovered).start();
    }

    private void fill(Checkpoint checkpoint, int slot, BatchTable batches, int frameBytesMax) {
        Superblock before = superblock;
        if (before == null) {
            throw new InvariantViolation("a superblock");
        }
        Superblock next = before.opened();
        if (frameBytesMax > replica.log().identity().frameBytesMax()) {
            // Written with a larger batch size than is configured now.
            replica.build(
                    replica.log().identity().withFrames(frameBytesMax),
                    before.logUuid(),
                    cursors,
                    cursorSlot);
        }
        LogRing log = replica.log();
        log.startAt(checkpoint, batches, next.opening());
        replica.devices().regions().endAt(log.headSeq());
        replica.applier().startAt(Math.max(checkpoint.appliedSeq(), 0));
        replica.checkpointer()
                .startAt(
                        checkpoint.generation(),
                        slot,
                        checkpoint.appliedSeq(),
                        log.headPosition(),
                        next.opening());
        // What was found may never have been flushed: the checkpoint calls it durable.
        io(Io.Op.FLUSH, Buffers.aligned(0), 0, () -> checkpointOpening(next));
    }

    private void checkpointOpening(Superblock next) {
        replica.log().recoveryEnded();
        replica.checkpointer()
                .save(() ->
                        writeSuperblock(
                                next, 1 - superblockCopy, () -> done.opened(wasClean, fresh)));
        replica.checkpointer().pump();
    }

    /** Marks the log as closed cleanly. */
    void close(Runnable closed) {
        Superblock last = superblock;
        if (last == null) {
            throw new InvariantViolation("an open log");
        }
        writeSuperblock(last.withClean(true), 1 - superblockCopy, closed);
    }

    private void io(Io.Op op, ByteBuffer buffer, long offset, Runnable then) {
        Io io = new Io();
        io.op = op;
        io.buffer = buffer;
        io.offset = offset;
        io.kind = Replica.CLOSING_IO;
        replica.submit(
                storage,
                io,
                ended -> {
                    if (ended.error != 0) {
                        done.failed(
                                String.format(
                                        Locale.ROOT,
                                        "%s of %s at %d failed with errno %d",
                                        op,
                                        storage.name(),
                                        offset,
                                        ended.error));
                    } else {
                        then.run();
                    }
                });
    }

    static UUID siteUuid(UUID group, Site site) {
        return new UUID(
                group.getMostSignificantBits() ^ 0x5349_5445L,
                group.getLeastSignificantBits() + site.nr() + 1L);
    }
}
