package dmctl.engine.port;

/**
 * One block device or file: a log, a local or a remote device. The opener has locked it. Operations
 * submitted together may end in any order; the engine never has two writes (or zeroes) that overlap
 * in flight. Where a read overlaps a write each sector shows what was there before or after. After
 * a failed FLUSH nothing may be assumed durable.
 */
public interface Storage {
    /**
     * Returns a name for messages.
     *
     * @return a path, mostly
     */
    String name();

    /**
     * Returns the size.
     *
     * @return bytes
     */
    long sizeBytes();

    /**
     * Tells whether completed writes may be lost in a power cut until a FLUSH.
     *
     * @return false only where every completed write is durable
     */
    boolean hasVolatileCache();

    /**
     * Starts an operation and returns at once. Refusing is an end with an error, too.
     *
     * @param io what to do; the port's until its end is told
     */
    void submit(Io io);

    /** Releases the device after everything submitted has ended. */
    void close();
}
