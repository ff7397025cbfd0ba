package dmctl.simulator;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The medium of a disk. {@code content} is what readers see, the volatile cache included; for every
 * 4 KiB page written since the last flush its durable bytes are kept aside, and every unflushed
 * write is remembered, so that a power cut can keep, lose or tear each of them.
 */
final class SimDisk {
    static final int PAGE = Pages.BYTES;

    final String name;
    final boolean volatileCache;
    final Pages content;
    final DiskFaults faults = new DiskFaults();
    final List<DiskWrite> inFlight = new ArrayList<>();

    private final byte[] @Nullable [] durablePages;
    private int[] touched = new int[64];
    private int touchedCount;
    private final ArrayList<DiskWrite> cached = new ArrayList<>();
    private long cachedBefore;
    private boolean lostByFailedFlush;
    private final @Nullable DiskWrite[] recent = new @Nullable DiskWrite[64];
    private int recentCount;
    private int coveredByLastFlush;

    SimDisk(String name, int bytes, boolean volatileCache) {
        this(name, new Pages(bytes), volatileCache);
    }

    SimDisk(String name, Pages content, boolean volatileCache) {
        this.name = name;
        this.content = content;
        this.volatileCache = volatileCache;
        durablePages = new byte[content.count()][];
    }

    /** Returns the number of writes ended so far: a flush submitted now covers exactly these. */
    long writesEnded() {
        return cachedBefore + cached.size();
    }

    /** Returns one of the last writes that a flush has covered, null if there is none. */
    @Nullable DiskWrite flushedWrite(SimRandom random) {
        return recentWrite(Math.max(0, recentCount - recent.length), coveredByLastFlush, random);
    }

    /** Returns one of the last writes that no flush has covered, null if there is none. */
    @Nullable DiskWrite unflushedWrite(SimRandom random) {
        int from = Math.max(coveredByLastFlush, recentCount - recent.length);
        return recentWrite(from, recentCount, random);
    }

    private @Nullable DiskWrite recentWrite(int from, int to, SimRandom random) {
        return from < to ? recent[(from + random.below(to - from)) % recent.length] : null;
    }

    /** Returns the last writes that came to this disk after one of them. */
    List<DiskWrite> writesAfter(DiskWrite write) {
        List<DiskWrite> after = new ArrayList<>();
        for (int i = recentCount - 1; i >= 0; i--) {
            DiskWrite each = recent[i % recent.length];
            if (each == null || each == write) {
                break;
            }
            after.add(each);
        }
        return after;
    }

    /** Brings back what was there before a write; false if all of it has been overwritten since. */
    boolean undo(DiskWrite write) {
        boolean any = false;
        for (int page = write.firstPage(); page <= write.lastPage(); page++) {
            byte[] older = write.before[page - write.firstPage()];
            if (Pages.same(content.get(page), write.part(page))
                    && !Pages.same(older, write.part(page))) {
                content.set(page, older);
                any = true;
            }
        }
        return any;
    }

    /** A write reaches the disk's cache, or the medium where there is none. */
    void apply(DiskWrite write) {
        recent[recentCount++ % recent.length] = write;
        write.before = new byte[write.lastPage() - write.firstPage() + 1][];
        for (int i = 0; i < write.before.length; i++) {
            write.before[i] = content.get(write.firstPage() + i);
        }
        applyPart(write, write.offset, write.length);
    }

    /** The sectors of a write reach the cache or not, each by chance. */
    void applySome(DiskWrite write, SimRandom random, int keepPercent) {
        for (int at = write.offset; at < write.offset + write.length; at += Stamp.SECTOR) {
            if (random.percent(keepPercent)) {
                applyPart(write, at, Stamp.SECTOR);
            }
        }
    }

    private void applyPart(DiskWrite write, int from, int bytes) {
        if (volatileCache) {
            int last = (from + bytes - 1) / PAGE;
            for (int page = from / PAGE; page <= last; page++) {
                keepAside(page);
            }
            cached.add(bytes == write.length ? write : write.cut(from, bytes));
        }
        write.copyTo(content, from, bytes);
    }

    private void keepAside(int page) {
        if (durablePages[page] != null) {
            return;
        }
        durablePages[page] = content.get(page);
        if (touchedCount == touched.length) {
            touched = Arrays.copyOf(touched, touchedCount * 2);
        }
        touched[touchedCount++] = page;
    }

    /** A flush that was submitted at that count of writes has ended well. */
    void flushed(long writes) {
        int covered = (int) Math.max(0, writes - cachedBefore);
        if (covered == cached.size() && !lostByFailedFlush) {
            forgetPages();
        } else {
            for (int i = 0; i < covered; i++) {
                makeDurable(cached.get(i), null, 100);
            }
            dropSettledPages(covered);
        }
        dropCached(covered);
    }

    /** A flush has failed: of what it covered each sector is durable or not, for good. */
    void flushFailed(long writes, SimRandom random) {
        int covered = (int) Math.max(0, writes - cachedBefore);
        int keep = random.below(101);
        for (int i = 0; i < covered; i++) {
            makeDurable(cached.get(i), random, keep);
        }
        lostByFailedFlush = true;
        dropSettledPages(covered);
        dropCached(covered);
    }

