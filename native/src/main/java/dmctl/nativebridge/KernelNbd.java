package dmctl.nativebridge;

import dmctl.nativebridge.GenericAnswer.Attribute;
import dmctl.nativebridge.GenericAnswer.Message;
import dmctl.nativebridge.KernelNbdException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * The kernel's NBD client, told over generic netlink what to connect to ({@code
 * linux/nbd-netlink.h}). The kernel carries an order out inside the call that sends it, and may
 * take its time over it: never call on a thread that serves a device. One thread at a time.
 */
public final class KernelNbd implements AutoCloseable {
    /** Longest wait for an answer. */
    static final int ANSWER_SECONDS = 10;

    private static final String FAMILY = "nbd";
    private static final int VERSION = 1;

    /** Generic netlink itself, of which families are asked. */
    private static final int CONTROLLER = 16;

    private static final int CONTROLLER_VERSION = 2;
    private static final int CTRL_CMD_GETFAMILY = 3;
    private static final int CTRL_ATTR_FAMILY_ID = 1;
    private static final int CTRL_ATTR_FAMILY_NAME = 2;

    private static final int CMD_CONNECT = 1;
    private static final int CMD_DISCONNECT = 2;
    private static final int CMD_RECONFIGURE = 3;
    private static final int CMD_STATUS = 5;

    private static final int ATTR_INDEX = 1;
    private static final int ATTR_SIZE_BYTES = 2;
    private static final int ATTR_BLOCK_SIZE_BYTES = 3;
    private static final int ATTR_TIMEOUT = 4;
    private static final int ATTR_SERVER_FLAGS = 5;
    private static final int ATTR_CLIENT_FLAGS = 6;
    private static final int ATTR_SOCKETS = 7;
    private static final int ATTR_DEAD_CONN_TIMEOUT = 8;
    private static final int ATTR_DEVICE_LIST = 9;
    private static final int ATTR_BACKEND_IDENTIFIER = 10;
    private static final int SOCK_ITEM = 1;
    private static final int SOCK_FD = 1;
    private static final int DEVICE_ITEM = 1;
    private static final int DEVICE_INDEX = 1;
    private static final int DEVICE_CONNECTED = 2;

    private static final String SOCKETS_INSTEAD = ", or write \"front-end: sockets\"";

    private final Netlink netlink;
    private final int family;
    private int sequence;

    /**
     * What a device is.
     *
     * @param sizeBytes its length, a multiple of the block size
     * @param blockSize its logical block size
     * @param serverFlags what its server can do, as in the NBD protocol
     * @param deadSeconds how long requests wait for a socket when there is none, before they fail
     * @param backend says whose the device is; the same at every call for one device
     */
    public record Settings(
            long sizeBytes, int blockSize, int serverFlags, int deadSeconds, String backend) {}

    /**
     * One device of the kernel's.
     *
     * @param index N of /dev/nbdN
     * @param connected whether somebody uses it
     */
    public record State(int index, boolean connected) {}

    KernelNbd(Netlink netlink) throws IOException {
        this.netlink = netlink;
        this.family = findFamily();
    }

    /**
     * Finds the kernel's NBD client.
     *
     * @return to be closed
     * @throws KernelNbdException if there is none here
     * @throws IOException if netlink fails otherwise
     */
    public static KernelNbd open() throws IOException {
        Netlink netlink;
        try {
            netlink = NetlinkSocket.open(ANSWER_SECONDS);
        } catch (ErrnoException e) {
            throw switch (e.errno()) {
                case Errno.EPROTONOSUPPORT, Errno.EAFNOSUPPORT -> noModule();
                case Errno.EPERM, Errno.EACCES -> noPrivilege();
                default -> e;
            };
        }
        try {
            return new KernelNbd(netlink);
        } catch (IOException e) {
            netlink.close();
            throw e;
        }
    }

    private int findFamily() throws IOException {
        GenericMessage message =
                new GenericMessage(CONTROLLER, ++sequence, CTRL_CMD_GETFAMILY, CONTROLLER_VERSION)
                        .string(CTRL_ATTR_FAMILY_NAME, FAMILY);
        for (Attribute attribute : ask(message, "GETFAMILY", -1)) {
            if (attribute.type() == CTRL_ATTR_FAMILY_ID) {
                return attribute.number();
            }
        }
        throw noModule();
    }

    /**
     * Connects a device.
     *
     * @param index which one; empty for any that is free
     * @param settings what it is
     * @param fd of a connected stream socket, whose other end serves the transmission phase of NBD;
     *     the kernel takes a reference of its own
     * @return N of /dev/nbdN
     * @throws KernelNbdException if the kernel refuses
     * @throws IOException if netlink fails
     */
    public int connect(OptionalInt index, Settings settings, int fd) throws IOException {
        GenericMessage message = order(CMD_CONNECT);
        index.ifPresent(wanted -> message.u32(ATTR_INDEX, wanted));
        // A slow answer must not end the connection: a site may hold writes for as long as it
        // likes.
        message.u64(ATTR_TIMEOUT, 0).u64(ATTR_CLIENT_FLAGS, 0);
        describe(message, settings, fd);
        for (Attribute attribute : ask(message, "CONNECT", index.orElse(-1))) {
            if (attribute.type() == ATTR_INDEX) {
                return attribute.number();
            }
        }
        throw new KernelNbdException(
                Kind.TOO_OLD,
                "nbd: the kernel does not say which device it connected; use Linux 5.14 or newer"
                        + SOCKETS_INSTEAD);
    }

