package dmctl.cli;

import dmctl.nativebridge.devmapper.DeviceNumber;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Whether something that must not wait stands on a block device: through devices on it, file
 * systems, and files on those that are devices again.
 */
final class DeviceUsers {
    /**
     * A file or device that is needed while the I/O of others waits.
     *
     * @param what for people
     * @param path of it; it may not exist yet
     */
    record Use(String what, Path path) {}

    /**
     * A file that is a block device.
     *
     * @param device number of that
     * @param file it
     */
    record Loop(DeviceNumber device, Path file) {}

    private record Mount(DeviceNumber device, Path at, String source) {}

    /** What a machine says of its devices. */
    interface Machine {
        /** The text of /proc/self/mountinfo. */
        String mounts() throws IOException;

        /** The text of /proc/swaps. */
        String swaps() throws IOException;

        List<DeviceNumber> holders(DeviceNumber device) throws IOException;

        List<Loop> loops() throws IOException;

        /** The device of the file system that a path is on; empty if the path is not there. */
        Optional<DeviceNumber> fileSystem(Path path) throws IOException;

        /** The number of a block device; empty if the path is none. */
        Optional<DeviceNumber> block(Path path) throws IOException;
    }

    private final Machine machine;
    private final List<Mount> mounts;
    private final Set<DeviceNumber> above = new HashSet<>();

    private DeviceUsers(Machine machine) throws IOException {
        this.machine = machine;
        this.mounts = mounts(machine.mounts());
    }

    /**
     * Names the first thing on a device that must not wait.
     *
     * @return for people; empty if there is none
     */
    static Optional<String> find(DeviceNumber device, List<Use> uses, Machine machine)
            throws IOException {
        DeviceUsers users = new DeviceUsers(machine);
        users.climb(device);
        return users.find(uses);
    }

    private void climb(DeviceNumber device) throws IOException {
        List<DeviceNumber> fresh = new ArrayList<>(List.of(device));
        while (!fresh.isEmpty()) {
            DeviceNumber next = fresh.removeLast();
            if (above.add(next)) {
                fresh.addAll(machine.holders(next));
            }
            if (fresh.isEmpty()) {
                for (Loop loop : machine.loops()) {
                    if (!above.contains(loop.device()) && stands(loop.file())) {
                        fresh.add(loop.device());
                    }
                }
            }
        }
    }

    private Optional<String> find(List<Use> uses) throws IOException {
        for (Mount mount : mounts) {
            if (mount.at().equals(Path.of("/")) && on(mount)) {
                return Optional.of("the root file system");
            }
        }
        for (String line : machine.swaps().lines().skip(1).toList()) {
            String path = unescaped(line.strip().split("\\s+", 2)[0]);
            if (!path.isEmpty() && stands(Path.of(path))) {
                return Optional.of("swap, " + path);
            }
        }
        for (Use use : uses) {
            if (stands(use.path())) {
                return Optional.of(use.what() + ", " + use.path());
            }
        }
        return Optional.empty();
    }

    /** Whether a file or device stands on one of the devices found. */
    private boolean stands(Path path) throws IOException {
        Optional<DeviceNumber> block = machine.block(path);
        if (block.isPresent()) {
            return above.contains(block.get());
        }
        for (Path at = path.toAbsolutePath().normalize(); at != null; at = at.getParent()) {
            Optional<DeviceNumber> device = machine.fileSystem(at);
            if (device.isPresent()) {
                return above.contains(device.get())
                        || (device.get().major() == 0 && on(holding(at)));
            }
        }
        return false;
    }

    /** The mount that a path is on: file systems with several devices have numbers of their own. */
    private Optional<Mount> holding(Path path) {
        Mount best = null;
        for (Mount mount : mounts) {
            boolean closer = best == null || mount.at().getNameCount() >= best.at().getNameCount();
            if (path.startsWith(mount.at()) && closer) {
                best = mount;
            }
        }
        return Optional.ofNullable(best);
    }

