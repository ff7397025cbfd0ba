package dmctl.daemon.ublk;

import dmctl.daemon.front.ShownDevice;
import dmctl.daemon.front.ShownDevice.State;
import dmctl.engine.port.FrontEnd;
import dmctl.engine.port.Request;
import dmctl.nativebridge.CommandRing;
import dmctl.nativebridge.Errno;
import dmctl.nativebridge.UblkControl;
import dmctl.nativebridge.UblkDevice;
import dmctl.nativebridge.UblkQueue;
import dmctl.nativebridge.UblkSystem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A device of the group while it is served: one request of the engine for each of the driver's,
 * made once. On the loop, but for what says otherwise.
 */
final class ServedDevice implements Request.Done {
    final String name;
    final int devNr;
    final long sizeBytes;
    private final int slot;
    private final FrontEnd group;

    private State state = State.ABSENT;
    private int id = UblkControl.ANY_ID;
    private @Nullable UblkQueue queue;
    private @Nullable CompletableFuture<Void> drained;
    private Request[] requests = {};
    private ByteBuffer[] buffers = {};

    /** Requests that wait until the group serves. */
    private int[] held = {};

    private int heldCount;
    private int underWay;
    private int aborted;

    ServedDevice(String name, int devNr, long sizeBytes, int slot, FrontEnd group) {
        this.name = name;
        this.devNr = devNr;
        this.sizeBytes = sizeBytes;
        this.slot = slot;
        this.group = group;
    }

    ShownDevice shown() {
        return new ShownDevice(name, id < 0 ? "" : UblkDevice.path(id), state);
    }

    State state() {
        return state;
    }

    void enter(State next) {
        state = next;
    }

    /** Begins to fetch; whoever starts the device waits for that. */
    void open(UblkSystem system, CommandRing ring, int fd, UblkDevice device) throws IOException {
        UblkQueue opened = UblkQueue.open(system, ring, fd, device, slot);
        queue = opened;
        id = device.id();
        aborted = 0;
        heldCount = 0;
        int depth = opened.depth();
        requests = new Request[depth];
        buffers = new ByteBuffer[depth];
        held = new int[depth];
        for (int tag = 0; tag < depth; tag++) {
            Request request = new Request();
            request.devNr = devNr;
            request.done = this;
            request.cookie = tag;
            requests[tag] = request;
            buffers[tag] = opened.memory(tag).asByteBuffer();
        }
        opened.fetchAll();
    }

    /** Its number while it is served, or has been. */
    int id() {
        return id;
    }

    boolean isOpen() {
        return queue != null;
    }

    int underWay() {
        return underWay;
    }

    /** Told when the driver has taken all requests back and the queue is closed. */
    CompletableFuture<Void> drained() {
        CompletableFuture<Void> told = new CompletableFuture<>();
        if (queue == null) {
            told.complete(null);
        } else {
            drained = told;
            closeIfDrained();
        }
        return told;
    }

    /**
     * A fetch has ended.
     *
     * @param hold whether a request that has arrived waits for {@link #submitHeld}
     * @return whether it went to the engine
     */
    boolean ended(int tag, int result, boolean hold) {
        if (result == -Errno.ENODEV) {
            // The driver has taken it back; it never comes again.
            aborted++;
            closeIfDrained();
            return false;
        }
        if (result != 0) {
            // Somebody would wait for this request for ever; the next daemon is sent it again.
            throw new IllegalStateException(
                    UblkDevice.path(id)
                            + ": the driver refuses what came for request "
                            + tag
                            + ": "
                            + Errno.describe(-result));
        }
        if (hold) {
            held[heldCount++] = tag;
            return false;
        }
        submit(tag);
        return true;
    }

    boolean submitHeld() {
        int count = heldCount;
        heldCount = 0;
        for (int i = 0; i < count; i++) {
            submit(held[i]);
        }
        return count > 0;
    }

    private void submit(int tag) {
        UblkQueue from = Objects.requireNonNull(queue);
        Request request = requests[tag];
        request.offset = from.offset(tag);
        request.length = from.length(tag);
        request.fua = from.fua(tag);
        request.unmap = false;
        request.data = null;
        request.error = 0;
        underWay++;
        switch (from.op(tag)) {
            case UblkQueue.READ -> {
                request.op = Request.Op.READ;
                request.data = buffers[tag].clear().limit((int) request.length);
            }
            case UblkQueue.WRITE -> {
                request.op = Request.Op.WRITE;
                request.data = buffers[tag].clear().limit((int) request.length);
            }
            case UblkQueue.FLUSH -> request.op = Request.Op.FLUSH;
            case UblkQueue.DISCARD -> {
                request.op = Request.Op.ZERO;
                request.unmap = true;
            }
            case UblkQueue.WRITE_ZEROES -> {
                request.op = Request.Op.ZERO;
                request.unmap = !from.keepsSpace(tag);
            }
            default -> {
                request.error = Errno.EOPNOTSUPP;
                requestDone(request);
                return;
            }
        }
        group.submit(request);
    }

    /** The memory stays the request's until it has ended. */
    @Override
    public void requestTaken(Request request) {}

    @Override
    public void requestDone(Request request) {
        underWay--;
        if (state == State.WAITING && request.error != 0) {
            // Left to the next start, which is sent it again.
            return;
        }
        boolean moves = request.op == Request.Op.READ || request.op == Request.Op.WRITE;
        int result = request.error != 0 ? -request.error : moves ? (int) request.length : 0;
        Objects.requireNonNull(queue).commit((int) request.cookie, result);
    }

    /** All requests are the driver's again: nothing of the queue is in use. */
    private void closeIfDrained() {
        UblkQueue open = queue;
        if (open == null || aborted < open.depth()) {
            return;
        }
        queue = null;
        id = UblkControl.ANY_ID;
        requests = new Request[0];
        buffers = new ByteBuffer[0];
        open.close();
        CompletableFuture<Void> told = drained;
        drained = null;
        if (told != null) {
            told.complete(null);
        } else {
            // Nobody here asked for it.
            state = State.ABSENT;
        }
    }
}
