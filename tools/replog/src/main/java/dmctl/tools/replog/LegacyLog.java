package dmctl.tools.replog;

import dmctl.replog.DamagedException;
import dmctl.replog.LegacyBufferHeader;
import dmctl.replog.LegacyEntry;
import dmctl.replog.LegacyLogHeader;
import dmctl.replog.NotOurFormatException;
import dmctl.replog.ReplogException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** A log of the original driver, dm-replicator. */
final class LegacyLog implements Source {
    /** {@code slink} of {@link #export}: pending for any of the first 64. */
    static final int ANY_SLINK = -1;

    private static final int SECTOR = 512;
    private static final int SLOT = 4096;

    private final LogFile file;
    private final LegacyLogHeader header;
    private final LegacyBufferHeader ring;
    private final long start;
    private final long end;

    LegacyLog(LogFile file, long start) throws IOException, ReplogException {
        this.file = file;
        this.start = start;
        this.header = LegacyLogHeader.decode(file.read(start, SECTOR), 0, start, file.name());
        this.end = start + header.sizeSectors() * SECTOR;
        long at = header.bufferHeaderSector() * SECTOR;
        this.ring = bufferHeader(at);
    }

    private LegacyBufferHeader bufferHeader(long at) throws IOException, DamagedException {
        try {
            return LegacyBufferHeader.decode(file.read(at, SECTOR), 0, at, end, file.name());
        } catch (NotOurFormatException e) {
            throw missing(at, "dm-replicator buffer header magic", e);
        }
    }

    /** A header that must be there, since another one points at it. */
    private DamagedException missing(long at, String field, NotOurFormatException e) {
        return new DamagedException(
                file.name(), at, field, "there", e.blank() ? "blank" : "other data");
    }

    private LegacyEntry entry(long at) throws IOException, DamagedException {
        try {
            ByteBuffer sector = file.read(at, SECTOR);
            return LegacyEntry.decode(sector, 0, at, ring.start(), end, file.name());
        } catch (NotOurFormatException e) {
            throw missing(at, "dm-replicator data header magic", e);
        }
    }

    /** Where no header fits any more, the next one is at the start of the ring. */
    private long headerPlace(long at) {
        return end - at < SLOT ? ring.start() : at;
    }

    /** Is given each entry, with its number from 1. */
    private interface Visitor {
        void entry(long number, LegacyEntry entry) throws IOException;
    }

    /** Visits the entries from head to tail, up to the first damaged one. */
    private void walk(Visitor visitor) throws IOException, DamagedException {
        if (ring.isEmpty()) {
            return;
        }
        long at = headerPlace(ring.head());
        long behind = 0;
        long used = distance(headerPlace(ring.tail()));
        long number = 0;
        while (behind < used) {
            LegacyEntry entry = entry(at);
            visitor.entry(++number, entry);
            at = headerPlace(entry.next(ring.start()));
            if (distance(at) <= behind || distance(at) > used) {
                throw new DamagedException(
                        file.name(),
                        header.bufferHeaderSector() * SECTOR + 36,
                        "dm-replicator buffer header tail",
                        "the end of an entry, as " + at,
                        String.valueOf(ring.tail()));
            }
            behind = distance(at);
        }
    }

    /** How far a place is behind the head; the head itself is a whole ring behind. */
    private long distance(long at) {
        long length = end - ring.start();
        long distance = Math.floorMod(at - headerPlace(ring.head()), length);
        return distance == 0 ? length : distance;
    }

    private static String pending(LegacyEntry entry) {
        StringBuilder slinks = new StringBuilder();
        for (int slink = 0; slink < 64; slink++) {
            if (entry.pendingFor(slink)) {
                slinks.append(slinks.isEmpty() ? "" : ",").append(slink);
            }
        }
        return slinks.isEmpty() ? "none" : slinks.toString();
    }

    private static boolean isPending(LegacyEntry entry, int slink) {
        return slink == ANY_SLINK ? entry.slinkWords().get(0) != 0 : entry.pendingFor(slink);
    }

