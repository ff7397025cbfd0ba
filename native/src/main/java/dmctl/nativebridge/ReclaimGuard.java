package dmctl.nativebridge;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Keeps a process that serves block devices from waiting for memory which only those devices could
 * free: its threads never write to disk to get some, and what it has touched is never paged out.
 */
public final class ReclaimGuard {
    private static final int CAP_IPC_LOCK = 14;
    private static final Path STATUS = Path.of("/proc/self/status");

    private ReclaimGuard() {}

    /**
     * Guards the calling thread, the threads it will start, and the memory of the process.
     *
     * @return what was not permitted, with the remedy, one line each; empty if all is well
     */
    public static List<String> guard() {
        List<String> lacking = new ArrayList<>();
        int flusher = LibC.prctl(LibC.PR_SET_IO_FLUSHER, 1);
        if (flusher < 0) {
            lacking.add(
                    "PR_SET_IO_FLUSHER: "
                            + Errno.describe(-flusher)
                            + ": under memory pressure the daemon may wait for its own devices;"
                            + " give it CAP_SYS_RESOURCE");
        }
        // With a limit instead of the right, later allocations would fail.
        int locked = mayLock() ? lock() : -Errno.EPERM;
        if (locked < 0) {
            lacking.add(
                    "mlockall: "
                            + Errno.describe(-locked)
                            + ": the daemon may be paged out to its own devices; give it"
                            + " CAP_IPC_LOCK");
        }
        return lacking;
    }

    /** Only what is touched: all that is reserved would be far more than is used. */
    private static int lock() {
        return LibC.mlockall(LibC.MCL_CURRENT | LibC.MCL_FUTURE | LibC.MCL_ONFAULT);
    }

    private static boolean mayLock() {
        try {
            for (String line : Files.readAllLines(STATUS)) {
                if (line.startsWith("CapEff:")) {
                    long set = Long.parseUnsignedLong(line.substring(7).strip(), 16);
                    return (set >> CAP_IPC_LOCK & 1) != 0;
                }
            }
        } catch (IOException e) {
            return false; // as if it were not permitted
        }
        return false;
    }
}
