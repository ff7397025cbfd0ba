package dmctl.nativebridge;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The calls of the C library on sockets and character devices. As {@link LibC}: each returns what
 * the call returns, or the negative errno.
 */
@SuppressWarnings("restricted")
final class SocketCalls {
    static final int AF_UNIX = 1;
    static final int AF_NETLINK = 16;
    static final int SOCK_STREAM = 1;
    static final int SOCK_RAW = 3;
    static final int SOCK_CLOEXEC = LibC.O_CLOEXEC;
    static final int NETLINK_GENERIC = 16;
    static final int SOL_SOCKET = 1;
    static final int SO_RCVTIMEO = 20;
    static final int SO_SNDTIMEO = 21;
    static final int MSG_NOSIGNAL = 0x4000;
    static final int MSG_TRUNC = 0x20;

    private static final MethodHandle SOCKET =
            LibC.function("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle CONNECT =
            LibC.function("connect", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle SETSOCKOPT =
            LibC.function(
                    "setsockopt",
                    FunctionDescriptor.of(
                            JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle SEND =
            LibC.function(
                    "send",
                    FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    private static final MethodHandle RECV =
            LibC.function(
                    "recv",
                    FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    private static final MethodHandle READ =
            LibC.function("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle WRITE =
            LibC.function(
                    "write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));

    private SocketCalls() {}

    static int socket(int family, int type, int protocol) {
        MemorySegment state = LibC.STATE.get();
        try {
            int result = (int) SOCKET.invokeExact(state, family, type, protocol);
            return result < 0 ? LibC.negativeErrno(state) : result;
        } catch (Throwable e) {
            throw LibC.broken("socket", e);
        }
    }

    static int connect(int fd, MemorySegment address, int length) {
        MemorySegment state = LibC.STATE.get();
        try {
            int result = (int) CONNECT.invokeExact(state, fd, address, length);
            return result < 0 ? LibC.negativeErrno(state) : result;
        } catch (Throwable e) {
            throw LibC.broken("connect", e);
        }
    }

    static int setOption(int fd, int level, int name, MemorySegment value) {
        MemorySegment state = LibC.STATE.get();
        try {
            int result =
                    (int)
                            SETSOCKOPT.invokeExact(
                                    state, fd, level, name, value, (int) value.byteSize());
            return result < 0 ? LibC.negativeErrno(state) : result;
        } catch (Throwable e) {
            throw LibC.broken("setsockopt", e);
        }
    }

    static long send(int fd, MemorySegment message) {
        MemorySegment state = LibC.STATE.get();
        try {
            long result;
            do {
                result =
                        (long)
                                SEND.invokeExact(
                                        state, fd, message, message.byteSize(), MSG_NOSIGNAL);
            } while (result < 0 && LibC.negativeErrno(state) == -Errno.EINTR);
            return result < 0 ? LibC.negativeErrno(state) : result;
        } catch (Throwable e) {
            throw LibC.broken("send", e);
        }
    }

    /** Receives one message; with MSG_TRUNC its whole length is returned, fit or not. */
    static long receive(int fd, MemorySegment into) {
        MemorySegment state = LibC.STATE.get();
        try {
            long result;
            do {
                result = (long) RECV.invokeExact(state, fd, into, into.byteSize(), MSG_TRUNC);
            } while (result < 0 && LibC.negativeErrno(state) == -Errno.EINTR);
            return result < 0 ? LibC.negativeErrno(state) : result;
        } catch (Throwable e) {
            throw LibC.broken("recv", e);
        }
    }

    /** One read, which may be short. */
    static long read(int fd, long address, long length) {
        MemorySegment state = LibC.STATE.get();
        try {
            long result;
            do {
                result = (long) READ.invokeExact(state, fd, address, length);
            } while (result < 0 && LibC.negativeErrno(state) == -Errno.EINTR);
            return result < 0 ? LibC.negativeErrno(state) : result;
        } catch (Throwable e) {
            throw LibC.broken("read", e);
        }
    }

    /** One write, which may be short. */
    static long write(int fd, long address, long length) {
        MemorySegment state = LibC.STATE.get();
        try {
            long result;
            do {
                result = (long) WRITE.invokeExact(state, fd, address, length);
            } while (result < 0 && LibC.negativeErrno(state) == -Errno.EINTR);
            return result < 0 ? LibC.negativeErrno(state) : result;
        } catch (Throwable e) {
            throw LibC.broken("write", e);
        }
    }
}
