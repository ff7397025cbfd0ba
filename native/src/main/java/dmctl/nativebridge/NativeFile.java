package dmctl.nativebridge;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Set;

/**
 * One open descriptor of a file or block device. Unlike a FileChannel it shows errors by number,
 * can be locked with flock, punched and zeroed, and is not closed by an interrupt. Any thread may
 * call; nobody may call after or during {@link #close}, whose number the kernel gives to the next
 * file opened.
 */
public final class NativeFile implements AutoCloseable {
    /** How a file is opened. All are opened close-on-exec. */
    public enum OpenFlag {
        /** For writing too. */
        READ_WRITE(LibC.O_RDWR),
        /** Past the page cache. */
        DIRECT(LibC.O_DIRECT),
        /** Each write is durable when it ends. */
        DSYNC(LibC.O_DSYNC),
        /** Made if it does not exist, readable by its owner only. */
        CREATE(LibC.O_CREAT),
        /**
         * With CREATE: must not exist. On a block device: not mounted and not opened so elsewhere.
         */
        EXCLUSIVE(LibC.O_EXCL);

        private final int bits;

        OpenFlag(int bits) {
            this.bits = bits;
        }
    }

    private static final int OWNER_ONLY = 0600;

    private final int fd;
    private final String name;
    private final FileFacts facts;

    private NativeFile(int fd, String name, FileFacts facts) {
        this.fd = fd;
        this.name = name;
        this.facts = facts;
    }

    /**
     * Opens a file.
     *
     * @param path the file or block device
     * @param flags how
     * @return the open file
     * @throws ErrnoException if the kernel refuses
     * @throws IOException if it is refused otherwise
     */
    public static NativeFile open(Path path, Set<OpenFlag> flags) throws IOException {
        int bits = LibC.O_CLOEXEC;
        for (OpenFlag flag : flags) {
            bits |= flag.bits;
        }
        String name = path.toString();
        int fd = LibC.open(name, bits, OWNER_ONLY);
        check("open", name, fd);
        try {
            return new NativeFile(fd, name, FileFacts.of(fd, name));
        } catch (IOException e) {
            LibC.close(fd);
            throw e;
        }
    }

    /**
     * Makes the names in a directory durable.
     *
     * @param directory the directory
     * @throws IOException if that fails
     */
    public static void syncDirectory(Path directory) throws IOException {
        try (NativeFile file = open(directory, Set.of())) {
            check("fsync", file.name, LibC.fsync(file.fd));
        }
    }

