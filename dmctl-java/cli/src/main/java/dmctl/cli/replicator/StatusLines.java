package dmctl.cli.replicator;

import com.grack.nanojson.JsonArray;
import com.grack.nanojson.JsonObject;
import dmctl.config.table.Copy;
import dmctl.config.table.DirtyLog;
import dmctl.config.table.Extent;
import dmctl.config.table.Link;
import dmctl.config.table.ReplicatorDevTable;
import dmctl.config.table.ReplicatorTable;
import dmctl.nativebridge.devmapper.DeviceNumber;
import dmctl.nativebridge.devmapper.TableLine;
import java.util.Locale;
import java.util.Optional;

/** What a daemon says of its group, as the original's targets said it. */
final class StatusLines {
    private static final int SECTOR = Extent.SECTOR_BYTES;

    private StatusLines() {}

    /**
     * For each link S where writes wait for it at its limit, else A, with the writes and sectors
     * that it lacks; then the most of them, and the log's size.
     */
    static TableLine control(ReplicatorTable table, Optional<JsonObject> status) {
        StringBuilder line = new StringBuilder();
        long ios = 0;
        for (Link link : table.links()) {
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
        JsonObject log =
                status.map(json -> json.getObject("log", new JsonObject()))
                        .orElse(new JsonObject());
        long size = log.getLong("bytes", 0);
        line.append(
                String.format(
                        Locale.ROOT,
                        " %d/%d/%d ",
                        ios,
                        sectors(log.getLong("usedBytes", 0)),
                        size == 0 ? table.log().sizeSectors().orElse(0) : sectors(size)));
        return new TableLine(
                table.extent().start(),
                table.extent().length(),
                GroupChanges.REPLICATOR,
                line.toString());
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

    /** For each copy A, or W where its site is out of reach; and the regions that are in sync. */
    static TableLine device(
            ReplicatorDevTable table, DeviceNumber replicator, Optional<JsonObject> status) {
        StringBuilder line = new StringBuilder(replicator + " " + table.devNr() + " ");
        for (Copy copy : table.copies()) {
            JsonObject site = site(status, copy.linkNr());
            String link = site.getString("link", "down");
            boolean reached = link.equals("up") || link.equals("local");
            line.append(reached ? "A," : "W,").append(regions(table, copy, site)).append(' ');
        }
        return new TableLine(
                table.extent().start(),
                table.extent().length(),
                GroupChanges.REPLICATOR_DEV,
                line.toString());
    }

    private static String regions(ReplicatorDevTable table, Copy copy, JsonObject site) {
        if (!(copy.dirtyLog() instanceof DirtyLog.Regions log)) {
            return "-";
        }
        long all = (table.extent().length() + log.regionSectors() - 1) / log.regionSectors();
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
