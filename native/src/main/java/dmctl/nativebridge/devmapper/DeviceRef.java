package dmctl.nativebridge.devmapper;

/** Which mapped device is meant. */
public sealed interface DeviceRef {
    /**
     * By name.
     *
     * @param name as under /dev/mapper
     */
    record Name(String name) implements DeviceRef {}

    /**
     * By its unique identifier.
     *
     * @param uuid the whole of it
     */
    record Uuid(String uuid) implements DeviceRef {}

    /**
     * By number.
     *
     * @param number major and minor
     */
    record ByNumber(DeviceNumber number) implements DeviceRef {}

    /**
     * Names a device.
     *
     * @param name as under /dev/mapper
     * @return the reference
     */
    static DeviceRef named(String name) {
        return new Name(name);
    }
}
