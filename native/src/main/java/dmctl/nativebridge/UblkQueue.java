package dmctl.nativebridge;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * The side of a ublk device that serves it: {@link #depth} requests, told apart by their tag. Each
 * is fetched, arrives, is carried out, and is committed, which fetches the next one of its tag.
 * Belongs to the thread of its ring.
 */
public final class UblkQueue implements AutoCloseable {
    /** Data goes into the request's memory. */
    public static final int READ = 0;

    /** Data comes from the request's memory. */
    public static final int WRITE = 1;

    /** All that is completed becomes durable. */
    public static final int FLUSH = 2;

    /** The range is not needed any more. */
    public static final int DISCARD = 3;

    /** The range reads as zeroes. */
    public static final int WRITE_ZEROES = 5;

    private static final int FUA = 1 << 13;
    private static final int NO_UNMAP = 1 << 15;
    private static final int OP_MASK = 0xff;
    private static final int SECTOR_SHIFT = 9;
    private static final long PAGE = 4096;

    /** Tags take the lower bits of what comes back with an end. */
    private static final int DATA_SHIFT = 16;

    private final UblkSystem system;
    private final CommandRing ring;
    private final int fd;
    private final UblkDevice device;
    private final long slot;
    private final MemorySegment descriptors;
    private final MemorySegment memory;

    private UblkQueue(
            UblkSystem system,
            CommandRing ring,
            int fd,
            UblkDevice device,
            int slot,
            MemorySegment descriptors,
            MemorySegment memory) {
        this.system = system;
        this.ring = ring;
        this.fd = fd;
        this.device = device;
        this.slot = (long) slot << DATA_SHIFT;
        this.descriptors = descriptors;
        this.memory = memory;
    }

    /**
     * Prepares to serve a device.
     *
     * @param system the kernel
     * @param ring of this thread; may serve further devices
     * @param fd of the device's server side; closed with the queue, and not if this fails
     * @param device the device
     * @param slot tells the devices of a ring apart
     * @return the queue
     * @throws IOException if the kernel does not share what it has to
     */
    public static UblkQueue open(
            UblkSystem system, CommandRing ring, int fd, UblkDevice device, int slot)
            throws IOException {
        long bytes = (device.depth() * (long) UblkAbi.DESC_BYTES + PAGE - 1) & -PAGE;
        MemorySegment descriptors = system.mapDescriptors(fd, bytes);
        try {
            MemorySegment memory = system.allocate((long) device.depth() * device.maxIoBytes());
            return new UblkQueue(system, ring, fd, device, slot, descriptors, memory);
        } catch (IOException e) {
            system.free(descriptors);
            throw e;
        }
    }

    /**
     * Tells which queue of a ring an end is of.
     *
     * @param data of the end
     * @return the slot
     */
    public static int slot(long data) {
        return (int) (data >>> DATA_SHIFT);
    }

    /**
     * Tells which request an end is of.
     *
     * @param data of the end
     * @return the tag
     */
    public static int tag(long data) {
        return (int) data & ((1 << DATA_SHIFT) - 1);
    }

    /**
     * Returns how many requests there are.
     *
     * @return tags are smaller
     */
    public int depth() {
        return device.depth();
    }

    /**
     * Returns the memory of a request.
     *
     * @param tag the request
     * @return as many bytes as one request may have
     */
    public MemorySegment memory(int tag) {
        return memory.asSlice((long) tag * device.maxIoBytes(), device.maxIoBytes());
    }

    private long address(int tag) {
        return memory.address() + (long) tag * device.maxIoBytes();
    }

    /** Queues the first fetch of every request. */
    public void fetchAll() {
        for (int tag = 0; tag < device.depth(); tag++) {
            queue(UblkAbi.FETCH_REQ, tag, -1);
        }
    }

    /**
     * Queues the end of a request and the fetch of the next one.
     *
     * @param tag the request
     * @param result bytes of a read or write, 0 for others, or the negative errno
     */
    public void commit(int tag, int result) {
        queue(UblkAbi.COMMIT_AND_FETCH_REQ, tag, result);
    }

    private void queue(int command, int tag, int result) {
        long word0 = (long) tag << UblkAbi.IO_TAG_SHIFT | (long) result << UblkAbi.IO_RESULT_SHIFT;
        ring.command(fd, command, word0, address(tag), slot | tag);
    }

    private int opFlags(int tag) {
        return descriptors.get(JAVA_INT, (long) tag * UblkAbi.DESC_BYTES + UblkAbi.DESC_OP_FLAGS);
    }

    /**
     * Returns what a request that has arrived asks.
     *
     * @param tag the request
     * @return {@link #READ}, {@link #WRITE}, {@link #FLUSH}, {@link #DISCARD}, {@link
     *     #WRITE_ZEROES}, or what nobody knows
     */
    public int op(int tag) {
        return opFlags(tag) & OP_MASK;
    }

    /**
     * Tells whether a request is complete only when it is durable.
     *
     * @param tag the request
     * @return true if so
     */
    public boolean fua(int tag) {
        return (opFlags(tag) & FUA) != 0;
    }

    /**
     * Tells whether the range of {@link #WRITE_ZEROES} has to keep its space.
     *
     * @param tag the request
     * @return true if so
     */
    public boolean keepsSpace(int tag) {
        return (opFlags(tag) & NO_UNMAP) != 0;
    }

    /**
     * Returns where a request begins.
     *
     * @param tag the request
     * @return bytes from the start of the device
     */
    public long offset(int tag) {
        long at = (long) tag * UblkAbi.DESC_BYTES + UblkAbi.DESC_START_SECTOR;
        return descriptors.get(JAVA_LONG, at) << SECTOR_SHIFT;
    }

    /**
     * Returns how long the range of a request is.
     *
     * @param tag the request
     * @return bytes
     */
    public long length(int tag) {
        long at = (long) tag * UblkAbi.DESC_BYTES + UblkAbi.DESC_SECTORS;
        return (descriptors.get(JAVA_INT, at) & 0xffffffffL) << SECTOR_SHIFT;
    }

    /** Gives everything back. Nothing of it is under way, neither here nor in the driver. */
    @Override
    public void close() {
        system.close(fd);
        system.free(descriptors);
        system.free(memory);
    }
}
