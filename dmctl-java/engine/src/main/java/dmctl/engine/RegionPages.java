package dmctl.engine;

import dmctl.engine.port.Io;
import dmctl.engine.port.IoDone;
import dmctl.replog.FormatTooNewException;
import dmctl.replog.RegionMapMark;
import dmctl.replog.RegionPage;
import dmctl.replog.RegionPageChooser;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Keeps the region map in the log. Before a checkpoint lets go of records the pages that have
 * changed are written, each to the slot that the last checkpoint does not count, and flushed: so
 * the pages a checkpoint counts, and the records behind its tail, always make up the whole map.
 */
final class RegionPages implements IoDone {
    /** Told how reading the map went. */
    interface Loaded {
        void loaded();

        /** A newer release wrote it. */
        void failed(String reason);
    }

    private static final int WRITES = 4;
    private static final int WRITE_PAGES = 8;
    private static final int READ_PAGES = 64;

    /** Memory for writing and reading pages. */
    static final int BUFFER_BYTES = (WRITES * WRITE_PAGES + 2 * READ_PAGES) * RegionPage.BYTES;

    private final Replica replica;
    private final LogIdentity identity;
    private final RegionMap map;
    private final Io[] writes = new Io[WRITES];
    private final byte[] countedSlot;
    private final int[] countedSum;
    private final int[] newSum;
    private final boolean[] isNew;

    private RegionMapMark mark = RegionMapMark.NONE;
    private RegionMapMark newMark = RegionMapMark.NONE;
    private long generation;
    private boolean wanted;
    private boolean writing;
    private int next;
    private int inFlight;
    private Runnable written = () -> {};
    private String lost = "";

    RegionPages(Replica replica, LogIdentity identity) {
        this.replica = replica;
        this.identity = identity;
        map = replica.devices().regions();
        int pages = isKept() ? map.pages() : 0;
        if (identity.mapPages() > 0 && !isKept()) {
            mark = RegionMapMark.notKept();
        }
        countedSlot = new byte[pages];
        Arrays.fill(countedSlot, (byte) RegionPageChooser.NO_SLOT);
        countedSum = new int[pages];
        newSum = new int[pages];
        isNew = new boolean[pages];
        for (int i = 0; i < WRITES && pages > 0; i++) {
            writes[i] = new Io();
            writes[i].op = Io.Op.WRITE;
            writes[i].buffer = Buffers.aligned(WRITE_PAGES * RegionPage.BYTES);
        }
    }

    /** Whether the log keeps the map. */
    boolean isKept() {
        return map.fits();
    }

    /** Why not all of the map is known, empty if it is. */
    String lost() {
        return lost;
    }

    /**
     * Whether a part is lost that the log should have kept: no log that has none, and never had.
     */
    boolean isDamaged() {
        return isKept() && !lost.isEmpty();
    }

    // Reading

    /** Reads the pages that a checkpoint counts. */
    void load(RegionMapMark found, Loaded loaded) {
        if (identity.mapPages() == 0) {
            lose("the log was made by a release that keeps none");
            map.forgetAll();
            loaded.loaded();
            return;
        }
        if (!isKept()) {
            lose("the log has no room for it, with so many devices");
            map.forgetAll();
            loaded.loaded();
            return;
        }
        new Reading(found, loaded).read(0, READ_PAGES);
    }

    private void lose(String why) {
        lost = why;
        replica.event(
                "region map: "
                        + why
                        + ": what was written before this opening counts as written just now");
    }

    /** One pass over all pages. */
    private final class Reading {
        private final RegionMapMark found;
        private final Loaded loaded;
        private final RegionPageChooser chooser;
        private final ByteBuffer[] slots = {
            Buffers.aligned(READ_PAGES * RegionPage.BYTES),
            Buffers.aligned(READ_PAGES * RegionPage.BYTES)
        };
        private final int[] bases = new int[2];
        private final long[] origins = new long[2];
        private final boolean[] readable = new boolean[2];
        private boolean otherGeometry;

        Reading(RegionMapMark found, Loaded loaded) {
            this.found = found;
            this.loaded = loaded;
            chooser = new RegionPageChooser(found, replica.logUuid(), replica.ports().log().name());
        }

        void read(int page, int pages) {
            if (page == map.pages()) {
                end();
                return;
            }
            int count = Math.min(pages, map.pages() - page);
            read(0, page, count, () -> read(1, page, count, () -> take(page, count)));
        }

        private void read(int slot, int page, int count, Runnable then) {
            Io io = new Io();
            io.op = Io.Op.READ;
            io.buffer = slots[slot].clear().limit(count * RegionPage.BYTES);
            io.offset = identity.mapPageOffset(slot, page);
            io.kind = Replica.CLOSING_IO;
            replica.submit(
                    replica.ports().log(),
                    io,
                    ended -> {
                        readable[slot] = ended.error == 0;
                        origins[slot] = io.offset;
                        then.run();
                    });
        }

        private void take(int first, int count) {
            if (count > 1 && (!readable[0] || !readable[1])) {
                readOneByOne(first, first + count);
                return;
            }
            try {
                for (int i = 0; i < count; i++) {
                    takeOne(first + i, i * RegionPage.BYTES);
                }
            } catch (FormatTooNewException e) {
                loaded.failed(String.valueOf(e.getMessage()));
                return;
            }
            read(first + count, READ_PAGES);
        }

        private void readOneByOne(int page, int end) {
            if (page == end) {
                read(end, READ_PAGES);
                return;
            }
            Runnable taken =
                    () -> {
                        try {
                            takeOne(page, 0);
                        } catch (FormatTooNewException e) {
                            loaded.failed(String.valueOf(e.getMessage()));
                            return;
                        }
                        readOneByOne(page + 1, end);
                    };
            read(0, page, 1, () -> read(1, page, 1, taken));
        }

