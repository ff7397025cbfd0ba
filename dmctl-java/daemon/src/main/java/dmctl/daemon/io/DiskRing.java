package dmctl.daemon.io;

import dmctl.engine.port.Io;
import dmctl.nativebridge.Errno;
import dmctl.nativebridge.IoUring;
import dmctl.nativebridge.NativeFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes the local files of a site through io_uring, on the thread of the group's loop:
 * many operations for one system call, none waits for another, and none is handed to another thread
 * and back, which costs more than the operation where processors are few. The kernel starts what it
 * can at once and gives what would block to threads of its own. What is submitted in a round of the
 * loop goes over together, by {@link #pump} at its end. Devices of other sites are not served here:
 * a path to them that hangs must hold up nobody.
 */
final class DiskRing implements AutoCloseable {
    /** Operations under way at most; what is submitted beyond waits in its queue. */
    private static final int SLOTS = 256;

    /** Replaced as a whole: whoever looks through it takes it once. */
    private volatile RingFile[] files = {};

    private final IoUring ring;
    private final @Nullable Io[] ios = new @Nullable Io[SLOTS];
    private final @Nullable RingFile[] filesOf = new @Nullable RingFile[SLOTS];
    private final int[] moved = new int[SLOTS];
    private final int[] free = new int[SLOTS];
    private int freeCount = SLOTS;
    private boolean closed;

    private DiskRing(IoUring ring) {
        this.ring = ring;
        for (int i = 0; i < SLOTS; i++) {
            free[i] = i;
        }
    }

    /**
     * Makes a ring. From any thread; it belongs to the one that submits and pumps.
     *
     * @return the ring
     * @throws IOException where io_uring is missing or not permitted
     */
    static DiskRing open() throws IOException {
        return new DiskRing(IoUring.open(SLOTS));
    }

    /** Becomes readable anew whenever {@link #pump} has something to do. */
    int bell() throws IOException {
        return ring.bell();
    }

    /** Adds a file, which goes past the page cache. */
    synchronized RingFile add(StorageFile file, RingFile.Done done) {
        RingFile added = new RingFile(this, file, done);
        RingFile[] more = Arrays.copyOf(files, files.length + 1);
        more[files.length] = added;
        files = more;
        return added;
    }

    /** Forgets a file of which nothing is under way. From any thread. */
    synchronized void remove(RingFile file) {
        files = Stream.of(files).filter(each -> each != file).toArray(RingFile[]::new);
    }

    /** Queues an operation that the file {@link RingFile#takes}, or has it wait for its turn. */
    void submit(RingFile file, Io io) {
        if (freeCount > 0 && file.mayStart()) {
            start(file, io);
        } else {
            file.hold(io);
        }
    }

    private void start(RingFile file, Io io) {
        file.started();
        int slot = free[--freeCount];
        ios[slot] = io;
        filesOf[slot] = file;
        moved[slot] = 0;
        queue(slot, file, io);
    }

    /** Whether the kernel has not taken all yet, or has something to tell. */
    boolean due() {
        return ring.due();
    }

    /** Hands over what has been submitted, and tells what has ended. */
    void pump() throws IOException {
        ring.submit();
        takeEnds();
    }

    private void takeEnds() {
        boolean ends = false;
        while (ring.next()) {
            ended((int) ring.data(), ring.result());
            ends = true;
        }
        if (ends) {
            startHeld();
        }
    }

    private void startHeld() {
        for (RingFile file : files) {
            while (freeCount > 0 && file.mayStart()) {
                Io io = file.release();
                if (io == null) {
                    break;
                }
                start(file, io);
            }
        }
    }

    /** Waits until nothing is under way any more. */
    void drain() throws IOException {
        while (freeCount < SLOTS) {
            ring.await();
            takeEnds();
        }
    }

    private void queue(int slot, RingFile of, Io io) {
        NativeFile file = of.file();
        ByteBuffer buffer = io.buffer;
        if (buffer == null) {
            throw new IllegalStateException("checked before: a buffer");
        }
        int done = moved[slot];
        long address = MemorySegment.ofBuffer(buffer).address() + done;
        int length = buffer.remaining() - done;
        if (io.op == Io.Op.READ) {
            ring.read(file, address, length, io.offset + done, slot);
        } else {
            ring.write(file, address, length, io.offset + done, slot);
        }
    }

    private void ended(int slot, int result) {
        Io io = ios[slot];
        RingFile file = filesOf[slot];
        if (io == null || file == null) {
            throw new IllegalStateException("an end of nothing: slot " + slot);
        }
        if (result == -Errno.EINTR || result == -Errno.EAGAIN) {
            queue(slot, file, io);
            return;
        } else if (result <= 0) {
            // No bytes: the file was cut short since it was opened.
            io.error = result == 0 ? Errno.EIO : -result;
        } else {
            moved[slot] += result;
            ByteBuffer buffer = io.buffer;
            if (buffer != null && moved[slot] < buffer.remaining()) {
                queue(slot, file, io);
                return;
            }
            io.error = 0;
        }
        ios[slot] = null;
        filesOf[slot] = null;
        free[freeCount++] = slot;
        file.ended(io);
    }

    /** Gives the ring back. Nothing is under way, or the process ends. */
    @Override
    public synchronized void close() {
        // Else the kernel may still use memory of what is under way.
        if (!closed && freeCount == SLOTS) {
            closed = true;
            ring.close();
        }
    }
}
