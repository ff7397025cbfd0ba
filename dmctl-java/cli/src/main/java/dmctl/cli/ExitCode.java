package dmctl.cli;

/** How a command ends, for scripts. */
final class ExitCode {
    /** Done. */
    static final int OK = 0;

    /** Refused or failed. */
    static final int FAILED = 1;

    /** The command line or the group's file is wrong. */
    static final int USAGE = 2;

    /** No daemon answers where one is needed. */
    static final int UNREACHABLE = 3;

    /** Not reached within the time allowed. */
    static final int TIMEOUT = 4;

    private ExitCode() {}
}