        private void takeOne(int page, int base) throws FormatTooNewException {
            bases[0] = base;
            bases[1] = base;
            int slot = chooser.choose(page, slots, bases, origins, readable);
            countedSlot[page] = (byte) slot;
            if (slot != RegionPageChooser.NO_SLOT) {
                countedSum[page] = RegionPage.checksum(slots[slot], base);
                otherGeometry |= !map.load(page, slots[slot], base);
            }
            if (chooser.otherIsNewer()) {
                map.markDirty(page);
            }
        }

        private void end() {
            generation = chooser.newestGeneration();
            mark = found;
            List<Integer> bad = new ArrayList<>();
            for (int group = 0; group < RegionMapMark.GROUPS; group++) {
                if (!chooser.isTrusted(group)) {
                    bad.add(group);
                }
            }
            if (!bad.isEmpty()) {
                distrust(bad);
            } else if (otherGeometry) {
                replica.event("region map: devices or regions have changed: all pages are written");
                map.markAllDirty();
            }
            loaded.loaded();
        }

        private void distrust(List<Integer> groups) {
            if (found.generation() == RegionMapMark.NOT_KEPT) {
                lose("it was not kept lately");
            } else {
                lose(chooser.reason(groups.getFirst()));
            }
            boolean all = otherGeometry || groups.size() == RegionMapMark.GROUPS;
            for (int page = 0; page < map.pages(); page++) {
                if (all || groups.contains(RegionMapMark.group(page))) {
                    map.forget(page);
                }
            }
            if (otherGeometry) {
                map.markAllDirty();
            }
        }
    }

    // Writing

    /** The next checkpoint has to write the map whether it lets go of records or not. */
    void requireWrite() {
        wanted = true;
    }

    /** Whether a checkpoint has to write pages first. */
    boolean mustWrite(boolean releases) {
        return isKept() && (releases || wanted);
    }

    /**
     * Writes what has changed; the checkpoint that is written next may count it after a flush.
     *
     * @param closing whether the replica closes: what it had under way is told of no end then
     * @param done run when all is written; not at all if the log fails
     */
    void write(boolean closing, Runnable done) {
        Invariant.check(isKept(), "room for the region map");
        wanted = false;
        writing = true;
        inFlight = 0;
        generation++;
        Arrays.fill(isNew, false);
        written = done;
        next = 0;
        for (Io io : writes) {
            io.kind = closing ? Replica.CLOSING_IO : 0;
            writeNext(io);
        }
        endWhenWritten();
    }

    private void writeNext(Io io) {
        while (next < isNew.length && !map.isDirty(next)) {
            next++;
        }
        if (next == isNew.length) {
            return;
        }
        ByteBuffer buffer = io.buffer;
        if (buffer == null) {
            throw new InvariantViolation("a buffer for pages");
        }
        buffer.clear();
        int first = next;
        int slot = slotFor(first);
        while (next < isNew.length
                && next - first < WRITE_PAGES
                && map.isDirty(next)
                && slotFor(next) == slot) {
            int base = (next - first) * RegionPage.BYTES;
            map.take(next, buffer, base, identity, generation);
            newSum[next] = RegionPage.seal(buffer, base, replica.log().crc());
            isNew[next] = true;
            next++;
        }
        buffer.limit((next - first) * RegionPage.BYTES);
        io.offset = identity.mapPageOffset(slot, first);
        inFlight++;
        replica.submit(replica.ports().log(), io, this);
    }

    private int slotFor(int page) {
        return countedSlot[page] == 0 ? 1 : 0;
    }

    @Override
    public void ioDone(Io io) {
        inFlight--;
        if (io.error != 0) {
            writing = false;
            if (io.kind == Replica.CLOSING_IO) {
                replica.fail(
                        String.format(
                                Locale.ROOT,
                                "writing the region map to %s failed with errno %d",
                                replica.log().storage().name(),
                                io.error));
            } else {
                replica.log().writeFailed("writing the region map", io.error);
            }
            return;
        }
        if (writing) {
            writeNext(io);
            endWhenWritten();
        }
    }

    private void endWhenWritten() {
        if (inFlight == 0 && writing) {
            writing = false;
            newMark = sum();
            Runnable done = written;
            done.run();
        }
    }

    private RegionMapMark sum() {
        Integer[] sums = new Integer[RegionMapMark.GROUPS];
        Arrays.fill(sums, 0);
        for (int page = 0; page < isNew.length; page++) {
            boolean counts = isNew[page] || countedSlot[page] != RegionPageChooser.NO_SLOT;
            if (counts) {
                sums[RegionMapMark.group(page)] += isNew[page] ? newSum[page] : countedSum[page];
            }
        }
        return new RegionMapMark(generation, List.of(sums));
    }

    /** Whether anything was written for the next checkpoint. */
    boolean wroteAny() {
        for (boolean each : isNew) {
            if (each) {
                return true;
            }
        }
        return false;
    }

    /** What the last durable checkpoint counts. */
    RegionMapMark mark() {
        return mark;
    }

    /** What was written last: for the checkpoint that follows. */
    RegionMapMark newMark() {
        return newMark;
    }

    /** The checkpoint with the new mark is durable. */
    void counted() {
        mark = newMark;
        for (int page = 0; page < isNew.length; page++) {
            if (isNew[page]) {
                countedSlot[page] = (byte) slotFor(page);
                countedSum[page] = newSum[page];
                isNew[page] = false;
            }
        }
    }
}
