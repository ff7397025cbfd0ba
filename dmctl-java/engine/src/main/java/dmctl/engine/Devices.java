package dmctl.engine;

import dmctl.engine.GroupDefinition.Device;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The devices of the group by number, and for each what the log holds of it that is not applied
 * yet.
 */
final class Devices {
    private final GroupDefinition def;
    private @Nullable RegionMap regions;
    private @Nullable RegionPages regionPages;
    private final RangeNodes nodes;
    private final RangeIndex[] index;
    private final int[] deviceIndexByNr;

    /**
     * Devices of which nothing is in a log.
     *
     * @param def the group
     * @param recordsMax most records that will ever be in the index at a time
     */
    Devices(GroupDefinition def, long recordsMax) {
        this.def = def;
        nodes = new RangeNodes((int) nodesFor(recordsMax));
        index = new RangeIndex[def.devices().size()];
        int highest = 0;
        for (int i = 0; i < index.length; i++) {
            index[i] = new RangeIndex(nodes);
            highest = Math.max(highest, def.devices().get(i).devNr());
        }
        deviceIndexByNr = new int[highest + 1];
        Arrays.fill(deviceIndexByNr, -1);
        for (int i = 0; i < index.length; i++) {
            deviceIndexByNr[def.devices().get(i).devNr()] = i;
        }
    }

    /** Makes the region map, once it is known how many pages of it the log holds. */
    void openRegions(Replica replica, LogIdentity identity) {
        if (regions == null) {
            regions = new RegionMap(def, identity.mapPages());
            regionPages = new RegionPages(replica, identity);
        }
    }

    /** What keeps the region map in the log. */
    RegionPages regionPages() {
        RegionPages pages = regionPages;
        if (pages == null) {
            throw new InvariantViolation("the log is being opened");
        }
        return pages;
    }

    RegionMap regions() {
        RegionMap map = regions;
        if (map == null) {
            throw new InvariantViolation("the log is being opened");
        }
        return map;
    }

    private static long nodesFor(long records) {
        return RangeIndex.NODES_ADDED_BY_PUT * records;
    }

    /** Most bytes that the indexes for so many records take. */
    static long indexBytesMax(long records) {
        return RangeNodes.memoryBytesMax(nodesFor(records));
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

    /** Whether another record finds room in the index. */
    boolean indexHasRoom() {
        return nodes.hasRoom(RangeIndex.NODES_ADDED_BY_PUT);
    }

    void indexPut(int devNr, long sector, long sectors, long seq) {
        int device = deviceIndex(devNr);
        index[device].put(sector, sectors, seq);
        regions().written(device, sector, sectors, seq);
    }

    /** A record that is on the devices already. */
    void noteWritten(int devNr, long sector, long sectors, long seq) {
        regions().written(deviceIndex(devNr), sector, sectors, seq);
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
