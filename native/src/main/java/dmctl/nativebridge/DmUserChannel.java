package dmctl.nativebridge;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Whole messages over the calls of one open {@code /dev/dm-user/NAME}. One thread reads requests;
 * answers may come from another. An answer goes to the channel that read the request; the first
 * write that the driver does not like poisons the channel, which then has to be closed.
 */
public final class DmUserChannel {
    private final DmUserCalls calls;
    private final String name;

    /**
     * Speaks over an open device.
     *
     * @param calls on the device; the caller closes them
     * @param name for messages
     */
    public DmUserChannel(DmUserCalls calls, String name) {
        this.calls = calls;
        this.name = name;
    }

    /**
     * Waits for a request and reads its head. The driver never gives payload in the same read.
     *
     * @param head {@link DmUserMessage#HEAD_BYTES} long, native
     * @return false if the device-mapper device is gone
     * @throws IOException if the channel fails
     */
    public boolean readHead(MemorySegment head) throws IOException {
        return fill(head.address(), DmUserMessage.HEAD_BYTES);
    }

    /**
     * Reads the next bytes of a WRITE's data.
     *
     * @param address where to
     * @param length bytes, no more than are left of it
     * @return false if the device-mapper device is gone
     * @throws IOException if the channel fails
     */
    public boolean readData(long address, long length) throws IOException {
        return fill(address, length);
    }

    private boolean fill(long address, long length) throws IOException {
        long done = 0;
        while (done < length) {
            long result = calls.read(address + done, length - done);
            if (result == -Errno.ENOTBLK) {
                return false;
            }
            if (result <= 0) {
                throw failure("read", result);
            }
            done += result;
        }
        return true;
    }

    /**
     * Writes an answer, or a part of it: the head, the data of a READ, or both in one stretch.
     * Nothing of another answer may come between the parts.
     *
     * @param address where from
     * @param length bytes
     * @throws IOException if the channel fails: nothing may be written to it any more
     */
    public void write(long address, long length) throws IOException {
        long done = 0;
        while (done < length) {
            long result = calls.write(address + done, length - done);
            if (result <= 0) {
                throw failure("write", result);
            }
            done += result;
        }
    }

    private IOException failure(String call, long result) {
        return result == 0
                ? new IOException(name + ": " + call + ": nothing moved")
                : new ErrnoException(call, name, (int) -result);
    }
}
