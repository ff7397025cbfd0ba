package dmctl.nativebridge.devmapper;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A mapped device to be made.
 *
 * @param name as under /dev/mapper
 * @param uuid where it gets one
 * @param number where it is not for the kernel to choose
 * @param uid owner of its node
 * @param gid group of its node
 * @param mode of its node
 * @param table none for a device without one
 */
public record NewDevice(
        String name,
        Optional<String> uuid,
        Optional<DeviceNumber> number,
        OptionalInt uid,
        OptionalInt gid,
        OptionalInt mode,
        Optional<List<TableLine>> table) {
    /** Keeps the list from changing. */
    public NewDevice {
        table = table.map(List::copyOf);
    }
}
