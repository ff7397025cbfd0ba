package dmctl.engine;

import dmctl.engine.GroupDefinition.Device;
import dmctl.replog.RegionPage;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * For each region of each device the seq of the last write to it, 0 for none, or a higher one: a
 * site whose copy is exact up to a seq needs the regions with a higher one. The seqs stand in pages
 * as the log keeps them; where it has no room for one seq for each region of a copy, several share
 * one.
 */
final class RegionMap {
    /** Of a region of which nothing is known, until the log's head is. */
    private static final long UNKNOWN = Long.MAX_VALUE;

    private static final long NEVER_CLEAN = -1;
    private static final int SHIFT_MAX = 40;
    private static final int SPARE_PAGES = 8;

    private final List<Device> devices;
    private final int regionShift;
    private final int mapShift;
    private final boolean fits;
    private final long[][] lastSeq;

    /** First page of each device, and behind the last one. */
    private final int[] firstPage;

    /** Highest seq of each page, and the one it had when it was last taken for writing. */
    private final long[] pageSeq;

    private final long[] cleanSeq;

    /**
     * A map of regions that were never written.
     *
     * @param def the group
     * @param logPages pages the log has room for, 0 if it keeps no map
     */
    RegionMap(GroupDefinition def, int logPages) {
        devices = def.devices();
        regionShift = Integer.numberOfTrailingZeros(def.tuning().regionBytes());
        int shift = regionShift;
        while (logPages > 0 && shift < SHIFT_MAX && pages(devices, shift) > logPages) {
            shift++;
        }
        fits = pages(devices, shift) <= logPages;
        mapShift = fits ? shift : regionShift;
        lastSeq = new long[devices.size()][];
        firstPage = new int[devices.size() + 1];
        for (int i = 0; i < lastSeq.length; i++) {
            lastSeq[i] = new long[(int) regions(devices.get(i), mapShift)];
            firstPage[i + 1] = firstPage[i] + pages(lastSeq[i].length);
        }
        int pages = Math.max(logPages, firstPage[lastSeq.length]);
        pageSeq = new long[pages];
        cleanSeq = new long[pages];
    }

    private static long regions(Device device, int shift) {
        return (device.sizeBytes() + (1L << shift) - 1) >>> shift;
    }

    private static int pages(long regions) {
        return (int) ((regions + RegionPage.ENTRIES - 1) / RegionPage.ENTRIES);
    }

    private static long pages(List<Device> devices, int shift) {
        long pages = 0;
        for (Device device : devices) {
            pages += pages(regions(device, shift));
        }
        return pages;
    }

    /** Pages a log should have room for: some more than now, for devices are added, and grow. */
    static long pagesWanted(GroupDefinition def) {
        int shift = Integer.numberOfTrailingZeros(def.tuning().regionBytes());
        long pages = pages(def.devices(), shift);
        return pages + pages / 4 + SPARE_PAGES;
    }

    void written(int device, long sector, long sectors, long seq) {
        long[] map = lastSeq[device];
        int from = (int) (sector << 9 >>> mapShift);
        int to = (int) ((sector + sectors - 1) << 9 >>> mapShift);
        for (int i = from; i <= to; i++) {
            map[i] = Math.max(map[i], seq);
        }
        int lastPage = firstPage[device] + to / RegionPage.ENTRIES;
        for (int page = firstPage[device] + from / RegionPage.ENTRIES; page <= lastPage; page++) {
            pageSeq[page] = Math.max(pageSeq[page], seq);
        }
    }

    // Regions as they are copied

    int regions(int device) {
        return (int) regions(devices.get(device), regionShift);
    }

