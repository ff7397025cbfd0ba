package dmctl.daemon;

/** Ends the daemon with a line for the administrator and an exit code. */
final class DaemonFailure extends Exception {
    private static final long serialVersionUID = 1L;

    /** Stopped cleanly: everything is on the devices. */
    static final int CLEAN = 0;

    /** Failed while it ran, or was not stopped cleanly. */
    static final int FAILED = 1;

    /** The command line or the group's file is wrong. */
    static final int BAD_CONFIG = 2;

    /** A device, the log or a socket cannot be opened, locked or is not what the file says. */
    static final int CANNOT_OPEN = 3;

    private final int exitCode;

    DaemonFailure(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    int exitCode() {
        return exitCode;
    }
}
