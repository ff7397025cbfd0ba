package dmctl.daemon;

import com.grack.nanojson.JsonObject;
import dmctl.config.ConfigException;
import dmctl.config.GroupConfig;
import dmctl.config.SiteSettings;
import dmctl.daemon.io.DiskAccess;
import dmctl.engine.Admin;
import dmctl.engine.GroupDefinition;
import dmctl.engine.GroupStatus;
import dmctl.engine.GroupStatus.SiteStatus;
import dmctl.engine.port.Clock;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Follows orders. Each is handed to the loop and waited for within a bound; the loop never waits
 * for an administrator.
 */
final class AdminRequests {
    private static final long SOON_MILLIS = 5_000;
    private static final long LONG_MILLIS = 60_000;

    /** Longer than a new front end may take to make its devices, and an old one to go. */
    private static final long FRONT_END_MILLIS = 120_000;

    /** Both of one moment. */
    private record Snapshot(GroupStatus group, FrontEndView frontEnd, JsonObject counts) {}

    private final GroupConfig config;
    private final Admin admin;
    private final Executor loop;
    private final Clock clock;
    private final DiskAccess access;
    private volatile Supplier<FrontEndView> frontEnd =
            () -> new FrontEndView("sockets", List.of(), null, 0);
    private volatile FrontEndOrders frontEndOrders =
            (kind, told) -> told.refused("the daemon starts; try again");
    private volatile Function<GroupStatus, JsonObject> counts = status -> new JsonObject();
    private volatile Consumer<Statistics.Part> resetCounts = part -> {};

    AdminRequests(GroupConfig config, Admin admin, Executor loop, Clock clock, DiskAccess access) {
        this.access = access;
        this.config = config;
        this.admin = admin;
        this.loop = loop;
        this.clock = clock;
    }

    /** Shows the front end in status, and lets it be changed. */
    void show(Supplier<FrontEndView> view, FrontEndOrders orders) {
        frontEnd = view;
        frontEndOrders = orders;
    }

    /** Shows counts in status, and lets them begin anew. */
    void count(Function<GroupStatus, JsonObject> counts, Consumer<Statistics.Part> reset) {
        this.counts = counts;
        this.resetCounts = reset;
    }

    /** What may be ordered of the front end, on the loop. */
    interface FrontEndOrders {
        void change(GroupConfig.FrontEnd kind, Admin.Done told);
    }

    /** Answers a request; never throws. */
    JsonObject answer(JsonObject request) {
        String op = request.getString("op", "");
        try {
            return switch (op) {
                case "ping" -> done("");
                case "status" -> status();
                case "preview-takeover" -> order(asking(), admin::previewTakeover);
                case "takeover" -> {
                    boolean override = request.getBoolean("evenIfNotConsistent", false);
                    yield order(asking(), told -> admin.takeover(override, told));
                }
                case "pause" -> {
                    int nr = site(request);
                    String reason = request.getString("reason", "");
                    yield order(SOON_MILLIS, told -> admin.pause(nr, reason, told));
                }
                case "resume" -> {
                    int nr = site(request);
                    yield order(SOON_MILLIS, told -> admin.resume(nr, told));
                }
                case "set" -> set(request);
                case "resync" -> {
                    int nr = site(request);
                    boolean discard = request.getBoolean("discard", false);
                    yield order(LONG_MILLIS, told -> admin.resync(nr, discard, told));
                }
                case "reset-statistics" -> resetStatistics(request.getString("part", ""));
                case "front-end" -> changeFrontEnd(request.getString("kind", ""));
                default -> refused("bad-request", "no such request: \"" + op + "\"");
            };
        } catch (ConfigException e) {
            return refused("bad-request", String.valueOf(e.getMessage()));
        }
    }

    private long asking() {
        return LONG_MILLIS + config.tuning().askSitesMillis();
    }

    private int site(JsonObject request) throws ConfigException {
        String name = request.getString("site", "");
        return config.site(name)
                .orElseThrow(() ->
                        new ConfigException("no site \"" + name + "\" in group " + config.name()))
                .nr();
    }

