package dmctl.engine.port;

/** The way to other sites' daemons. */
public interface Network {
    /** Told how an attempt to connect ended, once. */
    interface ConnectDone {
        /**
         * The connection stands.
         *
         * @param wire the connection
         */
        void connected(Wire wire);

        /**
         * It does not.
         *
         * @param reason for people, with the address
         */
        void failed(String reason);
    }

    /**
     * Starts a connection and returns at once; it ends within a bounded time.
     *
     * @param siteNr the site, as numbered in the group's definition
     * @param done told on the thread that owns the group, never from inside this call
     */
    void connect(int siteNr, ConnectDone done);
}
