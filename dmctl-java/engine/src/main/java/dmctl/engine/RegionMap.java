package dmctl.engine;

import dmctl.engine.GroupDefinition.Device;
import java.util.List;

/**
 * For each region of each device the seq of the last write to it since this log was opened; 0 for
 * none. A site whose copy is exact up to a seq needs the regions with a higher one.
 */
final class RegionMap {
    private final List<Device> devices;
    private final int regionShift;
    private final long[][] lastSeq;

    RegionMap(GroupDefinition def) {
        devices = def.devices();
        regionShift = Integer.numberOfTrailingZeros(def.tuning().regionBytes());
        lastSeq = new long[devices.size()][];
        for (int i = 0; i < lastSeq.length; i++) {
            long size = devices.get(i).sizeBytes();
            lastSeq[i] = new long[(int) ((size + (1L << regionShift) - 1) >>> regionShift)];
        }
    }

    void written(int device, long sector, long sectors, long seq) {
        long[] map = lastSeq[device];
        int from = (int) (sector << 9 >>> regionShift);
        int to = (int) ((sector + sectors - 1) << 9 >>> regionShift);
        for (int i = from; i <= to; i++) {
            map[i] = seq;
        }
    }

    int regions(int device) {
        return lastSeq[device].length;
    }

    long lastSeq(int device, int region) {
        return lastSeq[device][region];
    }

    int regionBytes() {
        return 1 << regionShift;
    }

    long regionOffset(int region) {
        return (long) region << regionShift;
    }

    int regionLength(int device, int region) {
        return (int)
                Math.min(1L << regionShift, devices.get(device).sizeBytes() - regionOffset(region));
    }
}
