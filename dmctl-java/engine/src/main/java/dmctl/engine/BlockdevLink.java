package dmctl.engine;

import dmctl.engine.GroupStatus.Data;
import dmctl.engine.GroupStatus.Flow;
import dmctl.engine.GroupStatus.Link;
import dmctl.engine.SiteState.Supply;
import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import dmctl.engine.port.Storage;
import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The primary's link to a site whose devices are visible here. Strictly one batch between two
 * flushes of them, and the cursor is durable before each: at every moment the devices hold batches
 * 1..B and any part of batch B+1.
 */
final class BlockdevLink implements SiteLink, BatchWriter.Done, FrameReader.Done, IoDone {
    private enum State {
        WAITING,
        SAVING,
        COPYING,
        FLUSHING_COPY,
        SAVING_CURSOR,
        STREAMING,
        CLOSED
    }

    private static final long RETRY_NANOS = 2_000_000_000L;

    private final Replica replica;
    private final LogRing log;
    private final SiteState site;
    private final CursorSlots.Cursor cursor;
    private final Runnable cursorDurable = this::cursorDurable;
    private final Io copyFlush = new Io();

    private State state = State.WAITING;
    private Storage @Nullable [] devices;
    private @Nullable BatchWriter writer;
    private @Nullable BlockdevCopy copy;
    private @Nullable FrameReader reader;
    private long retryNanos;
    private boolean busy;
    private int flushNext;
    private long batchSeq;
    private long needSeq;

    BlockdevLink(Replica replica, SiteState site) {
        this.replica = replica;
        this.log = replica.log();
        this.site = site;
        this.cursor = replica.cursors().findOrAdd(site.site.nr());
        copyFlush.op = Io.Op.FLUSH;
        retryNanos = replica.nanos();
        if (site.supply == Supply.FROM_LOG
                && !replica.history().holds(cursor.startedSeq, cursor.termNumber, cursor.termId)
                && cursor.startedSeq > 0) {
            site.supply = Supply.OUT_OF_LOG;
        }
        if (site.supply == Supply.FROM_LOG) {
            moved(cursor.doneSeq);
            site.data = Data.CONSISTENT;
        }
    }

    private void moved(long seq) {
        site.receivedSeq = seq;
        site.durableSeq = seq;
        site.appliedSeq = seq;
        if (site.resyncPinned()) {
            site.resyncPinSeq = seq;
        }
    }

    @Override
    public void pump() {
        switch (state) {
            case WAITING -> {
                if (!site.paused && replica.nanos() >= retryNanos && !busy) {
                    open();
                }
            }
            case COPYING -> {
                BlockdevCopy copying = copy;
                if (copying != null && copying.source().pump() && copying.quiet()) {
                    state = State.FLUSHING_COPY;
                    flushNext = 0;
                    flushCopy();
                }
            }
            case STREAMING -> nextBatch();
            case SAVING, FLUSHING_COPY, SAVING_CURSOR, CLOSED -> {}
        }
    }

    private void open() {
        Storage[] opened;
        try {
            opened = replica.ports().remoteDevices(site.site.nr());
        } catch (IOException e) {
            fail(String.valueOf(e.getMessage()), "make the devices of the site reachable");
            return;
        }
        devices = opened;
        writer = new BatchWriter(replica, opened, this);
        if (site.supply == Supply.FROM_LOG
                && cursor.doneSeq >= replica.checkpointer().tailSeqSoon()) {
            needSeq = 0;
            stream();
            return;
        }
        // Before the first region is overwritten it must be durable that the site is not
        // consistent.
        if (site.supply == Supply.FROM_LOG) {
            site.supply = Supply.OUT_OF_LOG;
        }
        site.data = Data.NOT_CONSISTENT;
        state = State.SAVING;
        busy = true;
        replica.checkpointer().save(this::beginCopy);
    }

