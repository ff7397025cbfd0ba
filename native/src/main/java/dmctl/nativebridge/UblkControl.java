package dmctl.nativebridge;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dmctl.nativebridge.UblkException.Why;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/**
 * Makes, starts, takes over, stops and removes ublk devices. Belongs to one thread, which must not
 * be one that serves a device: starting and stopping wait for those. Every command has a deadline.
 * What the driver can do is asked of the driver, never guessed from the release of the kernel.
 */
public final class UblkControl implements AutoCloseable {
    /** Without these a killed daemon takes its devices with it. */
    static final long NEEDED =
            UblkAbi.F_USER_RECOVERY | UblkAbi.F_USER_RECOVERY_REISSUE | UblkAbi.F_CMD_IOCTL_ENCODE;

    /** To be numbered by the driver. */
    public static final int ANY_ID = -1;

    private static final long SOON_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long START_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final long STOP_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final long DELETE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final int ENTRIES = 8;

    /** The driver may still write to what a command that has not ended was given. */
    private static final Queue<MemorySegment> ABANDONED = new ConcurrentLinkedQueue<>();

    private final UblkSystem system;
    private final CommandRing ring;
    private final int fd;
    private long sequence;

    private UblkControl(UblkSystem system, CommandRing ring, int fd) {
        this.system = system;
        this.ring = ring;
        this.fd = fd;
    }

