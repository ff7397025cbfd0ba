package dmctl.nativebridge;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/** What sysfs says of the kernel's NBD devices. */
public final class NbdDisks {
    private static final int SECTOR = 512;
    private static final String PREFIX = "nbd";

    private final Path root;

    NbdDisks(Path root) {
        this.root = root;
    }

    /**
     * Returns those of this machine.
     *
     * @return a view of {@code /sys/block}
     */
    public static NbdDisks ofThisMachine() {
        return new NbdDisks(Path.of("/sys/block"));
    }

    private Path disk(int index) {
        return root.resolve(PREFIX + index);
    }

    /**
     * Tells whether a device has a client: a process or the kernel serves it, or it waits for one.
     *
     * @param index N of /dev/nbdN
     * @return false also if there is no such device
     */
    public boolean connected(int index) {
        return Files.exists(disk(index).resolve("pid"));
    }

    /**
     * Returns whose a connected device is.
     *
     * @param index N of /dev/nbdN
     * @return as given at CONNECT; empty if nothing was, if the kernel keeps it for nobody to see,
     *     or if it is not connected
     * @throws IOException if sysfs cannot be read
     */
    public Optional<String> backend(int index) throws IOException {
        return line(disk(index).resolve("backend"));
    }

    /**
     * Returns the length of a device.
     *
     * @param index N of /dev/nbdN
     * @return bytes, 0 if there is none
     * @throws IOException if sysfs cannot be read
     */
    public long sizeBytes(int index) throws IOException {
        Optional<String> sectors = line(disk(index).resolve("size"));
        return sectors.isEmpty() ? 0 : Long.parseLong(sectors.get()) * SECTOR;
    }

    /**
     * Finds a connected device by whose it is.
     *
     * @param backend as given at CONNECT
     * @return N of /dev/nbdN
     * @throws IOException if sysfs cannot be read
     */
    public OptionalInt find(String backend) throws IOException {
        if (!Files.isDirectory(root)) {
            return OptionalInt.empty();
        }
        try (Stream<Path> disks = Files.list(root)) {
            return disks.mapToInt(NbdDisks::index)
                    .filter(index -> index >= 0 && isBackend(index, backend))
                    .sorted()
                    .findFirst();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private boolean isBackend(int index, String backend) {
        try {
            return backend(index).filter(backend::equals).isPresent();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int index(Path disk) {
        String name = disk.getFileName().toString();
        return name.matches(PREFIX + "[0-9]{1,7}")
                ? Integer.parseInt(name.substring(PREFIX.length()))
                : -1;
    }

    /**
     * Sets how often the kernel looks after a request that is not answered. It ends none of them;
     * but those that went to a socket that is dead are sent again only when it looks.
     *
     * <p>Writing it waits until no request is under way, so the device has to be served meanwhile;
     * what is so already is not written.
     *
     * @param index N of /dev/nbdN
     * @param millis between two looks
     * @throws IOException if the kernel refuses
     */
    public void lookAfterMillis(int index, int millis) throws IOException {
        Path file = disk(index).resolve("queue").resolve("io_timeout");
        String wanted = Integer.toString(millis);
        if (!line(file).equals(Optional.of(wanted))) {
            Files.writeString(file, wanted, StandardCharsets.US_ASCII);
        }
    }

    private static Optional<String> line(Path file) throws IOException {
        try {
            return Optional.of(Files.readString(file, StandardCharsets.UTF_8).strip());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            // ENODEV: it went between open and read.
            if (Files.exists(file)) {
                throw e;
            }
            return Optional.empty();
        }
    }
}
