package dmctl.cli;

import com.grack.nanojson.JsonArray;
import com.grack.nanojson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What one daemon answers when asked for its state; the words are the daemon's. */
record DaemonView(
        String site,
        String role,
        String roleSince,
        @Nullable String primarySite,
        long term,
        boolean serving,
        String notServingReason,
        String data,
        long headSeq,
        long durableSeq,
        long appliedSeq,
        long completedSeq,
        long logBytes,
        long logUsedBytes,
        long logSecondsToFull,
        long pid,
        String diskAccess,
        String frontEnd,
        List<DeviceView> devices,
        @Nullable ProblemView stalled,
        List<ProblemView> problems,
        List<SiteView> sites,
        JsonObject json) {

    /** A device as a block device of the daemon's machine; the path is empty while it is none. */
    record DeviceView(String name, String path, String state) {
        static List<DeviceView> of(@Nullable JsonObject frontEnd) {
            List<DeviceView> devices = new ArrayList<>();
            JsonArray listed =
                    frontEnd == null
                            ? new JsonArray()
                            : frontEnd.getArray("devices", new JsonArray());
            for (int i = 0; i < listed.size(); i++) {
                JsonObject json = listed.getObject(i);
                devices.add(
                        new DeviceView(
                                json.getString("device", ""),
                                json.getString("path", ""),
                                json.getString("state", "")));
            }
            return List.copyOf(devices);
        }
    }

    /** Something that is not fine. */
    record ProblemView(String what, String reason, String since, long seconds, String nextStep) {
        static @Nullable ProblemView of(@Nullable JsonObject json) {
            return json == null
                    ? null
                    : new ProblemView(
                            json.getString("what", ""),
                            json.getString("reason", ""),
                            json.getString("since", ""),
                            json.getLong("seconds", 0),
                            json.getString("nextStep", ""));
        }
    }

    /** How far a resync has got. */
    record ResyncView(
            long totalBytes,
            long doneBytes,
            long sentBytes,
            int pass,
            long bytesPerSecond,
            long etaSeconds) {
        static @Nullable ResyncView of(@Nullable JsonObject json) {
            return json == null
                    ? null
                    : new ResyncView(
                            json.getLong("totalBytes", 0),
                            json.getLong("doneBytes", 0),
                            json.getLong("sentBytes", 0),
                            json.getInt("pass", 1),
                            json.getLong("bytesPerSecond", 0),
                            json.getLong("etaSeconds", -1));
        }
    }

    /** A site as one daemon sees it. */
    record SiteView(
            int nr,
            String name,
            String linkType,
            @Nullable String role,
            String policy,
            String outOfReach,
            String mode,
            String limitKind,
            long limit,
            boolean degraded,
            String link,
            String flow,
            String data,
            long durableSeq,
            long appliedSeq,
            long behindWrites,
            long behindBytes,
            long behindMillis,
            boolean limitHolding,
            @Nullable ResyncView resync,
            @Nullable ProblemView problem) {
        static SiteView of(JsonObject json) {
            JsonObject limit = json.getObject("limit", new JsonObject());
            JsonObject behind = json.getObject("behind", new JsonObject());
            return new SiteView(
                    json.getInt("nr", -1),
                    json.getString("name", ""),
                    json.getString("linkType", ""),
                    json.getString("role"),
                    json.getString("policy", ""),
                    json.getString("outOfReach", ""),
                    json.getString("mode", ""),
                    limit.getString("kind", "none"),
                    limit.getLong("value", 0),
                    json.getBoolean("degraded", false),
                    json.getString("link", "down"),
                    json.getString("flow", "down"),
                    json.getString("data", "unknown"),
                    json.getLong("durableSeq", 0),
                    json.getLong("appliedSeq", 0),
                    behind.getLong("writes", 0),
                    behind.getLong("bytes", 0),
                    behind.getLong("millis", 0),
                    json.getBoolean("limitHolding", false),
                    ResyncView.of(json.getObject("resync")),
                    ProblemView.of(json.getObject("problem")));
        }
    }

    static DaemonView of(JsonObject json) {
        JsonObject log = json.getObject("log", new JsonObject());
        JsonObject frontEnd = json.getObject("frontEnd");
        List<ProblemView> problems = new ArrayList<>();
        JsonArray listed = json.getArray("problems", new JsonArray());
        for (int i = 0; i < listed.size(); i++) {
            ProblemView problem = ProblemView.of(listed.getObject(i));
            if (problem != null) {
                problems.add(problem);
            }
        }
        List<SiteView> sites = new ArrayList<>();
        JsonArray listedSites = json.getArray("sites", new JsonArray());
        for (int i = 0; i < listedSites.size(); i++) {
            sites.add(SiteView.of(listedSites.getObject(i)));
        }
        return new DaemonView(
                json.getString("site", ""),
                json.getString("role", ""),
                json.getString("roleSince", ""),
                json.getString("primarySite"),
                json.getLong("term", 0),
                json.getBoolean("serving", false),
                json.getString("notServingReason", ""),
                json.getString("data", "unknown"),
                json.getLong("headSeq", 0),
                json.getLong("durableSeq", 0),
                json.getLong("appliedSeq", 0),
                json.getLong("completedSeq", 0),
                log.getLong("bytes", 0),
                log.getLong("usedBytes", 0),
                log.getLong("secondsToFull", -1),
                json.getLong("pid", 0),
                json.getString("diskAccess", ""),
                frontEnd == null ? "sockets" : frontEnd.getString("kind", "sockets"),
                DeviceView.of(frontEnd),
                ProblemView.of(json.getObject("stalled")),
                List.copyOf(problems),
                List.copyOf(sites),
                json);
    }

    /** Whether a primary sends to this site; a target without one says so of its link. */
    boolean follows() {
        return role.equals("target")
                && primarySite != null
                && problems.stream().noneMatch(problem -> problem.what().equals("link"));
    }

    /** How this daemon sees a site. */
    Optional<SiteView> siteNamed(String name) {
        return sites.stream().filter(view -> view.name().equals(name)).findFirst();
    }
}
