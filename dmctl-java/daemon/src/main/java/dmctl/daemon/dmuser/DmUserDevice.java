package dmctl.daemon.dmuser;

import dmctl.daemon.front.BackingGroup;
import dmctl.daemon.front.ShownDevice;
import dmctl.daemon.nbd.Export;
import dmctl.engine.port.Request;
import dmctl.nativebridge.DmUserMessage;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.Objects;

/** One device: a reader of its own takes requests off the driver, the loop does the rest. */
final class DmUserDevice implements Request.Done {
    /** Requests under way at a time. */
    static final int SLOTS = 16;

    /** Data that a request of the common kind may have. */
    static final int SLOT_BYTES = 1 << 20;

    /** Data that any request may have. One at a time has more than SLOT_BYTES. */
    static final int LARGE_BYTES = 16 << 20;

    /** The most given to the engine at a time. */
    private static final int STRETCH_BYTES = 512 << 10;

    private static final int EIO = 5;

    final DmUserReader reader;
    private final Export export;
    private final BackingGroup group;
    private final ArrayDeque<DmUserSlot> held = new ArrayDeque<>(SLOTS + 1);

    /** Whether the engine has no room for a write; nothing more is submitted meanwhile. */
    private boolean untaken;

    /** Requests given to the engine so far. */
    long submitted;

    /** Another site has become primary: what is asked here fails. */
    private boolean lost;

    DmUserDevice(Export export, BackingGroup group, DmUserReader.Opener opener) {
        this.export = export;
        this.group = group;
        String name = export.group() + "-" + export.name();
        this.reader = new DmUserReader(name, opener, group.loop(), group.events());
        Arena arena = Arena.ofAuto();
        for (int i = 0; i < SLOTS; i++) {
            reader.give(new DmUserSlot(this, arena, SLOT_BYTES));
        }
        reader.give(new DmUserSlot(this, arena, LARGE_BYTES));
    }

    static long memoryBytes() {
        return (long) SLOTS * SLOT_BYTES + LARGE_BYTES;
    }

    ShownDevice shown() {
        boolean open = reader.isOpen();
        ShownDevice.State state =
                !open
                        ? ShownDevice.State.ABSENT
                        : group.serving() ? ShownDevice.State.LIVE : ShownDevice.State.WAITING;
        return new ShownDevice(export.name(), open ? reader.path() : "", state);
    }

    /** Goes on with what had to wait. */
    void goOn(boolean nowLost) {
        lost = nowLost;
        if (!group.serving() && !lost) {
            return;
        }
        for (int n = held.size(); n > 0 && !untaken; n--) {
            next(held.remove());
        }
    }

    void arrived(DmUserSlot slot) {
        next(slot);
    }

    /** Submits the next stretch of a request, or answers it. */
    private void next(DmUserSlot slot) {
        if (lost) {
            answer(slot, DmUserMessage.ERROR);
        } else if (!group.serving() || untaken) {
            held.add(slot);
        } else if (slot.length > slot.capacity && hasData(slot)) {
            group.say(
                    "a request of "
                            + slot.length
                            + " bytes at "
                            + reader.path()
                            + " failed: at most "
                            + LARGE_BYTES);
            answer(slot, DmUserMessage.ERROR);
        } else if (slot.carries(DmUserMessage.PREFLUSH) && !slot.flushed) {
            flush(slot);
        } else {
            switch ((int) slot.type) {
                case (int) DmUserMessage.READ, (int) DmUserMessage.WRITE -> stretch(slot);
                case (int) DmUserMessage.FLUSH -> flush(slot);
                case (int) DmUserMessage.DISCARD, (int) DmUserMessage.WRITE_ZEROES -> zero(slot);
                default -> answer(slot, DmUserMessage.UNSUPPORTED);
            }
        }
    }

    static boolean hasData(DmUserSlot slot) {
        return slot.type == DmUserMessage.READ || slot.type == DmUserMessage.WRITE;
    }

    private void stretch(DmUserSlot slot) {
        if (slot.done == slot.length) {
            answer(slot, DmUserMessage.SUCCESS);
            return;
        }
        int bytes = (int) Math.min(slot.length - slot.done, STRETCH_BYTES);
        boolean write = slot.type == DmUserMessage.WRITE;
        Request request = prepare(slot, write ? Request.Op.WRITE : Request.Op.READ);
        request.offset = slot.offset + slot.done;
        request.length = bytes;
        request.data = slot.data(bytes);
        // The log is durable up to such a record: on the last stretch it covers them all.
        boolean last = slot.done + bytes == slot.length;
        request.fua = write && last && slot.carries(DmUserMessage.FUA);
        submit(request);
    }

    private void flush(DmUserSlot slot) {
        Request request = prepare(slot, Request.Op.FLUSH);
        request.offset = 0;
        request.length = 0;
        submit(request);
    }

    private void zero(DmUserSlot slot) {
        if (slot.done == slot.length) {
            answer(slot, DmUserMessage.SUCCESS);
            return;
        }
        Request request = prepare(slot, Request.Op.ZERO);
        request.offset = slot.offset;
        request.length = slot.length;
        request.fua = slot.carries(DmUserMessage.FUA);
        request.unmap = slot.type == DmUserMessage.DISCARD || !slot.carries(DmUserMessage.NOUNMAP);
        submit(request);
    }

    private Request prepare(DmUserSlot slot, Request.Op op) {
        Request request = slot.request;
        request.op = op;
        request.devNr = export.devNr();
        request.fua = false;
        request.unmap = false;
        request.data = null;
        request.extents = null;
        request.error = 0;
        return request;
    }

    private void submit(Request request) {
        submitted++;
        if (!group.requests().submit(request)) {
            untaken = true;
        }
    }

    @Override
    public void requestTaken(Request request) {
        untaken = false;
        goOn(lost);
    }

    @Override
    public void requestDone(Request request) {
        DmUserSlot slot = (DmUserSlot) Objects.requireNonNull(request.owner);
        if (request.error != 0) {
            failed(slot, request.error);
            return;
        }
        switch (request.op) {
            case FLUSH -> {
                slot.flushed = true;
                if (slot.type == DmUserMessage.FLUSH) {
                    answer(slot, DmUserMessage.SUCCESS);
                    return;
                }
            }
            case READ, WRITE -> slot.done += request.length;
            case ZERO -> slot.done = slot.length;
            case EXTENTS -> throw new IllegalStateException("not asked for");
        }
        next(slot);
    }

    /** What only failed because the group is not served now is asked again, from its beginning. */
    private void failed(DmUserSlot slot, int error) {
        if (group.serving() || lost) {
            if (error != EIO) {
                group.say("a request at " + reader.path() + " failed with errno " + error);
            }
            answer(slot, DmUserMessage.ERROR);
        } else {
            slot.restart();
            held.add(slot);
        }
    }

    private void answer(DmUserSlot slot, long type) {
        long data =
                slot.type == DmUserMessage.READ && type == DmUserMessage.SUCCESS ? slot.length : 0;
        DmUserOpening opening = Objects.requireNonNull(slot.opening);
        try {
            opening.answer(slot.answer(type), DmUserMessage.HEAD_BYTES + data);
        } catch (IOException e) {
            group.say(
                    e.getMessage()
                            + ": nothing is answered any more until the device is opened anew, at"
                            + " the next request");
        }
        slot.opening = null;
        slot.request.data = null;
        reader.give(slot);
    }
}
