package dmctl.cli.replicator;

/** Something that is not done, with the reason and the remedy in one line. */
public final class Refusal extends Exception {
    private static final long serialVersionUID = 1L;

    private final int errno;

    /**
     * Refuses.
     *
     * @param text why, and what to do
     */
    public Refusal(String text) {
        this(text, 0);
    }

    Refusal(String text, int errno) {
        super(text);
        this.errno = errno;
    }

    int errno() {
        return errno;
    }

    String text() {
        return String.valueOf(getMessage());
    }
}