    /**
     * Gives a device a new socket in place of one that is dead. If none is dead yet the kernel says
     * nothing and drops the new one: its other end sees the end of the stream.
     *
     * @param index N of /dev/nbdN
     * @param settings what it is; the backend must be that of {@link #connect}
     * @param fd as there
     * @throws KernelNbdException NOT_CONNECTED if that device is not connected for this backend
     * @throws IOException if netlink fails
     */
    public void reconfigure(int index, Settings settings, int fd) throws IOException {
        GenericMessage message = order(CMD_RECONFIGURE).u32(ATTR_INDEX, index);
        describe(message, settings, fd);
        ask(message, "RECONFIGURE", index);
    }

    private static void describe(GenericMessage message, Settings settings, int fd) {
        message.u64(ATTR_SIZE_BYTES, settings.sizeBytes())
                .u64(ATTR_BLOCK_SIZE_BYTES, settings.blockSize())
                .u64(ATTR_SERVER_FLAGS, settings.serverFlags())
                .u64(ATTR_DEAD_CONN_TIMEOUT, settings.deadSeconds())
                .string(ATTR_BACKEND_IDENTIFIER, settings.backend());
        int sockets = message.begin(ATTR_SOCKETS);
        int item = message.begin(SOCK_ITEM);
        message.u32(SOCK_FD, fd).end(item).end(sockets);
    }

    /**
     * Disconnects a device. Its requests fail; the device is free when nobody has it open any more.
     *
     * @param index N of /dev/nbdN; one that is not connected stays so
     * @throws KernelNbdException if the kernel refuses
     * @throws IOException if netlink fails
     */
    public void disconnect(int index) throws IOException {
        ask(order(CMD_DISCONNECT).u32(ATTR_INDEX, index), "DISCONNECT", index);
    }

    /**
     * Lists the devices that the kernel has.
     *
     * @return all of them, whoever uses them
     * @throws KernelNbdException if the kernel refuses
     * @throws IOException if netlink fails
     */
    public List<State> status() throws IOException {
        List<State> states = new ArrayList<>();
        for (Attribute list : ask(order(CMD_STATUS), "STATUS", -1)) {
            if (list.type() != ATTR_DEVICE_LIST) {
                continue;
            }
            for (Attribute item : list.nested()) {
                if (item.type() == DEVICE_ITEM) {
                    states.add(state(item));
                }
            }
        }
        return List.copyOf(states);
    }

    private static State state(Attribute item) throws IOException {
        int index = -1;
        boolean connected = false;
        for (Attribute attribute : item.nested()) {
            switch (attribute.type()) {
                case DEVICE_INDEX -> index = attribute.number();
                case DEVICE_CONNECTED -> connected = attribute.number() != 0;
                default -> {
                    // Of a newer kernel.
                }
            }
        }
        return new State(index, connected);
    }

    private GenericMessage order(int command) {
        return new GenericMessage(family, ++sequence, command, VERSION);
    }

    /** Sends an order and waits for its end; returns the attributes that came before it. */
    private List<Attribute> ask(GenericMessage message, String order, int index)
            throws IOException {
        List<Attribute> attributes = new ArrayList<>();
        try {
            netlink.send(message.bytes());
            while (true) {
                for (Message answer : GenericAnswer.messages(copy(netlink.receive()))) {
                    if (answer.sequence() != sequence) {
                        continue;
                    }
                    if (!answer.ends()) {
                        attributes.addAll(answer.attributes());
                        continue;
                    }
                    if (answer.errno() != 0) {
                        throw refused(order, index, answer.errno());
                    }
                    return attributes;
                }
            }
        } catch (ErrnoException e) {
            throw e.errno() == Errno.EAGAIN
                    ? new KernelNbdException(
                            Kind.NO_ANSWER,
                            "nbd: no answer to "
                                    + order
                                    + " within "
                                    + ANSWER_SECONDS
                                    + " s; see the kernel's messages (dmesg)")
                    : refused(order, index, e.errno());
        }
    }

    /** What was received is overwritten by the next message. */
    private static ByteBuffer copy(ByteBuffer received) {
        ByteBuffer own = ByteBuffer.allocate(received.remaining()).order(received.order());
        return own.put(received).flip();
    }

    private static KernelNbdException refused(String order, int index, int errno) {
        if (order.equals("GETFAMILY") && errno == Errno.ENOENT) {
            return noModule();
        }
        return switch (errno) {
            case Errno.EPERM, Errno.EACCES -> noPrivilege();
            case Errno.EBUSY ->
                    new KernelNbdException(
                            Kind.BUSY,
                            device(index) + " is used by somebody else; leave it to them");
            case Errno.EINVAL, Errno.ENODEV, Errno.ENOENT ->
                    order.equals("RECONFIGURE")
                            ? new KernelNbdException(
                                    Kind.NOT_CONNECTED,
                                    device(index) + " is not connected, or not for this device")
                            : other(order, index, errno);
            default -> other(order, index, errno);
        };
    }

    private static KernelNbdException other(String order, int index, int errno) {
        return new KernelNbdException(
                Kind.REFUSED,
                String.format(
                        Locale.ROOT,
                        "%s: %s: %s; see the kernel's messages (dmesg)",
                        device(index),
                        order,
                        Errno.describe(errno)));
    }

    private static String device(int index) {
        return index < 0 ? "nbd" : "/dev/nbd" + index;
    }

    private static KernelNbdException noModule() {
        return new KernelNbdException(
                Kind.NO_MODULE,
                "nbd: the kernel has no NBD client here; run modprobe nbd, outside of containers"
                        + SOCKETS_INSTEAD);
    }

    private static KernelNbdException noPrivilege() {
        return new KernelNbdException(
                Kind.NO_PRIVILEGE,
                "nbd: not permitted; run dmctld as root or with CAP_SYS_ADMIN" + SOCKETS_INSTEAD);
    }

    @Override
    public void close() {
        netlink.close();
    }
}
