package dmctl.engine;

import dmctl.engine.GroupDefinition.Device;
import dmctl.replog.Frame;
import java.util.Arrays;

/**
 * The devices of the group by number, and for each what the log holds of it that is not applied
 * yet.
 */
final class Devices {
    /** Ranges not applied yet that are kept at most, all devices together. */
    private static final int INDEX_NODES_MAX = 2 << 20;

    private final GroupDefinition def;
    private final RegionMap regions;
    private final RangeIndex[] index;
    private final int[] deviceIndexByNr;

    Devices(GroupDefinition def) {
        this.def = def;
        regions = new RegionMap(def);
        index = new RangeIndex[def.devices().size()];
        int highest = 0;
        for (int i = 0; i < index.length; i++) {
            // Twice the bound: what was applied since the last checkpoint comes back at recovery.
            index[i] = new RangeIndex(2 * (INDEX_NODES_MAX / index.length));
            highest = Math.max(highest, def.devices().get(i).devNr());
        }
        deviceIndexByNr = new int[highest + 1];
        Arrays.fill(deviceIndexByNr, -1);
        for (int i = 0; i < index.length; i++) {
            deviceIndexByNr[def.devices().get(i).devNr()] = i;
        }
    }

    RegionMap regions() {
        return regions;
    }

    long memoryBytesMax() {
        long sum = 0;
        for (RangeIndex each : index) {
            sum += each.memoryBytesMax();
        }
        return sum;
    }

    int deviceIndex(int devNr) {
        int device = devNr >= 0 && devNr < deviceIndexByNr.length ? deviceIndexByNr[devNr] : -1;
        Invariant.check(device >= 0, "a device of the group", devNr);
        return device;
    }

    boolean knows(int devNr, long sector, long sectors) {
        if (devNr < 0 || devNr >= deviceIndexByNr.length || deviceIndexByNr[devNr] < 0) {
            return false;
        }
        long size = def.devices().get(deviceIndexByNr[devNr]).sizeBytes() >>> 9;
        return sector >= 0 && sectors >= 0 && sectors <= size && sector <= size - sectors;
    }

    RangeIndex index(int device) {
        return index[device];
    }

    /** Whether the records of a batch fit in any case. */
    boolean indexHasRoom() {
        for (RangeIndex each : index) {
            if (each.size() + 4 * Frame.MAX_RECORDS > INDEX_NODES_MAX / index.length) {
                return false;
            }
        }
        return true;
    }

    void indexPut(int devNr, long sector, long sectors, long seq) {
        int device = deviceIndex(devNr);
        index[device].put(sector, sectors, seq);
        regions.written(device, sector, sectors, seq);
    }

    /** Digest of what must be the same at all sites. */
    long shape() {
        long digest = 1125899906842597L * def.blockSize();
        for (Device device : def.devices()) {
            digest = 31 * digest + device.devNr();
            digest = 31 * digest + device.sizeBytes();
        }
        return digest;
    }
}
