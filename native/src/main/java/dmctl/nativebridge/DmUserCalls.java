package dmctl.nativebridge;

/**
 * The system calls on one open {@code /dev/dm-user/NAME}. Reads block; there is no poll. One thread
 * reads; another may write meanwhile, one at a time. Each call returns the bytes it moved, as few
 * as it likes, or a negative errno.
 */
public interface DmUserCalls extends AutoCloseable {
    /**
     * One read.
     *
     * @param address where to
     * @param length bytes at most
     * @return bytes read
     */
    long read(long address, long length);

    /**
     * One write.
     *
     * @param address where from
     * @param length bytes at most
     * @return bytes written
     */
    long write(long address, long length);

    /** Closes the channel: the driver fails what was read from it and is not answered. */
    @Override
    void close();
}