    @Override
    public void dump(Report report, boolean all) throws IOException, ReplogException {
        report.line("dm-replicator log %s, %d bytes", file.name(), file.size());
        report.line(
                "log header version=%d.%d.%d start=%d size=%d bufferHeader=%d handler=%s",
                header.major(),
                header.minor(),
                header.subminor(),
                start / SECTOR,
                header.sizeSectors(),
                header.bufferHeaderSector(),
                header.handlerName());
        report.line(
                "buffer header start=%d head=%d tail=%d flags=0x%x%s%s%s",
                ring.start(),
                ring.head(),
                ring.tail(),
                ring.flags(),
                (ring.flags() & LegacyBufferHeader.FULL) != 0 ? " full" : "",
                (ring.flags() & LegacyBufferHeader.ERRORS) != 0 ? " error" : "",
                ring.isEmpty() ? " empty" : "");
        if (all) {
            scan(report);
        } else {
            try {
                walk((number, entry) -> show(report, "entry " + number, entry));
                report.line("end offset=%d", ring.tail());
            } catch (DamagedException e) {
                report.fault("entry", e);
            }
        }
    }

    private static void show(Report report, String what, LegacyEntry entry) {
        report.line(
                "%s at=%d dev=%d offset=%d size=%d data=%d valid=%d wrap=%s pending=%s",
                what,
                entry.headerAt(),
                entry.devNr(),
                entry.offset(),
                entry.size(),
                entry.dataAt(),
                entry.valid(),
                entry.wrap(),
                pending(entry));
    }

    private void scan(Report report) throws IOException {
        for (long at = ring.start(); at + SLOT <= end; at += SLOT) {
            ByteBuffer sector = file.read(at, SECTOR);
            if (LegacyEntry.startsAt(sector, 0)) {
                try {
                    show(report, "header", entry(at));
                } catch (DamagedException e) {
                    report.line("header at=%d contradicts itself: %s", at, e.field());
                }
            }
        }
    }

    @Override
    public void check(Report report) throws IOException {
        long[] count = new long[1];
        if (file.size() < end) {
            report.damage(
                    "log header size", file.size(), "the file ends here, the log ends at " + end);
        }
        if ((ring.flags() & LegacyBufferHeader.ERRORS) != 0) {
            report.damage(
                    "buffer header flags",
                    header.bufferHeaderSector() * SECTOR + 44,
                    "the driver has recorded an error: 0x" + Long.toHexString(ring.flags()));
        }
        try {
            walk((number, entry) -> count[0] = number);
        } catch (DamagedException e) {
            report.fault("entry " + (count[0] + 1), e);
        }
        report.line(
                "%d entries; this format has no checksum of data, so their data was not verified",
                count[0]);
    }

    @Override
    public Statistics stat() throws IOException, ReplogException {
        Statistics counts = new Statistics();
        long[] pending = new long[1];
        long[] used = new long[1];
        walk((number, entry) -> {
            counts.add("WRITE", entry.devNr(), entry.size());
            used[0] += SLOT + entry.roomBytes();
            pending[0] += isPending(entry, ANY_SLINK) ? 1 : 0;
        });
        long ringBytes = end - ring.start();
        return counts.put("kind", "dm-replicator log")
                .put("ringBytes", ringBytes)
                .put("usedBytes", used[0])
                .put("fillPercent", used[0] * 100 / ringBytes)
                .put("full", (ring.flags() & LegacyBufferHeader.FULL) != 0)
                .put("error", (ring.flags() & LegacyBufferHeader.ERRORS) != 0)
                .put("pendingEntries", pending[0]);
    }

    @Override
    public void export(Path dir, Report report, int slink) throws IOException, ReplogException {
        FrameData data = new FrameData(file, 0, Long.MAX_VALUE);
        try (DeviceImages images = new DeviceImages(dir)) {
            try {
                walk((number, entry) -> {
                    if (isPending(entry, slink)) {
                        String links = " pending=" + pending(entry);
                        images.addEntry(number, entry, links, data);
                    }
                });
            } finally {
                images.report(report);
            }
        }
    }
}
