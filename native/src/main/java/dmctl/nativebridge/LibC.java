package dmctl.nativebridge;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The calls of the C library that storage needs. Each returns what the call returns, or the
 * negative errno. None is {@code critical}: all but a few can block, and a blocked critical call
 * holds up the garbage collector. Memory is given by address, so that nothing is allocated.
 */
@SuppressWarnings("restricted")
final class LibC {
    static final int O_RDONLY = 0;
    static final int O_RDWR = 02;
    static final int O_CREAT = 0100;
    static final int O_EXCL = 0200;
    static final int O_DSYNC = 010000;
    static final int O_CLOEXEC = 02000000;

    /** Differs between processors: this bit is O_DIRECTORY elsewhere. */
    static final int O_DIRECT =
            switch (System.getProperty("os.arch", "")) {
                case "aarch64", "arm" -> 0200000;
                case "ppc64le", "ppc64" -> 0400000;
                default -> 040000;
            };

    static final int LOCK_EX = 2;
    static final int LOCK_NB = 4;

    static final int FALLOC_FL_KEEP_SIZE = 0x01;
    static final int FALLOC_FL_PUNCH_HOLE = 0x02;
    static final int FALLOC_FL_ZERO_RANGE = 0x10;

    static final int SEEK_DATA = 3;
    static final int SEEK_HOLE = 4;

    static final long BLKSSZGET = 0x1268;
    static final long BLKDISCARD = 0x1277;
    static final long BLKZEROOUT = 0x127f;
    static final long BLKGETSIZE64 = 0x80081272L;

    static final long SYS_IO_URING_SETUP = 425;
    static final long SYS_IO_URING_ENTER = 426;
    static final long SYS_IO_URING_REGISTER = 427;

    static final int PROT_READ = 1;
    static final int PROT_WRITE = 2;
    static final int MAP_SHARED = 1;
    static final int MAP_PRIVATE = 2;
    static final int MAP_ANONYMOUS = 0x20;
    static final int MAP_POPULATE = 0x8000;

    static final int MCL_CURRENT = 1;
    static final int MCL_FUTURE = 2;
    static final int MCL_ONFAULT = 4;
    static final int PR_SET_IO_FLUSHER = 57;

    static final int EPOLL_CTL_ADD = 1;
    static final int EPOLL_CTL_DEL = 2;
    static final int EPOLLIN = 1;
    static final int EPOLLET = 1 << 31;
    static final short POLLIN = 1;

    static final int AF_UNIX = 1;
    static final int SOCK_DGRAM = 2;
    static final int SOCK_CLOEXEC = 02000000;
    static final int MSG_DONTWAIT = 0x40;
    static final int MSG_NOSIGNAL = 0x4000;

