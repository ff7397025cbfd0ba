package dmctl.nativebridge.devmapper;

/** How a task is done. */
public enum TaskFlag {
    /** The device takes no writes. */
    READ_ONLY,
    /** Does not ask how often the device is open. */
    NO_OPEN_COUNT,
    /** Does not wait for what is under way. */
    NO_FLUSH,
    /** Leaves the file system on the device as it is. */
    NO_LOCK_FS,
    /** Is about the inactive table. */
    INACTIVE,
    /** Lets the library check more. */
    CHECKS,
    /** Tries for some seconds to remove a device that is open. */
    RETRY,
    /** Removes a device that is open with its last close. */
    DEFERRED,
    /** Tells udev to leave the node to the library. */
    NO_UDEV_RULES,
    /** Tells udev to look for nothing on the device: it is not for use by its content. */
    NO_UDEV_DISK_RULES,
    /** Does not wait for udev. */
    NO_UDEV_SYNC,
    /** Lets the library see to it that udev made the node. */
    VERIFY_UDEV,
    /** Makes the node with the device, not with its first table. */
    ADD_NODE_ON_CREATE,
    /** Makes the node with the first table. */
    ADD_NODE_ON_RESUME,
    /** Asks for the read-ahead, too. */
    READ_AHEAD
}
