package dmctl.daemon;

import com.grack.nanojson.JsonArray;
import com.grack.nanojson.JsonObject;
import dmctl.config.SiteSettings;
import dmctl.daemon.front.FrontEndProblem;
import dmctl.daemon.front.ShownDevice;
import dmctl.engine.GroupStatus;
import dmctl.engine.GroupStatus.Problem;
import dmctl.engine.GroupStatus.ResyncProgress;
import dmctl.engine.GroupStatus.SiteStatus;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Writes a status as JSON: words in lower case with hyphens, sizes in bytes, times as RFC 3339 with
 * the age in seconds beside them. Fields are only ever added; {@code schema} counts changes that
 * break readers.
 */
final class StatusJson {
    private static final int SCHEMA = 1;

    private final long nowMicros;

    private StatusJson(long nowMicros) {
        this.nowMicros = nowMicros;
    }

    static JsonObject of(GroupStatus status, FrontEndView frontEnd, long nowMicros) {
        StatusJson writer = new StatusJson(nowMicros);
        JsonObject json = writer.group(status);
        json.put("frontEnd", writer.frontEnd(frontEnd));
        FrontEndProblem problem = frontEnd.problem();
        if (problem != null) {
            json.getArray("problems")
                    .add(
                            writer.problem(
                                    new Problem(
                                            "front-end",
                                            frontEnd.kind() + ": " + problem.reason(),
                                            problem.sinceMicros(),
                                            problem.nextStep())));
        }
        return json;
    }

    private JsonObject frontEnd(FrontEndView view) {
        JsonObject json = new JsonObject();
        json.put("kind", view.kind());
        JsonArray devices = new JsonArray();
        for (ShownDevice device : view.devices()) {
            JsonObject shown = new JsonObject();
            shown.put("device", device.name());
            shown.put("path", device.path());
            shown.put("state", SiteSettings.spelled(device.state()));
            ShownDevice.Mapping mapping = device.mapping();
            if (mapping != null) {
                shown.put("below", mapping.below());
                shown.put("mapper", mapper(mapping));
            }
            devices.add(shown);
        }
        json.put("devices", devices);
        return json;
    }

    private static JsonObject mapper(ShownDevice.Mapping mapping) {
        JsonObject json = new JsonObject();
        json.put("name", mapping.name());
        json.put("uuid", mapping.uuid());
        return json;
    }

    private JsonObject group(GroupStatus status) {
        JsonObject json = new JsonObject();
        json.put("schema", SCHEMA);
        json.put("group", status.group());
        json.put("site", nameOf(status, status.selfSite()));
        json.put("siteNr", status.selfSite());
        json.put("role", SiteSettings.spelled(status.role()));
        time(json, "roleSince", "roleSeconds", status.roleSinceMicros());
        json.put(
                "primarySite",
                status.primarySite() < 0 ? null : nameOf(status, status.primarySite()));
        json.put("term", status.term());
        json.put("termId", String.format(Locale.ROOT, "%016x", status.termId()));
        json.put("serving", status.serving());
        json.put("notServingReason", status.notServingReason());
        json.put("data", SiteSettings.spelled(status.data()));
        json.put("headSeq", status.headSeq());
        json.put("durableSeq", status.durableSeq());
        json.put("appliedSeq", status.appliedSeq());
        json.put("completedSeq", status.completedSeq());
        JsonObject log = new JsonObject();
        log.put("bytes", status.logBytes());
        log.put("usedBytes", status.logUsedBytes());
        log.put("secondsToFull", status.logSecondsToFull());
        json.put("log", log);
        json.put("engineMemoryBytes", status.memoryBytes());
        json.put("stalled", problem(status.stalled()));
        JsonArray problems = new JsonArray();
        status.problems().forEach(problem -> problems.add(problem(problem)));
        json.put("problems", problems);
        JsonArray sites = new JsonArray();
        status.sites().forEach(site -> sites.add(site(site)));
        json.put("sites", sites);
        JsonObject map = new JsonObject();
        map.put("kept", status.regionMap().kept());
        map.put("regionBytes", status.regionMap().regionBytes());
        map.put("reason", status.regionMap().reason());
        json.put("regionMap", map);
        json.put("terms", new JsonArray(status.terms()));
        return json;
    }

