package dmctl.config.table;

import dmctl.config.LogOpening;
import java.util.OptionalLong;

/**
 * The replog of a table.
 *
 * @param device path, or MAJOR:MINOR
 * @param startSector sector of the log's header
 * @param opening what may be done to get a log there
 * @param sizeSectors size of the log; empty if the table does not say
 */
public record LogDevice(
        String device, long startSector, LogOpening opening, OptionalLong sizeSectors) {
    /** Smallest log, 2 MiB. */
    public static final long SECTORS_MIN = 4096;

    /** Refuses what no table can say. */
    public LogDevice {
        Words.requireWritable(device);
        if (startSector < 0 || startSector > Extent.SECTOR_MAX) {
            throw new IllegalArgumentException("no start of a log: " + startSector);
        }
        if (sizeSectors.isPresent() && sizeSectors.getAsLong() < SECTORS_MIN) {
            throw new IllegalArgumentException("no size of a log: " + sizeSectors);
        }
    }
}
