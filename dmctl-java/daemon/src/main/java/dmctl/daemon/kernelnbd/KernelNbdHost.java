package dmctl.daemon.kernelnbd;

import dmctl.nativebridge.Errno;
import dmctl.nativebridge.ErrnoException;
import dmctl.nativebridge.KernelLink;
import dmctl.nativebridge.KernelNbd;
import dmctl.nativebridge.KernelNbdException;
import dmctl.nativebridge.KernelNbdException.Kind;
import dmctl.nativebridge.NativeFile;
import dmctl.nativebridge.NativeFile.OpenFlag;
import dmctl.nativebridge.NbdDisks;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What is done at the kernel for the devices of one site. Never touches a device that the kernel
 * does not know as this site's. Blocks; one thread at a time, and never the loop.
 */
final class KernelNbdHost {
    /**
     * How often the kernel looks after requests without an answer. Those of a killed daemon are
     * sent again that long after the next one is there; each one that takes longer for other
     * reasons is a line in the kernel's messages.
     */
    private static final int LOOK_AFTER_MILLIS = 5_000;

    private final Machine machine;
    private final Path stateDir;
    private final KernelNbdIdentity identity;
    private final Consumer<String> events;

    /** The kernel of a machine. */
    interface Machine {
        KernelNbd open() throws IOException;

        NbdDisks disks();

        /** Whether a device is mounted, or a part of another device, or opened for nobody else. */
        boolean inUse(int index) throws IOException;
    }

    /** This machine's own. */
    static final Machine THIS_MACHINE =
            new Machine() {
                @Override
                public KernelNbd open() throws IOException {
                    return KernelNbd.open();
                }

                @Override
                public NbdDisks disks() {
                    return NbdDisks.ofThisMachine();
                }

                @Override
                public boolean inUse(int index) throws IOException {
                    try {
                        NativeFile.open(Path.of(path(index)), Set.of(OpenFlag.EXCLUSIVE)).close();
                        return false;
                    } catch (ErrnoException e) {
                        if (e.errno() == Errno.EBUSY) {
                            return true;
                        }
                        throw e;
                    }
                }
            };

    /**
     * A device that the kernel takes requests for.
     *
     * @param index N of /dev/nbdN
     * @param channel the other end of its socket
     */
    record Opened(int index, SocketChannel channel) {}

    KernelNbdHost(
            Machine machine, Path stateDir, KernelNbdIdentity identity, Consumer<String> events) {
        this.machine = machine;
        this.stateDir = stateDir;
        this.identity = identity;
        this.events = events;
    }

    static String path(int index) {
        return "/dev/nbd" + index;
    }

    /** What to tell the kernel of a device. */
    record Device(
            int devNr, String name, long sizeBytes, int blockSize, int flags, int deadSeconds) {
        KernelNbd.Settings settings(String backend) {
            return new KernelNbd.Settings(sizeBytes, blockSize, flags, deadSeconds, backend);
        }
    }

    /**
     * Gives the kernel a socket for a device: for the one that it still has of this site, else for
     * one that is free.
     *
     * @param known whether it was served before by this process: then no other is taken for it
     */
    Opened open(Device device, boolean known) throws IOException {
        KernelLink link = KernelLink.open(stateDir);
        try (KernelNbd nbd = machine.open()) {
            KernelNbd.Settings settings = device.settings(identity.backend(device.devNr()));
            OptionalInt found = find(device.devNr());
            if (found.isEmpty() && known) {
                throw new KernelNbdException(
                        Kind.NOT_CONNECTED,
                        "device " + device.name() + ": disconnected by another program");
            }
            int index;
            if (found.isPresent()) {
                index = found.getAsInt();
                nbd.reconfigure(index, settings, link.fd());
            } else {
                index = connect(nbd, device.devNr(), settings, link.fd());
            }
            link.handedOver();
            identity.note(device.devNr(), index);
            return new Opened(index, link.channel());
        } catch (IOException e) {
            link.close();
            throw e;
        }
    }

    /** The device that the kernel has of this site; the one noted first. */
    private OptionalInt find(int devNr) throws IOException {
        String backend = identity.backend(devNr);
        OptionalInt noted = identity.index(devNr);
        if (noted.isPresent()
                && machine.disks().backend(noted.getAsInt()).filter(backend::equals).isPresent()) {
            return noted;
        }
        return machine.disks().find(backend);
    }

    private int connect(KernelNbd nbd, int devNr, KernelNbd.Settings settings, int fd)
            throws IOException {
        OptionalInt noted = identity.index(devNr);
        OptionalInt wanted =
                noted.isPresent() && !machine.disks().connected(noted.getAsInt())
                        ? noted
                        : OptionalInt.empty();
        int index;
        try {
            index = nbd.connect(wanted, settings, fd);
        } catch (KernelNbdException e) {
            if (wanted.isEmpty() || e.kind() != Kind.BUSY) {
                throw e;
            }
            index = nbd.connect(OptionalInt.empty(), settings, fd);
        }
        if (machine.disks().backend(index).filter(settings.backend()::equals).isEmpty()) {
            nbd.disconnect(index);
            throw new KernelNbdException(
                    Kind.TOO_OLD,
                    "nbd: the kernel does not keep whose a device is; use Linux 5.14 or newer, or"
                            + " write \"front-end: sockets\"");
        }
        return index;
    }

    /** Has requests looked after that no daemon has answered; while the device is served. */
    void lookAfter(int index) {
        try {
            machine.disks().lookAfterMillis(index, LOOK_AFTER_MILLIS);
        } catch (IOException e) {
            events.accept(
                    path(index)
                            + ": io_timeout cannot be set: "
                            + e.getMessage()
                            + "; after a restart of the daemon requests may wait 30 s");
        }
    }

    /** The path of a device that is in use, for people; null if it is not. */
    boolean inUse(Device device) throws IOException {
        OptionalInt index = find(device.devNr());
        return index.isPresent() && machine.inUse(index.getAsInt());
    }

    /** Takes a device away, if the kernel has one of this site; true if it had. */
    boolean disconnect(Device device) throws IOException {
        OptionalInt index = find(device.devNr());
        if (index.isEmpty()) {
            return false;
        }
        try (KernelNbd nbd = machine.open()) {
            nbd.disconnect(index.getAsInt());
        }
        return true;
    }
}
