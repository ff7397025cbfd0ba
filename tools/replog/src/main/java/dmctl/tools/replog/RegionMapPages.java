package dmctl.tools.replog;

import dmctl.replog.Checkpoint;
import dmctl.replog.FormatTooNewException;
import dmctl.replog.LogLayout;
import dmctl.replog.RegionMapMark;
import dmctl.replog.RegionPage;
import dmctl.replog.RegionPageChooser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;

/** The pages of a log's region map that a checkpoint counts. */
final class RegionMapPages {
    private final LogFile file;
    private final LogLayout layout;
    private final RegionMapMark mark;
    private final RegionPageChooser chooser;
    private int used;
    private long regions;
    private long written;

    RegionMapPages(LogFile file, LogLayout layout, UUID logUuid, Checkpoint checkpoint) {
        this.file = file;
        this.layout = layout;
        mark = checkpoint.map();
        chooser = new RegionPageChooser(mark, logUuid, file.name());
    }

    /** Is shown each page that counts. */
    interface Visitor {
        void page(int page, int slot, ByteBuffer bytes);
    }

    void read(Visitor visitor) throws IOException, FormatTooNewException {
        int[] bases = new int[2];
        long[] origins = new long[2];
        boolean[] readable = {true, true};
        for (int page = 0; page < layout.mapPages(); page++) {
            ByteBuffer[] slots = new ByteBuffer[2];
            for (int slot = 0; slot < 2; slot++) {
                origins[slot] = layout.mapPageOffset(slot, page);
                slots[slot] = file.read(origins[slot], RegionPage.BYTES);
            }
            int slot = chooser.choose(page, slots, bases, origins, readable);
            if (slot == RegionPageChooser.NO_SLOT) {
                continue;
            }
            used++;
            for (int i = 0; i < RegionPage.count(slots[slot], 0); i++) {
                regions++;
                written += RegionPage.seq(slots[slot], 0, i) > 0 ? 1 : 0;
            }
            visitor.page(page, slot, slots[slot]);
        }
    }

    void dump(Report report) throws IOException, FormatTooNewException {
        if (layout.mapPages() == 0) {
            report.line("no region map");
            return;
        }
        report.line("region map at %d pages=%d", layout.mapOffset(), layout.mapPages());
        read((page, slot, bytes) -> {
            long newest = 0;
            for (int i = 0; i < RegionPage.count(bytes, 0); i++) {
                newest = Math.max(newest, RegionPage.seq(bytes, 0, i));
            }
            report.line(
                    "  page %d slot %d generation=%d dev=%d regions=%d+%d of %d bytes newest=%d",
                    page,
                    slot,
                    RegionPage.generation(bytes, 0),
                    RegionPage.devNr(bytes, 0),
                    RegionPage.firstRegion(bytes, 0),
                    RegionPage.count(bytes, 0),
                    RegionPage.regionBytes(bytes, 0),
                    newest);
        });
        damages(report);
    }

    void check(Report report) throws IOException, FormatTooNewException {
        if (layout.mapPages() > 0) {
            read((page, slot, bytes) -> {});
            damages(report);
        }
    }

    private void damages(Report report) {
        if (mark.generation() == RegionMapMark.NOT_KEPT) {
            report.line("region map not kept: all regions count as written");
            return;
        }
        for (int group = 0; group < RegionMapMark.GROUPS; group++) {
            if (!chooser.isTrusted(group)) {
                report.damage(
                        "region map, pages " + group + " modulo " + RegionMapMark.GROUPS,
                        layout.mapOffset(),
                        chooser.reason(group) + ": their regions will count as written");
            }
        }
    }

    void stat(Statistics counts) throws IOException, FormatTooNewException {
        read((page, slot, bytes) -> {});
        counts.put("mapPages", layout.mapPages())
                .put("mapGeneration", mark.generation())
                .put("mapPagesWritten", used)
                .put("mapRegions", regions)
                .put("mapRegionsWritten", written);
    }
}
