package dmctl.nativebridge;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dmctl.nativebridge.UblkDevice.State;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A device of a {@link FakeUblk}; all calls hold the driver's lock. */
final class FakeDevice {
    /** A request of an application. */
    static final class Bio {
        final int opFlags;
        final long sector;
        final int sectors;
        final byte[] data;
        final CompletableFuture<Integer> ended = new CompletableFuture<>();

        Bio(int opFlags, long sector, int sectors, byte[] data) {
            this.opFlags = opFlags;
            this.sector = sector;
            this.sectors = sectors;
            this.data = data;
        }

        int op() {
            return opFlags & 0xff;
        }
    }

    private record Fetched(FakeRing ring, long address, long data) {}

    final int id;
    final long mark;
    final MemorySegment descriptors;
    final ArrayDeque<Bio> queued = new ArrayDeque<>();
    State state = State.DEAD;
    boolean served;
    boolean shown;
    boolean mounted;
    private final int depth;
    private final int maxIoBytes;
    private final long flags;
    private final byte[] parameters = new byte[112];
    private final @Nullable Fetched[] fetched;
    private final @Nullable Bio[] inFlight;
    private final long[] addresses;
    private @Nullable Thread server;
    private @Nullable Bio scan;
    private boolean recovering;
    private int pid;

    FakeDevice(int id, int depth, int maxIoBytes, long flags, long mark) {
        this.id = id;
        this.depth = depth;
        this.maxIoBytes = maxIoBytes;
        this.flags = flags;
        this.mark = mark;
        long bytes = (depth * 24L + 4095) & -4096;
        descriptors = Arena.ofAuto().allocate(bytes, 4096);
        fetched = new @Nullable Fetched[depth];
        inFlight = new @Nullable Bio[depth];
        addresses = new long[depth];
    }

    int describe(MemorySegment info) {
        info.fill((byte) 0);
        info.set(JAVA_SHORT, 0, (short) 1);
        info.set(JAVA_SHORT, 2, (short) depth);
        info.set(JAVA_SHORT, 4, stateNumber());
        info.set(JAVA_INT, 8, maxIoBytes);
        info.set(JAVA_INT, 12, id);
        info.set(JAVA_INT, 16, pid);
        info.set(JAVA_LONG, 24, flags);
        info.set(JAVA_LONG, 32, mark);
        return 0;
    }

    private short stateNumber() {
        return switch (state) {
            case DEAD -> 0;
            case LIVE -> 1;
            case QUIESCED -> 2;
            case OTHER -> 9;
        };
    }

    int setParameters(MemorySegment from) {
        if (shown) {
            return -Errno.EACCES;
        }
        int types = from.get(JAVA_INT, 4);
        boolean discards = (types & 2) == 0 || (granularity(from) != 0 && segments(from) == 1);
        if (from.get(JAVA_INT, 0) != from.byteSize() || (types & 1) == 0 || !discards) {
            return -Errno.EINVAL;
        }
        if (from.get(JAVA_INT, 16) > maxIoBytes >> 9) {
            return -Errno.EINVAL;
        }
        MemorySegment.copy(from, JAVA_BYTE, 0, parameters, 0, (int) from.byteSize());
        return 0;
    }

    private static int granularity(MemorySegment params) {
        return params.get(JAVA_INT, 44);
    }

    private static int segments(MemorySegment params) {
        return params.get(JAVA_SHORT, 56);
    }

    int parameters(MemorySegment into) {
        int length = into.get(JAVA_INT, 0);
        if (length == 0 || length > into.byteSize()) {
            return -Errno.EINVAL;
        }
        MemorySegment.copy(parameters, 0, into, JAVA_BYTE, 0, length);
        return 0;
    }

    private boolean allFetched() {
        for (int tag = 0; tag < depth; tag++) {
            if (fetched[tag] == null && inFlight[tag] == null) {
                return false;
            }
        }
        return true;
    }

    /** Waits for the fetches, then for the read that looks for partitions. */
    OptionalInt start(int byPid) {
        if (scan == null) {
            if (shown || parameters[4] == 0) {
                return OptionalInt.of(shown ? -Errno.EEXIST : -Errno.EINVAL);
            }
            if (!allFetched()) {
                return OptionalInt.empty();
            }
            pid = byPid;
            state = State.LIVE;
            scan = new Bio(UblkQueue.READ, 0, 8, new byte[4096]);
            queued.add(scan);
            deliver();
        }
        if (!scan.ended.isDone()) {
            return OptionalInt.empty();
        }
        shown = true;
        return OptionalInt.of(0);
    }

