package dmctl.nativebridge;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The driver of the running kernel. */
final class KernelUblk implements UblkSystem {
    private static final String SERVER = "ublkc";
    private static final Path CLASS = Path.of("/sys/class/ublk-char");
    private static final Path RELEASE = Path.of("/proc/sys/kernel/osrelease");

    @Override
    public CommandRing ring(int entries, boolean wide) throws IOException {
        return UringCommands.open(entries, wide);
    }

    @Override
    public int openControl() {
        return LibC.open("/dev/ublk-control", LibC.O_RDWR | LibC.O_CLOEXEC, 0);
    }

    @Override
    public int openServer(int id) {
        return LibC.open("/dev/" + SERVER + id, LibC.O_RDWR | LibC.O_CLOEXEC, 0);
    }

    @Override
    public int openExclusively(int id) {
        return LibC.open("/dev/ublkb" + id, LibC.O_RDWR | LibC.O_EXCL | LibC.O_CLOEXEC, 0);
    }

    @Override
    public int flush(int fd) {
        return LibC.fsync(fd);
    }

    @Override
    public void close(int fd) {
        LibC.close(fd);
    }

    @Override
    public MemorySegment mapDescriptors(int fd, long bytes) throws IOException {
        return map(bytes, LibC.PROT_READ, LibC.MAP_SHARED | LibC.MAP_POPULATE, fd);
    }

    @Override
    public MemorySegment allocate(long bytes) throws IOException {
        int flags = LibC.MAP_PRIVATE | LibC.MAP_ANONYMOUS;
        return map(bytes, LibC.PROT_READ | LibC.PROT_WRITE, flags, -1);
    }

    private static MemorySegment map(long bytes, int protection, int flags, int fd)
            throws IOException {
        long address = LibC.mmap(bytes, protection, flags, fd, 0);
        if (address < 0) {
            throw new ErrnoException("mmap", "ublk", (int) -address);
        }
        return LibC.memory(address, bytes);
    }

    @Override
    public void free(MemorySegment memory) {
        LibC.munmap(memory.address(), memory.byteSize());
    }

    @Override
    public int[] devices() throws IOException {
        List<Integer> found = new ArrayList<>();
        Path folder = Files.isDirectory(CLASS) ? CLASS : Path.of("/dev");
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, SERVER + "*")) {
            for (Path entry : entries) {
                String number = String.valueOf(entry.getFileName()).substring(SERVER.length());
                if (number.matches("[0-9]{1,9}")) {
                    found.add(Integer.valueOf(number));
                }
            }
        }
        return found.stream().mapToInt(Integer::intValue).sorted().toArray();
    }

    @Override
    public boolean hasModule() {
        try {
            String release = Files.readString(RELEASE).strip();
            Path modules = Path.of("/lib/modules", release, "modules.dep");
            if (!Files.exists(modules)) {
                return true;
            }
            try (Stream<String> lines = Files.lines(modules, StandardCharsets.UTF_8)) {
                return lines.anyMatch(line -> line.contains("/ublk_drv.ko"));
            }
        } catch (IOException e) {
            return true; // not known: loading it tells
        }
    }
}
