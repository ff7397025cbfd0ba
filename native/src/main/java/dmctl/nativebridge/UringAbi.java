package dmctl.nativebridge;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/**
 * Layouts and numbers of linux/io_uring.h, proven against it by the test LayoutTest. Names are the
 * header's, without its prefixes.
 */
final class UringAbi {
    static final int PARAMS_BYTES = 120;
    static final int PARAMS_SQ_ENTRIES = 0;
    static final int PARAMS_CQ_ENTRIES = 4;
    static final int PARAMS_FLAGS = 8;
    static final int PARAMS_FEATURES = 20;
    static final int PARAMS_SQ_OFF = 40;
    static final int PARAMS_CQ_OFF = 80;

    static final int OFF_HEAD = 0;
    static final int OFF_TAIL = 4;
    static final int OFF_MASK = 8;
    static final int SQ_OFF_FLAGS = 16;
    static final int SQ_OFF_ARRAY = 24;
    static final int CQ_OFF_CQES = 20;

    static final int SETUP_CLAMP = 1 << 4;
    static final int SETUP_R_DISABLED = 1 << 6;
    static final int SETUP_TASKRUN_FLAG = 1 << 9;
    static final int SETUP_SQE128 = 1 << 10;
    static final int SETUP_SINGLE_ISSUER = 1 << 12;
    static final int SETUP_DEFER_TASKRUN = 1 << 13;
    static final int SQ_CQ_OVERFLOW = 1 << 1;
    static final int SQ_TASKRUN = 1 << 2;
    static final int FEATURE_SINGLE_MMAP = 1;
    static final int FEATURE_EXT_ARG = 1 << 8;
    static final int ENTER_GETEVENTS = 1;
    static final int ENTER_EXT_ARG = 1 << 3;

    static final int REGISTER_EVENTFD = 4;
    static final int REGISTER_ENABLE_RINGS = 12;

    static final long MAP_RINGS = 0;
    static final long MAP_SQES = 0x10000000L;

    static final int SQE_BYTES = 64;
    static final int SQE_WIDE_BYTES = 128;
    static final int SQE_FD = 4;
    static final int SQE_OFFSET = 8;
    static final int SQE_CMD_OP = 8;
    static final int SQE_ADDRESS = 16;
    static final int SQE_LENGTH = 24;
    static final int SQE_OP_FLAGS = 28;
    static final int SQE_USER_DATA = 32;
    static final int SQE_CMD = 48;
    static final int CQE_BYTES = 16;
    static final int CQE_USER_DATA = 0;
    static final int CQE_RESULT = 8;

    static final int GETEVENTS_BYTES = 24;
    static final int GETEVENTS_TIME = 16;

    static final byte OP_READ = 22;
    static final byte OP_WRITE = 23;
    static final byte OP_URING_CMD = 46;

    private UringAbi() {}

    /** Fills an entry for an operation on a file; the entry is zeroes. */
    static void fill(
            MemorySegment sqes,
            long at,
            byte op,
            int fd,
            long address,
            int length,
            long offset,
            int flags,
            long data) {
        sqes.set(JAVA_BYTE, at, op);
        sqes.set(JAVA_INT, at + SQE_FD, fd);
        sqes.set(JAVA_LONG, at + SQE_OFFSET, offset);
        sqes.set(JAVA_LONG, at + SQE_ADDRESS, address);
        sqes.set(JAVA_INT, at + SQE_LENGTH, length);
        sqes.set(JAVA_INT, at + SQE_OP_FLAGS, flags);
        sqes.set(JAVA_LONG, at + SQE_USER_DATA, data);
    }

    /** Fills an entry for a driver's command, of 16 bytes; the entry is zeroes. */
    static void fillCommand(
            MemorySegment sqes, long at, int fd, int command, long word0, long word1, long data) {
        sqes.set(JAVA_BYTE, at, OP_URING_CMD);
        sqes.set(JAVA_INT, at + SQE_FD, fd);
        // The upper half of this word must stay 0.
        sqes.set(JAVA_INT, at + SQE_CMD_OP, command);
        sqes.set(JAVA_LONG, at + SQE_USER_DATA, data);
        sqes.set(JAVA_LONG, at + SQE_CMD, word0);
        sqes.set(JAVA_LONG, at + SQE_CMD + 8, word1);
    }
}
