package dmctl.nativebridge;

import dmctl.nativebridge.GenericAnswer.Attribute;
import dmctl.nativebridge.GenericAnswer.Message;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The kernel's end of netlink, with the rules of its NBD client: which device is free, whose a
 * connected one is, and in which order answers come.
 */
final class FakeNbdKernel implements Netlink {
    static final int FAMILY = 0x21;

    /** What was sent, in hexadecimal. */
    final List<String> sent = new ArrayList<>();

    /** Connected devices and their backends. */
    final Map<Integer, String> connected = new TreeMap<>();

    /** What every order is answered with instead, if not 0. */
    int refusal;

    boolean module = true;
    boolean silent;
    boolean chatter;
    boolean namesDevices = true;

    private final int devices;
    private final ArrayDeque<ByteBuffer> answers = new ArrayDeque<>();

    FakeNbdKernel(int devices) {
        this.devices = devices;
    }

    @Override
    public void send(byte[] bytes) throws IOException {
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
                connected.remove(index);
                yield index < 0 || index >= devices ? Errno.EINVAL : 0;
            }
            case 3 -> backend(attributes).equals(connected.get(index)) ? 0 : Errno.EINVAL;
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
        if (namesDevices) {
            answers.add(
                    answer(FAMILY, sequence, 1)
                            .putShort((short) 8)
                            .putShort((short) 1)
                            .putInt(index));
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
    public ByteBuffer receive() throws IOException {
        ByteBuffer next = answers.poll();
        if (next == null || silent) {
            throw new ErrnoException("recv", "generic netlink", Errno.EAGAIN);
        }
        next.flip();
        next.putInt(0, next.remaining());
        return next;
    }

    @Override
    public void close() {
        answers.clear();
    }
}
