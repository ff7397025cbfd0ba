package dmctl.daemon.nbd;

import dmctl.engine.port.ExtentList;
import dmctl.engine.port.FrontEnd;
import dmctl.engine.port.Request;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;

/** A group in memory: takes requests at once, or when told to, and ends them at the next turn. */
public final class MemoryFrontEnd implements FrontEnd {
    static final int GRAIN = 4096;

    private final ByteBuffer[] devices;
    private final boolean[][] written;
    private final ArrayDeque<Request> taken;
    private final ArrayDeque<Request> waiting;
    private final ArrayDeque<Request> held = new ArrayDeque<>();

    public volatile boolean serving = true;

    /** While true and not serving, it is about to. */
    public volatile boolean starting;

    /** While true nothing ends. */
    public volatile boolean holding;

    /** While true no WRITE is taken. */
    public volatile boolean full;

    /** Requests at this offset end with EIO. */
    public volatile long badOffset = -1;

    /** Requests taken at this offset do not end before it is -1 again. */
    public volatile long heldOffset = -1;

    /** Ends everything from inside submit. */
    public volatile boolean atOnce;

    public volatile int flushes;
    public volatile int durableRequests;
    public volatile int submitted;

    public MemoryFrontEnd(List<Export> exports) {
        devices = new ByteBuffer[exports.size()];
        written = new boolean[exports.size()][];
        for (Export export : exports) {
            int bytes = (int) export.sizeBytes();
            devices[export.devNr()] = ByteBuffer.allocateDirect(bytes);
            written[export.devNr()] = new boolean[(bytes + GRAIN - 1) / GRAIN];
        }
        taken = new ArrayDeque<>(65536);
        waiting = new ArrayDeque<>(1024);
    }

    @Override
    public boolean serving() {
        return serving;
    }

    @Override
    public boolean aboutToServe() {
        return !serving && starting;
    }

    @Override
    public String notServingReason() {
        return serving ? "" : "site a is a target, the primary is b";
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes, tests read
    public boolean submit(Request request) {
        submitted++;
        if (request.op == Request.Op.WRITE && full) {
            waiting.add(request);
            return false;
        }
        take(request);
        return true;
    }

    private void take(Request request) {
        carryOut(request);
        if (atOnce) {
            Objects.requireNonNull(request.done).requestDone(request);
        } else if (request.offset == heldOffset) {
            held.add(request);
        } else {
            taken.add(request);
        }
    }

    /** Ends what was taken. */
    public void turn() {
        while (!full && !waiting.isEmpty()) {
            Request request = waiting.remove();
            take(request);
            Objects.requireNonNull(request.done).requestTaken(request);
        }
        while (heldOffset < 0 && !held.isEmpty()) {
            taken.add(held.remove());
        }
        for (int n = holding ? 0 : taken.size(); n > 0; n--) {
            Request request = taken.remove();
            Objects.requireNonNull(request.done).requestDone(request);
        }
    }

    /** Ends nothing of what was taken: who would be told is gone. */
    public void forget() {
        taken.clear();
        held.clear();
        waiting.clear();
    }

    public boolean hasEnds() {
        return (!holding && !taken.isEmpty())
                || (heldOffset < 0 && !held.isEmpty())
                || (!full && !waiting.isEmpty());
    }

    @SuppressWarnings("NonAtomicVolatileUpdate")
    private void carryOut(Request request) {
        ByteBuffer device = devices[request.devNr];
        int at = (int) request.offset;
        int length = (int) request.length;
        request.error = request.offset == badOffset ? 5 : 0;
        if (request.error != 0) {
            return;
        }
        if (request.fua) {
            durableRequests++;
        }
        switch (request.op) {
            case READ -> {
                ByteBuffer data = Objects.requireNonNull(request.data);
                data.put(data.position(), device, at, length);
            }
            case WRITE -> {
                ByteBuffer data = Objects.requireNonNull(request.data);
                device.put(at, data, data.position(), length);
                mark(request, true);
            }
            case ZERO -> {
                for (int i = 0; i < length; i += 8) {
                    device.putLong(at + i, 0);
                }
                mark(request, false);
            }
            case FLUSH -> flushes++;
            case EXTENTS -> extents(request);
        }
    }

    private void mark(Request request, boolean data) {
        boolean[] grains = written[request.devNr];
        long end = request.offset + request.length;
        for (long at = request.offset; at < end; at = (at / GRAIN + 1) * GRAIN) {
            int grain = (int) (at / GRAIN);
            boolean whole = at % GRAIN == 0 && end - at >= GRAIN;
            grains[grain] = data || (grains[grain] && !whole);
        }
    }

    private void extents(Request request) {
        ExtentList extents = Objects.requireNonNull(request.extents);
        long end = request.offset + request.length;
        for (long at = request.offset; at < end; ) {
            long next = Math.min(end, (at / GRAIN + 1) * GRAIN);
            extents.add(next - at, !written[request.devNr][(int) (at / GRAIN)]);
            at = next;
        }
    }

    public byte[] bytes(int devNr, long offset, int length) {
        byte[] bytes = new byte[length];
        devices[devNr].get((int) offset, bytes);
        return bytes;
    }
}
