package dmctl.nativebridge;

import static dmctl.nativebridge.UringAbi.CQE_BYTES;
import static dmctl.nativebridge.UringAbi.CQE_RESULT;
import static dmctl.nativebridge.UringAbi.CQE_USER_DATA;
import static dmctl.nativebridge.UringAbi.CQ_OFF_CQES;
import static dmctl.nativebridge.UringAbi.ENTER_EXT_ARG;
import static dmctl.nativebridge.UringAbi.ENTER_GETEVENTS;
import static dmctl.nativebridge.UringAbi.FEATURE_EXT_ARG;
import static dmctl.nativebridge.UringAbi.FEATURE_SINGLE_MMAP;
import static dmctl.nativebridge.UringAbi.GETEVENTS_BYTES;
import static dmctl.nativebridge.UringAbi.GETEVENTS_TIME;
import static dmctl.nativebridge.UringAbi.MAP_RINGS;
import static dmctl.nativebridge.UringAbi.MAP_SQES;
import static dmctl.nativebridge.UringAbi.OFF_HEAD;
import static dmctl.nativebridge.UringAbi.OFF_MASK;
import static dmctl.nativebridge.UringAbi.OFF_TAIL;
import static dmctl.nativebridge.UringAbi.PARAMS_BYTES;
import static dmctl.nativebridge.UringAbi.PARAMS_CQ_ENTRIES;
import static dmctl.nativebridge.UringAbi.PARAMS_CQ_OFF;
import static dmctl.nativebridge.UringAbi.PARAMS_FEATURES;
import static dmctl.nativebridge.UringAbi.PARAMS_FLAGS;
import static dmctl.nativebridge.UringAbi.PARAMS_SQ_ENTRIES;
import static dmctl.nativebridge.UringAbi.PARAMS_SQ_OFF;
import static dmctl.nativebridge.UringAbi.REGISTER_ENABLE_RINGS;
import static dmctl.nativebridge.UringAbi.REGISTER_EVENTFD;
import static dmctl.nativebridge.UringAbi.SETUP_CLAMP;
import static dmctl.nativebridge.UringAbi.SETUP_DEFER_TASKRUN;
import static dmctl.nativebridge.UringAbi.SETUP_R_DISABLED;
import static dmctl.nativebridge.UringAbi.SETUP_SINGLE_ISSUER;
import static dmctl.nativebridge.UringAbi.SETUP_SQE128;
import static dmctl.nativebridge.UringAbi.SETUP_TASKRUN_FLAG;
import static dmctl.nativebridge.UringAbi.SQE_BYTES;
import static dmctl.nativebridge.UringAbi.SQE_WIDE_BYTES;
import static dmctl.nativebridge.UringAbi.SQ_CQ_OVERFLOW;
import static dmctl.nativebridge.UringAbi.SQ_OFF_ARRAY;
import static dmctl.nativebridge.UringAbi.SQ_OFF_FLAGS;
import static dmctl.nativebridge.UringAbi.SQ_TASKRUN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Two rings shared with the kernel: what is queued, and what has ended. Any thread may make them;
 * they belong to the one that calls {@link #enter} first.
 */
final class RingPair implements AutoCloseable {
    private static final int TIMESPEC_BYTES = 16;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final VarHandle INT = JAVA_INT.varHandle();

    private final int fd;
    private final boolean timed;

    /** Whether the kernel still has to be told that the calling thread is the owner. */
    private boolean disabled;

    private final MemorySegment rings;
    private final MemorySegment sqes;
    private final MemorySegment wait;
    private final int sqeBytes;
    private final int sqHead;
    private final int sqTail;
    private final int sqFlags;
    private final int cqHead;
    private final int cqTail;
    private final int cqes;
    private final int entries;
    private final int sqMask;
    private final int cqMask;
    private int bell = -1;
    private int tail;
    private int submitted;
    private long data;
    private int result;

    private RingPair(int fd, int sqeBytes, MemorySegment params, MemorySegment rings)
            throws IOException {
        this.fd = fd;
        this.rings = rings;
        this.sqeBytes = sqeBytes;
        timed = (params.get(JAVA_INT, PARAMS_FEATURES) & FEATURE_EXT_ARG) != 0;
        disabled = (params.get(JAVA_INT, PARAMS_FLAGS) & SETUP_R_DISABLED) != 0;
        entries = params.get(JAVA_INT, PARAMS_SQ_ENTRIES);
        sqHead = params.get(JAVA_INT, PARAMS_SQ_OFF + OFF_HEAD);
        sqTail = params.get(JAVA_INT, PARAMS_SQ_OFF + OFF_TAIL);
        sqFlags = params.get(JAVA_INT, PARAMS_SQ_OFF + SQ_OFF_FLAGS);
        sqMask = rings.get(JAVA_INT, params.get(JAVA_INT, PARAMS_SQ_OFF + OFF_MASK));
        cqHead = params.get(JAVA_INT, PARAMS_CQ_OFF + OFF_HEAD);
        cqTail = params.get(JAVA_INT, PARAMS_CQ_OFF + OFF_TAIL);
        cqMask = rings.get(JAVA_INT, params.get(JAVA_INT, PARAMS_CQ_OFF + OFF_MASK));
        cqes = params.get(JAVA_INT, PARAMS_CQ_OFF + CQ_OFF_CQES);
        long array = params.get(JAVA_INT, PARAMS_SQ_OFF + SQ_OFF_ARRAY);
        for (int i = 0; i < entries; i++) {
            rings.set(JAVA_INT, array + 4L * i, i);
        }
        sqes = map(fd, (long) entries * sqeBytes, MAP_SQES);
        wait = Arena.ofAuto().allocate(GETEVENTS_BYTES + TIMESPEC_BYTES, Long.BYTES);
        wait.set(JAVA_LONG, GETEVENTS_TIME, wait.address() + GETEVENTS_BYTES);
    }

    /**
     * Makes the rings.
     *
     * @param entries operations that can be queued between two calls of {@link #enter}
     * @param wide whether entries have room for a driver's command of more than 16 bytes
     */
    static RingPair open(int entries, boolean wide) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            int width = wide ? SETUP_SQE128 : 0;
            MemorySegment params = arena.allocate(PARAMS_BYTES, 8);
            int modern =
                    SETUP_SINGLE_ISSUER
                            | SETUP_DEFER_TASKRUN
                            | SETUP_TASKRUN_FLAG
                            | SETUP_R_DISABLED;
            int fd = setup(entries, params, width | modern);
            if (fd == -Errno.EINVAL) {
                // Kernels before 6.1 know these flags not; they only save work.
                fd = setup(entries, params.fill((byte) 0), width);
            }
            check("io_uring_setup", fd);
            try {
                if ((params.get(JAVA_INT, PARAMS_FEATURES) & FEATURE_SINGLE_MMAP) == 0) {
                    throw new IOException(
                            "this kernel has no io_uring that is new enough; use Linux 5.6 or newer");
                }
                int sq = params.get(JAVA_INT, PARAMS_SQ_ENTRIES);
                int cq = params.get(JAVA_INT, PARAMS_CQ_ENTRIES);
                long sqBytes = params.get(JAVA_INT, PARAMS_SQ_OFF + SQ_OFF_ARRAY) + 4L * sq;
                long cqBytes =
                        params.get(JAVA_INT, PARAMS_CQ_OFF + CQ_OFF_CQES) + (long) CQE_BYTES * cq;
                MemorySegment rings = map(fd, Math.max(sqBytes, cqBytes), MAP_RINGS);
                return new RingPair(fd, wide ? SQE_WIDE_BYTES : SQE_BYTES, params, rings);
            } catch (IOException e) {
                LibC.close(fd);
                throw e;
            }
        }
    }

    private static int setup(int entries, MemorySegment params, int flags) {
        params.set(JAVA_INT, PARAMS_FLAGS, SETUP_CLAMP | flags);
        return LibC.ioUringSetup(entries, params);
    }

    private static MemorySegment map(int fd, long bytes, long offset) throws IOException {
        int protection = LibC.PROT_READ | LibC.PROT_WRITE;
        int flags = LibC.MAP_SHARED | LibC.MAP_POPULATE;
        long address = LibC.mmap(bytes, protection, flags, fd, offset);
        check("mmap", address < 0 ? (int) address : 0);
        return LibC.memory(address, bytes);
    }

    static void check(String call, int result) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, "io_uring", -result);
        }
    }

    /**
     * Returns a descriptor that becomes readable anew whenever there is something to be taken by
     * {@link #enter}. The ring's own does not: ends that wait for its thread do not wake its poll.
     */
    int bell() throws IOException {
        if (bell >= 0) {
            return bell;
        }
        int made = LibC.eventfd(0, LibC.O_CLOEXEC);
        check("eventfd", made);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment descriptor = arena.allocateFrom(JAVA_INT, made);
            int result = LibC.ioUringRegister(fd, REGISTER_EVENTFD, descriptor, 1);
            if (result < 0) {
                LibC.close(made);
                check("io_uring_register", result);
            }
        }
        bell = made;
        return made;
    }

    /** Operations that can be queued between two calls of {@link #enter}. */
    int entries() {
        return entries;
    }

    MemorySegment sqes() {
        return sqes;
    }

    /** Takes the next entry, all zeroes; returns where it begins in {@link #sqes}. */
    long entry() {
        if (tail - submitted == entries) {
            throw new IllegalStateException("io_uring: more queued than its entries " + entries);
        }
        long at = (long) (tail & sqMask) * sqeBytes;
        for (int i = 0; i < sqeBytes; i += Long.BYTES) {
            sqes.set(JAVA_LONG, at + i, 0);
        }
        tail++;
        return at;
    }

    /** Whether {@link #enter} would do anything: it is a system call. */
    boolean due() {
        int flags = (int) INT.getAcquire(rings, (long) sqFlags);
        return tail != submitted || (flags & (SQ_TASKRUN | SQ_CQ_OVERFLOW)) != 0;
    }

    /** Hands over what is queued and looks for ends; waits for one if told to. */
    void enter(boolean wait) throws IOException {
        entered(call(wait ? 1 : 0, ENTER_GETEVENTS, 0, 0));
    }

    /** As {@link #enter}, and waits for an end, but no longer than said. */
    void enter(long nanos) throws IOException {
        if (!timed) {
            throw new IOException("io_uring: this kernel is older than 5.11");
        }
        wait.set(JAVA_LONG, GETEVENTS_BYTES, nanos / NANOS_PER_SECOND);
        wait.set(JAVA_LONG, GETEVENTS_BYTES + Long.BYTES, nanos % NANOS_PER_SECOND);
        int flags = ENTER_GETEVENTS | ENTER_EXT_ARG;
        int taken = call(1, flags, wait.address(), GETEVENTS_BYTES);
        entered(taken == -Errno.ETIME ? -Errno.EINTR : taken);
    }

    private int call(int waitFor, int flags, long argument, long bytes) throws IOException {
        if (disabled) {
            disabled = false;
            check(
                    "io_uring_register",
                    LibC.ioUringRegister(fd, REGISTER_ENABLE_RINGS, MemorySegment.NULL, 0));
        }
        INT.setRelease(rings, (long) sqTail, tail);
        return LibC.ioUringEnter(fd, tail - submitted, waitFor, flags, argument, bytes);
    }

    private void entered(int taken) throws IOException {
        if (taken >= 0) {
            submitted += taken;
        } else if (taken == -Errno.EINTR || taken == -Errno.EAGAIN || taken == -Errno.EBUSY) {
            // Interrupted, or out of memory for requests: what the kernel took shows its head.
            submitted = (int) INT.getAcquire(rings, (long) sqHead);
        } else {
            check("io_uring_enter", taken);
        }
    }

    /** Takes the next end; returns false if there is none. */
    boolean next() {
        int head = rings.get(JAVA_INT, cqHead);
        if (head == (int) INT.getAcquire(rings, (long) cqTail)) {
            return false;
        }
        long at = cqes + (long) (head & cqMask) * CQE_BYTES;
        data = rings.get(JAVA_LONG, at + CQE_USER_DATA);
        result = rings.get(JAVA_INT, at + CQE_RESULT);
        INT.setRelease(rings, (long) cqHead, head + 1);
        return true;
    }

    long data() {
        return data;
    }

    int result() {
        return result;
    }

    @Override
    public void close() {
        LibC.close(fd);
        if (bell >= 0) {
            LibC.close(bell);
        }
        LibC.munmap(rings.address(), rings.byteSize());
        LibC.munmap(sqes.address(), sqes.byteSize());
    }
}
