package dmctl.engine.port;

import java.nio.ByteBuffer;

/**
 * One connection to the daemon of a peer site: a stream of bytes, never blocking. After {@link
 * #close} no more events come. All calls and events are on the thread that owns the group.
 */
public interface Wire {
    /** Events of a wire. */
    interface Events {
        /**
         * Bytes can be read; told again after each turn in which some were left unread.
         *
         * @param wire the wire
         */
        void readable(Wire wire);

        /**
         * A write that had found no room may go on.
         *
         * @param wire the wire
         */
        void writable(Wire wire);

        /**
         * The stream has ended, by the peer or by a fault.
         *
         * @param wire the wire
         * @param reason for people
         */
        void closed(Wire wire, String reason);
    }

    /**
     * Sets who is told; before that, events wait.
     *
     * @param events the receiver
     */
    void listen(Events events);

    /**
     * Takes what has arrived.
     *
     * @param target filled from position to limit at most
     * @return bytes taken, 0 if none is here; after the end of stream 0, and closed is told
     */
    int read(ByteBuffer target);

    /**
     * Gives bytes to the stream.
     *
     * @param source read from position to limit at most
     * @return bytes given; fewer than remain: writable is told later
     */
    int write(ByteBuffer source);

    /**
     * Stops or restarts reading (a slow receiver pushes back).
     *
     * @param wanted false: no readable events until true again
     */
    void wantRead(boolean wanted);

    /** Ends the connection. */
    void close();

    /**
     * Names the other end for messages.
     *
     * @return an address
     */
    String peer();
}
