package dmctl.nativebridge;

import static dmctl.nativebridge.UringAbi.OP_READ;
import static dmctl.nativebridge.UringAbi.OP_WRITE;

import java.io.IOException;

/**
 * A pair of rings shared with the kernel: operations are queued in one, handed over together by
 * {@link #submit}, and their ends are found in the other. Any thread may make it; it belongs to the
 * one that submits first.
 */
public final class IoUring implements AutoCloseable {
    private final RingPair rings;
    private int inFlight;

    private IoUring(RingPair rings) {
        this.rings = rings;
    }

    /**
     * Makes a ring.
     *
     * @param entries operations that can be under way; a power of two
     * @return the ring
     * @throws IOException where the kernel has none or does not permit it
     */
    public static IoUring open(int entries) throws IOException {
        try {
            return new IoUring(RingPair.open(entries, false));
        } catch (ErrnoException e) {
            throw refused(e);
        }
    }

    /** In one line, with the remedy. */
    static IOException refused(ErrnoException e) {
        return switch (e.errno()) {
            case Errno.EPERM, Errno.EACCES ->
                    new IOException(
                            "io_uring is forbidden here; permit it with: sysctl"
                                    + " kernel.io_uring_disabled=0, or the system calls io_uring_setup,"
                                    + " io_uring_enter and io_uring_register where a container or a"
                                    + " service filters them");
            case Errno.ENOSYS ->
                    new IOException(
                            "this kernel has no io_uring that is new enough; use Linux 5.6 or newer");
            case Errno.ENOMEM ->
                    new IOException(
                            "io_uring: too little memory may be locked; raise it with: ulimit -l"
                                    + " unlimited, or LimitMEMLOCK= of the service");
            default -> e;
        };
    }

    /**
     * Tells how many operations can be queued now.
     *
     * @return without what is queued and what is under way
     */
    public int room() {
        // No more is under way than ends find room for.
        return rings.entries() - inFlight;
    }

    /**
     * Queues a read.
     *
     * @param file from which
     * @param address where to
     * @param length bytes
     * @param offset in the file
     * @param data comes back with its end; not negative
     */
    public void read(NativeFile file, long address, int length, long offset, long data) {
        queue(OP_READ, file.fd(), address, length, offset, 0, data);
        inFlight++;
    }

    /**
     * Queues a write.
     *
     * @param file to which
     * @param address where from
     * @param length bytes
     * @param offset in the file
     * @param data comes back with its end; not negative
     */
    public void write(NativeFile file, long address, int length, long offset, long data) {
        queue(OP_WRITE, file.fd(), address, length, offset, 0, data);
        inFlight++;
    }

    private void queue(
            byte op, int file, long address, int length, long offset, int flags, long data) {
        long at = rings.entry();
        UringAbi.fill(rings.sqes(), at, op, file, address, length, offset, flags, data);
    }

    /**
     * Tells whether {@link #submit} would do anything.
     *
     * @return true if so; what the kernel did not take for want of memory stays queued
     */
    public boolean due() {
        return rings.due();
    }

    /**
     * Hands over what is queued and lets the kernel report ends; never waits. A system call if
     * there is anything of either, else none.
     *
     * @throws IOException if the kernel takes no more
     */
    public void submit() throws IOException {
        if (rings.due()) {
            rings.enter(false);
        }
    }

    /**
     * Hands over what is queued and waits for an end.
     *
     * @throws IOException if the kernel takes no more
     */
    public void await() throws IOException {
        rings.enter(true);
    }

    /**
     * Returns a descriptor that becomes readable anew whenever there is something for {@link
     * #submit} to report. Nobody reads from it.
     *
     * @return the same each time
     * @throws IOException if the kernel gives none
     */
    public int bell() throws IOException {
        return rings.bell();
    }

    /**
     * Takes the next end.
     *
     * @return true if there was one, to be seen by {@link #data} and {@link #result}
     */
    public boolean next() {
        if (!rings.next()) {
            return false;
        }
        inFlight--;
        return true;
    }

    /**
     * Returns what was given with the operation that has ended.
     *
     * @return as given
     */
    public long data() {
        return rings.data();
    }

    /**
     * Returns how the operation ended.
     *
     * @return bytes, or the negative errno
     */
    public int result() {
        return rings.result();
    }

    /** Gives the rings back. The caller has seen the ends of all operations. */
    @Override
    public void close() {
        rings.close();
    }
}
