package dmctl.nativebridge;

import dmctl.nativebridge.GenericAnswer.Attribute;
import dmctl.nativebridge.GenericAnswer.Message;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The kernel's end of netlink, with the rules of its NBD client: which device is free, whose a
 * connected one is, and in which order answers come.
 */
public final class FakeNbdKernel implements Netlink {
    static final int FAMILY = 0x21;

    /** What was sent, in hexadecimal. */
    final List<String> sent = new ArrayList<>();

    /** Connected devices and their backends. */
    final Map<Integer, String> connected = new TreeMap<>();

    /** What every order is answered with instead, if not 0. */
    public volatile int refusal;

    /** Whether the module is loaded. */
    public volatile boolean module = true;

    /** Whether the kernel keeps whose a device is. */
    public volatile boolean keepsBackends = true;

    private int connects;

    boolean silent;
    boolean chatter;
    boolean namesDevices = true;

    private final int devices;
    private final @Nullable Path sysfs;
    private final Map<Integer, FakeNbdDisk> disks = new TreeMap<>();
    private final ArrayDeque<ByteBuffer> answers = new ArrayDeque<>();

    FakeNbdKernel(int devices) {
        this.devices = devices;
        this.sysfs = null;
    }

    /** One that takes sockets and shows its devices in a folder. */
    public FakeNbdKernel(int devices, Path sysfs) throws IOException {
        this.devices = devices;
        this.sysfs = sysfs;
        for (int i = 0; i < devices; i++) {
            Files.createDirectories(disk(i).resolve("queue"));
        }
    }

    private Path disk(int index) {
        return Objects.requireNonNull(sysfs).resolve("nbd" + index);
    }

    /** How many orders to connect were followed. */
    public synchronized int connects() {
        return connects;
    }

    /** What a process opens. */
    public KernelNbd open() throws IOException {
        return new KernelNbd(this);
    }

    /** What a process sees in sysfs. */
    public NbdDisks disks() {
        return new NbdDisks(Objects.requireNonNull(sysfs));
    }

    /** A connected device. */
    public synchronized FakeNbdDisk device(int index) {
        return Objects.requireNonNull(disks.get(index), "not connected");
    }

    /** Connects a device for somebody else. */
    public synchronized void takenBySomebodyElse(int index) throws IOException {
        connected.put(index, "somebody else's");
        show(index, "somebody else's", 4096);
    }

    private void show(int index, String backend, long bytes) throws IOException {
        Files.writeString(disk(index).resolve("pid"), "1\n");
        Files.writeString(disk(index).resolve("size"), bytes / 512 + "\n");
        if (keepsBackends) {
            Files.writeString(disk(index).resolve("backend"), backend + "\n");
        }
    }

    /** Ends a connected device, on whoever's order. */
    public synchronized void disconnect(int index) throws IOException {
        connected.remove(index);
        FakeNbdDisk device = disks.remove(index);
        if (device != null) {
            device.disconnect();
        }
        if (sysfs != null && index >= 0 && index < devices) {
            Files.deleteIfExists(disk(index).resolve("pid"));
            Files.deleteIfExists(disk(index).resolve("backend"));
        }
    }

    @Override
    public synchronized void send(byte[] bytes) throws IOException {
        sent.add(HexFormat.of().formatHex(bytes));
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        for (Message message : GenericAnswer.messages(in)) {
            int command = message.body().get(message.body().position());
            if (chatter) {
                answers.add(acknowledgement(message.sequence() - 1, Errno.EIO));
            }
            int error = message.type() == 16 ? controller(message) : order(message, command);
            answers.add(acknowledgement(message.sequence(), error));
        }
    }

    private int controller(Message message) {
        if (!module) {
            return Errno.ENOENT;
        }
        answers.add(
                answer(16, message.sequence(), 1)
                        .putShort((short) 8)
                        .putShort((short) 2)
                        .put(new byte[] {'n', 'b', 'd', 0})
                        .putShort((short) 6)
                        .putShort((short) 1)
                        .putShort((short) FAMILY)
                        .putShort((short) 0));
        return 0;
    }

