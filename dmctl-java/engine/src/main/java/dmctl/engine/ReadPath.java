package dmctl.engine;

import dmctl.engine.port.ExtentList;
import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import dmctl.engine.port.Request;
import dmctl.replog.Body;
import dmctl.replog.Frame;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Reads of a device: each range from the newest of memory, log and local device. Bytes of a batch
 * that is not in the log yet are waited for.
 */
final class ReadPath implements IoDone, FrameReader.Done {
    static final int LOG_READERS = 8;

    /** A part that has to come from the log; a cold path. */
    private record LogPart(Request request, int device, long sector, long sectors, long seq) {}

    private final Replica replica;
    private final LogRing log;
    private final RequestQueue unwritten = new RequestQueue();
    private final ArrayDeque<Io> idle = new ArrayDeque<>();
    private final ArrayDeque<LogPart> logParts = new ArrayDeque<>();
    private final FrameReader[] readers = new FrameReader[LOG_READERS];
    private final @Nullable LogPart[] reading = new LogPart[LOG_READERS];
    private boolean readersMade;
    private int active;

    ReadPath(Replica replica) {
        this.replica = replica;
        this.log = replica.log();
    }

    boolean idle() {
        return active == 0 && unwritten.isEmpty();
    }

    void submit(Request request) {
        request.error = 0;
        long sector = request.offset >>> 9;
        long end = sector + (request.length >>> 9);
        int device = replica.devices().deviceIndex(request.devNr);
        RangeIndex index = replica.devices().index(device);
        long newest = 0;
        int node = index.firstOverlap(sector);
        boolean overlaps = node >= 0 && index.start(node) < end;
        for (; node >= 0 && index.start(node) < end; node = index.next(node)) {
            newest = Math.max(newest, index.seq(node));
        }
        if (newest > log.writtenSeq() && log.failed()) {
            request.error = Errno.EIO;
            end(request);
            return;
        }
        if (newest > log.writtenSeq()) {
            request.seq = newest;
            unwritten.add(request);
            return;
        }
        active++;
        request.pending = 1;
        if (overlaps) {
            merge(request, device, sector, end);
        } else {
            readDevice(request, device, sector, end - sector);
        }
        partEnded(request, 0);
    }

    /**
     * Answers for a prefix of the range: up to where log and device change over. Only what is known
     * to read as zeroes is said to.
     */
    void submitExtents(Request request) {
        request.error = 0;
        long sector = request.offset >>> 9;
        long end = sector + (request.length >>> 9);
        int device = replica.devices().deviceIndex(request.devNr);
        RangeIndex index = replica.devices().index(device);
        int node = index.firstOverlap(sector);
        active++;
        request.pending = 1;
        if (node < 0 || index.start(node) >= end) {
            readDevice(request, device, sector, end - sector);
        } else if (index.start(node) > sector) {
            readDevice(request, device, sector, index.start(node) - sector);
        } else {
            ExtentList extents = extents(request);
            long at = sector;
            while (node >= 0 && index.start(node) <= at && at < end) {
                long stop = Math.min(index.end(node), end);
                extents.add((stop - at) << 9, isZeroRecord(index.seq(node)));
                at = stop;
                node = index.next(node);
            }
        }
        partEnded(request, 0);
    }

    private boolean isZeroRecord(long seq) {
        if (seq > log.writtenSeq()) {
            return false;
        }
        long batch = log.batches().find(seq);
        int base = log.batches().memory(batch);
        if (base == BatchTable.NOT_IN_MEMORY) {
            return false;
        }
        int body = base + Frame.BODY_OFFSET;
        return !Body.hasData(
                Body.type(log.memory(), body, (int) (seq - Body.firstSeq(log.memory(), body))));
    }

    /** Starts again what waited for a log write. */
    void retryUnwritten() {
        for (int left = unwritten.size(); left > 0; left--) {
            Request request = unwritten.poll();
            if (request == null) {
                return;
            }
            if (request.seq <= log.writtenSeq()) {
                submit(request);
            } else {
                unwritten.add(request);
            }
        }
    }

    private void merge(Request request, int device, long sector, long end) {
        RangeIndex index = replica.devices().index(device);
        long at = sector;
        for (int node = index.firstOverlap(sector);
                node >= 0 && index.start(node) < end;
                node = index.next(node)) {
            long start = Math.max(index.start(node), at);
            if (start > at) {
                readDevice(request, device, at, start - at);
            }
            long stop = Math.min(index.end(node), end);
            readLogged(request, device, start, stop - start, index.seq(node));
            at = stop;
        }
        if (at < end) {
            readDevice(request, device, at, end - at);
        }
    }

    private void readLogged(Request request, int device, long sector, long sectors, long seq) {
        long batch = log.batches().find(seq);
        int base = log.batches().memory(batch);
        if (base == BatchTable.NOT_IN_MEMORY) {
            request.pending++;
            logParts.add(new LogPart(request, device, sector, sectors, seq));
            startLogReads();
            return;
        }
        copy(request, log.memory(), base, sector, sectors, seq);
    }

