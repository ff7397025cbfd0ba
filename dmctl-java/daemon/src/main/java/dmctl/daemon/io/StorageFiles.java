package dmctl.daemon.io;

import dmctl.nativebridge.Errno;
import dmctl.nativebridge.ErrnoException;
import dmctl.nativebridge.NativeFile;
import dmctl.nativebridge.NativeFile.OpenFlag;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;

/** Makes the files that storages are opened on. */
public final class StorageFiles {
    /** What a new file has behind it. */
    public enum Space {
        /** Nothing: a hole, filled as it is written. A write may find the file system full. */
        SPARSE,
        /** Reserved blocks that read as zeroes. */
        RESERVED,
        /**
         * Reserved and written with zeroes once, up to {@link #WRITTEN_BYTES_MAX}: what a log
         * wants. The first write into merely reserved blocks makes the file system log a change,
         * which makes that write and the next flush several times slower.
         */
        WRITTEN
    }

    /** A log beyond this size is only reserved from here on, so that making it stays short. */
    public static final long WRITTEN_BYTES_MAX = 1L << 30;

    private static final int PIECE_BYTES = 1 << 20;

    private StorageFiles() {}

    /**
     * Makes a file, durably, its name included. It reads as zeroes.
     *
     * @param path where; nothing may be there
     * @param bytes its size
     * @param space what is behind it
     * @throws IOException if it exists, does not fit, or cannot be made; then nothing is left of it
     */
    public static void create(Path path, long bytes, Space space) throws IOException {
        Set<OpenFlag> flags = EnumSet.of(OpenFlag.READ_WRITE, OpenFlag.CREATE, OpenFlag.EXCLUSIVE);
        try (NativeFile file = NativeFile.open(path, flags)) {
            try {
                file.truncate(bytes);
                if (space != Space.SPARSE) {
                    reserve(file, bytes);
                }
                if (space == Space.WRITTEN) {
                    writeZeroes(file, Math.min(bytes, WRITTEN_BYTES_MAX));
                }
                file.sync();
            } catch (IOException e) {
                Files.deleteIfExists(path);
                throw e;
            }
        }
        Path parent = path.toAbsolutePath().getParent();
        if (parent != null) {
            NativeFile.syncDirectory(parent);
        }
    }

    private static void reserve(NativeFile file, long bytes) throws ErrnoException {
        try {
            file.reserve(0, bytes);
        } catch (ErrnoException e) {
            // Where it cannot be reserved, a write may still find the file system full.
            if (e.errno() != Errno.EOPNOTSUPP && e.errno() != Errno.ENOSYS) {
                throw e;
            }
        }
    }

    private static void writeZeroes(NativeFile file, long bytes) throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment zeroes = arena.allocate(PIECE_BYTES, 4096);
            for (long at = 0; at < bytes; at += PIECE_BYTES) {
                file.write(zeroes.address(), Math.min(PIECE_BYTES, bytes - at), at);
            }
        }
    }
}
