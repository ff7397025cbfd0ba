package dmctl.nativebridge;

import java.util.Map;

/** The errors of Linux that storage and sockets give, by number, name and text. */
public final class Errno {
    /** Operation not permitted. */
    public static final int EPERM = 1;

    /** No such file or directory. */
    public static final int ENOENT = 2;

    /** Interrupted by a signal. */
    public static final int EINTR = 4;

    /** Input or output error. */
    public static final int EIO = 5;

    /** No such device or address; from a seek: no more data. */
    public static final int ENXIO = 6;

    /** Not an open descriptor. */
    public static final int EBADF = 9;

    /** Try again; from a lock: held by somebody else. */
    public static final int EAGAIN = 11;

    /** Out of memory. */
    public static final int ENOMEM = 12;

    /** Permission denied. */
    public static final int EACCES = 13;

    /** Block device required; from dm-user: the device is gone. */
    public static final int ENOTBLK = 15;

    /** Device or resource busy. */
    public static final int EBUSY = 16;

    /** Exists already. */
    public static final int EEXIST = 17;

    /** No such device. */
    public static final int ENODEV = 19;

    /** Is a directory. */
    public static final int EISDIR = 21;

    /** Invalid argument. */
    public static final int EINVAL = 22;

    /** Inappropriate ioctl for the device. */
    public static final int ENOTTY = 25;

    /** File too large. */
    public static final int EFBIG = 27;

    /** No space left. */
    public static final int ENOSPC = 28;

    /** Read-only file system. */
    public static final int EROFS = 30;

    /** Broken pipe. */
    public static final int EPIPE = 32;

    /** Not implemented by this kernel. */
    public static final int ENOSYS = 38;

    /** Timer expired. */
    public static final int ETIME = 62;

    /** Value too large. */
    public static final int EOVERFLOW = 75;

    /** This kernel has no such protocol. */
    public static final int EPROTONOSUPPORT = 93;

    /** Not supported by this file system or device. */
    public static final int EOPNOTSUPP = 95;

    /** This kernel has no such kind of address. */
    public static final int EAFNOSUPPORT = 97;

    /** Connection timed out. */
    public static final int ETIMEDOUT = 110;

    /** Disk quota exceeded. */
    public static final int EDQUOT = 122;

    private record Entry(String name, String text) {}

    private static final Map<Integer, Entry> ENTRIES =
            Map.ofEntries(
                    entry(EPERM, "EPERM", "operation not permitted"),
                    entry(ENOENT, "ENOENT", "no such file or directory"),
                    entry(EINTR, "EINTR", "interrupted by a signal"),
                    entry(EIO, "EIO", "input/output error"),
                    entry(ENXIO, "ENXIO", "no such device or address"),
                    entry(EBADF, "EBADF", "not an open descriptor"),
                    entry(EAGAIN, "EAGAIN", "resource temporarily unavailable"),
                    entry(ENOMEM, "ENOMEM", "out of memory"),
                    entry(EACCES, "EACCES", "permission denied"),
                    entry(ENOTBLK, "ENOTBLK", "block device required"),
                    entry(EBUSY, "EBUSY", "device or resource busy"),
                    entry(EEXIST, "EEXIST", "exists already"),
                    entry(ENODEV, "ENODEV", "no such device"),
                    entry(EISDIR, "EISDIR", "is a directory"),
                    entry(EINVAL, "EINVAL", "invalid argument"),
                    entry(ENOTTY, "ENOTTY", "not a request this device knows"),
                    entry(EFBIG, "EFBIG", "file too large"),
                    entry(ENOSPC, "ENOSPC", "no space left on device"),
                    entry(EROFS, "EROFS", "read-only file system"),
                    entry(EPIPE, "EPIPE", "broken pipe"),
                    entry(ENOSYS, "ENOSYS", "not implemented by this kernel"),
                    entry(ETIME, "ETIME", "timer expired"),
                    entry(EOVERFLOW, "EOVERFLOW", "value too large"),
                    entry(EPROTONOSUPPORT, "EPROTONOSUPPORT", "protocol not supported"),
                    entry(EOPNOTSUPP, "EOPNOTSUPP", "not supported by this file system or device"),
                    entry(EAFNOSUPPORT, "EAFNOSUPPORT", "address family not supported"),
                    entry(ETIMEDOUT, "ETIMEDOUT", "timed out"),
                    entry(EDQUOT, "EDQUOT", "disk quota exceeded"));

    private Errno() {}

    private static Map.Entry<Integer, Entry> entry(int errno, String name, String text) {
        return Map.entry(errno, new Entry(name, text));
    }

    /**
     * Returns the symbol of an error.
     *
     * @param errno positive
     * @return such as {@code ENOSPC}; {@code errno N} for one without an entry here
     */
    public static String name(int errno) {
        Entry entry = ENTRIES.get(errno);
        return entry == null ? "errno " + errno : entry.name();
    }

    /**
     * Describes an error.
     *
     * @param errno positive
     * @return such as {@code no space left on device (ENOSPC)}
     */
    public static String describe(int errno) {
        Entry entry = ENTRIES.get(errno);
        return entry == null ? "errno " + errno : entry.text() + " (" + entry.name() + ")";
    }
}