    /**
     * Opens the driver and sees whether it can do what is needed.
     *
     * @param system the kernel
     * @return the driver
     * @throws UblkException if there is none, or it may not be used
     * @throws IOException if that fails otherwise
     */
    public static UblkControl open(UblkSystem system) throws IOException {
        if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            throw new UblkException(
                    Why.NO_DRIVER,
                    "ublk is not served on big-endian machines",
                    "write front-end: sockets");
        }
        int fd = system.openControl();
        if (fd < 0) {
            throw cannotOpen(system, -fd);
        }
        CommandRing ring;
        try {
            ring = system.ring(ENTRIES, true);
        } catch (ErrnoException e) {
            system.close(fd);
            throw noRing(e);
        }
        UblkControl control = new UblkControl(system, ring, fd);
        try {
            control.needFeatures();
        } catch (IOException e) {
            control.close();
            throw e;
        }
        return control;
    }

    private static IOException cannotOpen(UblkSystem system, int errno) {
        return switch (errno) {
            case Errno.ENOENT, Errno.ENODEV, Errno.ENXIO ->
                    system.hasModule()
                            ? new UblkException(
                                    Why.MODULE_NOT_LOADED,
                                    "/dev/ublk-control is not there: the ublk driver is not loaded",
                                    "modprobe ublk_drv")
                            : new UblkException(
                                    Why.NO_DRIVER,
                                    "this kernel has no ublk driver",
                                    "boot one that has ublk_drv, Linux 6.5 or newer (Debian 12:"
                                            + " linux-image-amd64 of bookworm-backports)");
            case Errno.EACCES, Errno.EPERM -> noPrivilege("/dev/ublk-control cannot be opened");
            default -> new ErrnoException("open", "/dev/ublk-control", errno);
        };
    }

    private static UblkException noPrivilege(String what) {
        return new UblkException(
                Why.NO_PRIVILEGE,
                what + ": no right to make block devices",
                "run dmctld as root, or with CAP_SYS_ADMIN and access to /dev/ublk*");
    }

    /**
     * Says why a ring was refused.
     *
     * @param refused by the kernel
     * @return with the remedy
     */
    public static IOException noRing(ErrnoException refused) {
        return switch (refused.errno()) {
            case Errno.EPERM, Errno.EACCES, Errno.ENOSYS ->
                    new UblkException(
                            Why.NO_IO_URING,
                            "ublk needs io_uring, which this process may not use: "
                                    + Errno.describe(refused.errno()),
                            "sysctl kernel.io_uring_disabled=0, or permit io_uring_setup,"
                                    + " io_uring_enter and io_uring_register in the container's"
                                    + " seccomp profile");
            case Errno.EINVAL -> tooOld("io_uring has no entries of 128 bytes");
            default -> refused;
        };
    }

    private static UblkException tooOld(String what) {
        return new UblkException(
                Why.TOO_OLD,
                "the ublk driver of this kernel is too old: " + what,
                "boot Linux 6.5 or newer");
    }

    private void needFeatures() throws IOException {
        MemorySegment answer = memory(UblkAbi.FEATURES_BYTES);
        int result = run(UblkAbi.GET_FEATURES, "GET_FEATURES", 0, answer, 0, SOON_NANOS);
        if (result == -Errno.EPERM || result == -Errno.EACCES) {
            throw noPrivilege("GET_FEATURES is refused");
        }
        if (result < 0) {
            throw tooOld("it knows no GET_FEATURES (" + Errno.name(-result) + ")");
        }
        need("it has no", answer.get(JAVA_LONG, 0));
    }

    private static void need(String what, long flags) throws UblkException {
        long missing = NEEDED & ~flags;
        if (missing == 0) {
            return;
        }
        String name =
                (missing & UblkAbi.F_USER_RECOVERY) != 0
                        ? "USER_RECOVERY"
                        : (missing & UblkAbi.F_USER_RECOVERY_REISSUE) != 0
                                ? "USER_RECOVERY_REISSUE"
                                : "CMD_IOCTL_ENCODE";
        throw tooOld(what + " " + name);
    }

    private static MemorySegment memory(int bytes) {
        return Arena.ofAuto().allocate(bytes, Long.BYTES);
    }

    private int run(int command, String name, int id, MemorySegment payload, long value, long nanos)
            throws IOException {
        long mine = ++sequence;
        long word0 =
                (id & 0xffffffffL)
                        | UblkAbi.NO_QUEUE << UblkAbi.CTRL_QUEUE_SHIFT
                        | payload.byteSize() << UblkAbi.CTRL_LENGTH_SHIFT;
        long address = payload.byteSize() == 0 ? 0 : payload.address();
        ring.wideCommand(fd, command, word0, address, value, 0, mine);
        long end = System.nanoTime() + nanos;
        while (true) {
            while (ring.next()) {
                if (ring.data() == mine) {
                    return ring.result();
                }
            }
            long left = end - System.nanoTime();
            if (left <= 0) {
                ABANDONED.add(payload);
                throw new UblkException(
                        Why.NO_ANSWER,
                        "ublk device "
                                + id
                                + ": "
                                + name
                                + " has not ended after "
                                + TimeUnit.NANOSECONDS.toSeconds(nanos)
                                + " s",
                        "see dmesg; look for a request that does not end");
            }
            ring.await(left);
        }
    }

    private void order(
            int command, String name, int id, MemorySegment payload, long value, long nanos)
            throws IOException {
        int result = run(command, name, id, payload, value, nanos);
        if (result == -Errno.EPERM) {
            throw noPrivilege(name + " is refused");
        }
        if (result < 0) {
            throw new ErrnoException(name, "ublk device " + id, -result);
        }
    }

    private void order(int command, String name, int id, long value, long nanos)
            throws IOException {
        order(command, name, id, MemorySegment.NULL, value, nanos);
    }

    /**
     * Makes a device, which nobody sees before it is started.
     *
     * @param id its number, or {@link #ANY_ID}
     * @param depth requests under way at most
     * @param geometry what it is to applications
     * @param mark kept with it
     * @return what was made, which may differ from what was asked
     * @throws IOException with EEXIST if there is one of this number
     */
    public UblkDevice add(int id, int depth, UblkGeometry geometry, long mark) throws IOException {
        MemorySegment info = memory(UblkAbi.INFO_BYTES);
        UblkDevice.write(info, id, depth, geometry.maxIoBytes(), NEEDED, mark);
        order(UblkAbi.ADD_DEV, "ADD_DEV", id, info, 0, SOON_NANOS);
        UblkDevice made = UblkDevice.read(info);
        try {
            need("a new device got no", made.flags());
            if (made.maxIoBytes() < geometry.maxIoBytes() || made.mark() != mark) {
                throw tooOld("a new device is not what was asked for: " + made);
            }
            MemorySegment params = memory(UblkAbi.PARAMS_BYTES);
            geometry.write(params);
            order(UblkAbi.SET_PARAMS, "SET_PARAMS", made.id(), params, 0, SOON_NANOS);
        } catch (IOException e) {
            try {
                delete(made.id());
            } catch (IOException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
        return made;
    }

    /**
     * Asks about a device.
     *
     * @param id its number
     * @return the answer
     * @throws IOException with ENODEV if there is none
     */
    public UblkDevice device(int id) throws IOException {
        MemorySegment info = memory(UblkAbi.INFO_BYTES);
        order(UblkAbi.GET_DEV_INFO, "GET_DEV_INFO", id, info, 0, SOON_NANOS);
        return UblkDevice.read(info);
    }

    /**
     * Asks what a device is to applications.
     *
     * @param id its number
     * @return the answer
     * @throws IOException if it is not set yet
     */
    public UblkGeometry geometry(int id) throws IOException {
        MemorySegment params = memory(UblkAbi.PARAMS_BYTES);
        params.set(java.lang.foreign.ValueLayout.JAVA_INT, 0, UblkAbi.PARAMS_BYTES);
        order(UblkAbi.GET_PARAMS, "GET_PARAMS", id, params, 0, SOON_NANOS);
        return UblkGeometry.read(params);
    }

    /**
     * Shows a device to applications. Waits until all its requests are fetched, and for the reads
     * that look for partitions.
     *
     * @param id its number
     * @throws IOException if that fails
     */
    public void start(int id) throws IOException {
        order(UblkAbi.START_DEV, "START_DEV", id, ProcessHandle.current().pid(), START_NANOS);
    }

    /**
     * Begins to take over a device from a server that is gone.
     *
     * @param id its number
     * @throws IOException with EBUSY while the other one is not gone
     */
    public void startRecovery(int id) throws IOException {
        order(UblkAbi.START_USER_RECOVERY, "START_USER_RECOVERY", id, 0, SOON_NANOS);
    }

    /**
     * Ends taking over: requests come again, those that were under way, too. Waits until all are
     * fetched.
     *
     * @param id its number
     * @throws IOException if that fails
     */
    public void endRecovery(int id) throws IOException {
        long pid = ProcessHandle.current().pid();
        order(UblkAbi.END_USER_RECOVERY, "END_USER_RECOVERY", id, pid, START_NANOS);
    }

    /**
     * Takes a device away from applications. Waits for the requests that its server has.
     *
     * @param id its number
     * @throws IOException if that fails
     */
    public void stop(int id) throws IOException {
        order(UblkAbi.STOP_DEV, "STOP_DEV", id, 0, STOP_NANOS);
    }

    /**
     * Removes a device that is stopped or was never started.
     *
     * @param id its number
     * @throws IOException with {@link Why#NO_ANSWER} while somebody has it open: it goes away with
     *     the last of them
     */
    public void delete(int id) throws IOException {
        order(UblkAbi.DEL_DEV, "DEL_DEV", id, 0, DELETE_NANOS);
    }

    /** Closes the driver; devices stay as they are. */
    @Override
    public void close() {
        ring.close();
        system.close(fd);
    }
}
