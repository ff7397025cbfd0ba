package dmctl.daemon.ublk;

import dmctl.config.GroupConfig;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.UUID;

/**
 * What is to be shown.
 *
 * @param uuid of the group
 * @param site whose daemon this is
 * @param blockSize logical block size of the devices
 * @param devices of the group
 * @param stateDir where is kept which device has which number
 * @param wanted false: devices of an earlier start are removed, and none are made
 */
public record UblkSettings(
        UUID uuid,
        String site,
        int blockSize,
        List<GroupConfig.Device> devices,
        Path stateDir,
        boolean wanted) {
    /** Requests of a device under way at most. */
    private static final int DEPTH = 128;

    /** Most data of one request. */
    static final int MAX_IO_BYTES = 512 << 10;

    /** The kernel makes no larger rings. */
    private static final int RING_MAX = 32_768;

    /** Lower bits of a mark: the number of the device. */
    private static final int DEVICE_BITS = 16;

    /** Requests of one device: all devices share a ring. */
    int depth() {
        return Math.clamp(RING_MAX / Math.max(1, devices.size()), 1, DEPTH);
    }

    /** What tells the devices of this site of this group from all others that the kernel has. */
    long mark(int devNr) {
        return ownMark() | devNr;
    }

    boolean isOwn(long mark) {
        return (mark & -1L << DEVICE_BITS) == ownMark();
    }

    static int devNr(long mark) {
        return (int) (mark & ((1 << DEVICE_BITS) - 1));
    }

    private long ownMark() {
        String whose = "dmctl\n" + uuid + "\n" + site;
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(whose.getBytes(StandardCharsets.UTF_8));
            return ByteBuffer.wrap(digest).getLong() << DEVICE_BITS;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }

    /** Where is kept which device has which number. */
    public Path record() {
        return stateDir.resolve("ublk");
    }
}
