package dmctl.nativebridge;

import java.io.IOException;

/** Why there can be no ublk device here, and what to do about it. */
public final class UblkException extends IOException {
    private static final long serialVersionUID = 1L;

    /** What is in the way. */
    public enum Why {
        /** The kernel has the driver as a module that is not loaded. */
        MODULE_NOT_LOADED,
        /** The kernel has no such driver. */
        NO_DRIVER,
        /** The driver is older than what is needed of it. */
        TOO_OLD,
        /** The process has not the right. */
        NO_PRIVILEGE,
        /** The process may not use io_uring. */
        NO_IO_URING,
        /** The driver has not answered in time. */
        NO_ANSWER
    }

    private final Why why;
    private final String remedy;

    /**
     * Describes it.
     *
     * @param why its kind
     * @param what what was found
     * @param remedy what to do
     */
    public UblkException(Why why, String what, String remedy) {
        super(what);
        this.why = why;
        this.remedy = remedy;
    }

    /**
     * Returns its kind.
     *
     * @return what is in the way
     */
    public Why why() {
        return why;
    }

    /**
     * Returns what to do.
     *
     * @return for people
     */
    public String remedy() {
        return remedy;
    }
}
