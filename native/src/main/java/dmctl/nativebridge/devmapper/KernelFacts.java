package dmctl.nativebridge.devmapper;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Whether this process can use the kernel's device-mapper, found out without the library.
 *
 * @param misc the kernel's list of misc devices
 * @param sysfs the driver's folder
 * @param control the driver's node
 * @param status of this process
 */
record KernelFacts(Path misc, Path sysfs, Path control, Path status) {
    private static final int CAP_SYS_ADMIN = 21;

    static KernelFacts ofThisHost() {
        return new KernelFacts(
                Path.of("/proc/misc"),
                Path.of("/sys/class/misc/device-mapper"),
                Path.of("/dev/mapper/control"),
                Path.of("/proc/self/status"));
    }

    /** Refuses in one line. */
    void require() throws DeviceMapperException {
        if (!mayAdminister()) {
            throw refused("no privilege to use device-mapper (CAP_SYS_ADMIN); run this as root");
        }
        if (!isThere()) {
            loadByNode();
        }
        if (!isThere()) {
            throw refused("this kernel has no device-mapper; load it with: modprobe dm-mod");
        }
    }

    private boolean isThere() {
        if (Files.exists(sysfs)) {
            return true;
        }
        try {
            return Files.readString(misc, StandardCharsets.UTF_8)
                    .lines()
                    .anyMatch(line -> line.strip().endsWith(" device-mapper"));
        } catch (IOException e) {
            return false; // no /proc: then there is no other way to know either
        }
    }

    /** A node that was made ahead of the module: to open it asks the kernel to load that. */
    private void loadByNode() {
        if (!Files.exists(control)) {
            return;
        }
        try (FileChannel channel = FileChannel.open(control, StandardOpenOption.READ)) {
            channel.isOpen();
        } catch (IOException e) {
            return; // no module: is said by who asked
        }
    }

    private boolean mayAdminister() {
        try {
            for (String line : Files.readString(status, StandardCharsets.UTF_8).lines().toList()) {
                if (line.startsWith("CapEff:")) {
                    long capabilities =
                            Long.parseUnsignedLong(line.substring("CapEff:".length()).strip(), 16);
                    return (capabilities >>> CAP_SYS_ADMIN & 1) == 1;
                }
            }
            return true; // not said: the kernel will judge
        } catch (IOException | NumberFormatException e) {
            return true;
        }
    }

    private static DeviceMapperException refused(String why) {
        return new DeviceMapperException(why, 0, false);
    }
}