    private static void copy(
            Request request, ByteBuffer frame, int base, long sector, long sectors, long seq) {
        int body = base + Frame.BODY_OFFSET;
        int record = (int) (seq - Body.firstSeq(frame, body));
        int bytes = (int) (sectors << 9);
        ByteBuffer data = data(request);
        int to = data.position() + (int) ((sector << 9) - request.offset);
        if (Body.type(frame, body, record) == Body.WRITE) {
            long skip = sector - Body.sector(frame, body, record);
            int from =
                    base
                            + Frame.HEAD_BYTES
                            + Body.dataOffset(frame, body, record)
                            + (int) (skip << 9);
            data.put(to, frame, from, bytes);
        } else {
            for (int i = 0; i < bytes; i += 8) {
                data.putLong(to + i, 0);
            }
        }
    }

    /**
     * Where the log must not be released for parts that wait for a reader. Not even once the record
     * is applied: what a newer one had overwritten by then was never brought to the device.
     */
    long pinnedPosition() {
        long least = Long.MAX_VALUE;
        for (LogPart part : logParts) {
            least = Math.min(least, log.batches().position(log.batches().find(part.seq())));
        }
        return least;
    }

    private void startLogReads() {
        if (!readersMade) {
            for (int i = 0; i < LOG_READERS; i++) {
                readers[i] = replica.readers().take();
            }
            readersMade = true;
        }
        for (int i = 0; i < LOG_READERS && !logParts.isEmpty(); i++) {
            while (readers[i].isFree() && !logParts.isEmpty()) {
                start(i, logParts.poll());
            }
        }
    }

    private void start(int reader, LogPart part) {
        reading[reader] = part;
        readers[reader].readRecord(log.batches().find(part.seq()), part.seq(), this);
    }

    @Override
    public void frameRead(FrameReader reader, String damage) {
        for (int i = 0; i < LOG_READERS; i++) {
            LogPart part = reading[i];
            if (readers[i] == reader && part != null) {
                reading[i] = null;
                if (damage.isEmpty()) {
                    copy(
                            part.request(),
                            reader.buffer(),
                            0,
                            part.sector(),
                            part.sectors(),
                            part.seq());
                } else {
                    replica.logDamaged(damage);
                }
                partEnded(part.request(), damage.isEmpty() ? 0 : Errno.EIO);
            }
        }
        reader.release();
        startLogReads();
    }

    private void readDevice(Request request, int device, long sector, long sectors) {
        Io io = idle.isEmpty() ? new Io() : idle.pop();
        io.offset = sector << 9;
        io.tag = device;
        io.kind = Replica.CLIENT_READ;
        if (request.op == Request.Op.EXTENTS) {
            io.op = Io.Op.EXTENTS;
            io.length = sectors << 9;
            io.extents = request.extents;
        } else {
            io.op = Io.Op.READ;
            io.buffer = view(request, sector, sectors);
        }
        request.pending++;
        replica.submitRead(replica.device(device), io, request, this);
    }

    private static ByteBuffer view(Request request, long sector, long sectors) {
        ByteBuffer data = data(request);
        if (sectors << 9 == request.length) {
            return data;
        }
        int from = data.position() + (int) ((sector << 9) - request.offset);
        ByteBuffer part = data.duplicate();
        part.limit(from + (int) (sectors << 9)).position(from);
        return part;
    }

    @Override
    public void ioDone(Io io) {
        if (io.attachment instanceof Request request) {
            int error = io.error;
            if (error != 0) {
                replica.deviceFailed((int) io.tag, "reading", error);
            }
            io.buffer = null;
            io.extents = null;
            idle.push(io);
            partEnded(request, error);
        }
    }

    private void partEnded(Request request, int error) {
        if (error != 0) {
            request.error = error;
        }
        if (--request.pending == 0) {
            active--;
            end(request);
        }
    }

    private static void end(Request request) {
        Request.Done done = request.done;
        if (done != null) {
            done.requestDone(request);
        }
    }

    /** Fails what waits; what is being read ends by itself. */
    void failWaiting(int errno) {
        while (true) {
            Request request = unwritten.poll();
            if (request == null) {
                break;
            }
            request.error = errno;
            end(request);
        }
        while (!logParts.isEmpty()) {
            partEnded(logParts.poll().request(), errno);
        }
        for (int i = 0; i < LOG_READERS; i++) {
            LogPart part = reading[i];
            if (part != null) {
                reading[i] = null;
                partEnded(part.request(), errno);
            }
        }
    }

    private static ByteBuffer data(Request request) {
        ByteBuffer data = request.data;
        if (data == null) {
            throw new InvariantViolation("a read has a buffer");
        }
        return data;
    }

    private static ExtentList extents(Request request) {
        ExtentList extents = request.extents;
        if (extents == null) {
            throw new InvariantViolation("an extents request has a list");
        }
        return extents;
    }
}
