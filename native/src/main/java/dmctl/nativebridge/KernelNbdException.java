package dmctl.nativebridge;

import java.io.IOException;

/** Why the kernel's NBD client does not do what it is asked, and what to do about it. */
public final class KernelNbdException extends IOException {
    private static final long serialVersionUID = 1L;

    /** Kinds of reasons. */
    public enum Kind {
        /** The kernel has no nbd, or none here. */
        NO_MODULE,
        /** The caller may not. */
        NO_PRIVILEGE,
        /** The kernel's nbd lacks something that is needed. */
        TOO_OLD,
        /** The device that was asked for is somebody else's. */
        BUSY,
        /** There is no such device, or it is not connected, or not for this backend. */
        NOT_CONNECTED,
        /** No answer came in time. */
        NO_ANSWER,
        /** Anything else. */
        REFUSED
    }

    private final Kind kind;

    /**
     * Describes a refusal.
     *
     * @param kind what kind it is of
     * @param text one line, with the remedy
     */
    public KernelNbdException(Kind kind, String text) {
        super(text);
        this.kind = kind;
    }

    /**
     * Returns what kind of reason it is.
     *
     * @return the kind
     */
    public Kind kind() {
        return kind;
    }
}
