package dmctl.nativebridge.devmapper;

import java.util.List;

/**
 * The table of a mapped device, or the status of its targets.
 *
 * @param device the device
 * @param lines one for each target
 */
public record DeviceTable(DeviceState device, List<TableLine> lines) {
    /** Keeps the list from changing. */
    public DeviceTable {
        lines = List.copyOf(lines);
    }
}
