package dmctl.nativebridge;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * A pair of rings shared with the kernel: operations are queued in one, handed over together by
 * {@link #enter}, and their ends are found in the other. Belongs to one thread, the one that made
 * it, but for {@link #wake}. Layouts and numbers are those of linux/io_uring.h.
 */
public final class IoUring implements AutoCloseable {
    /** What {@link #data} gives for the wake-up that every ring holds ready. */
    public static final long WOKEN = -1;

    private static final int PARAMS_BYTES = 120;
    private static final int PARAMS_SQ_ENTRIES = 0;
    private static final int PARAMS_CQ_ENTRIES = 4;
    private static final int PARAMS_FLAGS = 8;
    private static final int PARAMS_FEATURES = 20;
    private static final int PARAMS_SQ_OFF = 40;
    private static final int PARAMS_CQ_OFF = 80;

    private static final int OFF_HEAD = 0;
    private static final int OFF_TAIL = 4;
    private static final int OFF_MASK = 8;
    private static final int SQ_OFF_ARRAY = 24;
    private static final int CQ_OFF_CQES = 20;

    private static final int SETUP_CLAMP = 1 << 4;
    private static final int SETUP_SINGLE_ISSUER = 1 << 12;
    private static final int SETUP_DEFER_TASKRUN = 1 << 13;
    private static final int FEATURE_SINGLE_MMAP = 1;
    private static final int ENTER_GETEVENTS = 1;

    private static final long MAP_RINGS = 0;
    private static final long MAP_SQES = 0x10000000L;

    private static final int SQE_BYTES = 64;
    private static final int SQE_FD = 4;
    private static final int SQE_OFFSET = 8;
    private static final int SQE_ADDRESS = 16;
    private static final int SQE_LENGTH = 24;
    private static final int SQE_OP_FLAGS = 28;
    private static final int SQE_USER_DATA = 32;
    private static final int CQE_BYTES = 16;
    private static final int CQE_RESULT = 8;

    private static final byte OP_FSYNC = 3;
    private static final byte OP_READ = 22;
    private static final byte OP_WRITE = 23;
    private static final int FSYNC_DATASYNC = 1;

    private static final VarHandle INT = JAVA_INT.varHandle();

    private final int fd;
    private final int eventFd;
    private final MemorySegment rings;
    private final MemorySegment sqes;
    private final MemorySegment event;
    private final int sqHead;
    private final int sqTail;
    private final int cqHead;
    private final int cqTail;
    private final int cqes;
    private final int entries;
    private final int sqMask;
    private final int cqMask;
    private int tail;
    private int submitted;
    private int inFlight;
    private boolean listening;
    private long data;
    private int result;

    private IoUring(int fd, int eventFd, MemorySegment params, MemorySegment rings)
            throws IOException {
        this.fd = fd;
        this.eventFd = eventFd;
        this.rings = rings;
        entries = params.get(JAVA_INT, PARAMS_SQ_ENTRIES);
        sqHead = params.get(JAVA_INT, PARAMS_SQ_OFF + OFF_HEAD);
        sqTail = params.get(JAVA_INT, PARAMS_SQ_OFF + OFF_TAIL);
        sqMask = rings.get(JAVA_INT, params.get(JAVA_INT, PARAMS_SQ_OFF + OFF_MASK));
        cqHead = params.get(JAVA_INT, PARAMS_CQ_OFF + OFF_HEAD);
        cqTail = params.get(JAVA_INT, PARAMS_CQ_OFF + OFF_TAIL);
        cqMask = rings.get(JAVA_INT, params.get(JAVA_INT, PARAMS_CQ_OFF + OFF_MASK));
        cqes = params.get(JAVA_INT, PARAMS_CQ_OFF + CQ_OFF_CQES);
        long array = params.get(JAVA_INT, PARAMS_SQ_OFF + SQ_OFF_ARRAY);
        for (int i = 0; i < entries; i++) {
            rings.set(JAVA_INT, array + 4L * i, i);
        }
        sqes = map(fd, (long) entries * SQE_BYTES, MAP_SQES);
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
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = arena.allocate(PARAMS_BYTES, 8);
            int fd = setup(entries, params, SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN);
            if (fd == -Errno.EINVAL) {
                // Kernels before 6.1 know these flags not; they only save work.
                fd = setup(entries, params.fill((byte) 0), 0);
            }
            check("io_uring_setup", fd);
            int eventFd = LibC.eventfd(0, LibC.O_CLOEXEC);
            try {
                check("eventfd", eventFd);
                if ((params.get(JAVA_INT, PARAMS_FEATURES) & FEATURE_SINGLE_MMAP) == 0) {
                    throw new IOException("io_uring: this kernel is older than 5.6");
                }
                int sq = params.get(JAVA_INT, PARAMS_SQ_ENTRIES);
                int cq = params.get(JAVA_INT, PARAMS_CQ_ENTRIES);
                long sqBytes = params.get(JAVA_INT, PARAMS_SQ_OFF + SQ_OFF_ARRAY) + 4L * sq;
                long cqBytes =
                        params.get(JAVA_INT, PARAMS_CQ_OFF + CQ_OFF_CQES) + (long) CQE_BYTES * cq;
                MemorySegment rings = map(fd, Math.max(sqBytes, cqBytes), MAP_RINGS);
                return new IoUring(fd, eventFd, params, rings);
            } catch (IOException e) {
                LibC.close(fd);
                if (eventFd >= 0) {
                    LibC.close(eventFd);
                }
                throw e;
            }
        }
    }

    private static int setup(int entries, MemorySegment params, int flags) {
        params.set(JAVA_INT, PARAMS_FLAGS, SETUP_CLAMP | flags);
        return LibC.ioUringSetup(entries, params);
    }

    private static MemorySegment map(int fd, long bytes, long offset) throws IOException {
        long address = LibC.mmapShared(fd, bytes, offset);
        check("mmap", address < 0 ? (int) address : 0);
        return LibC.memory(address, bytes);
    }

    private static void check(String call, int result) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, "io_uring", -result);
        }
    }

    /**
     * Tells how many operations can be queued now.
     *
     * @return without what is queued and what is under way
     */
    public int room() {
        // One place is kept for the wake-up; no more is under way than ends find room for.
        return entries - 1 - inFlight;
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
        long at = (long) (tail & sqMask) * SQE_BYTES;
        sqes.asSlice(at, SQE_BYTES).fill((byte) 0);
        sqes.set(JAVA_BYTE, at, op);
        sqes.set(JAVA_INT, at + SQE_FD, file);
        sqes.set(JAVA_LONG, at + SQE_OFFSET, offset);
        sqes.set(JAVA_LONG, at + SQE_ADDRESS, address);
        sqes.set(JAVA_INT, at + SQE_LENGTH, length);
        sqes.set(JAVA_INT, at + SQE_OP_FLAGS, flags);
        sqes.set(JAVA_LONG, at + SQE_USER_DATA, data);
        tail++;
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
        INT.setRelease(rings, (long) sqTail, tail);
        int taken = LibC.ioUringEnter(fd, tail - submitted, wait ? 1 : 0, ENTER_GETEVENTS);
        if (taken >= 0) {
            submitted += taken;
        } else if (taken == -Errno.EINTR || taken == -Errno.EAGAIN || taken == -Errno.EBUSY) {
            // Interrupted, or out of memory for requests: what the kernel took shows its head.
            submitted = (int) INT.getAcquire(rings, (long) sqHead);
        } else {
            check("io_uring_enter", taken);
        }
    }

    /**
     * Takes the next end.
     *
     * @return true if there was one, to be seen by {@link #data} and {@link #result}
     */
    public boolean next() {
        int head = rings.get(JAVA_INT, cqHead);
        if (head == (int) INT.getAcquire(rings, (long) cqTail)) {
            return false;
        }
        long at = cqes + (long) (head & cqMask) * CQE_BYTES;
        data = rings.get(JAVA_LONG, at);
        result = rings.get(JAVA_INT, at + CQE_RESULT);
        INT.setRelease(rings, (long) cqHead, head + 1);
        if (data == WOKEN) {
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
        return data;
    }

    /**
     * Returns how the operation ended.
     *
     * @return bytes, or the negative errno
     */
    public int result() {
        return result;
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
        LibC.close(fd);
        LibC.munmap(rings.address(), rings.byteSize());
        LibC.munmap(sqes.address(), sqes.byteSize());
    }
}