    long lastSeq(int device, int region) {
        return lastSeq[device][region >>> (mapShift - regionShift)];
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

    // Regions as they are noted

    /** Whether the log has room for the map. */
    boolean fits() {
        return fits;
    }

    long mapRegionBytes() {
        return 1L << mapShift;
    }

    int mapRegions(int device) {
        return lastSeq[device].length;
    }

    /** Seq of the last write around an offset of a device. */
    long lastSeqAt(int device, long offset) {
        return lastSeq[device][(int) (offset >>> mapShift)];
    }

    /**
     * Regions of a device, from an offset on, that a site lacks whose copy is exact up to a seq; -1
     * for a site that has nothing yet.
     */
    int newerThan(int device, long offset, long seq) {
        long[] map = lastSeq[device];
        int from = (int) Math.min(map.length, offset >>> mapShift);
        if (seq < 0) {
            return map.length - from;
        }
        int count = 0;
        for (int page = firstPage[device]; page < firstPage[device + 1]; page++) {
            int first = firstRegion(page, device);
            int end = first + count(page, device);
            if (pageSeq[page] <= seq || end <= from) {
                continue;
            }
            for (int i = Math.max(first, from); i < end; i++) {
                count += map[i] > seq ? 1 : 0;
            }
        }
        return count;
    }

    /** All regions hold what some record up to a seq has left, whichever. */
    void allWritten(long seq) {
        for (long[] map : lastSeq) {
            Arrays.fill(map, seq);
        }
        Arrays.fill(pageSeq, seq);
        Arrays.fill(cleanSeq, NEVER_CLEAN);
    }

    // Pages

    int pages() {
        return pageSeq.length;
    }

    boolean isDirty(int page) {
        return pageSeq[page] != cleanSeq[page];
    }

    void markDirty(int page) {
        cleanSeq[page] = NEVER_CLEAN;
    }

    void markAllDirty() {
        Arrays.fill(cleanSeq, NEVER_CLEAN);
    }

    /** Device of a page, -1 if the page is not used. */
    private int deviceOf(int page) {
        for (int device = 0; device < devices.size(); device++) {
            if (page < firstPage[device + 1]) {
                return device;
            }
        }
        return -1;
    }

    private int firstRegion(int page, int device) {
        return (page - firstPage[device]) * RegionPage.ENTRIES;
    }

    private int count(int page, int device) {
        return Math.min(RegionPage.ENTRIES, lastSeq[device].length - firstRegion(page, device));
    }

    /** Takes a page for writing, all but its checksum; later writes make it dirty again. */
    void take(int page, ByteBuffer to, int base, LogIdentity log, long generation) {
        cleanSeq[page] = pageSeq[page];
        int device = deviceOf(page);
        int first = device < 0 ? 0 : firstRegion(page, device);
        int count = device < 0 ? 0 : count(page, device);
        RegionPage.put(
                to,
                base,
                log.logUuidHi(),
                log.logUuidLo(),
                page,
                generation,
                device < 0 ? 0 : devices.get(device).devNr(),
                first,
                count,
                1L << mapShift);
        for (int i = 0; i < count; i++) {
            RegionPage.putSeq(to, base, i, lastSeq[device][first + i]);
        }
    }

    /**
     * Takes in a page as it was read; perhaps one of other devices, or of regions of another size.
     *
     * @return whether the page is as it would be written now
     */
    boolean load(int page, ByteBuffer from, int base) {
        int device = deviceOf(page);
        int count = RegionPage.count(from, base);
        boolean same =
                device < 0
                        ? count == 0
                        : devices.get(device).devNr() == RegionPage.devNr(from, base)
                                && firstRegion(page, device) == RegionPage.firstRegion(from, base)
                                && count(page, device) == count
                                && 1L << mapShift == RegionPage.regionBytes(from, base);
        for (int i = 0; i < devices.size(); i++) {
            if (devices.get(i).devNr() == RegionPage.devNr(from, base)) {
                for (int entry = 0; entry < count; entry++) {
                    long begin =
                            (RegionPage.firstRegion(from, base) + entry)
                                    * RegionPage.regionBytes(from, base);
                    raise(
                            i,
                            begin,
                            begin + RegionPage.regionBytes(from, base),
                            RegionPage.seq(from, base, entry));
                }
            }
        }
        if (same) {
            cleanSeq[page] = pageSeq[page];
        }
        return same;
    }

    private void raise(int device, long begin, long end, long seq) {
        long[] map = lastSeq[device];
        long first = begin >>> mapShift;
        long last = Math.min(map.length, ((end - 1) >>> mapShift) + 1);
        for (long i = first; i < last; i++) {
            map[(int) i] = Math.max(map[(int) i], seq);
            int page = firstPage[device] + (int) i / RegionPage.ENTRIES;
            pageSeq[page] = Math.max(pageSeq[page], seq);
        }
    }

    /** Nothing is known of the regions of a page. */
    void forget(int page) {
        int device = deviceOf(page);
        if (device >= 0) {
            int first = firstRegion(page, device);
            Arrays.fill(lastSeq[device], first, first + count(page, device), UNKNOWN);
            pageSeq[page] = UNKNOWN;
        }
        cleanSeq[page] = NEVER_CLEAN;
    }

    void forgetAll() {
        for (int page = 0; page < pageSeq.length; page++) {
            forget(page);
        }
    }

    /**
     * The log's head is known. What is newer was cut off, or is not known: it counts as written
     * just now, for no copy can be newer than that.
     */
    void endAt(long headSeq) {
        for (int device = 0; device < lastSeq.length; device++) {
            long[] map = lastSeq[device];
            for (int page = firstPage[device]; page < firstPage[device + 1]; page++) {
                if (pageSeq[page] <= headSeq) {
                    continue;
                }
                int first = firstRegion(page, device);
                int end = first + count(page, device);
                for (int i = first; i < end; i++) {
                    map[i] = Math.min(map[i], headSeq);
                }
                pageSeq[page] = headSeq;
                cleanSeq[page] = NEVER_CLEAN;
            }
        }
    }
}
