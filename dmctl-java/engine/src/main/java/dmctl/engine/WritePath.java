package dmctl.engine;

import dmctl.engine.port.Request;
import dmctl.replog.Body;
import dmctl.replog.Frame;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Writes of the application at the primary: each gets its seq and is copied once, into the open
 * batch; it completes when its batch and all before are in the log and the sites allow it. What
 * finds no room waits in order.
 */
final class WritePath {
    private static final byte[] ZEROES = new byte[Frame.HEAD_BYTES];

    private final Replica replica;
    private final LogRing log;
    private final RequestQueue waiting = new RequestQueue();
    private final RequestQueue pending = new RequestQueue();
    private final RequestQueue durable = new RequestQueue();
    private final int batchDataBytes;

    private int openBase = -1;
    private int openCount;
    private int openDataBytes;
    private long completedSeq;
    private long completedBytes;
    private long stalledSinceMicros;

    WritePath(Replica replica) {
        this.replica = replica;
        this.log = replica.log();
        this.batchDataBytes = log.identity().frameBytesMax() - Frame.HEAD_BYTES;
    }

    /** Serving begins: all that the log holds counts as completed. */
    void start() {
        completedSeq = log.headSeq();
        completedBytes = log.batches().bytesThroughSeq(completedSeq);
    }

    long completedSeq() {
        return completedSeq;
    }

    long completedBytes() {
        return completedBytes;
    }

    /** Newest seq given out, the open batch included. */
    long newestSeq() {
        return log.headSeq() + openCount;
    }

    boolean idle() {
        return waiting.isEmpty() && pending.isEmpty() && durable.isEmpty() && openCount == 0;
    }

    boolean isStalled() {
        return !waiting.isEmpty();
    }

    long stalledSinceMicros() {
        return stalledSinceMicros;
    }

    /** Completions that wait for more than their log write. */
    boolean isHeld() {
        Request first = pending.peek();
        return first != null && first.seq <= log.writtenSeq();
    }

    /**
     * Takes a WRITE or ZERO.
     *
     * @return false if its bytes have to wait for room
     */
    boolean submit(Request request) {
        request.taken = 0;
        request.error = 0;
        if (log.failed()) {
            end(request, Errno.EIO);
            return true;
        }
        if (waiting.isEmpty() && take(request)) {
            pending.add(request);
            return true;
        }
        if (waiting.isEmpty()) {
            stalledSinceMicros = replica.wallMicros();
        }
        waiting.add(request);
        return false;
    }

    void flush(Request request) {
        request.error = 0;
        request.seq = completedSeq;
        if (log.failed()) {
            end(request, Errno.EIO);
        } else if (log.flushedSeq() >= request.seq) {
            end(request, 0);
        } else {
            durable.add(request);
            log.requestFlush(request.seq);
        }
    }

    /** Takes in what waits for room, as far as there is some. */
    void retryWaiting() {
        while (true) {
            Request request = waiting.peek();
            if (request == null || !take(request)) {
                return;
            }
            waiting.poll();
            pending.add(request);
            taken(request);
        }
    }

    private static void taken(Request request) {
        Request.Done done = request.done;
        if (done != null) {
            done.requestTaken(request);
        }
    }

    private boolean take(Request request) {
        while (request.taken < request.length) {
            if (!hasRoom()) {
                return false;
            }
            if (request.op == Request.Op.WRITE) {
                addWrite(request);
            } else {
                addZero(request);
            }
        }
        request.seq = newestSeq();
        request.bytesAtSeq = log.batches().bytesThroughSeq(log.headSeq()) + openDataBytes;
        return true;
    }

    private boolean hasRoom() {
        if (openBase >= 0
                && openCount < Body.MAX_RECORDS
                && openDataBytes + replica.def().blockSize() <= batchDataBytes) {
            return replica.checkpointer().mayGoOnTo(newestSeq() + 1);
        }
        close();
        openBase = log.reserve(Frame.HEAD_BYTES + batchDataBytes);
        if (openBase < 0) {
            return false;
        }
        log.memory().put(openBase, ZEROES);
        openCount = 0;
        openDataBytes = 0;
        return replica.checkpointer().mayGoOnTo(newestSeq() + 1);
    }

