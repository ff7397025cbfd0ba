package dmctl.cli.replicator;

import dmctl.nativebridge.Errno;

/** Something that is not done, with the reason and the remedy in one line. */
public final class Refusal extends Exception {
    private static final long serialVersionUID = 1L;

    private final int errno;
    private final boolean started;

    /**
     * Refuses.
     *
     * @param text why, and what to do
     */
    public Refusal(String text) {
        this(text, 0);
    }

    Refusal(String text, int errno) {
        this(text, errno, false);
    }

    /** Refuses words that mean nothing here. */
    static Refusal invalid(String text) {
        return new Refusal(text, Errno.EINVAL);
    }

    /** Refuses as the kernel does what somebody uses. */
    static Refusal busy(String task, String name) {
        return new Refusal(
                "device-mapper: "
                        + task
                        + " ioctl on "
                        + name
                        + "  failed: Device or resource busy",
                Errno.EBUSY);
    }

    private Refusal(String text, int errno, boolean started) {
        super(text);
        this.errno = errno;
        this.started = started;
    }

    /** The same, said of a daemon that runs with what it was to run with. */
    Refusal afterStart() {
        return new Refusal(text(), errno, true);
    }

    boolean isAfterStart() {
        return started;
    }

    int errno() {
        return errno;
    }

    String text() {
        return String.valueOf(getMessage());
    }
}