    private boolean on(Optional<Mount> mount) throws IOException {
        return mount.isPresent() && on(mount.get());
    }

    private boolean on(Mount mount) throws IOException {
        if (above.contains(mount.device())) {
            return true;
        }
        return mount.source().startsWith("/")
                && machine.block(Path.of(mount.source())).filter(above::contains).isPresent();
    }

    private static List<Mount> mounts(String text) {
        List<Mount> mounts = new ArrayList<>();
        for (String line : text.lines().toList()) {
            String[] halves = line.split(" - ", 2);
            String[] words = halves[0].split(" ", -1);
            String[] numbers = words[2].split(":", 2);
            mounts.add(
                    new Mount(
                            new DeviceNumber(
                                    Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1])),
                            Path.of(unescaped(words[4])),
                            unescaped(halves[1].split(" ", -1)[1])));
        }
        return mounts;
    }

    /** The kernel writes blanks in paths as octal numbers. */
    private static String unescaped(String word) {
        return word.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\");
    }

    /** This machine. */
    static final Machine THIS =
            new Machine() {
                @Override
                public String mounts() throws IOException {
                    return Files.readString(
                            Path.of("/proc/self/mountinfo"), StandardCharsets.UTF_8);
                }

                @Override
                public String swaps() throws IOException {
                    Path swaps = Path.of("/proc/swaps");
                    return Files.exists(swaps)
                            ? Files.readString(swaps, StandardCharsets.UTF_8)
                            : "";
                }

                @Override
                public List<DeviceNumber> holders(DeviceNumber device) throws IOException {
                    List<DeviceNumber> holders = new ArrayList<>();
                    Path folder = Path.of("/sys/dev/block", device.toString(), "holders");
                    if (!Files.isDirectory(folder)) {
                        return holders;
                    }
                    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
                        for (Path entry : entries) {
                            holders.add(number(entry));
                        }
                    }
                    return holders;
                }

                @Override
                public List<Loop> loops() throws IOException {
                    List<Loop> loops = new ArrayList<>();
                    Path folder = Path.of("/sys/block");
                    try (DirectoryStream<Path> entries =
                            Files.newDirectoryStream(folder, "loop*")) {
                        for (Path entry : entries) {
                            Path file = entry.resolve("loop/backing_file");
                            if (Files.exists(file)) {
                                String path = Files.readString(file, StandardCharsets.UTF_8);
                                loops.add(new Loop(number(entry), Path.of(path.strip())));
                            }
                        }
                    }
                    return loops;
                }

                private DeviceNumber number(Path entry) throws IOException {
                    Path name = Objects.requireNonNull(entry.getFileName());
                    Path file = Path.of("/sys/class/block").resolve(name).resolve("dev");
                    String[] words =
                            Files.readString(file, StandardCharsets.US_ASCII).strip().split(":", 2);
                    return new DeviceNumber(Integer.parseInt(words[0]), Integer.parseInt(words[1]));
                }

                @Override
                public Optional<DeviceNumber> fileSystem(Path path) throws IOException {
                    return Files.exists(path)
                            ? Optional.of(attribute(path, "unix:dev"))
                            : Optional.empty();
                }

                @Override
                public Optional<DeviceNumber> block(Path path) throws IOException {
                    if (!Files.exists(path)) {
                        return Optional.empty();
                    }
                    int kind = ((Number) Files.getAttribute(path, "unix:mode")).intValue();
                    return (kind & KIND_MASK) == KIND_BLOCK
                            ? Optional.of(attribute(path, "unix:rdev"))
                            : Optional.empty();
                }

                private DeviceNumber attribute(Path path, String name) throws IOException {
                    long dev = ((Number) Files.getAttribute(path, name)).longValue();
                    return DeviceNumber.ofDevT(dev);
                }
            };

    private static final int KIND_MASK = 0170000;
    private static final int KIND_BLOCK = 0060000;
}
