package dmctl.nativebridge;

import java.io.IOException;
import java.nio.file.Path;

/** The calls on a real {@code /dev/dm-user/NAME}. */
public final class DmUserFile implements DmUserCalls {
    private final int fd;

    private DmUserFile(int fd) {
        this.fd = fd;
    }

    /**
     * Opens a channel.
     *
     * @param path of the character device
     * @return to be closed
     * @throws ErrnoException with ENOENT while no table names the device
     * @throws IOException if it is refused otherwise
     */
    public static DmUserFile open(Path path) throws IOException {
        int fd = LibC.open(path.toString(), LibC.O_RDWR | LibC.O_CLOEXEC, 0);
        if (fd < 0) {
            throw new ErrnoException("open", path.toString(), -fd);
        }
        return new DmUserFile(fd);
    }

    /** Of a descriptor that is open already. */
    static DmUserFile of(int fd) {
        return new DmUserFile(fd);
    }

    @Override
    public long read(long address, long length) {
        return SocketCalls.read(fd, address, length);
    }

    @Override
    public long write(long address, long length) {
        return SocketCalls.write(fd, address, length);
    }

    @Override
    public void close() {
        LibC.close(fd);
    }
}
