package dmctl.nativebridge;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** What of the kernel the ublk driver is reached by; a test puts a driver of its own behind it. */
public interface UblkSystem {
    /**
     * Returns the one of this machine.
     *
     * @return the kernel
     */
    static UblkSystem ofKernel() {
        return new KernelUblk();
    }

    /**
     * Makes a ring for the calling thread.
     *
     * @param entries commands that can be queued at a time
     * @param wide whether commands are of 32 bytes
     * @return the ring
     * @throws IOException where the kernel has none or does not permit it
     */
    CommandRing ring(int entries, boolean wide) throws IOException;

    /**
     * Opens the driver.
     *
     * @return a descriptor, or the negative errno
     */
    int openControl();

    /**
     * Opens the side of a device that serves it.
     *
     * @param id the device
     * @return a descriptor, or the negative errno
     */
    int openServer(int id);

    /**
     * Opens a device as its user, exclusively: not while it is mounted, below another device, or
     * held so by somebody else.
     *
     * @param id the device
     * @return a descriptor, or the negative errno
     */
    int openExclusively(int id);

    /**
     * Writes everything the kernel holds back for a device, and waits for it.
     *
     * @param fd from {@link #openExclusively}
     * @return 0, or the negative errno
     */
    int flush(int fd);

    /**
     * Closes a descriptor.
     *
     * @param fd which
     */
    void close(int fd);

    /**
     * Maps what the driver shares for reading.
     *
     * @param fd from {@link #openServer}
     * @param bytes how much
     * @return the memory
     * @throws IOException if the kernel refuses
     */
    MemorySegment mapDescriptors(int fd, long bytes) throws IOException;

    /**
     * Allocates memory, aligned to pages. Pages that are never touched take none.
     *
     * @param bytes how much
     * @return the memory
     * @throws IOException if there is none
     */
    MemorySegment allocate(long bytes) throws IOException;

    /**
     * Gives back what was mapped or allocated.
     *
     * @param memory all of it
     */
    void free(MemorySegment memory);

    /**
     * Lists the devices there are, of whomever.
     *
     * @return their numbers
     * @throws IOException if the kernel does not say
     */
    int[] devices() throws IOException;

    /**
     * Tells whether the driver is there to be loaded.
     *
     * @return false if the kernel's modules are known and it is not among them
     */
    boolean hasModule();
}
