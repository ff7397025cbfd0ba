package dmctl.config;

/** A word that cannot be taken, before it is known where it stands. */
final class WordException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String cause;
    private final String remedy;

    WordException(String cause, String remedy) {
        super(cause + "; " + remedy);
        this.cause = cause;
        this.remedy = remedy;
    }

    String cause() {
        return cause;
    }

    String remedy() {
        return remedy;
    }
}
