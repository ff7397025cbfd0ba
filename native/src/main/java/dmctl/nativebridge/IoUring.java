package dmctl.nativebridge;

import static dmctl.nativebridge.UringAbi.FSYNC_DATASYNC;
import static dmctl.nativebridge.UringAbi.OP_FSYNC;
import static dmctl.nativebridge.UringAbi.OP_READ;
import static dmctl.nativebridge.UringAbi.OP_WRITE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A pair of rings shared with the kernel: operations are queued in one, handed over together by
 * {@link #enter}, and their ends are found in the other. Belongs to one thread, the one that made
 * it, but for {@link #wake}.
 */
public final class IoUring implements AutoCloseable {
    /** What {@link #data} gives for the wake-up that every ring holds ready. */
    public static final long WOKEN = -1;

    private final RingPair rings;
    private final int eventFd;
    private final MemorySegment event;
    private int inFlight;
    private boolean listening;

    private IoUring(RingPair rings, int eventFd) {
        this.rings = rings;
        this.eventFd = eventFd;
        // Never given back: the kernel ends the last wait some time after the ring is closed.
        event = Arena.global().allocate(JAVA_LONG);
    }

    /**
     * Makes a ring; only the calling thread may use it.
     *
     * @param entries operations that can be queued between two calls of {@link #enter}; a power of
     *     two
     * @return the ring
     * @throws IOException where the kernel has none or does not permit it
     */
    public static IoUring open(int entries) throws IOException {
        RingPair rings;
        try {
            rings = RingPair.open(entries, false);
        } catch (ErrnoException e) {
            throw refused(e);
        }
        int eventFd = LibC.eventfd(0, LibC.O_CLOEXEC);
        if (eventFd < 0) {
            rings.close();
            throw new ErrnoException("eventfd", "io_uring", -eventFd);
        }
        return new IoUring(rings, eventFd);
    }

    /** In one line, with the remedy. */
    static IOException refused(ErrnoException e) {
        return switch (e.errno()) {
            case Errno.EPERM, Errno.EACCES ->
                    new IOException(
                            "io_uring is forbidden here; permit it with: sysctl"
                                    + " kernel.io_uring_disabled=0, or the system calls io_uring_setup,"
                                    + " io_uring_enter and io_uring_register where a container or a"
                                    + " service filters them");
            case Errno.ENOSYS ->
                    new IOException(
                            "this kernel has no io_uring that is new enough; use Linux 5.6 or newer");
            case Errno.ENOMEM ->
                    new IOException(
                            "io_uring: too little memory may be locked; raise it with: ulimit -l"
                                    + " unlimited, or LimitMEMLOCK= of the service");
            default -> e;
        };
    }

    /**
     * Tells how many operations can be queued now.
     *
     * @return without what is queued and what is under way
     */
    public int room() {
        // One place is kept for the wake-up; no more is under way than ends find room for.
        return rings.entries() - 1 - inFlight;
    }

    /**
     * Queues a read.
     *
     * @param file from which
     * @param address where to
     * @param length bytes
     * @param offset in the file
     * @param data comes back with its end; not negative
     */
    public void read(NativeFile file, long address, int length, long offset, long data) {
        queue(OP_READ, file.fd(), address, length, offset, 0, data);
        inFlight++;
    }

    /**
     * Queues a write.
     *
     * @param file to which
     * @param address where from
     * @param length bytes
     * @param offset in the file
     * @param data comes back with its end; not negative
     */
    public void write(NativeFile file, long address, int length, long offset, long data) {
        queue(OP_WRITE, file.fd(), address, length, offset, 0, data);
        inFlight++;
    }

    /**
     * Queues what makes durable every write that has ended.
     *
     * @param file which
     * @param data comes back with its end; not negative
     */
    public void syncData(NativeFile file, long data) {
        queue(OP_FSYNC, file.fd(), 0, 0, 0, FSYNC_DATASYNC, data);
        inFlight++;
    }

    private void queue(
            byte op, int file, long address, int length, long offset, int flags, long data) {
        long at = rings.entry();
        UringAbi.fill(rings.sqes(), at, op, file, address, length, offset, flags, data);
    }

    /**
     * Hands over what is queued and looks for ends.
     *
     * @param wait whether to wait until something has ended or somebody calls {@link #wake}
     * @throws IOException if the kernel takes no more
     */
    public void enter(boolean wait) throws IOException {
        if (!listening) {
            listening = true;
            queue(OP_READ, eventFd, event.address(), Long.BYTES, 0, 0, WOKEN);
        }
        rings.enter(wait);
    }

    /**
     * Takes the next end.
     *
     * @return true if there was one, to be seen by {@link #data} and {@link #result}
     */
    public boolean next() {
        if (!rings.next()) {
            return false;
        }
        if (rings.data() == WOKEN) {
            listening = false;
        } else {
            inFlight--;
        }
        return true;
    }

    /**
     * Returns what was given with the operation that has ended.
     *
     * @return {@link #WOKEN} for a call of {@link #wake}
     */
    public long data() {
        return rings.data();
    }

    /**
     * Returns how the operation ended.
     *
     * @return bytes, or the negative errno
     */
    public int result() {
        return rings.result();
    }

    /** Ends a wait in {@link #enter}, or the next one. From any thread, at any time. */
    public void wake() {
        LibC.eventfdWrite(eventFd, 1);
    }

    /**
     * Gives the rings back, all but the descriptor that {@link #wake} writes to: somebody may be
     * about to. The caller has seen the ends of all operations.
     */
    @Override
    public void close() {
        rings.close();
    }
}
