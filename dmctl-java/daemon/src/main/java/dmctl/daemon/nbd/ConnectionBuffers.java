package dmctl.daemon.nbd;

import java.nio.ByteBuffer;

/**
 * Memory of one connection, used again by later ones.
 *
 * @param input for received bytes
 * @param staging for replies
 * @param reserve for the data of a read when the pool has none
 */
record ConnectionBuffers(ByteBuffer input, ByteBuffer staging, ReadBuffer reserve) {
    static ConnectionBuffers allocate() {
        return new ConnectionBuffers(
                ByteBuffer.allocateDirect(Connection.RECEIVE_BYTES),
                ByteBuffer.allocateDirect(Outbox.STAGING_BYTES),
                new ReadBuffer(ReadBuffers.aligned(ReadBuffers.SLAB_BYTES), null));
    }
}
