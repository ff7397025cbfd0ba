package dmctl.nativebridge.devmapper;

import java.util.OptionalInt;

/**
 * A mapped device as a task has left or found it.
 *
 * @param info what the kernel says
 * @param name as under /dev/mapper
 * @param uuid empty if it has none
 * @param readAhead in sectors; empty if it was not asked for or is unknown
 */
public record DeviceState(DeviceInfo info, String name, String uuid, OptionalInt readAhead) {}
