package dmctl.simulator;

import dmctl.engine.Group;
import java.util.Locale;

/**
 * Holds the region map of a site against the history it serves: no region may be noted as older
 * than the last write to it, or a resync by regions would leave that out.
 */
final class RegionOracle {
    /** No region is smaller. */
    private static final int UNIT_SECTORS = 8;

    private RegionOracle() {}

    /** Returns for each device what the map says of every 4 KiB. */
    static long[][] look(Group group, int[] deviceSectors) {
        long[][] map = new long[deviceSectors.length][];
        for (int device = 0; device < map.length; device++) {
            map[device] = new long[(deviceSectors[device] + UNIT_SECTORS - 1) / UNIT_SECTORS];
            for (int i = 0; i < map[device].length; i++) {
                map[device][i] = group.lastSeqAt(device, (long) i * UNIT_SECTORS * Stamp.SECTOR);
            }
        }
        return map;
    }

    /**
     * Judges a map by all ops of a line up to a seq.
     *
     * @return what is wrong, empty if nothing is
     */
    static String judge(History line, long cut, long[][] map) {
        for (int i = 0; i < line.memberCount(); i++) {
            int op = line.member(i);
            long seq = line.journal.large(op) ? line.lowSeq(op) : line.seq(op);
            // Of an op that a cut has split some sectors were never written.
            boolean whole = line.seq(op) == line.journal.seq(op);
            if (seq == 0 || line.seq(op) > cut || !whole) {
                continue;
            }
            int device = line.journal.device(op);
            int first = line.journal.firstSector(op);
            int last = first + line.journal.sectors(op) - 1;
            for (int unit = first / UNIT_SECTORS; unit <= last / UNIT_SECTORS; unit++) {
                if (map[device][unit] < seq) {
                    return String.format(
                            Locale.ROOT,
                            "the region map notes seq %d at dev %d sector %d, older than %s; the"
                                    + " history goes up to seq %d",
                            map[device][unit],
                            device,
                            unit * UNIT_SECTORS,
                            line.journal.name(op),
                            cut);
                }
            }
        }
        return "";
    }
}
