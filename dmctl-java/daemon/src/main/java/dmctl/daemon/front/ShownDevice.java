package dmctl.daemon.front;

import org.jspecify.annotations.Nullable;

/**
 * A device of a group as this machine has it.
 *
 * @param name of the device
 * @param path of the block device; empty if there is none
 * @param state in one word
 * @param mapping its name under /dev/mapper; null if it is to have none
 */
public record ShownDevice(String name, String path, State state, @Nullable Mapping mapping) {
    /**
     * Describes a device that is to have no name under /dev/mapper.
     *
     * @param name of the device
     * @param path of the block device; empty if there is none
     * @param state in one word
     */
    public ShownDevice(String name, String path, State state) {
        this(name, path, state, null);
    }

    /**
     * What a device has at device-mapper.
     *
     * @param name under /dev/mapper
     * @param uuid its unique identifier there
     * @param below path of the device that it is mapped to; empty if there is none
     */
    public record Mapping(String name, String uuid, String below) {}

    /** Where it is in its life. */
    public enum State {
        /** Not there. */
        ABSENT,
        /** Being made, or taken over from a daemon that was killed. */
        STARTING,
        /** Can be used. */
        LIVE,
        /** Being removed. */
        STOPPING,
        /** There, its requests wait for the next daemon. */
        WAITING
    }
}
