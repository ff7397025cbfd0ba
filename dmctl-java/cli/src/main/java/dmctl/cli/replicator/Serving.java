package dmctl.cli.replicator;

import com.grack.nanojson.JsonArray;
import com.grack.nanojson.JsonObject;
import dmctl.cli.replicator.Entry.Statistics;
import dmctl.config.ConfigException;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.FrontEnd;
import dmctl.config.GroupConfig.LogPlace;
import dmctl.config.GroupConfig.Site;
import dmctl.config.GroupFile;
import dmctl.config.SiteSettings;
import dmctl.config.Units;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Sees to it that the daemon of a group serves what its tables say, and nothing else. */
final class Serving {
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private static final int SILENCES_MAX = 5;

    private final Places places;
    private final Daemons daemons;

    Serving(Places places, Daemons daemons) {
        this.places = places;
        this.daemons = daemons;
    }

    /** The group as its file says it; empty if there is none. */
    Optional<GroupConfig> config(String group) throws IOException, Refusal {
        Path file = places.file(group);
        String text = text(file);
        return text.isEmpty() ? Optional.empty() : Optional.of(parse(file, text));
    }

    private static String text(Path file) throws IOException, Refusal {
        String text = Files.exists(file) ? Files.readString(file) : "";
        if (!text.isEmpty() && !GroupTables.isMade(text)) {
            throw new Refusal(
                    file
                            + " describes this group already, and was not made from tables; give"
                            + " the replicator's device another name, or move that file away");
        }
        return text;
    }

    private static GroupConfig parse(Path file, String text) throws Refusal {
        try {
            return GroupFile.parse(file, text);
        } catch (ConfigException e) {
            throw new Refusal(String.valueOf(e.getMessage()));
        }
    }

    static Site local(GroupConfig config) {
        return config.site(GroupTables.LOCAL).orElseThrow();
    }

    boolean isRunning(GroupConfig config) {
        return daemons.status(local(config)).isPresent();
    }

    Optional<JsonObject> status(String group) throws IOException, Refusal {
        return config(group).flatMap(config -> daemons.status(local(config)));
    }

    /**
     * Starts the daemon, or starts it again where what it is to serve has changed, and waits until
     * the devices are there. Requests under way wait meanwhile.
     */
    void apply(GroupTables tables) throws IOException, Refusal {
        apply(tables, true, true);
    }

    /** The same, for the first device of the group that is shown. */
    void begin(GroupTables tables) throws IOException, Refusal {
        apply(tables, false, true);
    }

    /** The same; where the group is served elsewhere, there is nothing to wait for. */
    void applyLess(GroupTables tables) throws IOException, Refusal {
        apply(tables, true, false);
    }

    /** Once a device is there, its front end and its log stay. */
    private void apply(GroupTables tables, boolean begun, boolean mustServe)
            throws IOException, Refusal {
        Path file = places.file(tables.group());
        String before = text(file);
        Optional<GroupConfig> old =
                before.isEmpty() ? Optional.empty() : Optional.of(parse(file, before));
        boolean running = old.isPresent() && isRunning(old.get());
        FrontEnd frontEnd =
                begun && old.isPresent()
                        ? local(old.get()).daemon().orElseThrow().frontEnd()
                        : places.frontEnd().get();
        String text = (begun ? tables.withLogMade() : tables).fileText(file, frontEnd);
        GroupConfig config = parse(file, text);
        Site local = local(config);
        boolean same = text.equals(before);
        if (running && same && isShownSoon(config, tables, mustServe)) {
            return;
        }
        if (!same && old.isPresent() && !running && needsCleanStop(old.get(), config)) {
            daemons.start(old.get(), local(old.get()));
            running = true;
        }
        if (running) {
            daemons.stop(local, true);
        }
        if (!same) {
            SavedTables.write(file, text);
        }
        try {
            daemons.start(config, local);
        } catch (Refusal e) {
            goBack(file, before, running ? old : Optional.empty());
            throw e;
        }
        try {
            awaitShown(config, tables, mustServe);
        } catch (Refusal e) {
            throw e.afterStart();
        }
    }