    private void beginCopy() {
        busy = false;
        Storage[] to = devices;
        if (state != State.SAVING || to == null) {
            closeDevices();
            return;
        }
        BlockdevCopy copying = new BlockdevCopy(replica, site, to, this::copyFailed);
        copy = copying;
        state = State.COPYING;
        moved(0);
        copying.source().start(-1);
        String why = site.supply == Supply.NEVER_SYNCED ? "first sync" : "was out of the log";
        site.say(Link.UP, Flow.RESYNC, why, "wait for it to end", replica.wallMicros());
    }

    private void copyFailed(String reason) {
        fail(reason, "mend the device; the copy is tried again by itself");
    }

    private void flushCopy() {
        Storage[] to = devices;
        if (to == null) {
            return;
        }
        if (flushNext < to.length) {
            busy = true;
            replica.submit(to[flushNext++], copyFlush, this);
            return;
        }
        BlockdevCopy copying = copy;
        if (copying != null) {
            needSeq = copying.source().needSeq();
            cursor.doneSeq = copying.source().baseSeq();
            copying.source().finish();
            copy = null;
            moved(cursor.doneSeq);
        }
        // Durable before anything calls the site consistent: it says where replay goes on.
        cursor.startedSeq = cursor.doneSeq;
        nameTerm(cursor.doneSeq);
        state = State.SAVING_CURSOR;
        busy = true;
        replica.cursors().save(this::copyCursorDurable);
    }

    private void copyCursorDurable() {
        busy = false;
        if (state == State.SAVING_CURSOR) {
            stream();
        } else {
            closeDevices();
        }
    }

    private void nameTerm(long seq) {
        Term term = replica.history().termOf(seq);
        if (term != null) {
            cursor.termNumber = term.number();
            cursor.termId = term.id();
        }
    }

    @Override
    public void ioDone(Io io) {
        busy = false;
        if (state != State.FLUSHING_COPY) {
            closeDevices();
        } else if (io.error != 0) {
            fail("flushing a device of the site failed with errno " + io.error, "mend the device");
        } else {
            flushCopy();
        }
    }

    private void stream() {
        state = State.STREAMING;
        site.say(Link.UP, Flow.CATCHING_UP, "", "", replica.wallMicros());
        consistentWhenDue();
        replica.event(
                String.format(
                        Locale.ROOT,
                        "site %s: devices open, from seq %d",
                        site.site.name(),
                        cursor.doneSeq + 1));
        nextBatch();
    }

    private void consistentWhenDue() {
        if (site.data != Data.CONSISTENT && cursor.doneSeq >= needSeq) {
            site.data = Data.CONSISTENT;
            site.supply = Supply.FROM_LOG;
            site.unpinResync();
            replica.saveSoon();
        }
    }

    private void nextBatch() {
        if (busy || state != State.STREAMING) {
            return;
        }
        if (cursor.doneSeq < replica.checkpointer().tailSeqSoon()) {
            fail("out of the log", "wait for the resync");
            retryNanos = replica.nanos();
            return;
        }
        boolean live = cursor.doneSeq >= log.writtenSeq();
        if (live && site.flow != Flow.LIVE) {
            site.say(Link.UP, Flow.LIVE, "", "", replica.wallMicros());
        }
        if (live) {
            if (site.data == Data.CONSISTENT && site.supply == Supply.OUT_OF_LOG) {
                site.supply = Supply.FROM_LOG;
                replica.saveSoon();
            }
            return;
        }
        long batch = log.batches().find(cursor.doneSeq + 1);
        batchSeq = log.batches().lastSeq(batch);
        busy = true;
        cursor.startedSeq = batchSeq;
        nameTerm(batchSeq);
        replica.cursors().save(cursorDurable);
    }

    private void cursorDurable() {
        BatchWriter to = writer;
        if (state != State.STREAMING || to == null) {
            busy = false;
            closeDevices();
            return;
        }
        long batch = log.batches().find(batchSeq);
        if (batch < log.batches().first() || replica.checkpointer().tailSeqSoon() >= batchSeq) {
            busy = false;
            return;
        }
        Invariant.check(log.flushedSeq() >= batchSeq, "write-ahead rule at a site", batchSeq);
        int base = log.batches().memory(batch);
        if (base != BatchTable.NOT_IN_MEMORY) {
            to.write(log.memory(), base);
            return;
        }
        FrameReader frames = reader;
        if (frames == null) {
            frames = replica.readers().take();
            reader = frames;
        }
        frames.read(batch, this);
    }

