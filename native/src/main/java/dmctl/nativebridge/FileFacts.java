package dmctl.nativebridge;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What the kernel says of a file, from statx.
 *
 * @param blockDevice whether it is a block device
 * @param regular whether it is a regular file
 * @param inode its number on its file system
 * @param device the file system it is on, {@code major:minor} in hexadecimal as in /proc/locks
 * @param bytes size of a regular file, 0 for a block device
 * @param directMemoryAlign alignment of memory for O_DIRECT in bytes, 0 if the kernel does not say
 * @param directOffsetAlign alignment of offsets for O_DIRECT in bytes, 0 if the kernel does not say
 *     or the file does not support it
 */
public record FileFacts(
        boolean blockDevice,
        boolean regular,
        long inode,
        String device,
        long bytes,
        int directMemoryAlign,
        int directOffsetAlign) {
    private static final int BASIC_STATS = 0x7ff;
    static final int DIRECT_ALIGN = 0x2000;
    private static final int ANSWER_BYTES = 256;
    static final int MODE_AT = 28;
    static final int INODE_AT = 32;
    static final int SIZE_AT = 40;
    static final int DEVICE_MAJOR_AT = 136;
    static final int DEVICE_MINOR_AT = 140;
    static final int DIRECT_MEMORY_AT = 152;
    static final int DIRECT_OFFSET_AT = 156;
    private static final int KIND_MASK = 0170000;
    private static final int KIND_BLOCK = 0060000;
    private static final int KIND_REGULAR = 0100000;

    /**
     * Asks about a path; links are followed.
     *
     * @param path the file
     * @return the answer
     * @throws IOException if there is none
     */
    public static FileFacts of(Path path) throws IOException {
        return ask(LibC.AT_FDCWD, path.toString(), 0, path.toString());
    }

    static FileFacts of(int fd, String name) throws IOException {
        return ask(fd, "", LibC.AT_EMPTY_PATH, name);
    }

    private static FileFacts ask(int directory, String path, int flags, String name)
            throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment answer = arena.allocate(ANSWER_BYTES, Long.BYTES);
            int result = LibC.statx(directory, path, flags, BASIC_STATS | DIRECT_ALIGN, answer);
            if (result < 0) {
                throw new ErrnoException("statx", name, -result);
            }
            int kind = answer.get(ValueLayout.JAVA_SHORT, MODE_AT) & KIND_MASK;
            return new FileFacts(
                    kind == KIND_BLOCK,
                    kind == KIND_REGULAR,
                    answer.get(ValueLayout.JAVA_LONG, INODE_AT),
                    String.format(
                            Locale.ROOT,
                            "%02x:%02x",
                            answer.get(ValueLayout.JAVA_INT, DEVICE_MAJOR_AT),
                            answer.get(ValueLayout.JAVA_INT, DEVICE_MINOR_AT)),
                    kind == KIND_REGULAR ? answer.get(ValueLayout.JAVA_LONG, SIZE_AT) : 0,
                    answer.get(ValueLayout.JAVA_INT, DIRECT_MEMORY_AT),
                    answer.get(ValueLayout.JAVA_INT, DIRECT_OFFSET_AT));
        }
    }
}
