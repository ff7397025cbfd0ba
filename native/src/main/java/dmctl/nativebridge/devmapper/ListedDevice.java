package dmctl.nativebridge.devmapper;

/**
 * An entry of the list of mapped devices.
 *
 * @param name as under /dev/mapper
 * @param number its device number
 */
public record ListedDevice(String name, DeviceNumber number) {}