    @Override
    public void frameRead(FrameReader frames, String damage) {
        BatchWriter to = writer;
        if (!damage.isEmpty()) {
            busy = false;
            replica.logDamaged(damage);
            fail(damage, "see the log of the primary");
        } else if (to == null) {
            busy = false;
        } else {
            to.write(frames.buffer(), 0);
        }
        frames.release();
    }

    @Override
    public void batchWritten(int errno) {
        busy = false;
        if (errno != 0) {
            fail("a device of the site failed with errno " + errno, "mend the device");
            return;
        }
        cursor.doneSeq = batchSeq;
        moved(batchSeq);
        consistentWhenDue();
        if (state == State.STREAMING) {
            replica.wake();
        } else {
            closeDevices();
        }
    }

    private void fail(String why, String next) {
        BlockdevCopy copying = copy;
        if (copying != null) {
            copying.source().stop();
            copy = null;
        }
        if (state != State.CLOSED) {
            state = State.WAITING;
            if (site.paused) {
                sayPaused();
            } else {
                site.say(Link.DOWN, Flow.DOWN, why, next, replica.wallMicros());
            }
        }
        retryNanos = replica.nanos() + RETRY_NANOS;
        closeDevices();
        replica.wake();
    }

    private void sayPaused() {
        String why = site.pauseReason.isEmpty() ? "on request" : site.pauseReason;
        String next = "dmctl resume " + site.site.name();
        site.say(Link.DOWN, Flow.PAUSED, why, next, replica.wallMicros());
    }

    private void closeDevices() {
        Storage[] open = devices;
        if (open != null && !busy) {
            devices = null;
            BatchWriter idle = writer;
            if (idle != null) {
                idle.close();
            }
            writer = null;
            for (Storage device : open) {
                device.close();
            }
        }
    }

    @Override
    public long wakeNanos() {
        BlockdevCopy copying = copy;
        return switch (state) {
            case WAITING -> site.paused || busy ? Long.MAX_VALUE : retryNanos;
            case COPYING -> copying == null ? Long.MAX_VALUE : copying.source().wakeNanos();
            case SAVING, FLUSHING_COPY, SAVING_CURSOR, STREAMING, CLOSED -> Long.MAX_VALUE;
        };
    }

    @Override
    public void dropped() {
        // nextBatch sees that the log no longer holds what comes next.
        replica.wake();
    }

    @Override
    public void settingsChanged() {
        if (site.paused) {
            fail(site.pauseReason, "");
        } else if (site.flow == Flow.PAUSED) {
            site.say(Link.CONNECTING, Flow.DOWN, "resumed", "", replica.wallMicros());
            retryNanos = replica.nanos();
        }
    }

    @Override
    public void approveDiscard() {
        site.supply = Supply.OUT_OF_LOG;
        fail("taken in again on request", "wait for the resync");
        retryNanos = replica.nanos();
    }

    /**
     * Nothing fences devices: the other primary may have written to them, whatever is known here.
     */
    @Override
    public void otherPrimarySeen() {
        site.supply = Supply.OUT_OF_LOG;
        fail("another primary may have written to the devices", "wait for the resync");
        retryNanos = replica.nanos();
    }

    @Override
    public String discardPreview() {
        return String.format(
                Locale.ROOT,
                "site %s: all its devices would be compared and made equal",
                site.site.name());
    }

    @Override
    public boolean drained() {
        return state != State.STREAMING || (!busy && cursor.doneSeq >= log.headSeq());
    }

    @Override
    public void close() {
        state = State.CLOSED;
        BlockdevCopy copying = copy;
        if (copying != null) {
            copying.source().stop();
        }
        // The ends of what is under way may never be told here; the devices wait for them.
        if (busy) {
            writer = null;
        }
        busy = false;
        closeDevices();
    }
}
