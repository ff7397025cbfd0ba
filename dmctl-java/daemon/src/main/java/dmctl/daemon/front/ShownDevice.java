package dmctl.daemon.front;

/**
 * A device of a group as this machine has it.
 *
 * @param name of the device
 * @param path of the block device; empty if there is none
 * @param state in one word
 */
public record ShownDevice(String name, String path, State state) {
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
