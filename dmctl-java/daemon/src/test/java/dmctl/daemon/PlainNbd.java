package dmctl.daemon;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The least of an NBD client: one export, one request at a time. */
final class PlainNbd implements AutoCloseable {
    private static final long OPTION_MAGIC = 0x49484156454F5054L;
    private static final int REQUEST_MAGIC = 0x25609513;
    private static final int REPLY_MAGIC = 0x67446698;
    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int FLUSH = 3;

    private final SocketChannel channel;
    private final DataInputStream in;
    private final DataOutputStream out;

    PlainNbd(Path socket, String export) throws IOException {
        channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        in = new DataInputStream(Channels.newInputStream(channel));
        out = new DataOutputStream(Channels.newOutputStream(channel));
        in.skipNBytes(18);
        byte[] name = export.getBytes(StandardCharsets.UTF_8);
        out.writeInt(3);
        out.writeLong(OPTION_MAGIC);
        out.writeInt(1);
        out.writeInt(name.length);
        out.write(name);
        in.skipNBytes(10);
    }

    private void request(int type, long offset, int length) throws IOException {
        out.writeInt(REQUEST_MAGIC);
        out.writeShort(0);
        out.writeShort(type);
        out.writeLong(7);
        out.writeLong(offset);
        out.writeInt(length);
    }

    private void reply() throws IOException {
        if (in.readInt() != REPLY_MAGIC) {
            throw new IOException("not a reply");
        }
        int error = in.readInt();
        in.skipNBytes(8);
        if (error != 0) {
            throw new IOException("error " + error);
        }
    }

    void write(long offset, byte[] data) throws IOException {
        request(WRITE, offset, data.length);
        out.write(data);
        reply();
    }

    void flush() throws IOException {
        request(FLUSH, 0, 0);
        reply();
    }

    byte[] read(long offset, int length) throws IOException {
        request(READ, offset, length);
        reply();
        return in.readNBytes(length);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
