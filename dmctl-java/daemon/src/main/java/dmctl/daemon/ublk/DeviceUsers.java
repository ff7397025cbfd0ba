package dmctl.daemon.ublk;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Who uses a device, as far as the kernel tells. */
final class DeviceUsers {
    private static final Path MOUNTS = Path.of("/proc/self/mounts");

    private DeviceUsers() {}

    /** Such as {@code , mounted on /srv, below dm-0}; empty if nothing is known. */
    static String of(int id) {
        List<String> users = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(MOUNTS, StandardCharsets.UTF_8)) {
                List<String> words = List.of(line.split(" ", -1));
                if (words.size() > 1 && words.getFirst().equals("/dev/ublkb" + id)) {
                    users.add("mounted on " + words.get(1));
                }
            }
        } catch (IOException e) {
            users.add("mounts unknown: " + e.getMessage());
        }
        Path holders = Path.of("/sys/class/block/ublkb" + id, "holders");
        if (Files.isDirectory(holders)) {
            try (DirectoryStream<Path> all = Files.newDirectoryStream(holders)) {
                all.forEach(holder -> users.add("below " + holder.getFileName()));
            } catch (IOException e) {
                users.add("devices above it unknown: " + e.getMessage());
            }
        }
        return users.isEmpty() ? "" : ", " + String.join(", ", users);
    }
}
