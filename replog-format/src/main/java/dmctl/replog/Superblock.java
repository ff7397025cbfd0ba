package dmctl.replog;

import java.util.UUID;

/**
 * What a log is: identity, layout and how it was last opened. Two copies stand at its start; the
 * one with the higher generation counts.
 *
 * @param generation counts up with each write of either copy, from 1
 * @param logUuid this log
 * @param groupUuid the group whose records it holds
 * @param siteUuid the site that it belongs to
 * @param layout where its parts stand
 * @param blockSize logical block size of the group's devices in bytes: 512 or 4096
 * @param opening number of openings so far; every frame carries the one it was written under
 * @param clean whether it was closed cleanly, everything applied and flushed
 * @param createdMicros time of creation in microseconds since 1970
 */
public record Superblock(
        long generation,
        UUID logUuid,
        UUID groupUuid,
        UUID siteUuid,
        LogLayout layout,
        int blockSize,
        long opening,
        boolean clean,
        long createdMicros) {

    /**
     * The next generation for another opening.
     *
     * @return an unclean superblock with opening and generation one higher
     */
    public Superblock opened() {
        return new Superblock(
                generation + 1,
                logUuid,
                groupUuid,
                siteUuid,
                layout,
                blockSize,
                opening + 1,
                false,
                createdMicros);
    }

    /**
     * The next generation with another layout.
     *
     * @param other the new one
     * @return the same opening and state, generation one higher
     */
    public Superblock withLayout(LogLayout other) {
        return new Superblock(
                generation + 1,
                logUuid,
                groupUuid,
                siteUuid,
                other,
                blockSize,
                opening,
                clean,
                createdMicros);
    }

    /**
     * The next generation with another state.
     *
     * @param closedCleanly whether everything is applied and flushed
     * @return the same opening, generation one higher
     */
    public Superblock withClean(boolean closedCleanly) {
        return new Superblock(
                generation + 1,
                logUuid,
                groupUuid,
                siteUuid,
                layout,
                blockSize,
                opening,
                closedCleanly,
                createdMicros);
    }
}
