package dmctl.config.table;

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
        String device, long startSector, Opening opening, OptionalLong sizeSectors) {
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

    /** What may be done to get a log, in the order of their words' prefixes. */
    public enum Opening {
        /** The log that is there, else a new one where there is nothing. */
        AUTO,
        /** A new one, where there is nothing. */
        CREATE,
        /** The log that is there. */
        OPEN
    }
}