    private JsonObject status() {
        CompletableFuture<Snapshot> taken = new CompletableFuture<>();
        loop.execute(() -> {
            GroupStatus now = admin.status();
            taken.complete(new Snapshot(now, frontEnd.get(), counts.apply(now)));
        });
        try {
            Snapshot snapshot = taken.get(SOON_MILLIS, TimeUnit.MILLISECONDS);
            JsonObject json =
                    StatusJson.of(snapshot.group(), snapshot.frontEnd(), clock.wallMicros());
            // A group that is not open yet knows no sites.
            json.put("site", nameOf(snapshot.group().selfSite()));
            json.put("diskAccess", SiteSettings.spelled(access));
            json.put("memoryBytes", ProcessMemory.bytesMax() + snapshot.frontEnd().memoryBytes());
            json.put("statistics", snapshot.counts());
            json.put("pid", ProcessHandle.current().pid());
            json.put("uuid", config.uuid().toString());
            JsonObject answer = done("");
            answer.put("status", json);
            return answer;
        } catch (TimeoutException e) {
            return refused("timeout", "the group's thread has not answered for 5 s");
        } catch (ExecutionException e) {
            return refused("failed", String.valueOf(e.getCause()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return refused("failed", "the daemon ends");
        }
    }

    private @Nullable String nameOf(int site) {
        return config.sites().stream()
                .filter(each -> each.nr() == site)
                .map(GroupConfig.Site::name)
                .findFirst()
                .orElse(null);
    }

    private JsonObject resetStatistics(String word) {
        return SiteSettings.named(Statistics.Part.class, word)
                .map(part ->
                        order(
                                SOON_MILLIS,
                                told -> {
                                    resetCounts.accept(part);
                                    told.done("");
                                }))
                .orElseGet(() -> refused("bad-request", "no such statistics: \"" + word + "\""));
    }

    private JsonObject changeFrontEnd(String word) {
        return SiteSettings.named(GroupConfig.FrontEnd.class, word)
                .map(kind -> order(FRONT_END_MILLIS, told -> frontEndOrders.change(kind, told)))
                .orElseGet(() -> refused("bad-request", "no such front end: \"" + word + "\""));
    }

    private JsonObject set(JsonObject request) throws ConfigException {
        int nr = site(request);
        String key = request.getString("key", "");
        String value = request.getString("value", "");
        // Only the loop knows the settings in force; a word that means nothing is refused before.
        CompletableFuture<JsonObject> answer = new CompletableFuture<>();
        loop.execute(() -> {
            GroupStatus now = admin.status();
            if (nr == now.selfSite() && now.role() != GroupStatus.Role.PRIMARY) {
                // What it is as a target; as a primary it would take it for its own devices'.
                answer.complete(done("nothing to set here: the primary follows it"));
                return;
            }
            try {
                GroupDefinition.Settings changed =
                        Definitions.settings(Definitions.settings(inForce(nr)).with(key, value));
                admin.set(nr, changed, told(answer));
            } catch (ConfigException e) {
                answer.complete(refused("refused", String.valueOf(e.getMessage())));
            }
        });
        return await(answer, SOON_MILLIS);
    }

    private GroupDefinition.Settings inForce(int nr) throws ConfigException {
        for (SiteStatus site : admin.status().sites()) {
            if (site.nr() == nr) {
                return site.settings();
            }
        }
        throw new ConfigException("site " + nr + " is not known to the running group");
    }

    /** Hands an order to the loop and waits for its end. */
    JsonObject order(long patienceMillis, Consumer<Admin.Done> order) {
        CompletableFuture<JsonObject> answer = new CompletableFuture<>();
        loop.execute(() -> order.accept(told(answer)));
        return await(answer, patienceMillis);
    }

    private static Admin.Done told(CompletableFuture<JsonObject> answer) {
        return new Admin.Done() {
            @Override
            public void done(String text) {
                answer.complete(AdminRequests.done(text));
            }

            @Override
            public void refused(String text) {
                answer.complete(AdminRequests.refused("refused", text));
            }
        };
    }

    private static JsonObject await(CompletableFuture<JsonObject> answer, long millis) {
        try {
            return answer.get(millis, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return refused(
                    "timeout",
                    "not done after " + millis / 1000 + " s; it may still be: see dmctl status");
        } catch (ExecutionException e) {
            return refused("failed", String.valueOf(e.getCause()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return refused("failed", "the daemon ends");
        }
    }

    static JsonObject done(String text) {
        JsonObject answer = new JsonObject();
        answer.put("ok", true);
        answer.put("text", text);
        return answer;
    }

    static JsonObject refused(String code, String text) {
        JsonObject answer = new JsonObject();
        answer.put("ok", false);
        answer.put("code", code);
        answer.put("text", text);
        return answer;
    }
}
