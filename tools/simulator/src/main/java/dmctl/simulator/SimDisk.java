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
    static final int PAGE = 4096;

    /** One write under way or in the volatile cache; without data: zeroes. */
    static final class Write {
        final int offset;
        final int length;
        final byte @Nullable [] data;

        Write(int offset, int length, byte @Nullable [] data) {
            this.offset = offset;
            this.length = length;
            this.data = data;
        }

        boolean overlaps(int otherOffset, int otherLength) {
            return offset < otherOffset + otherLength && otherOffset < offset + length;
        }

        void copyTo(byte[] target, int from, int bytes) {
            if (data == null) {
                Arrays.fill(target, offset + from, offset + from + bytes, (byte) 0);
            } else {
                System.arraycopy(data, from, target, offset + from, bytes);
            }
        }
    }

    final String name;
    final boolean volatileCache;
    final byte[] content;
    final DiskFaults faults = new DiskFaults();
    final List<Write> inFlight = new ArrayList<>();

    private final byte[] @Nullable [] durablePages;
    private int[] touched = new int[64];
    private int touchedCount;
    private final ArrayList<Write> cached = new ArrayList<>();
    private long cachedBefore;
    private boolean lostByFailedFlush;
    private final @Nullable Write[] recent = new @Nullable Write[64];
    private int recentCount;
    private int coveredByLastFlush;
    private int coveredByFlushBefore;
    private int witnessed;

    SimDisk(String name, int bytes, boolean volatileCache) {
        this(name, new byte[bytes], volatileCache);
    }

    SimDisk(String name, byte[] content, boolean volatileCache) {
        this.name = name;
        this.content = content;
        this.volatileCache = volatileCache;
        durablePages = new byte[content.length / PAGE][];
    }

    /** Returns the number of writes ended so far: a flush submitted now covers exactly these. */
    long writesEnded() {
        return cachedBefore + cached.size();
    }

    /**
     * Flips a bit, at rest, of something written not long ago that two flushes and a later write
     * have followed: only then can what is left bear witness that it was durable. False if there is
     * none.
     */
    boolean flipBit(SimRandom random) {
        int oldest = Math.max(0, recentCount - recent.length);
        if (witnessed <= oldest) {
            return false;
        }
        Write write = recent[(oldest + random.below(witnessed - oldest)) % recent.length];
        if (write == null) {
            return false;
        }
        content[write.offset + random.below(write.length)] ^= (byte) (1 << random.below(8));
        return true;
    }

    /** A write reaches the disk's cache, or the medium where there is none. */
    void apply(Write write) {
        recent[recentCount++ % recent.length] = write;
        witnessed = coveredByFlushBefore;
        applyPart(write, 0, write.length);
    }

    /** The sectors of a write reach the cache or not, each by chance. */
    void applySome(Write write, SimRandom random, int keepPercent) {
        for (int at = 0; at < write.length; at += Stamp.SECTOR) {
            if (random.percent(keepPercent)) {
                applyPart(write, at, Stamp.SECTOR);
            }
        }
    }

    private void applyPart(Write write, int from, int bytes) {
        if (!volatileCache) {
            write.copyTo(content, from, bytes);
            return;
        }
        int first = (write.offset + from) / PAGE;
        int last = (write.offset + from + bytes - 1) / PAGE;
        for (int page = first; page <= last; page++) {
            keepAside(page);
        }
        write.copyTo(content, from, bytes);
        cached.add(
                bytes == write.length
                        ? write
                        : new Write(write.offset + from, bytes, part(write, from, bytes)));
    }

    private static byte @Nullable [] part(Write write, int from, int bytes) {
        return write.data == null ? null : Arrays.copyOfRange(write.data, from, from + bytes);
    }

    private void keepAside(int page) {
        if (durablePages[page] != null) {
            return;
        }
        durablePages[page] = Arrays.copyOfRange(content, page * PAGE, (page + 1) * PAGE);
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
    void witness(int writes) {
        coveredByFlushBefore = coveredByLastFlush;
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

    private void makeDurable(Write write, @Nullable SimRandom random, int keep) {
        for (int at = 0; at < write.length; at += Stamp.SECTOR) {
            if (random != null && !random.percent(keep)) {
                continue;
            }
            int offset = write.offset + at;
            byte[] page = durablePages[offset / PAGE];
            if (page == null) {
                throw new IllegalStateException("page of a cached write is not kept aside");
            }
            if (write.data == null) {
                Arrays.fill(page, offset % PAGE, offset % PAGE + Stamp.SECTOR, (byte) 0);
            } else {
                System.arraycopy(write.data, at, page, offset % PAGE, Stamp.SECTOR);
            }
        }
    }

    private void dropSettledPages(int covered) {
        boolean differ = false;
        int kept = 0;
        for (int i = 0; i < touchedCount; i++) {
            int page = touched[i];
            byte[] durable = durablePages[page];
            boolean same =
                    durable == null
                            || Arrays.equals(
                                    durable, 0, PAGE, content, page * PAGE, (page + 1) * PAGE);
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
        for (Write write : inFlight) {
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
            for (int i = 0; i < touchedCount; i++) {
                byte[] durable = durablePages[touched[i]];
                if (durable != null) {
                    System.arraycopy(durable, 0, content, touched[i] * PAGE, PAGE);
                }
            }
            for (Write write : cached) {
                write.copyTo(content, 0, write.length);
            }
        }
    }

    /**
     * The power is gone: each sector not flushed is kept in an older or newer version, or lost.
     *
     * @return sectors of unflushed writes that were lost
     */
    int powerCut(SimRandom random) {
        for (int i = 0; i < touchedCount; i++) {
            byte[] durable = durablePages[touched[i]];
            if (durable != null) {
                System.arraycopy(durable, 0, content, touched[i] * PAGE, PAGE);
                durablePages[touched[i]] = null;
            }
        }
        touchedCount = 0;
        int[] chances = {0, 10, 50, 90, 100};
        int keep = chances[random.below(chances.length)];
        int lost = 0;
        for (Write write : cached) {
            lost += keepSome(write, random, keep);
        }
        for (Write write : inFlight) {
            lost += keepSome(write, random, random.below(101));
        }
        cachedBefore += cached.size();
        cached.clear();
        inFlight.clear();
        lostByFailedFlush = false;
        return lost;
    }

    private int keepSome(Write write, SimRandom random, int keep) {
        // Whole writes survive or vanish more often than torn ones.
        if (random.oneIn(2)) {
            if (random.percent(keep)) {
                write.copyTo(content, 0, write.length);
                return 0;
            }
            return write.length / Stamp.SECTOR;
        }
        int lost = 0;
        for (int at = 0; at < write.length; at += Stamp.SECTOR) {
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
        SimDisk copy = new SimDisk(name, content.clone(), volatileCache);
        for (int i = 0; i < touchedCount; i++) {
            byte[] durable = durablePages[touched[i]];
            copy.durablePages[touched[i]] = durable == null ? null : durable.clone();
        }
        copy.touched = Arrays.copyOf(touched, touched.length);
        copy.touchedCount = touchedCount;
        copy.cached.addAll(cached);
        copy.cachedBefore = cachedBefore;
        copy.inFlight.addAll(inFlight);
        copy.lostByFailedFlush = lostByFailedFlush;
        System.arraycopy(recent, 0, copy.recent, 0, recent.length);
        copy.recentCount = recentCount;
        copy.witnessed = witnessed;
        return copy;
    }
}