    OptionalInt stop() {
        if (state == State.LIVE) {
            for (Bio bio : inFlight) {
                if (bio != null) {
                    return OptionalInt.empty();
                }
            }
        }
        queued.forEach(bio -> bio.ended.complete(-Errno.EIO));
        queued.clear();
        state = State.DEAD;
        shown = false;
        for (int tag = 0; tag < depth; tag++) {
            Fetched fetch = fetched[tag];
            fetched[tag] = null;
            if (fetch != null) {
                fetch.ring.end(fetch.data, -Errno.ENODEV);
            }
        }
        return OptionalInt.of(0);
    }

    int recover(boolean busy) {
        if (state != State.QUIESCED || served || busy) {
            return -Errno.EBUSY;
        }
        recovering = true;
        server = null;
        return 0;
    }

    OptionalInt recovered(int byPid) {
        if (!recovering) {
            return OptionalInt.of(-Errno.EINVAL);
        }
        if (!allFetched()) {
            return OptionalInt.empty();
        }
        recovering = false;
        pid = byPid;
        state = State.LIVE;
        deliver();
        return OptionalInt.of(0);
    }

    void quiesce() {
        for (int tag = depth - 1; tag >= 0; tag--) {
            Bio bio = inFlight[tag];
            if (bio != null) {
                queued.addFirst(bio);
            }
            inFlight[tag] = null;
            fetched[tag] = null;
        }
        if (state == State.LIVE) {
            state = State.QUIESCED;
        }
    }

    /** Takes a command of the server; returns why not, or 0. */
    int serve(FakeRing ring, FakeRing.Sqe sqe) {
        int queue = (int) sqe.word0() & 0xffff;
        int tag = (int) (sqe.word0() >>> 16) & 0xffff;
        if (queue != 0 || tag >= depth || sqe.word1() == 0) {
            return -Errno.EINVAL;
        }
        if (server != null && !server.equals(Thread.currentThread())) {
            return -Errno.EINVAL;
        }
        server = Thread.currentThread();
        if (sqe.command() == UblkAbi.COMMIT_AND_FETCH_REQ) {
            Bio bio = inFlight[tag];
            if (bio == null) {
                return -Errno.EINVAL;
            }
            inFlight[tag] = null;
            end(bio, tag, (int) (sqe.word0() >> 32));
        } else if (sqe.command() != UblkAbi.FETCH_REQ) {
            return -Errno.EINVAL;
        } else if (fetched[tag] != null || inFlight[tag] != null) {
            return -Errno.EBUSY;
        }
        fetched[tag] = new Fetched(ring, sqe.word1(), sqe.data());
        deliver();
        return 0;
    }

    private void end(Bio bio, int tag, int result) {
        boolean moves = bio.op() == UblkQueue.READ || bio.op() == UblkQueue.WRITE;
        int told = moves && result == 0 ? -Errno.EIO : result;
        if (bio.op() == UblkQueue.READ && told > 0) {
            MemorySegment.copy(
                    MemorySegment.ofAddress(addresses[tag]).reinterpret(told),
                    JAVA_BYTE,
                    0,
                    bio.data,
                    0,
                    told);
        }
        bio.ended.complete(told);
    }

    void deliver() {
        for (int tag = 0; tag < depth && state == State.LIVE && !queued.isEmpty(); tag++) {
            Fetched fetch = fetched[tag];
            if (fetch == null) {
                continue;
            }
            Bio bio = queued.remove();
            fetched[tag] = null;
            inFlight[tag] = bio;
            addresses[tag] = fetch.address;
            long at = tag * 24L;
            descriptors.set(JAVA_INT, at, bio.opFlags);
            descriptors.set(JAVA_INT, at + 4, bio.sectors);
            descriptors.set(JAVA_LONG, at + 8, bio.sector);
            descriptors.set(JAVA_LONG, at + 16, fetch.address);
            if (bio.op() == UblkQueue.WRITE) {
                MemorySegment to =
                        MemorySegment.ofAddress(fetch.address).reinterpret(bio.data.length);
                MemorySegment.copy(bio.data, 0, to, JAVA_BYTE, 0, bio.data.length);
            }
            fetch.ring.end(fetch.data, 0);
        }
    }
}
