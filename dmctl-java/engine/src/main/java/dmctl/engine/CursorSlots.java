package dmctl.engine;

import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import dmctl.replog.LinkCursors;
import dmctl.replog.LogLayout;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How far each blockdev site has got, kept in two slots of the log: written before a batch goes to
 * the site's devices, so that after a crash it is known which batch alone may be there in part.
 */
final class CursorSlots implements IoDone {
    /** The cursor of one site. */
    static final class Cursor {
        final int siteNr;
        long startedSeq;
        long doneSeq;
        long termNumber;
        long termId;

        Cursor(int siteNr) {
            this.siteNr = siteNr;
        }
    }

    private final Replica replica;
    private final ByteBuffer buffer = Buffers.aligned(LinkCursors.BYTES);
    private final Io write = new Io();
    private final List<Cursor> cursors = new ArrayList<>();
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private final ArrayDeque<Runnable> writing = new ArrayDeque<>();
    private long generation;
    private int slot;
    private boolean busy;

    CursorSlots(Replica replica, LinkCursors found, int foundSlot) {
        this.replica = replica;
        generation = found.generation();
        slot = foundSlot;
        write.op = Io.Op.WRITE;
        write.buffer = buffer;
        for (LinkCursors.Entry entry : found.entries()) {
            GroupDefinition.Site site = replica.def().site(entry.siteNr());
            if (site == null || !site.linkType().equals(BlockdevLinkType.NAME)) {
                // It has left the group: were it to come back, it would be copied.
                continue;
            }
            Cursor cursor = new Cursor(entry.siteNr());
            cursor.startedSeq = entry.startedSeq();
            cursor.doneSeq = entry.doneSeq();
            cursor.termNumber = entry.termNumber();
            cursor.termId = entry.termId();
            cursors.add(cursor);
        }
    }

    @Nullable Cursor find(int siteNr) {
        for (Cursor cursor : cursors) {
            if (cursor.siteNr == siteNr) {
                return cursor;
            }
        }
        return null;
    }

    Cursor findOrAdd(int siteNr) {
        Cursor cursor = find(siteNr);
        if (cursor == null) {
            cursor = new Cursor(siteNr);
            cursors.add(cursor);
        }
        return cursor;
    }

    /**
     * Makes the cursors, and all that is written to the log by now, durable; then runs the task.
     */
    void save(Runnable durable) {
        waiting.add(durable);
        pump();
    }

    private void pump() {
        if (busy || waiting.isEmpty()) {
            return;
        }
        busy = true;
        writing.addAll(waiting);
        waiting.clear();
        generation++;
        slot = 1 - slot;
        LogIdentity identity = replica.log().identity();
        LinkCursors.put(
                buffer, 0, identity.logUuidHi(), identity.logUuidLo(), generation, cursors.size());
        for (int i = 0; i < cursors.size(); i++) {
            Cursor cursor = cursors.get(i);
            LinkCursors.putEntry(
                    buffer,
                    0,
                    i,
                    cursor.siteNr,
                    cursor.startedSeq,
                    cursor.doneSeq,
                    cursor.termNumber,
                    cursor.termId);
        }
        LinkCursors.seal(buffer, 0, replica.log().crc());
        write.offset = LogLayout.linkCursorsOffset(slot);
        replica.submit(replica.log().storage(), write, this);
    }

    @Override
    public void ioDone(Io io) {
        if (io.error != 0) {
            replica.log().writeFailed("writing the cursors of blockdev sites", io.error);
            return;
        }
        replica.log().afterFlush(this::durable);
    }

    private void durable() {
        busy = false;
        int count = writing.size();
        for (int i = 0; i < count; i++) {
            writing.poll().run();
        }
        pump();
    }
}
