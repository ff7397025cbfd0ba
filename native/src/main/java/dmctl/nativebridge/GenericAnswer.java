package dmctl.nativebridge;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Takes messages of the kernel apart; distrusts every length. */
final class GenericAnswer {
    /** An acknowledgement: errno s32, 0 or negative, then the head of the request. */
    static final int TYPE_ERROR = 2;

    private static final int TYPE_MASK = 0x3fff;

    /**
     * One message.
     *
     * @param type a family, or TYPE_ERROR
     * @param sequence of the request it answers
     * @param body behind the head
     */
    record Message(int type, int sequence, ByteBuffer body) {
        /** Whether it says how the request ended. */
        boolean ends() {
            return type == TYPE_ERROR;
        }

        /** The positive errno of an acknowledgement, 0 for success. */
        int errno() throws IOException {
            if (body.remaining() < Integer.BYTES) {
                throw damaged();
            }
            return -body.getInt(body.position());
        }

        /** The attributes behind the generic head. */
        List<Attribute> attributes() throws IOException {
            if (body.remaining() < GenericMessage.GENERIC_HEAD_BYTES) {
                throw damaged();
            }
            ByteBuffer rest = rest(body, GenericMessage.GENERIC_HEAD_BYTES, body.remaining());
            return GenericAnswer.attributes(rest);
        }
    }

    /**
     * One attribute.
     *
     * @param type its number
     * @param value without its head
     */
    record Attribute(int type, ByteBuffer value) {
        int number() throws IOException {
            return switch (value.remaining()) {
                case Byte.BYTES -> value.get(value.position()) & 0xff;
                case Short.BYTES -> value.getShort(value.position()) & 0xffff;
                case Integer.BYTES -> value.getInt(value.position());
                default -> throw damaged();
            };
        }

        List<Attribute> nested() throws IOException {
            return attributes(value.duplicate().order(value.order()));
        }
    }

    private GenericAnswer() {}

    static List<Message> messages(ByteBuffer in) throws IOException {
        List<Message> messages = new ArrayList<>();
        while (in.remaining() >= GenericMessage.HEAD_BYTES) {
            int at = in.position();
            int length = in.getInt(at);
            if (length < GenericMessage.HEAD_BYTES || length > in.remaining()) {
                throw damaged();
            }
            messages.add(
                    new Message(
                            in.getShort(at + 4) & 0xffff,
                            in.getInt(at + 8),
                            rest(in, GenericMessage.HEAD_BYTES, length)));
            in.position(at + Math.min(padded(length), in.remaining()));
        }
        return messages;
    }

    private static List<Attribute> attributes(ByteBuffer in) throws IOException {
        List<Attribute> attributes = new ArrayList<>();
        while (in.remaining() >= GenericMessage.ATTRIBUTE_HEAD_BYTES) {
            int at = in.position();
            int length = in.getShort(at) & 0xffff;
            if (length < GenericMessage.ATTRIBUTE_HEAD_BYTES || length > in.remaining()) {
                throw damaged();
            }
            attributes.add(
                    new Attribute(
                            in.getShort(at + 2) & TYPE_MASK,
                            rest(in, GenericMessage.ATTRIBUTE_HEAD_BYTES, length)));
            in.position(at + Math.min(padded(length), in.remaining()));
        }
        return attributes;
    }

    private static int padded(int length) {
        return (length + 3) & ~3;
    }

    private static ByteBuffer rest(ByteBuffer in, int from, int to) {
        return in.slice(in.position() + from, to - from).order(in.order());
    }

    private static IOException damaged() {
        return new IOException("generic netlink: an answer of the kernel that makes no sense");
    }
}
