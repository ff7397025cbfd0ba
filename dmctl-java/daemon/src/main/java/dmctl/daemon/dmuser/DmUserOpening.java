package dmctl.daemon.dmuser;

import dmctl.nativebridge.DmUserCalls;
import dmctl.nativebridge.DmUserChannel;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * One opening of a device. Its reader closes it, and nobody else: a descriptor that is closed under
 * a read may be another file's by the time the read begins.
 */
final class DmUserOpening {
    private final DmUserCalls calls;
    private final DmUserChannel channel;
    private boolean closed;
    private boolean broken;

    DmUserOpening(DmUserCalls calls, String name) {
        this.calls = calls;
        this.channel = new DmUserChannel(calls, name);
    }

    boolean readHead(MemorySegment head) throws IOException {
        return channel.readHead(head);
    }

    boolean readData(long address, long length) throws IOException {
        return channel.readData(address, length);
    }

    /**
     * Writes an answer whole, unless the opening is over: then the driver has failed the request.
     *
     * @throws IOException the first time that the driver does not take one
     */
    synchronized void answer(long address, long length) throws IOException {
        if (closed || broken) {
            return;
        }
        try {
            channel.write(address, length);
        } catch (IOException e) {
            broken = true;
            throw e;
        }
    }

    /** Whether the driver takes no answers any more. */
    synchronized boolean broken() {
        return broken;
    }

    /** On the reader. */
    synchronized void close() {
        closed = true;
        calls.close();
    }
}
