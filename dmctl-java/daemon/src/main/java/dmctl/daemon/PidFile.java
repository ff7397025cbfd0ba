package dmctl.daemon;

import dmctl.config.FileTrouble;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/** Holds a lock for as long as the daemon runs, so that a site never has two. */
final class PidFile implements AutoCloseable {
    private final FileChannel channel;
    private final FileLock lock;

    private PidFile(FileChannel channel, FileLock lock) {
        this.channel = channel;
        this.lock = lock;
    }

    static PidFile lock(Path path, String site) throws DaemonFailure {
        try {
            Files.createDirectories(Objects.requireNonNull(path.getParent()));
            FileChannel channel =
                    FileChannel.open(
                            path,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                channel.close();
                throw new DaemonFailure(
                        DaemonFailure.CANNOT_OPEN,
                        "site "
                                + site
                                + " has a daemon already: process "
                                + Files.readString(path).strip()
                                + "; stop that one first");
            }
            channel.truncate(0);
            channel.write(
                    ByteBuffer.wrap(
                            (ProcessHandle.current().pid() + "\n")
                                    .getBytes(StandardCharsets.UTF_8)));
            return new PidFile(channel, lock);
        } catch (IOException e) {
            throw new DaemonFailure(
                    DaemonFailure.CANNOT_OPEN, "site " + site + ": " + FileTrouble.text(e));
        }
    }

    @Override
    public void close() throws IOException {
        channel.truncate(0);
        lock.release();
        channel.close();
    }
}
