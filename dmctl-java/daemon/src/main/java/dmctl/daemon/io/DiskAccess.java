package dmctl.daemon.io;

/** How operations on files and devices get to the kernel. */
public enum DiskAccess {
    /** By io_uring where the kernel has and permits it, else by threads. */
    AUTO,
    /** By io_uring, or not at all. */
    IO_URING,
    /** By threads that block in system calls. */
    THREADS
}
