package dmctl.nativebridge.devmapper;

/**
 * The number of a block device.
 *
 * @param major which driver
 * @param minor which of its devices
 */
public record DeviceNumber(int major, int minor) {
    /**
     * Takes the C library's dev_t apart.
     *
     * @param dev the whole number
     * @return its parts
     */
    public static DeviceNumber ofDevT(long dev) {
        long major = ((dev >>> 8) & 0xfff) | ((dev >>> 32) & 0xfffff000L);
        long minor = (dev & 0xff) | ((dev >>> 12) & 0xffffff00L);
        return new DeviceNumber((int) major, (int) minor);
    }

    @Override
    public String toString() {
        return major + ":" + minor;
    }
}
