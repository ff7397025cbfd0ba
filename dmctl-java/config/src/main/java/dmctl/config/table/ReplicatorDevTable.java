package dmctl.config.table;

import java.util.List;

/**
 * A table of the data target {@code replicator-dev}: one replicated device and its copies.
 *
 * @param extent of the mapped device
 * @param replicator path or MAJOR:MINOR of the device with the {@code replicator} table
 * @param devNr number of the device in its group
 * @param copies the local one first
 */
public record ReplicatorDevTable(Extent extent, String replicator, int devNr, List<Copy> copies)
        implements Table {
    /** Keeps the list from changing and refuses what no table can say. */
    public ReplicatorDevTable {
        copies = List.copyOf(copies);
        Words.requireWritable(replicator);
        if (devNr < 0) {
            throw new IllegalArgumentException("no number of a device: " + devNr);
        }
    }
}
