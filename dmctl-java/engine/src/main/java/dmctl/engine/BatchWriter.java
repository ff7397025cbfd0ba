package dmctl.engine;

import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import dmctl.engine.port.Storage;
import dmctl.replog.Body;
import dmctl.replog.Frame;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * Writes one batch to the devices of a blockdev site and flushes them. Records that overlap take
 * effect in seq order: the later one starts when the earlier one has ended.
 */
final class BatchWriter implements IoDone {
    /** Told of the end. */
    interface Done {
        /** All records of the batch are durable at the site, or an errno says why not. */
        void batchWritten(int errno);
    }

    private final Replica replica;
    private final Storage[] devices;
    private final Done done;
    private final ByteBuffer frame;
    private final ArrayDeque<Io> idle = new ArrayDeque<>();
    private int count;
    private int next;
    private int waveStart;
    private int inFlight;
    private int error;
    private boolean flushing;

    BatchWriter(Replica replica, Storage[] devices, Done done) {
        this.replica = replica;
        this.devices = devices;
        this.done = done;
        frame = replica.linkBuffers().take(replica.log().identity().frameBytesMax());
    }

    /** Gives up its buffer; nothing is under way. */
    void close() {
        replica.linkBuffers().give(frame);
    }

    /** Copies the batch out of a frame and starts. */
    void write(ByteBuffer from, int base) {
        int bytes = Frame.HEAD_BYTES + Body.dataBytes(from, base + Frame.BODY_OFFSET);
        frame.put(0, from, base, bytes);
        count = Body.count(frame, Frame.BODY_OFFSET);
        next = 0;
        waveStart = 0;
        error = 0;
        flushing = false;
        issue();
    }

    private void issue() {
        while (error == 0 && next < count && !overlapsWave()) {
            issue(next++);
        }
        if (inFlight > 0) {
            return;
        }
        if (error != 0) {
            done.batchWritten(error);
        } else if (next < count) {
            waveStart = next;
            issue();
        } else {
            flush();
        }
    }

    private boolean overlapsWave() {
        int body = Frame.BODY_OFFSET;
        long start = Body.sector(frame, body, next);
        long end = start + Integer.toUnsignedLong(Body.sectorCount(frame, body, next));
        for (int i = waveStart; i < next; i++) {
            long from = Body.sector(frame, body, i);
            long to = from + Integer.toUnsignedLong(Body.sectorCount(frame, body, i));
            if (Body.devNr(frame, body, i) == Body.devNr(frame, body, next)
                    && from < end
                    && start < to) {
                return true;
            }
        }
        return false;
    }

    private void issue(int record) {
        int body = Frame.BODY_OFFSET;
        int type = Body.type(frame, body, record);
        if (type == Body.MARK || type == Body.CHANGE) {
            return;
        }
        Io io = idle.isEmpty() ? new Io() : idle.pop();
        ByteBuffer view = io.buffer;
        if (view == null) {
            view = frame.duplicate();
            io.buffer = view;
        }
        long bytes = Integer.toUnsignedLong(Body.sectorCount(frame, body, record)) << 9;
        io.offset = Body.sector(frame, body, record) << 9;
        if (type == Body.WRITE) {
            int at = Frame.HEAD_BYTES + Body.dataOffset(frame, body, record);
            io.op = Io.Op.WRITE;
            view.clear().limit(at + (int) bytes).position(at);
        } else {
            io.op = Io.Op.ZERO;
            io.length = bytes;
            io.unmap = type == Body.DISCARD;
        }
        inFlight++;
        replica.submit(
                devices[replica.devices().deviceIndex(Body.devNr(frame, body, record))], io, this);
    }

    private void flush() {
        flushing = true;
        for (Storage device : devices) {
            if (device.hasVolatileCache()) {
                Io io = idle.isEmpty() ? new Io() : idle.pop();
                io.op = Io.Op.FLUSH;
                inFlight++;
                replica.submit(device, io, this);
            }
        }
        if (inFlight == 0) {
            done.batchWritten(0);
        }
    }

    @Override
    public void ioDone(Io io) {
        error = error == 0 ? io.error : error;
        idle.push(io);
        inFlight--;
        if (!flushing) {
            issue();
        } else if (inFlight == 0) {
            done.batchWritten(error);
        }
    }
}
