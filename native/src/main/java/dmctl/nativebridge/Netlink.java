package dmctl.nativebridge;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A way for netlink messages to the kernel and back. One thread at a time. */
interface Netlink extends AutoCloseable {
    /**
     * Sends messages. The kernel carries them out before this returns.
     *
     * @param message one or more whole messages
     * @throws IOException if the kernel does not take them
     */
    void send(byte[] message) throws IOException;

    /**
     * Waits, for a bounded time, for the kernel's next answer.
     *
     * @return one or more whole messages, in host byte order
     * @throws IOException if none comes
     */
    ByteBuffer receive() throws IOException;

    @Override
    void close();
}
