package dmctl.tools.replog;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file or block device, opened for reading only. */
final class LogFile implements AutoCloseable {
    private final String name;
    private final FileChannel channel;
    private final long size;

    private LogFile(String name, FileChannel channel) throws IOException {
        this.name = name;
        this.channel = channel;
        this.size = channel.size();
    }

    static LogFile open(Path path) throws IOException {
        return new LogFile(path.toString(), FileChannel.open(path, StandardOpenOption.READ));
    }

    String name() {
        return name;
    }

    /** Size in bytes. */
    long size() {
        return size;
    }

    /** Bytes of the file, zeroes behind its end: what a truncated file lacks is never there. */
    ByteBuffer read(long offset, int bytes) throws IOException {
        ByteBuffer buf = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        read(offset, buf, bytes);
        return buf;
    }

    /** Fills the first bytes of a buffer, with zeroes behind the end of the file. */
    void read(long offset, ByteBuffer buf, int bytes) throws IOException {
        buf.clear().limit(bytes);
        while (buf.hasRemaining() && offset + buf.position() < size) {
            int read;
            try {
                read = channel.read(buf, offset + buf.position());
            } catch (IOException e) {
                throw new IOException(
                        name
                                + ": cannot read at offset "
                                + (offset + buf.position())
                                + ": "
                                + e.getMessage(),
                        e);
            }
            if (read < 0) {
                break;
            }
        }
        while (buf.hasRemaining()) {
            buf.put((byte) 0);
        }
        buf.clear();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