    /** One that was removed by other means is there again only after a restart. */
    private boolean isShownSoon(GroupConfig config, GroupTables tables, boolean mustServe)
            throws Refusal {
        try {
            awaitShown(config, tables, mustServe);
            return true;
        } catch (Refusal e) {
            if (daemons.status(local(config)).filter(Serving::isServedElsewhere).isPresent()) {
                throw e;
            }
            return false;
        }
    }

    private void goBack(Path file, String before, Optional<GroupConfig> running)
            throws IOException, Refusal {
        if (before.isEmpty()) {
            Files.delete(file);
        } else {
            SavedTables.write(file, before);
        }
        if (running.isPresent()) {
            daemons.start(running.get(), local(running.get()));
        }
    }

    /** A log that was not closed takes no other devices. */
    private static boolean needsCleanStop(GroupConfig old, GroupConfig config) {
        LogPlace before = local(old).daemon().orElseThrow().log();
        LogPlace now = local(config).daemon().orElseThrow().log();
        return !old.devices().equals(config.devices())
                && before.path().equals(now.path())
                && before.startBytes() == now.startBytes();
    }

    private void awaitShown(GroupConfig config, GroupTables tables, boolean mustServe)
            throws Refusal {
        Set<String> wanted = new HashSet<>();
        tables.shown().forEach(member -> wanted.add(member.name()));
        Path messages = local(config).daemon().orElseThrow().messageFile();
        long end = System.nanoTime() + places.patience().toNanos();
        long problemSince = 0;
        int silences = 0;
        while (true) {
            Optional<JsonObject> status = daemons.status(local(config));
            silences = status.isPresent() ? 0 : silences + 1;
            if (silences > SILENCES_MAX) {
                throw new Refusal("the daemon of the group has ended; see " + messages);
            }
            if (status.isPresent()) {
                boolean away = isServedElsewhere(status.get());
                if (isShown(status.get(), wanted) || (away && !mustServe)) {
                    return;
                }
                if (away) {
                    throw notServed(config, status.get());
                }
                String problem = problem(status.get());
                problemSince =
                        problem.isEmpty()
                                ? 0
                                : problemSince == 0 ? System.nanoTime() : problemSince;
                if (!problem.isEmpty()
                        && System.nanoTime() - problemSince > places.hindrance().toNanos()) {
                    throw new Refusal(problem);
                }
            }
            if (System.nanoTime() > end) {
                throw new Refusal(
                        "the devices of group "
                                + config.name()
                                + " are not there after "
                                + places.patience().toSeconds()
                                + " s; see dmctl status -f "
                                + config.file()
                                + " and "
                                + messages);
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private static boolean isShown(JsonObject status, Set<String> wanted) {
        if (!status.getBoolean("serving", false)) {
            return false;
        }
        Set<String> live = new HashSet<>();
        JsonArray devices =
                status.getObject("frontEnd", new JsonObject()).getArray("devices", new JsonArray());
        for (int i = 0; i < devices.size(); i++) {
            JsonObject device = devices.getObject(i);
            JsonObject mapper = device.getObject("mapper");
            if (mapper != null && device.getString("state", "").equals("live")) {
                live.add(mapper.getString("name", ""));
            }
        }
        return live.containsAll(wanted);
    }

    private static boolean isServedElsewhere(JsonObject status) {
        String role = status.getString("role", "");
        return role.equals("target") || role.equals("fenced") || role.equals("failed");
    }

    private static Refusal notServed(GroupConfig config, JsonObject status) {
        return new Refusal(
                "group "
                        + config.name()
                        + " is not served here: "
                        + status.getString("notServingReason", "")
                        + "; see dmctl status -f "
                        + config.file());
    }

    private static String problem(JsonObject status) {
        JsonArray problems = status.getArray("problems", new JsonArray());
        for (int i = 0; i < problems.size(); i++) {
            JsonObject problem = problems.getObject(i);
            if (problem.getString("what", "").equals("front-end")) {
                return problem.getString("reason", "") + "; " + problem.getString("nextStep", "");
            }
        }
        return "";
    }

    /**
     * Applies everything to the local devices and removes the mapped ones, unless one is in use.
     */
    void end(GroupConfig config) throws Refusal {
        if (!isRunning(config)) {
            // One that was killed has left devices, and writes in the log.
            daemons.start(config, local(config));
        }
        daemons.stop(local(config), false);
    }

    /** Stops the daemon; the devices stay, and their requests wait. */
    void pause(GroupConfig config) throws Refusal {
        if (isRunning(config)) {
            daemons.stop(local(config), true);
        }
    }

    /** Has the log of another size; requests wait while the daemon is started again. */
    void resizeLog(GroupTables before, GroupTables now, long bytes) throws IOException, Refusal {
        Path file = places.file(before.group());
        apply(before);
        GroupConfig config = config(before.group()).orElseThrow();
        FrontEnd frontEnd = local(config).daemon().orElseThrow().frontEnd();
        // Whatever is wrong with such a group is said before anything is stopped.
        parse(file, now.withLogMade().fileText(file, frontEnd));
        try {
            daemons.resizeLog(local(config), bytes);
        } catch (Refusal e) {
            if (!isRunning(config)) {
                apply(before);
            }
            throw e;
        }
        apply(now);
    }

    void resetStatistics(String group, Statistics part) throws IOException, Refusal {
        Optional<GroupConfig> config = config(group);
        if (config.isPresent() && isRunning(config.get())) {
            JsonObject request = new JsonObject();
            request.put("op", "reset-statistics");
            request.put("part", SiteSettings.spelled(part));
            daemons.order(local(config.get()), request);
        }
    }

    /** Has changed settings of sites in force at once, and keeps them for later starts. */
    void set(GroupTables tables) throws IOException, Refusal {
        Path file = places.file(tables.group());
        GroupConfig old = config(tables.group()).orElseThrow();
        FrontEnd frontEnd = local(old).daemon().orElseThrow().frontEnd();
        String text = tables.withLogMade().fileText(file, frontEnd);
        if (isRunning(old)) {
            for (Site site : parse(file, text).sites()) {
                SiteSettings before = old.site(site.nr()).orElseThrow().settings();
                order(old, site.name(), before, site.settings());
            }
        }
        SavedTables.write(file, text);
    }

    private void order(GroupConfig config, String site, SiteSettings before, SiteSettings now)
            throws Refusal {
        List<String[]> changes = new ArrayList<>();
        changes.add(new String[] {"policy", SiteSettings.spelled(now.policy())});
        changes.add(new String[] {"out-of-reach", SiteSettings.spelled(now.outOfReach())});
        if (!limit(before).equals(limit(now))) {
            changes.add(new String[] {"limit", limit(now)});
        }
        // Nothing is ever held without a limit.
        int at = now.mode() == SiteSettings.Mode.HOLD ? changes.size() : 0;
        changes.add(at, new String[] {"mode", SiteSettings.spelled(now.mode())});
        if (before.equals(now)) {
            return;
        }
        for (String[] change : changes) {
            JsonObject request = new JsonObject();
            request.put("op", "set");
            request.put("site", site);
            request.put("key", change[0]);
            request.put("value", change[1]);
            daemons.order(local(config), request);
        }
    }

    private static String limit(SiteSettings settings) {
        return switch (settings.limitKind()) {
            case NONE -> "none";
            case IOS -> "ios=" + settings.limit();
            case SIZE -> "size=" + Units.exactSize(settings.limit());
            case TIME -> "time=" + Units.exactTime(settings.limit());
        };
    }
}
