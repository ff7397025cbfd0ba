package dmctl.daemon.nbd;

/**
 * Bounds of an NBD server. Memory: {@link #memoryBytes}.
 *
 * @param connections clients served at a time
 * @param requestsPerConnection requests of one client under way at a time, 1 or more
 * @param readPoolBytes of the buffers all connections share for the data of reads
 */
public record NbdLimits(int connections, int requestsPerConnection, int readPoolBytes) {
    /** Connections beyond the limit that may negotiate, to be refused by name. */
    static final int SPARE_CONNECTIONS = 4;

    /** 32 connections, 256 requests each, 16 MiB of read buffers. */
    public static final NbdLimits DEFAULT = new NbdLimits(32, 256, 16 << 20);

    /** Checks the bounds. */
    public NbdLimits {
        if (connections < 1
                || requestsPerConnection < 1
                || readPoolBytes < ReadBuffers.SLAB_BYTES) {
            throw new IllegalArgumentException(
                    "at least one connection, one request and "
                            + ReadBuffers.SLAB_BYTES
                            + " bytes of read buffers");
        }
    }

    /**
     * Returns the most memory that buffers of the server take.
     *
     * @return bytes outside the heap
     */
    public long memoryBytes() {
        long each = Connection.RECEIVE_BYTES + Outbox.STAGING_BYTES + ReadBuffers.SLAB_BYTES;
        return (connections + SPARE_CONNECTIONS) * each + readPoolBytes;
    }
}
