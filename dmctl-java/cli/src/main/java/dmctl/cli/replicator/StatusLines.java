package dmctl.cli.replicator;

import com.grack.nanojson.JsonArray;
import com.grack.nanojson.JsonObject;
import dmctl.cli.replicator.Entry.Statistics;
import dmctl.config.table.Copy;
import dmctl.config.table.DirtyLog;
import dmctl.config.table.Extent;
import dmctl.config.table.Link;
import dmctl.config.table.LogDevice;
import dmctl.config.table.OneLineTable;
import dmctl.config.table.ReplicatorDevTable;
import dmctl.config.table.ReplicatorTable;
import dmctl.nativebridge.devmapper.DeviceNumber;
import dmctl.nativebridge.devmapper.TableLine;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What a daemon says of its group, as the original's targets said it. */
final class StatusLines {
    private static final int SECTOR = Extent.SECTOR_BYTES;

    private StatusLines() {}

    /** The line of a control device. */
    static TableLine control(
            ReplicatorTable table,
            Set<Statistics> shown,
            String version,
            Optional<JsonObject> status) {
        return line(
                table.extent(),
                KnownTables.REPLICATOR,
                control(table.links(), table.log(), shown, version, status));
    }

    /** The line of a device of 2008, which is both: what each of the later targets shows. */
    static TableLine both(
            OneLineTable table,
            int devNr,
            Set<Statistics> shown,
            String version,
            Optional<JsonObject> status) {
        List<Link> links = table.sites().stream().map(OneLineTable.Site::link).toList();
        List<Copy> copies = table.sites().stream().map(OneLineTable.Site::copy).toList();
        return line(
                table.extent(),
                KnownTables.REPLICATOR,
                control(links, table.log(), shown, version, status)
                        + devNr
                        + " "
                        + copies(table.extent(), copies, status));
    }

    private static TableLine line(Extent extent, String target, String words) {
        return new TableLine(extent.start(), extent.length(), target, words);
    }

    /**
     * For each link S where writes wait for it at its limit, else A, with the writes and sectors
     * that it lacks; then the most of them, and the log's size.
     */
    private static String control(
            List<Link> links,
            LogDevice tableLog,
            Set<Statistics> shown,
            String version,
            Optional<JsonObject> status) {
        StringBuilder line = new StringBuilder();
        JsonObject counts = object(status, "statistics");
        if (shown.contains(Statistics.REPLICATOR)) {
            line.append(requests(counts.getObject("requests", new JsonObject()), version));
        }
        long ios = 0;
        for (Link link : links) {
            JsonObject site = site(status, link.nr());
            JsonObject behind = site.getObject("behind", new JsonObject());
            long writes = behind.getLong("writes", 0);
            ios = Math.max(ios, writes);
            line.append(
                    String.format(
                            Locale.ROOT,
                            " %s,%d,%d",
                            site.getBoolean("limitHolding", false) ? "S" : "A",
                            writes,
                            sectors(behind.getLong("bytes", 0))));
        }
        JsonObject log = object(status, "log");
        long size = log.getLong("bytes", 0);
        line.append(
                String.format(
                        Locale.ROOT,
                        " %d/%d/%d",
                        ios,
                        sectors(log.getLong("usedBytes", 0)),
                        size == 0 ? tableLog.sizeSectors().orElse(0) : sectors(size)));
        if (shown.contains(Statistics.REPLOG)) {
            line.append(ring(counts.getObject("log", new JsonObject()), counts));
        }
        return line.append(' ').toString();
    }

    /** All zero where no daemon runs, for then nothing is counted. */
    private static String requests(JsonObject counts, String version) {
        return String.format(
                Locale.ROOT,
                "v=%s r=%d w=%d rs=%d ws=%d nc=%d c=%d ",
                version,
                counts.getLong("reads", 0),
                counts.getLong("writes", 0),
                counts.getLong("readsServed", 0),
                counts.getLong("writesServed", 0),
                counts.getLong("takenAtOnce", 0),
                counts.getLong("waitedForRoom", 0));
    }

    /** Sectors of the log's device; {@code -} for what this log has no counterpart of. */
    private static String ring(JsonObject log, JsonObject counts) {
        return String.format(
                Locale.ROOT,
                " ring->start=%d ring->head=%d ring->tail=%d ring->next_avail=%d ring->end=%d"
                        + " ring_free=%d wrap=%d r=%d w=%d wp=- he=%d hash_insert=%d"
                        + " hash_insert_max=- single=- multi=- stall=%d",
                sectors(log.getLong("ringStartByte", 0)),
                sectors(log.getLong("tailByte", 0)),
                sectors(log.getLong("writtenByte", 0)),
                sectors(log.getLong("headByte", 0)),
                sectors(log.getLong("ringEndByte", 0)),
                sectors(log.getLong("freeBytes", 0)),
                log.getLong("wraps", 0),
                log.getLong("reads", 0),
                log.getLong("writes", 0),
                log.getLong("recordsNotApplied", 0),
                log.getLong("records", 0),
                counts.getObject("requests", new JsonObject()).getLong("waitedForRoom", 0));
    }

    private static JsonObject object(Optional<JsonObject> status, String key) {
        return status.map(json -> json.getObject(key, new JsonObject())).orElse(new JsonObject());
    }

    private static long sectors(long bytes) {
        return (bytes + SECTOR - 1) / SECTOR;
    }

    private static JsonObject site(Optional<JsonObject> status, int nr) {
        JsonArray sites =
                status.map(json -> json.getArray("sites", new JsonArray())).orElse(new JsonArray());
        for (int i = 0; i < sites.size(); i++) {
            if (sites.getObject(i).getInt("nr", -1) == nr) {
                return sites.getObject(i);
            }
        }
        return new JsonObject();
    }

    /** The line of a device. */
    static TableLine device(
            ReplicatorDevTable table, DeviceNumber replicator, Optional<JsonObject> status) {
        return line(
                table.extent(),
                KnownTables.REPLICATOR_DEV,
                replicator
                        + " "
                        + table.devNr()
                        + " "
                        + copies(table.extent(), table.copies(), status));
    }

    /** For each copy A, or W where its site is out of reach; and the regions that are in sync. */
    private static String copies(Extent extent, List<Copy> copies, Optional<JsonObject> status) {
        StringBuilder line = new StringBuilder();
        for (Copy copy : copies) {
            JsonObject site = site(status, copy.linkNr());
            String link = site.getString("link", "down");
            boolean reached = link.equals("up") || link.equals("local");
            line.append(reached ? "A," : "W,").append(regions(extent, copy, site)).append(' ');
        }
        return line.toString();
    }

    private static String regions(Extent extent, Copy copy, JsonObject site) {
        if (!(copy.dirtyLog() instanceof DirtyLog.Regions log)) {
            return "-";
        }
        long all = (extent.length() + log.regionSectors() - 1) / log.regionSectors();
        JsonObject resync = site.getObject("resync");
        if (resync == null) {
            boolean synced = site.getString("data", "unknown").equals("consistent");
            return (synced ? all : 0) + "/" + all;
        }
        // The copy goes over all devices of the group, one after another.
        long total = Math.max(1, resync.getLong("totalBytes", 0));
        long done = (long) ((double) resync.getLong("doneBytes", 0) / total * all);
        return Math.min(done, all) + "+/" + all;
    }
}