    private void addWrite(Request request) {
        ByteBuffer data = request.data;
        if (data == null) {
            throw new InvariantViolation("a write has data");
        }
        int bytes = (int) Math.min(request.length - request.taken, batchDataBytes - openDataBytes);
        // A record is whole in one batch where it can be: less to reassemble, same order.
        if (bytes < request.length - request.taken && openCount > 0) {
            close();
            return;
        }
        int from = data.position() + (int) request.taken;
        int to = openBase + Frame.HEAD_BYTES + openDataBytes;
        log.memory().put(to, data, from, bytes);
        int checksum = log.crc().of(log.memory(), to, bytes);
        add(request, Body.WRITE, bytes, openDataBytes, checksum);
        openDataBytes += bytes;
    }

    private void addZero(Request request) {
        long most = (long) Integer.MAX_VALUE & -4096L;
        long bytes = Math.min(request.length - request.taken, most);
        add(request, request.unmap ? Body.DISCARD : Body.WRITE_ZEROES, bytes, 0, 0);
    }

    private void add(Request request, int type, long bytes, int dataOffset, int checksum) {
        long sector = (request.offset + request.taken) >>> 9;
        long sectors = bytes >>> 9;
        request.taken += bytes;
        int flags = (request.fua ? Body.FUA : 0) | (request.taken < request.length ? Body.MORE : 0);
        Body.putDescriptor(
                log.memory(),
                openBase + Frame.BODY_OFFSET,
                openCount,
                type,
                flags,
                request.devNr,
                sector,
                (int) sectors,
                dataOffset,
                checksum);
        openCount++;
        replica.devices().indexPut(request.devNr, sector, sectors, newestSeq());
    }

    /** Seals the open batch, if it holds anything. */
    void close() {
        if (openCount == 0) {
            return;
        }
        int body = openBase + Frame.BODY_OFFSET;
        int padded = Frame.frameBytes(openDataBytes) - Frame.HEAD_BYTES;
        if (padded > openDataBytes) {
            log.memory()
                    .put(
                            openBase + Frame.HEAD_BYTES + openDataBytes,
                            ZEROES,
                            0,
                            padded - openDataBytes);
        }
        Body.put(
                log.memory(),
                body,
                replica.history().latestNumber(),
                replica.history().latestId(),
                log.headSeq() + 1,
                openCount,
                openDataBytes,
                replica.nextBatchMicros());
        Body.seal(log.memory(), body, log.crc());
        int count = openCount;
        openCount = 0;
        log.append(openBase, openDataBytes, log.headSeq() + 1, count, 0);
        openBase = -1;
        openDataBytes = 0;
    }

    /** Completes what may be completed now, in order. */
    void complete() {
        while (true) {
            Request request = pending.peek();
            if (request == null
                    || request.seq > log.writtenSeq()
                    || !replica.sites().allowCompletion(request.seq, request.bytesAtSeq)) {
                break;
            }
            pending.poll();
            completedSeq = request.seq;
            completedBytes = request.bytesAtSeq;
            if (request.fua && log.flushedSeq() < request.seq) {
                durable.add(request);
            } else {
                end(request, 0);
            }
        }
        completeDurable();
    }

    private void completeDurable() {
        while (true) {
            Request request = durable.peek();
            if (request == null || request.seq > log.flushedSeq()) {
                if (request != null) {
                    log.requestFlush(request.seq);
                }
                return;
            }
            durable.poll();
            end(request, 0);
        }
    }

    /** Ends everything under way with an error. */
    void failAll(int errno) {
        if (log.failed()) {
            openCount = 0;
            openDataBytes = 0;
            openBase = -1;
        }
        for (RequestQueue queue : Arrays.asList(waiting, pending, durable)) {
            while (true) {
                Request request = queue.poll();
                if (request == null) {
                    break;
                }
                if (queue == waiting) {
                    taken(request);
                }
                end(request, errno);
            }
        }
    }

    private static void end(Request request, int errno) {
        request.error = errno;
        Request.Done done = request.done;
        if (done != null) {
            done.requestDone(request);
        }
    }
}
