package dmctl.engine;

/** The Linux error numbers the engine answers with. */
final class Errno {
    static final int EIO = 5;
    static final int EINVAL = 22;
    static final int ENOSPC = 28;
    static final int ESHUTDOWN = 108;

    private Errno() {}
}
