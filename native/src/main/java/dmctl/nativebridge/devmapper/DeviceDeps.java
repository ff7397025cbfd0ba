package dmctl.nativebridge.devmapper;

import java.util.List;

/**
 * What a mapped device lies on.
 *
 * @param device the device
 * @param numbers of the devices below it
 */
public record DeviceDeps(DeviceState device, List<DeviceNumber> numbers) {
    /** Keeps the list from changing. */
    public DeviceDeps {
        numbers = List.copyOf(numbers);
    }
}
