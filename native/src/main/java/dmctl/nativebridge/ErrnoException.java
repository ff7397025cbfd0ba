package dmctl.nativebridge;

import java.io.IOException;

/** A system call that failed: which one, on what, and why. */
public final class ErrnoException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    /**
     * Describes a failed call.
     *
     * @param call the name of the call
     * @param object what it was called on, a path mostly
     * @param errno positive
     */
    public ErrnoException(String call, String object, int errno) {
        super(object + ": " + call + ": " + Errno.describe(errno));
        this.errno = errno;
    }

    /**
     * Returns the error.
     *
     * @return positive, see {@link Errno}
     */
    public int errno() {
        return errno;
    }
}
