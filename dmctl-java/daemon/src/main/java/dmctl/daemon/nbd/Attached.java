package dmctl.daemon.nbd;

/** A client that was attached, not accepted: the kernel's. On the loop. */
public final class Attached {
    private final Connection connection;

    Attached(Connection connection) {
        this.connection = connection;
    }

    /** Told of the end. */
    @FunctionalInterface
    public interface Ended {
        /**
         * The connection is closed and nothing that came over it is under way any more.
         *
         * @param saidGoodbye whether the client wished to disconnect
         */
        void ended(boolean saidGoodbye);
    }

    /** Takes nothing more; answers what is under way, then closes. */
    public void end() {
        connection.finish();
    }

    /** Closes without answering what is under way: the client will send it again. */
    public void cut() {
        connection.close("cut off");
    }
}
