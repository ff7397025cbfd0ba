package dmctl.daemon.nbd;

/**
 * One device of a group as clients see it.
 *
 * @param name of the device; what a client asks for
 * @param group its group; {@code group/name} is a second name of the export
 * @param devNr number of the device in the group
 * @param sizeBytes length, a multiple of the block size
 * @param blockSize logical block size, 512 or 4096 bytes
 */
public record Export(String name, String group, int devNr, long sizeBytes, int blockSize) {
    /** Checks what the protocol needs. */
    public Export {
        if (blockSize < 512 || Integer.bitCount(blockSize) != 1 || sizeBytes % blockSize != 0) {
            throw new IllegalArgumentException(
                    "export " + name + ": " + sizeBytes + " bytes in blocks of " + blockSize);
        }
    }

    boolean isNamed(String asked) {
        return asked.equals(name) || asked.equals(group + "/" + name);
    }
}
