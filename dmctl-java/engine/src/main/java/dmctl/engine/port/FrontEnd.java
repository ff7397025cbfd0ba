package dmctl.engine.port;

/** What a group offers to its front ends (NBD, ublk), on the thread that owns the group. */
public interface FrontEnd {
    /**
     * Tells whether this site serves the group now.
     *
     * @return true at the primary once it serves
     */
    boolean serving();

    /**
     * Tells whether it is worth waiting for this site to serve: it is primary, and starts.
     *
     * @return false while it serves, and where it does not before somebody orders it
     */
    boolean aboutToServe();

    /**
     * Says in words why it does not serve.
     *
     * @return for people; empty while serving
     */
    String notServingReason();

    /**
     * Hands over a request. Out of range, off the block grid, or while not serving it ends with an
     * error.
     *
     * @param request the request
     * @return true if {@code data} of a WRITE is free again; false if its bytes have to wait for
     *     room: requestTaken is told, and the front end should take nothing more from that client
     */
    boolean submit(Request request);
}
