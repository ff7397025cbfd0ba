package dmctl.cli.dmsetup;

/** A command that cannot be followed. */
final class Failure extends Exception {
    private static final long serialVersionUID = 1L;

    /** Says why; empty if it was said. */
    Failure(String message) {
        super(message);
    }

    String text() {
        return String.valueOf(getMessage());
    }
}
