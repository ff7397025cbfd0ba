package dmctl.daemon.io;

import dmctl.nativebridge.Errno;
import dmctl.nativebridge.ErrnoException;
import dmctl.nativebridge.FileFacts;
import dmctl.nativebridge.NativeFile;
import dmctl.nativebridge.NativeFile.OpenFlag;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;

/**
 * A file or block device opened and locked by the descriptor that will write.
 *
 * @param file the descriptor
 * @param sizeBytes its size
 * @param memoryAlign alignment of memory that can be read into and written from without a copy
 * @param direct whether it goes past the page cache
 */
record StorageFile(NativeFile file, long sizeBytes, int memoryAlign, boolean direct) {
    private static final int PROBE_BYTES = 4096;

    /** What O_DIRECT asks of memory where the kernel does not say: enough for every device. */
    private static final int MEMORY_ALIGN_DEFAULT = 512;

    /**
     * Opens and locks.
     *
     * @param path a regular file or block device
     * @param wantDirect whether to go past the page cache where that is possible
     * @param blockBytes granularity of all that will be asked
     * @return the open file
     * @throws IOException if it cannot be opened, is in use, or is neither file nor block device
     */
    static StorageFile open(Path path, boolean wantDirect, int blockBytes) throws IOException {
        FileFacts facts = facts(path);
        boolean direct = wantDirect;
        NativeFile file;
        try {
            file = openOnce(path, facts, direct);
            if (direct && !directWorks(file, blockBytes)) {
                file.close();
                direct = false;
                file = openOnce(path, facts, false);
            }
        } catch (ErrnoException e) {
            if (!direct || e.errno() != Errno.EINVAL) {
                throw explained(e);
            }
            direct = false;
            file = openOnce(path, facts, false);
        }
        try {
            lock(file);
            int logical = file.logicalBlockBytes();
            if (logical > blockBytes) {
                throw new IOException(
                        path
                                + " has logical blocks of "
                                + logical
                                + " bytes and the group has smaller ones of "
                                + blockBytes
                                + ": use another device, or make the group with the larger ones");
            }
            int align = Math.max(file.facts().directMemoryAlign(), MEMORY_ALIGN_DEFAULT);
            return new StorageFile(file, file.size(), direct ? align : 1, direct);
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    private static FileFacts facts(Path path) throws IOException {
        FileFacts facts;
        try {
            facts = FileFacts.of(path);
        } catch (ErrnoException e) {
            throw explained(e);
        }
        if (!facts.regular() && !facts.blockDevice()) {
            throw new IOException(path + " is neither a regular file nor a block device");
        }
        return facts;
    }

    private static NativeFile openOnce(Path path, FileFacts facts, boolean direct)
            throws IOException {
        EnumSet<OpenFlag> flags = EnumSet.of(OpenFlag.READ_WRITE);
        if (facts.blockDevice()) {
            flags.add(OpenFlag.EXCLUSIVE);
        }
        if (direct) {
            flags.add(OpenFlag.DIRECT);
        }
        return NativeFile.open(path, flags);
    }

    private static IOException explained(ErrnoException e) {
        String remedy =
                switch (e.errno()) {
                    case Errno.ENOENT -> "create it first, or correct the path";
                    case Errno.EBUSY ->
                            "it is mounted, part of a device-mapper or md device, or open in"
                                    + " another daemon: see lsblk and fuser -v, and release it";
                    case Errno.EACCES, Errno.EPERM ->
                            "give the daemon's user the right to write it";
                    case Errno.EROFS -> "remount its file system writable";
                    default -> "";
                };
        return remedy.isEmpty() ? e : new IOException(e.getMessage() + ": " + remedy, e);
    }

    /** Some file systems take the flag and then refuse every transfer. */
    private static boolean directWorks(NativeFile file, int blockBytes) throws IOException {
        int offsetAlign = file.facts().directOffsetAlign();
        if (offsetAlign > blockBytes) {
            return false;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment target = arena.allocate(PROBE_BYTES, PROBE_BYTES);
            file.read(target.address(), blockBytes, 0);
            return true;
        } catch (ErrnoException e) {
            // Any other error is the medium's, and told to whoever reads.
            return e.errno() != Errno.EINVAL;
        }
    }

    private static void lock(NativeFile file) throws IOException {
        if (!file.tryLock()) {
            throw new IOException(
                    file.name()
                            + " is locked by "
                            + lockHolder(file.facts())
                            + ": stop that process, or wait until its last write has ended");
        }
    }

    /**
     * Names the holder for the message: lines of /proc/locks end in PID MAJOR:MINOR:INODE 0 EOF.
     */
    private static String lockHolder(FileFacts facts) {
        String wanted = facts.device() + ":" + facts.inode();
        try {
            for (String line : Files.readAllLines(Path.of("/proc/locks"))) {
                String[] words = line.trim().split("\\s+", -1);
                if (words.length > 5 && words[5].equals(wanted)) {
                    Path command = Path.of("/proc", words[4], "comm");
                    String name = Files.exists(command) ? Files.readString(command).trim() : "?";
                    return "process " + words[4] + " (" + name + ")";
                }
            }
        } catch (IOException e) {
            // Without /proc the message is less exact and no less true.
            return "another process (" + e.getMessage() + ")";
        }
        return "another process, perhaps in another container or on another host";
    }
}