    private int order(Message message, int command) throws IOException {
        if (refusal != 0) {
            return refusal;
        }
        Map<Integer, Attribute> attributes = new TreeMap<>();
        for (Attribute attribute : message.attributes()) {
            attributes.put(attribute.type(), attribute);
        }
        int index = attributes.containsKey(1) ? attributes.get(1).number() : -1;
        return switch (command) {
            case 1 -> connect(message.sequence(), index, attributes);
            case 2 -> {
                disconnect(index);
                yield index < 0 || index >= devices ? Errno.EINVAL : 0;
            }
            case 3 -> reconfigure(index, attributes);
            case 5 -> status(message.sequence());
            default -> Errno.EOPNOTSUPP;
        };
    }

    private int connect(int sequence, int wanted, Map<Integer, Attribute> attributes)
            throws IOException {
        if (!attributes.containsKey(7) || !attributes.containsKey(2)) {
            return Errno.EINVAL;
        }
        Attribute item = attributes.get(7).nested().getFirst();
        if (item.nested().getFirst().number() < 0) {
            return Errno.EBADF;
        }
        int index = wanted;
        for (int i = 0; index < 0 && i < devices; i++) {
            index = connected.containsKey(i) ? -1 : i;
        }
        if (index < 0 || connected.containsKey(index)) {
            return Errno.EBUSY;
        }
        connected.put(index, backend(attributes));
        connects++;
        if (sysfs != null) {
            disks.put(index, new FakeNbdDisk(item.nested().getFirst().number()));
            ByteBuffer size = attributes.get(2).value();
            show(index, backend(attributes), size.getLong(size.position()));
        }
        if (namesDevices) {
            answers.add(
                    answer(FAMILY, sequence, 1)
                            .putShort((short) 8)
                            .putShort((short) 1)
                            .putInt(index));
        }
        return 0;
    }

    private int reconfigure(int index, Map<Integer, Attribute> attributes) throws IOException {
        if (!backend(attributes).equals(connected.get(index))) {
            return Errno.EINVAL;
        }
        FakeNbdDisk device = disks.get(index);
        if (device != null) {
            device.reconfigure(attributes.get(7).nested().getFirst().nested().getFirst().number());
        }
        return 0;
    }

    private static String backend(Map<Integer, Attribute> attributes) {
        byte[] text = new byte[attributes.get(10).value().remaining() - 1];
        attributes.get(10).value().duplicate().get(text);
        return new String(text, java.nio.charset.StandardCharsets.UTF_8);
    }

    private int status(int sequence) {
        ByteBuffer out = answer(FAMILY, sequence, 5);
        out.putShort((short) (4 + devices * 20)).putShort((short) 9);
        for (int i = 0; i < devices; i++) {
            out.putShort((short) 20).putShort((short) 1);
            out.putShort((short) 8).putShort((short) 1).putInt(i);
            out.putShort((short) 5).putShort((short) 2);
            out.put((byte) (connected.containsKey(i) ? 1 : 0));
            out.put(new byte[3]);
        }
        answers.add(out);
        return 0;
    }

    private static ByteBuffer answer(int type, int sequence, int command) {
        ByteBuffer out = ByteBuffer.allocate(4096).order(ByteOrder.nativeOrder());
        out.putInt(0).putShort((short) type).putShort((short) 0).putInt(sequence).putInt(0);
        return out.put((byte) command).put((byte) 1).putShort((short) 0);
    }

    private static ByteBuffer acknowledgement(int sequence, int errno) {
        ByteBuffer out = ByteBuffer.allocate(64).order(ByteOrder.nativeOrder());
        out.putInt(0).putShort((short) 2).putShort((short) 0).putInt(sequence).putInt(0);
        return out.putInt(-errno).put(new byte[16]);
    }

    @Override
    public synchronized ByteBuffer receive() throws IOException {
        ByteBuffer next = answers.poll();
        if (next == null || silent) {
            throw new ErrnoException("recv", "generic netlink", Errno.EAGAIN);
        }
        next.flip();
        next.putInt(0, next.remaining());
        return next;
    }

    @Override
    public synchronized void close() {
        answers.clear();
    }
}
