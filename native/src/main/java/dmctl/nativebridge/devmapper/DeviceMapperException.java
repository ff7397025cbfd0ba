package dmctl.nativebridge.devmapper;

import java.io.IOException;

/** A task of device-mapper that failed, or device-mapper that is not there. */
public final class DeviceMapperException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int errno;
    private final boolean told;

    /**
     * Describes a failure.
     *
     * @param message one line
     * @param errno of the kernel's answer; 0 if it gave none
     * @param told whether the log has said it
     */
    public DeviceMapperException(String message, int errno, boolean told) {
        super(message);
        this.errno = errno;
        this.told = told;
    }

    /**
     * Returns the error.
     *
     * @return of the kernel's answer; 0 if it gave none
     */
    public int errno() {
        return errno;
    }

    /**
     * Tells whether the log has said it.
     *
     * @return whether nobody has to say it again
     */
    public boolean told() {
        return told;
    }
}
