package dmctl.nativebridge;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/**
 * What the driver says of a device.
 *
 * @param id its number, N of /dev/ublkbN
 * @param state where it is in its life
 * @param depth requests under way at most
 * @param maxIoBytes most data of one request
 * @param pid process that serves it or has served it, 0 for none
 * @param flags features it was made with
 * @param mark what its maker left with it; says nothing to the kernel
 */
public record UblkDevice(
        int id, State state, int depth, int maxIoBytes, int pid, long flags, long mark) {
    /** Where a device is in its life. */
    public enum State {
        /** Made and not started, or stopped. */
        DEAD,
        /** Served. */
        LIVE,
        /** Whoever served it is gone, and requests wait for somebody to take over. */
        QUIESCED,
        /** Of a newer driver, and of no use here. */
        OTHER
    }

    static UblkDevice read(MemorySegment info) {
        int state = Short.toUnsignedInt(info.get(JAVA_SHORT, UblkAbi.INFO_STATE));
        return new UblkDevice(
                info.get(JAVA_INT, UblkAbi.INFO_ID),
                switch (state) {
                    case UblkAbi.STATE_DEAD -> State.DEAD;
                    case UblkAbi.STATE_LIVE -> State.LIVE;
                    case UblkAbi.STATE_QUIESCED -> State.QUIESCED;
                    default -> State.OTHER;
                },
                Short.toUnsignedInt(info.get(JAVA_SHORT, UblkAbi.INFO_DEPTH)),
                info.get(JAVA_INT, UblkAbi.INFO_MAX_IO_BYTES),
                info.get(JAVA_INT, UblkAbi.INFO_PID),
                info.get(JAVA_LONG, UblkAbi.INFO_FLAGS),
                info.get(JAVA_LONG, UblkAbi.INFO_SERVER_FLAGS));
    }

    /** Writes what is asked for into a structure of zeroes. */
    static void write(
            MemorySegment info, int id, int depth, int maxIoBytes, long flags, long mark) {
        info.set(JAVA_SHORT, UblkAbi.INFO_QUEUES, (short) 1);
        info.set(JAVA_SHORT, UblkAbi.INFO_DEPTH, (short) depth);
        info.set(JAVA_INT, UblkAbi.INFO_MAX_IO_BYTES, maxIoBytes);
        info.set(JAVA_INT, UblkAbi.INFO_ID, id);
        info.set(JAVA_LONG, UblkAbi.INFO_FLAGS, flags);
        info.set(JAVA_LONG, UblkAbi.INFO_SERVER_FLAGS, mark);
    }

    /**
     * Returns the path that applications use.
     *
     * @param id number of a device
     * @return such as {@code /dev/ublkb0}
     */
    public static String path(int id) {
        return "/dev/ublkb" + id;
    }

    /**
     * Tells whether it can be taken over when its server is killed, with its requests.
     *
     * @return true if it was made so
     */
    public boolean survives() {
        return (flags & UblkControl.NEEDED) == UblkControl.NEEDED;
    }
}
