package dmctl.nativebridge;

import java.io.IOException;

/**
 * A ring for commands to drivers that take them by io_uring. Belongs to one thread. A command's own
 * structure comes as the 64-bit words it consists of, little-endian.
 */
public interface CommandRing extends AutoCloseable {
    /**
     * Queues a command of 16 bytes.
     *
     * @param fd descriptor of the driver
     * @param command number
     * @param word0 first 8 bytes
     * @param word1 last 8 bytes
     * @param data comes back with its end; not negative
     */
    void command(int fd, int command, long word0, long word1, long data);

    /**
     * Queues a command of 32 bytes; on a wide ring only.
     *
     * @param fd descriptor of the driver
     * @param command number
     * @param word0 bytes 0 to 7
     * @param word1 bytes 8 to 15
     * @param word2 bytes 16 to 23
     * @param word3 bytes 24 to 31
     * @param data comes back with its end; not negative
     */
    void wideCommand(
            int fd, int command, long word0, long word1, long word2, long word3, long data);

    /**
     * Tells whether {@link #submit} has anything to do.
     *
     * @return true if commands are queued, or the kernel has ends to report
     */
    boolean due();

    /**
     * Hands over what is queued and lets the kernel report ends; never waits. A system call if it
     * is {@link #due}, else none.
     *
     * @throws IOException if the kernel takes no more
     */
    void submit() throws IOException;

    /**
     * Hands over what is queued and waits for an end.
     *
     * @param nanos at most
     * @throws IOException if the kernel takes no more
     */
    void await(long nanos) throws IOException;

    /**
     * Takes the next end.
     *
     * @return true if there was one, to be seen by {@link #data} and {@link #result}
     */
    boolean next();

    /**
     * Returns what was given with the command that has ended.
     *
     * @return as given
     */
    long data();

    /**
     * Returns how it ended.
     *
     * @return 0 or more, or the negative errno
     */
    int result();

    /**
     * Returns a descriptor that becomes readable anew whenever there is something for {@link
     * #submit} to report. Nobody reads from it.
     *
     * @return the same each time
     * @throws IOException if the kernel gives none
     */
    int bell() throws IOException;

    /** Gives the ring back. What is under way is cancelled by the kernel, some time later. */
    @Override
    void close();
}