    private static @Nullable String nameOf(GroupStatus status, int nr) {
        for (SiteStatus site : status.sites()) {
            if (site.nr() == nr) {
                return site.name();
            }
        }
        return null;
    }

    private JsonObject site(SiteStatus site) {
        JsonObject json = new JsonObject();
        json.put("nr", site.nr());
        json.put("name", site.name());
        json.put("linkType", site.linkType());
        GroupStatus.Role role = site.role();
        json.put("role", role == null ? null : SiteSettings.spelled(role));
        json.put("policy", SiteSettings.spelled(site.settings().policy()));
        json.put("outOfReach", SiteSettings.spelled(site.settings().outOfReach()));
        json.put("degradeAfterMillis", site.settings().degradeAfterMillis());
        json.put("mode", SiteSettings.spelled(site.settings().mode()));
        JsonObject limit = new JsonObject();
        limit.put("kind", SiteSettings.spelled(site.settings().limitKind()));
        limit.put("value", site.settings().limit());
        json.put("limit", limit);
        json.put("resyncBytesPerSecond", site.settings().resyncBytesPerSecond());
        json.put("degraded", site.degraded());
        json.put("link", SiteSettings.spelled(site.link()));
        json.put("flow", SiteSettings.spelled(site.flow()));
        json.put("data", SiteSettings.spelled(site.data()));
        json.put("receivedSeq", site.receivedSeq());
        json.put("durableSeq", site.durableSeq());
        json.put("appliedSeq", site.appliedSeq());
        JsonObject behind = new JsonObject();
        behind.put("writes", site.behindWrites());
        behind.put("bytes", site.behindBytes());
        behind.put("millis", site.behindMillis());
        json.put("behind", behind);
        json.put("limitHolding", site.limitHolding());
        json.put("resync", resync(site.resync()));
        JsonArray regions = new JsonArray();
        for (GroupStatus.RegionCount count : site.regions()) {
            JsonObject of = new JsonObject();
            of.put("devNr", count.devNr());
            of.put("total", count.total());
            of.put("lacking", count.lacking());
            regions.add(of);
        }
        json.put("regions", regions);
        json.put("problem", problem(site.problem()));
        return json;
    }

    private @Nullable JsonObject resync(@Nullable ResyncProgress resync) {
        if (resync == null) {
            return null;
        }
        JsonObject json = new JsonObject();
        json.put("totalBytes", resync.totalBytes());
        json.put("doneBytes", resync.doneBytes());
        json.put("sentBytes", resync.sentBytes());
        json.put("pass", resync.pass());
        time(json, "started", "seconds", resync.startedMicros());
        json.put("bytesPerSecond", resync.bytesPerSecond());
        json.put("etaSeconds", resync.etaSeconds());
        return json;
    }

    private @Nullable JsonObject problem(@Nullable Problem problem) {
        if (problem == null) {
            return null;
        }
        JsonObject json = new JsonObject();
        json.put("what", problem.what());
        json.put("reason", problem.reason());
        time(json, "since", "seconds", problem.sinceMicros());
        json.put("nextStep", problem.nextStep());
        return json;
    }

    /** A moment and its age; a clock that was set back makes no age negative. */
    private void time(JsonObject json, String key, String ageKey, long micros) {
        json.put(
                key,
                micros == 0
                        ? ""
                        : Instant.EPOCH
                                .plus(micros, ChronoUnit.MICROS)
                                .truncatedTo(ChronoUnit.SECONDS)
                                .toString());
        json.put(ageKey, micros == 0 ? 0 : Math.max(0, (nowMicros - micros) / 1_000_000));
    }
}
