package dmctl.daemon.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A client that sends what it is told, byte by byte if need be, and blocks for answers. */
final class NbdClient implements AutoCloseable {
    /** Answer to an option. */
    record OptionReply(int option, int type, ByteBuffer data) {
        String text() {
            return StandardCharsets.UTF_8.decode(data.duplicate()).toString();
        }
    }

    /** A reply; simple ones have type -1 and flag DONE. */
    record Reply(int flags, int type, long cookie, int error, ByteBuffer data) {
        boolean done() {
            return (flags & Nbd.REPLY_FLAG_DONE) != 0;
        }
    }

    final SocketChannel channel;

    NbdClient(SocketAddress address) throws IOException {
        channel = SocketChannel.open(address);
    }

    static NbdClient transmitting(SocketAddress address, String export, boolean structured)
            throws IOException {
        NbdClient client = new NbdClient(address);
        client.greet();
        if (structured) {
            client.option(Nbd.OPT_STRUCTURED_REPLY, new byte[0]);
            client.optionReply();
            client.option(Nbd.OPT_SET_META_CONTEXT, metaQuery(export, "base:allocation"));
            client.optionReply();
            client.optionReply();
        }
        client.option(Nbd.OPT_GO, infoRequest(export));
        OptionReply reply = client.optionReply();
        while (reply.type() == Nbd.REP_INFO) {
            reply = client.optionReply();
        }
        if (reply.type() != Nbd.REP_ACK) {
            throw new IOException(reply.text());
        }
        return client;
    }

    void greet() throws IOException {
        read(18);
        send(ByteBuffer.allocate(4).putInt(3).flip());
    }

    void option(int option, byte[] data) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(16 + data.length);
        bytes.putLong(Nbd.OPTION_MAGIC).putInt(option).putInt(data.length).put(data);
        send(bytes.flip());
    }

    OptionReply optionReply() throws IOException {
        ByteBuffer head = read(20);
        if (head.getLong() != Nbd.OPTION_REPLY_MAGIC) {
            throw new IOException("bad magic of an option reply");
        }
        int option = head.getInt();
        int type = head.getInt();
        return new OptionReply(option, type, read(head.getInt()));
    }

    /** Sends an option and collects replies up to the ACK or an error. */
    List<OptionReply> ask(int option, byte[] data) throws IOException {
        option(option, data);
        List<OptionReply> replies = new ArrayList<>();
        do {
            replies.add(optionReply());
        } while (replies.getLast().type() > Nbd.REP_ACK);
        return replies;
    }

    static byte[] infoRequest(String export, int... infos) {
        byte[] name = export.getBytes(StandardCharsets.UTF_8);
        ByteBuffer data = ByteBuffer.allocate(4 + name.length + 2 + 2 * infos.length);
        data.putInt(name.length).put(name).putShort((short) infos.length);
        for (int info : infos) {
            data.putShort((short) info);
        }
        return data.array();
    }

    static byte[] metaQuery(String export, String... queries) {
        ByteBuffer data = ByteBuffer.allocate(4096);
        byte[] name = export.getBytes(StandardCharsets.UTF_8);
        data.putInt(name.length).put(name).putInt(queries.length);
        for (String query : queries) {
            byte[] bytes = query.getBytes(StandardCharsets.UTF_8);
            data.putInt(bytes.length).put(bytes);
        }
        byte[] exact = new byte[data.position()];
        data.flip().get(exact);
        return exact;
    }

    static ByteBuffer request(int flags, int type, long cookie, long offset, long length) {
        ByteBuffer request = ByteBuffer.allocate(Nbd.REQUEST_BYTES);
        request.putInt(Nbd.REQUEST_MAGIC).putShort((short) flags).putShort((short) type);
        return request.putLong(cookie).putLong(offset).putInt((int) length).flip();
    }

    void command(int flags, int type, long cookie, long offset, long length) throws IOException {
        send(request(flags, type, cookie, offset, length));
    }

    void write(int flags, long cookie, long offset, byte[] payload) throws IOException {
        command(flags, Nbd.CMD_WRITE, cookie, offset, payload.length);
        send(ByteBuffer.wrap(payload));
    }

    /** Reads a simple reply, with data of that many bytes unless it is an error. */
    Reply simpleReply(int dataBytes) throws IOException {
        ByteBuffer head = read(Nbd.SIMPLE_REPLY_BYTES);
        if (head.getInt() != Nbd.SIMPLE_REPLY_MAGIC) {
            throw new IOException("bad magic of a simple reply");
        }
        int error = head.getInt();
        long cookie = head.getLong();
        return new Reply(1, -1, cookie, error, read(error == 0 ? dataBytes : 0));
    }

    Reply chunk() throws IOException {
        ByteBuffer head = read(Nbd.CHUNK_BYTES);
        if (head.getInt() != Nbd.STRUCTURED_REPLY_MAGIC) {
            throw new IOException("bad magic of a structured reply");
        }
        int flags = head.getShort();
        int type = head.getShort() & 0xffff;
        long cookie = head.getLong();
        ByteBuffer data = read(head.getInt());
        int error = type == Nbd.REPLY_ERROR ? data.getInt() : 0;
        return new Reply(flags, type, cookie, error, data);
    }

    static String message(Reply error) {
        ByteBuffer data = error.data();
        byte[] text = new byte[data.getShort()];
        data.get(text);
        return new String(text, StandardCharsets.UTF_8);
    }

    void send(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    ByteBuffer read(int bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new EOFException("the server closed the connection");
            }
        }
        return buffer.flip();
    }

    /** Whether nothing but the end of the stream comes. */
    boolean atEnd() throws IOException {
        try {
            return channel.read(ByteBuffer.allocate(1)) < 0;
        } catch (java.net.SocketException e) {
            return true; // reset: it left bytes of ours unread
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
