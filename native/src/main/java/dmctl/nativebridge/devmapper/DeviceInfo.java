package dmctl.nativebridge.devmapper;

/**
 * What the kernel says of a mapped device.
 *
 * @param exists whether there is one; if not, the rest means nothing
 * @param suspended whether it is
 * @param liveTable whether it has a table in use
 * @param inactiveTable whether one is loaded that the next resume takes
 * @param openCount how often it is open; -1 if not asked for
 * @param eventNr number of its last event
 * @param number its device number
 * @param readOnly whether it is
 * @param targetCount lines of its table; -1 if not asked for
 * @param deferredRemove whether it goes with its last close
 */
public record DeviceInfo(
        boolean exists,
        boolean suspended,
        boolean liveTable,
        boolean inactiveTable,
        int openCount,
        int eventNr,
        DeviceNumber number,
        boolean readOnly,
        int targetCount,
        boolean deferredRemove) {}