    static final int AT_FDCWD = -100;
    static final int AT_EMPTY_PATH = 0x1000;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE_LAYOUT = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO =
            STATE_LAYOUT.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    /** Where a call leaves errno. One for each thread, made once. */
    static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE_LAYOUT));

    private static final MethodHandle OPEN =
            variadic("open", 2, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
    private static final MethodHandle IOCTL =
            variadic("ioctl", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));
    private static final MethodHandle CLOSE =
            function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle PREAD =
            function(
                    "pread",
                    FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle PWRITE =
            function(
                    "pwrite",
                    FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle FDATASYNC =
            function("fdatasync", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle FSYNC =
            function("fsync", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle FLOCK =
            function("flock", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle FALLOCATE =
            function(
                    "fallocate",
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle FTRUNCATE =
            function("ftruncate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle LSEEK =
            function("lseek", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
    private static final MethodHandle STATX =
            function(
                    "statx",
                    FunctionDescriptor.of(
                            JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS));

    private static final MethodHandle EVENTFD =
            function("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle EVENTFD_WRITE =
            function("eventfd_write", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MMAP =
            function(
                    "mmap",
                    FunctionDescriptor.of(
                            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT,
                            JAVA_LONG));
    private static final MethodHandle MUNMAP =
            function("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle IO_URING_SETUP =
            variadic("syscall", 1, FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS));
    private static final MethodHandle IO_URING_ENTER =
            variadic(
                    "syscall",
                    1,
                    FunctionDescriptor.of(
                            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                            JAVA_LONG, JAVA_LONG));

    private static final MethodHandle SOCKET =
            function("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle SENDTO =
            function(
                    "sendto",
                    FunctionDescriptor.of(
                            JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle IO_URING_REGISTER =
            variadic(
                    "syscall",
                    1,
                    FunctionDescriptor.of(
                            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG));
    private static final MethodHandle PRCTL =
            variadic(
                    "prctl",
                    1,
                    FunctionDescriptor.of(
                            JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle MLOCKALL =
            function("mlockall", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle EPOLL_CTL =
            function(
                    "epoll_ctl",
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));
    private static final MethodHandle POLL =
            function("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

    private LibC() {}

    static MethodHandle function(String name, FunctionDescriptor type) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                type,
                Linker.Option.captureCallState("errno"));
    }

    private static MethodHandle variadic(String name, int fixed, FunctionDescriptor type) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                type,
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(fixed));
    }

    static int negativeErrno(MemorySegment state) {
        return -(int) ERRNO.get(state, 0L);
    }

    /** A handle throws nothing of its own but for a wrong call. */
    static AssertionError broken(String call, Throwable cause) {
        return new AssertionError(call, cause);
    }

    static int open(String path, int flags, int mode) {
        MemorySegment state = STATE.get();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path);
            int result;
            do {
                result = (int) OPEN.invokeExact(state, name, flags, mode);
            } while (result < 0 && negativeErrno(state) == -Errno.EINTR);
            return result < 0 ? negativeErrno(state) : result;
        } catch (Throwable e) {
            throw broken("open", e);
        }
    }

    /** Never repeated: after EINTR the descriptor is closed all the same. */
    static int close(int fd) {
        MemorySegment state = STATE.get();
        try {
            int result = (int) CLOSE.invokeExact(state, fd);
            return result < 0 ? negativeErrno(state) : result;
        } catch (Throwable e) {
            throw broken("close", e);
        }
    }

    /** Reads until the range is full or the file ends; returns the bytes read. */
    static long pread(int fd, long address, long length, long offset) {
        MemorySegment state = STATE.get();
        long done = 0;
        try {
            while (done < length) {
                long result =
                        (long)
                                PREAD.invokeExact(
                                        state, fd, address + done, length - done, offset + done);
                if (result < 0) {
                    int error = negativeErrno(state);
                    if (error != -Errno.EINTR) {
                        return error;
                    }
                } else if (result == 0) {
                    break;
                } else {
                    done += result;
                }
            }
            return done;
        } catch (Throwable e) {
            throw broken("pread", e);
        }
    }

    /** Writes the whole range; returns its length. */
    static long pwrite(int fd, long address, long length, long offset) {
        MemorySegment state = STATE.get();
        long done = 0;
        try {
            while (done < length) {
                long result =
                        (long)
                                PWRITE.invokeExact(
                                        state, fd, address + done, length - done, offset + done);
                if (result < 0) {
                    int error = negativeErrno(state);
                    if (error != -Errno.EINTR) {
                        return error;
                    }
                } else if (result == 0) {
                    return -Errno.EIO;
                } else {
                    done += result;
                }
            }
            return done;
        } catch (Throwable e) {
            throw broken("pwrite", e);
        }
    }

    /** Never repeated: a second call may succeed though the first has lost data. */
    static int fdatasync(int fd) {
        MemorySegment state = STATE.get();
        try {
            int result = (int) FDATASYNC.invokeExact(state, fd);
            return result < 0 ? negativeErrno(state) : result;
        } catch (Throwable e) {
            throw broken("fdatasync", e);
        }
    }

    /** Never repeated, as {@link #fdatasync}. */
    static int fsync(int fd) {
        MemorySegment state = STATE.get();
        try {
            int result = (int) FSYNC.invokeExact(state, fd);
            return result < 0 ? negativeErrno(state) : result;
        } catch (Throwable e) {
            throw broken("fsync", e);
        }
    }

    static int flock(int fd, int operation) {
        MemorySegment state = STATE.get();
        try {
            int result;
            do {
                result = (int) FLOCK.invokeExact(state, fd, operation);
            } while (result < 0 && negativeErrno(state) == -Errno.EINTR);
            return result < 0 ? negativeErrno(state) : result;
        } catch (Throwable e) {
            throw broken("flock", e);
        }
    }

    static int fallocate(int fd, int mode, long offset, long length) {
        MemorySegment state = STATE.get();
        try {
            int result;
            do {
                result = (int) FALLOCATE.invokeExact(state, fd, mode, offset, length);
            } while (result < 0 && negativeErrno(state) == -Errno.EINTR);
            return result < 0 ? negativeErrno(state) : result;
        } catch (Throwable e) {
            throw broken("fallocate", e);
        }
    }

    static int ftruncate(int fd, long length) {
        MemorySegment state = STATE.get();
        try {
            int result;
            do {
                result = (int) FTRUNCATE.invokeExact(state, fd, length);
            } while (result < 0 && negativeErrno(state) == -Errno.EINTR);
            return result < 0 ? negativeErrno(state) : result;
        } catch (Throwable e) {
            throw broken("ftruncate", e);
        }
    }

    static long lseek(int fd, long offset, int whence) {
        MemorySegment state = STATE.get();
        try {
            long result = (long) LSEEK.invokeExact(state, fd, offset, whence);
            return result < 0 ? negativeErrno(state) : result;
        } catch (Throwable e) {
            throw broken("lseek", e);
        }
    }

    static int ioctl(int fd, long request, MemorySegment argument) {
        MemorySegment state = STATE.get();
        try {
            int result;
            do {
                result = (int) IOCTL.invokeExact(state, fd, request, argument);
            } while (result < 0 && negativeErrno(state) == -Errno.EINTR);
            return result < 0 ? negativeErrno(state) : result;
        } catch (Throwable e) {
            throw broken("ioctl", e);
        }
    }

    /** Rather than fstat: the layout of its answer is the same on every processor. */
    static int statx(int directory, String path, int flags, int mask, MemorySegment answer) {
        MemorySegment state = STATE.get();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path);
            int result = (int) STATX.invokeExact(state, directory, name, flags, mask, answer);
            return result < 0 ? negativeErrno(state) : result;
        } catch (Throwable e) {
            throw broken("statx", e);
        }
    }

    static int eventfd(int value, int flags) {
        MemorySegment state = STATE.get();
        try {
            int result = (int) EVENTFD.invokeExact(state, value, flags);
            return result < 0 ? negativeErrno(state) : result;
        } catch (Throwable e) {
            throw broken("eventfd", e);
        }
    }

    static int eventfdWrite(int fd, long value) {
        MemorySegment state = STATE.get();
        try {
            int result = (int) EVENTFD_WRITE.invokeExact(state, fd, value);
            return result < 0 ? negativeErrno(state) : result;
        } catch (Throwable e) {
            throw broken("eventfd_write", e);
        }
    }

    static int socket(int domain, int type, int protocol) {
        MemorySegment state = STATE.get();
        try {
            int result = (int) SOCKET.invokeExact(state, domain, type, protocol);
            return result < 0 ? negativeErrno(state) : result;
        } catch (Throwable e) {
            throw broken("socket", e);
        }
    }

    /** Sends one message to an address; returns its length. */
    static long sendto(int fd, MemorySegment message, int flags, MemorySegment address) {
        MemorySegment state = STATE.get();
        try {
            long result;
            do {
                result =
                        (long)
                                SENDTO.invokeExact(
                                        state,
                                        fd,
                                        message,
                                        message.byteSize(),
                                        flags,
                                        address,
                                        (int) address.byteSize());
            } while (result < 0 && negativeErrno(state) == -Errno.EINTR);
            return result < 0 ? negativeErrno(state) : result;
        } catch (Throwable e) {
            throw broken("sendto", e);
        }
    }

    /** Maps where the kernel likes; returns the address. */
    static long mmap(long bytes, int protection, int flags, int fd, long offset) {
        MemorySegment state = STATE.get();
        try {
            long result = (long) MMAP.invokeExact(state, 0L, bytes, protection, flags, fd, offset);
            return result == -1 ? negativeErrno(state) : result;
        } catch (Throwable e) {
            throw broken("mmap", e);
        }
    }

    static int munmap(long address, long bytes) {
        MemorySegment state = STATE.get();
        try {
            int result = (int) MUNMAP.invokeExact(state, address, bytes);
            return result < 0 ? negativeErrno(state) : result;
        } catch (Throwable e) {
            throw broken("munmap", e);
        }
    }

    /** What has been mapped, as a segment. */
    static MemorySegment memory(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    static int ioUringSetup(int entries, MemorySegment params) {
        MemorySegment state = STATE.get();
        try {
            long result =
                    (long)
                            IO_URING_SETUP.invokeExact(
                                    state, SYS_IO_URING_SETUP, (long) entries, params);
            return result < 0 ? negativeErrno(state) : (int) result;
        } catch (Throwable e) {
            throw broken("io_uring_setup", e);
        }
    }

    /**
     * Returns how many operations the kernel took.
     *
     * @param argument address of what {@code flags} say that there is, or 0
     */
    static int ioUringEnter(
            int fd, int toSubmit, int toWaitFor, int flags, long argument, long argumentBytes) {
        MemorySegment state = STATE.get();
        try {
            long result =
                    (long)
                            IO_URING_ENTER.invokeExact(
                                    state,
                                    SYS_IO_URING_ENTER,
                                    (long) fd,
                                    (long) toSubmit,
                                    (long) toWaitFor,
                                    (long) flags,
                                    argument,
                                    argumentBytes);
            return result < 0 ? negativeErrno(state) : (int) result;
        } catch (Throwable e) {
            throw broken("io_uring_enter", e);
        }
    }

    static int ioUringRegister(int fd, int what, MemorySegment argument, int count) {
        MemorySegment state = STATE.get();
        try {
            long result =
                    (long)
                            IO_URING_REGISTER.invokeExact(
                                    state,
                                    SYS_IO_URING_REGISTER,
                                    (long) fd,
                                    (long) what,
                                    argument,
                                    (long) count);
            return result < 0 ? negativeErrno(state) : (int) result;
        } catch (Throwable e) {
            throw broken("io_uring_register", e);
        }
    }

    static int prctl(int option, long value) {
        MemorySegment state = STATE.get();
        try {
            int result = (int) PRCTL.invokeExact(state, option, value, 0L, 0L, 0L);
            return result < 0 ? negativeErrno(state) : result;
        } catch (Throwable e) {
            throw broken("prctl", e);
        }
    }

    static int mlockall(int flags) {
        MemorySegment state = STATE.get();
        try {
            int result = (int) MLOCKALL.invokeExact(state, flags);
            return result < 0 ? negativeErrno(state) : result;
        } catch (Throwable e) {
            throw broken("mlockall", e);
        }
    }

    static int epollCtl(int epoll, int operation, int fd, MemorySegment event) {
        MemorySegment state = STATE.get();
        try {
            int result = (int) EPOLL_CTL.invokeExact(state, epoll, operation, fd, event);
            return result < 0 ? negativeErrno(state) : result;
        } catch (Throwable e) {
            throw broken("epoll_ctl", e);
        }
    }

    /** Returns how many of the descriptors are ready now; never waits. */
    static int poll(MemorySegment descriptors, long count) {
        MemorySegment state = STATE.get();
        try {
            int result = (int) POLL.invokeExact(state, descriptors, count, 0);
            return result < 0 ? negativeErrno(state) : result;
        } catch (Throwable e) {
            throw broken("poll", e);
        }
    }
}