    /** A flush has ended well that was submitted after so many writes. */
    void covered(int writes) {
        coveredByLastFlush = writes;
    }

    int writesApplied() {
        return recentCount;
    }

    private void dropCached(int covered) {
        if (covered == cached.size()) {
            cached.clear();
        } else {
            cached.subList(0, covered).clear();
        }
        cachedBefore += covered;
    }

    private void makeDurable(DiskWrite write, @Nullable SimRandom random, int keep) {
        int end = write.offset + write.length;
        for (int page = write.firstPage(); page <= write.lastPage(); page++) {
            int from = Math.max(write.offset, page * PAGE);
            int to = Math.min(end, (page + 1) * PAGE);
            if (random == null) {
                makeDurable(write, page, from, to - from);
                continue;
            }
            for (int at = from; at < to; at += Stamp.SECTOR) {
                if (random.percent(keep)) {
                    makeDurable(write, page, at, Stamp.SECTOR);
                }
            }
        }
    }

    private void makeDurable(DiskWrite write, int page, int from, int bytes) {
        byte[] durable = durablePages[page];
        if (durable == null) {
            throw new IllegalStateException("page of a cached write is not kept aside");
        }
        durablePages[page] =
                Pages.with(durable, from % PAGE, write.part(page), write.inPart(from), bytes);
    }

    private void dropSettledPages(int covered) {
        boolean differ = false;
        int kept = 0;
        for (int i = 0; i < touchedCount; i++) {
            int page = touched[i];
            byte[] durable = durablePages[page];
            boolean same = durable == null || Arrays.equals(durable, content.get(page));
            if (same && !cachedBeyond(covered, page)) {
                durablePages[page] = null;
            } else {
                differ |= !same;
                touched[kept++] = page;
            }
        }
        touchedCount = kept;
        lostByFailedFlush &= differ;
    }

    private boolean cachedBeyond(int covered, int page) {
        for (int i = covered; i < cached.size(); i++) {
            if (cached.get(i).overlaps(page * PAGE, PAGE)) {
                return true;
            }
        }
        return false;
    }

    private void forgetPages() {
        for (int i = 0; i < touchedCount; i++) {
            durablePages[touched[i]] = null;
        }
        touchedCount = 0;
    }

    /**
     * The process that used this disk is gone: its writes under way happen wholly, partly or not.
     */
    void processKilled(SimRandom random) {
        for (DiskWrite write : inFlight) {
            int fate = random.below(4);
            if (fate == 0) {
                applySome(write, random, random.below(101));
            } else if (fate == 1) {
                apply(write);
            }
        }
        inFlight.clear();
        if (lostByFailedFlush) {
            // What a failed flush lost is read as lost by whoever opens the disk next.
            showDurablePages();
            for (DiskWrite write : cached) {
                write.copyTo(content, write.offset, write.length);
            }
        }
    }

    private void showDurablePages() {
        for (int i = 0; i < touchedCount; i++) {
            byte[] durable = durablePages[touched[i]];
            if (durable != null) {
                content.set(touched[i], durable);
            }
        }
    }

    /**
     * The power is gone: each sector not flushed is kept in an older or newer version, or lost.
     *
     * @return sectors of unflushed writes that were lost
     */
    int powerCut(SimRandom random) {
        showDurablePages();
        forgetPages();
        int[] chances = {0, 10, 50, 90, 100};
        int keep = chances[random.below(chances.length)];
        int lost = 0;
        for (DiskWrite write : cached) {
            lost += keepSome(write, random, keep);
        }
        for (DiskWrite write : inFlight) {
            lost += keepSome(write, random, random.below(101));
        }
        cachedBefore += cached.size();
        cached.clear();
        inFlight.clear();
        lostByFailedFlush = false;
        return lost;
    }

    private int keepSome(DiskWrite write, SimRandom random, int keep) {
        // Whole writes survive or vanish more often than torn ones.
        if (random.oneIn(2)) {
            if (random.percent(keep)) {
                write.copyTo(content, write.offset, write.length);
                return 0;
            }
            return write.length / Stamp.SECTOR;
        }
        int lost = 0;
        for (int at = write.offset; at < write.offset + write.length; at += Stamp.SECTOR) {
            if (random.percent(keep)) {
                write.copyTo(content, at, Stamp.SECTOR);
            } else {
                lost++;
            }
        }
        return lost;
    }

    /** Returns a copy of the whole disk, cache and writes under way included. */
    SimDisk copy() {
        SimDisk copy = new SimDisk(name, content.copy(), volatileCache);
        System.arraycopy(durablePages, 0, copy.durablePages, 0, durablePages.length);
        copy.touched = touched.clone();
        copy.touchedCount = touchedCount;
        copy.cached.addAll(cached);
        copy.cachedBefore = cachedBefore;
        copy.inFlight.addAll(inFlight);
        copy.lostByFailedFlush = lostByFailedFlush;
        System.arraycopy(recent, 0, copy.recent, 0, recent.length);
        copy.recentCount = recentCount;
        copy.coveredByLastFlush = coveredByLastFlush;
        return copy;
    }
}