    private static long check(String call, String name, long result) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, name, (int) -result);
        }
        return result;
    }

    int fd() {
        return fd;
    }

    /**
     * Returns its path.
     *
     * @return as given
     */
    public String name() {
        return name;
    }

    /**
     * Returns what the kernel said when it was opened.
     *
     * @return the facts
     */
    public FileFacts facts() {
        return facts;
    }

    /**
     * Returns the size now.
     *
     * @return bytes of the file or block device
     * @throws IOException if the kernel does not say
     */
    public long size() throws IOException {
        if (!facts.blockDevice()) {
            return FileFacts.of(fd, name).bytes();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment answer = arena.allocate(ValueLayout.JAVA_LONG);
            check("BLKGETSIZE64", name, LibC.ioctl(fd, LibC.BLKGETSIZE64, answer));
            return answer.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    /**
     * Returns the logical block size.
     *
     * @return bytes; 512 for a file
     * @throws IOException if the kernel does not say
     */
    public int logicalBlockBytes() throws IOException {
        if (!facts.blockDevice()) {
            return 512;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment answer = arena.allocate(ValueLayout.JAVA_INT);
            check("BLKSSZGET", name, LibC.ioctl(fd, LibC.BLKSSZGET, answer));
            return answer.get(ValueLayout.JAVA_INT, 0);
        }
    }

    /**
     * Locks the file against every other opener that locks, until this descriptor is closed.
     *
     * @return false if somebody else holds the lock
     * @throws IOException if the file cannot be locked at all
     */
    public boolean tryLock() throws IOException {
        int result = LibC.flock(fd, LibC.LOCK_EX | LibC.LOCK_NB);
        if (result == -Errno.EAGAIN) {
            return false;
        }
        check("flock", name, result);
        return true;
    }

    /**
     * Reads until the range is full or the file ends.
     *
     * @param address where to
     * @param length bytes
     * @param offset in the file
     * @return bytes read, fewer only at the end of the file
     * @throws ErrnoException if the read fails
     */
    public long read(long address, long length, long offset) throws ErrnoException {
        return check("pread", name, LibC.pread(fd, address, length, offset));
    }

    /**
     * Writes a whole range.
     *
     * @param address where from
     * @param length bytes
     * @param offset in the file
     * @throws ErrnoException if the write fails; any part of it may have been done
     */
    public void write(long address, long length, long offset) throws ErrnoException {
        check("pwrite", name, LibC.pwrite(fd, address, length, offset));
    }

    /**
     * Makes every write that has ended durable, with what is needed to find it again.
     *
     * @throws ErrnoException if that fails: then nothing may be assumed, and a repeated call that
     *     succeeds proves nothing
     */
    public void syncData() throws ErrnoException {
        check("fdatasync", name, LibC.fdatasync(fd));
    }

    /**
     * As {@link #syncData}, and all that is known of the file.
     *
     * @throws ErrnoException if that fails
     */
    public void sync() throws ErrnoException {
        check("fsync", name, LibC.fsync(fd));
    }

    /**
     * Sets the size of a regular file.
     *
     * @param bytes the new size
     * @throws ErrnoException if that fails
     */
    public void truncate(long bytes) throws ErrnoException {
        check("ftruncate", name, LibC.ftruncate(fd, bytes));
    }

    /**
     * Reserves space, so that writing there cannot fail for lack of it.
     *
     * @param offset start in bytes
     * @param length bytes; the file grows to hold them
     * @throws ErrnoException with EOPNOTSUPP where the file system cannot
     */
    public void reserve(long offset, long length) throws ErrnoException {
        check("fallocate", name, LibC.fallocate(fd, 0, offset, length));
    }

    /**
     * Makes a range read as zeroes and gives its space back. On a block device the kernel does it
     * only where the device promises zeroes, which a bare discard does not.
     *
     * @param offset start in bytes
     * @param length bytes
     * @throws ErrnoException with EOPNOTSUPP where the file system or device cannot
     */
    public void punchHole(long offset, long length) throws ErrnoException {
        int mode = LibC.FALLOC_FL_PUNCH_HOLE | LibC.FALLOC_FL_KEEP_SIZE;
        check("fallocate(PUNCH_HOLE)", name, LibC.fallocate(fd, mode, offset, length));
    }

    /**
     * Makes a range read as zeroes and keeps its space.
     *
     * @param offset start in bytes
     * @param length bytes
     * @throws ErrnoException with EOPNOTSUPP where the file system cannot
     */
    public void zeroRange(long offset, long length) throws ErrnoException {
        if (facts.blockDevice()) {
            blockRange("BLKZEROOUT", LibC.BLKZEROOUT, offset, length);
            return;
        }
        int mode = LibC.FALLOC_FL_ZERO_RANGE | LibC.FALLOC_FL_KEEP_SIZE;
        check("fallocate(ZERO_RANGE)", name, LibC.fallocate(fd, mode, offset, length));
    }

    /**
     * Tells a block device that a range is not needed. What it reads as afterwards is not said.
     *
     * @param offset start in bytes
     * @param length bytes
     * @throws ErrnoException with EOPNOTSUPP where the device cannot, ENOTTY on a file
     */
    public void discard(long offset, long length) throws ErrnoException {
        blockRange("BLKDISCARD", LibC.BLKDISCARD, offset, length);
    }

    private void blockRange(String call, long request, long offset, long length)
            throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment range = arena.allocate(ValueLayout.JAVA_LONG, 2);
            range.setAtIndex(ValueLayout.JAVA_LONG, 0, offset);
            range.setAtIndex(ValueLayout.JAVA_LONG, 1, length);
            check(call, name, LibC.ioctl(fd, request, range));
        }
    }

    /**
     * Finds the next byte that may hold data.
     *
     * @param offset where to begin, below the size
     * @return its offset, or -1 if only a hole follows
     * @throws ErrnoException with EINVAL where the file system or device does not say
     */
    public long nextData(long offset) throws ErrnoException {
        long result = LibC.lseek(fd, offset, LibC.SEEK_DATA);
        return result == -Errno.ENXIO ? -1 : check("lseek(SEEK_DATA)", name, result);
    }

    /**
     * Finds the next hole: a range without data, which reads as zeroes.
     *
     * @param offset where to begin, below the size
     * @return its offset; the size if none follows
     * @throws ErrnoException with EINVAL where the file system or device does not say
     */
    public long nextHole(long offset) throws ErrnoException {
        return check("lseek(SEEK_HOLE)", name, LibC.lseek(fd, offset, LibC.SEEK_HOLE));
    }

    /** Closes the descriptor, which ends its lock. An error here is no news: flush first. */
    @Override
    public void close() {
        LibC.close(fd);
    }
}
