package dmctl.daemon;

import com.grack.nanojson.JsonObject;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.DaemonPlaces;
import dmctl.config.GroupConfig.Device;
import dmctl.config.GroupConfig.LogPlace;
import dmctl.config.GroupConfig.Site;
import dmctl.config.Units;
import dmctl.daemon.front.BackingGroup;
import dmctl.daemon.io.FileStorage;
import dmctl.daemon.io.GroupLoop;
import dmctl.daemon.io.RealPorts;
import dmctl.daemon.io.SocketNetwork;
import dmctl.daemon.io.SystemClock;
import dmctl.daemon.io.Turn;
import dmctl.daemon.io.WireListener;
import dmctl.engine.Admin;
import dmctl.engine.Group;
import dmctl.replog.ReplogException;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One site of one group: its files, its sockets and the loop that runs its group. */
final class SiteDaemon {
    private static final Logger LOG = LoggerFactory.getLogger(SiteDaemon.class);

    /** Longest stop: what is in the log has to reach the devices. */
    private static final long STOP_MILLIS = 110_000;

    /** Longest wait for the kernel to let go of the devices. */
    private static final long DEVICES_MILLIS = 60_000;

    /** Longest wait for I/O under way to end before names lead elsewhere. */
    private static final long INSERT_MILLIS = 120_000;

    /** Longest wait for the rest to be on the devices: nothing may give up in the middle. */
    private static final long EJECT_MILLIS = 600_000;

    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** All is on the devices, but a name did not go on there. */
    private static final String RESUME = "resume";

    private static final long FRONT_END_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final long STATUS_MILLIS = 5_000;

    private static final long LOOP_END_MILLIS = 5_000;

    private final GroupConfig config;
    private final Site self;
    private final DaemonPlaces places;
    private final PidFile pidFile;
    private final GroupLoop loop;
    private final RealPorts ports;
    private final Group group;
    private final AdminRequests requests;
    private final ServiceNotices notices;

    /** Whether all other sites wait until the group is put under its devices. */
    private final boolean inserting;

    private final CompletableFuture<Integer> end = new CompletableFuture<>();
    private final CompletableFuture<JsonObject> stopped = new CompletableFuture<>();

    /** Set once, before the loop runs. */
    private @Nullable FrontEnds frontEnds;

    /** On the loop, at a clean stop. */
    private Runnable closeSockets = () -> {};

    private SiteDaemon(GroupConfig config, Site self, DaemonOptions options, ServiceNotices notices)
            throws DaemonFailure {
        this.config = config;
        this.self = self;
        this.notices = notices;
        this.places = self.daemon().orElseThrow();
        this.pidFile = PidFile.lock(places.pidFile(), self.name());
        new SiteFiles(config, self, options.create(), LOG::info).prepare();
        try {
            this.loop = new GroupLoop(config.name(), new SystemClock(), this::failed);
            this.ports = new RealPorts(realPlaces(), loop, network(), this::event);
            checkSizes();
            LogPlace log = options.insert() ? places.log().created() : places.log();
            long logBytes = new LogAdmission(log, this::event).sizeBytes(ports.log().sizeBytes());
            ports.narrowLog(log.startBytes(), logBytes);
            this.group = new Group(Definitions.definition(config, self.nr()), ports);
            if (options.insert()) {
                group.holdSites("waits until the group is put under its devices");
            }
        } catch (IOException e) {
            throw cannotOpen(e);
        }
        this.inserting = options.insert();
        this.requests = new AdminRequests(config, group, loop, ports.clock(), ports.access());
    }

    /** Opens and locks everything and begins to serve. */
    static SiteDaemon start(
            GroupConfig config, Site self, DaemonOptions options, ServiceNotices notices)
            throws DaemonFailure {
        SiteDaemon daemon = new SiteDaemon(config, self, options, notices);
        daemon.begin();
        return daemon;
    }

    private void begin() throws DaemonFailure {
        FrontEnds opened;
        WireListener links;
        try {
            links = new WireListener(loop, Definitions.address(places.listen()), group::accept);
            CountedFrontEnd counted = new CountedFrontEnd(group);
            opened =
                    FrontEnds.open(
                            config,
                            self,
                            new BackingGroup(
                                    counted,
                                    () -> group.status().role(),
                                    loop,
                                    this::event,
                                    FRONT_END_PAUSE_NANOS));
            Statistics statistics =
                    new Statistics(
                            counted,
                            group,
                            places.log().startBytes(),
                            ports.logFile()::readsAsked,
                            ports.logFile()::writesAsked);
            requests.count(statistics::json, statistics::reset);
        } catch (IOException e) {
            throw cannotOpen(e);
        }
        frontEnds = opened;
        requests.show(opened::view, opened::change);
        closeSockets =
                () -> {
                    links.close();
                    opened.close();
                };
        loop.execute(group::start);
        loop.execute(() -> notices.begin(loop, group::status));
        loop.start(
                new Turn() {
                    private boolean more;

                    @Override
                    public void turn() {
                        group.turn();
                        more = opened.endOfRound();
                    }

                    @Override
                    public long nextWakeNanos() {
                        return more ? Long.MIN_VALUE : group.nextWakeNanos();
                    }
                });
        AdminServer.open(places.adminSocket(), this::answer);
        LOG.info(
                "group={} site={} takes links at {} and orders at {}",
                config.name(),
                self.name(),
                places.listen(),
                places.adminSocket());
    }

    /** Waits for the end. */
    int awaitEnd() throws InterruptedException, ExecutionException {
        return end.get();
    }

    /** Ends the process after an order to stop was followed; told when the answer is out. */
    JsonObject answer(JsonObject request) {
        JsonObject answer;
        switch (request.getString("op", "")) {
            case "insert" -> {
                return insert();
            }
            case "eject" -> answer = eject();
            case "shutdown" -> answer = stop(request.getBoolean("keepDevices", false));
            case "resize-log" -> answer = resizeLog(request.getLong("bytes", 0));
            default -> {
                return requests.answer(request);
            }
        }
        if (stopped.isDone()) {
            // The answer leaves first; who asked watches the process for its end.
            CompletableFuture.delayedExecutor(50, TimeUnit.MILLISECONDS)
                    .execute(() -> end.complete(DaemonFailure.CLEAN));
        }
        return answer;
    }

    /**
     * Stops cleanly: removes the devices, applies and flushes everything and closes the log.
     *
     * @param keepUsed whether devices in use stay, for the next start, or nothing is stopped
     * @return an answer as to an administrator
     */
    synchronized JsonObject stop(boolean keepUsed) {
        return stop(keepUsed, group::shutdown, answer -> answer);
    }

    /** With something done when all is closed, and still locked. */
    private JsonObject stop(
            boolean keepUsed, Consumer<Admin.Done> shutdown, UnaryOperator<JsonObject> whenClosed) {
        if (stopped.isDone()) {
            return stopped.join();
        }
        LOG.info("group={} site={} stops", config.name(), self.name());
        JsonObject answer = requests.order(DEVICES_MILLIS, told -> stopDevices(keepUsed, told));
        if (answer.getBoolean("ok", false)) {
            // Not before: a service manager ends by force what says so and does not end.
            notices.stopping();
            answer = requests.order(STOP_MILLIS, shutdown);
        }
        if (!answer.getBoolean("ok", false)) {
            LOG.error("group={} site={} {}", config.name(), self.name(), answer.getString("text"));
            return answer;
        }
        answer = whenClosed.apply(answer);
        end(answer);
        return answer;
    }

    /**
     * Stops cleanly with an empty log, and changes its size; the devices wait for the next start.
     * Nothing is stopped for a size that the log cannot have.
     */
    private synchronized JsonObject resizeLog(long bytes) {
        if (stopped.isDone()) {
            return AdminRequests.refused("refused", "the daemon stops");
        }
        LogResize resize = new LogResize(places.log());
        try {
            if (resize.bytes() == bytes) {
                return AdminRequests.done("the log has this size");
            }
            resize.check(bytes);
        } catch (IOException | ReplogException e) {
            return AdminRequests.refused("refused", String.valueOf(e.getMessage()));
        }
        JsonObject may = requests.order(STATUS_MILLIS, this::mayResize);
        return may.getBoolean("ok", false)
                ? stop(true, group::shutdownEmptied, answer -> resized(resize, bytes))
                : may;
    }

    private void mayResize(Admin.Done told) {
        String obstacle = LogResize.obstacle(group.status());
        if (obstacle.isEmpty()) {
            told.done("");
        } else {
            told.refused(obstacle);
        }
    }

    private JsonObject resized(LogResize resize, long bytes) {
        JsonObject answer;
        try {
            answer = AdminRequests.done(resize.apply(bytes, this::nameOf));
        } catch (IOException | ReplogException e) {
            answer = AdminRequests.refused("refused", String.valueOf(e.getMessage()));
        }
        answer.put("ended", true); // whoever asked waits for that
        return answer;
    }

    private String nameOf(int siteNr) {
        return config.site(siteNr).map(Site::name).orElse(String.valueOf(siteNr));
    }

    /** Puts the group under the names that are in use, and then lets the other sites go on. */
    private JsonObject insert() {
        FrontEnds open = frontEnds;
        if (!inserting || open == null) {
            return AdminRequests.refused(
                    "refused", "this daemon was not started to be put under devices: dmctl insert");
        }
        return requests.order(INSERT_MILLIS, told -> open.insert(thenResuming(told)));
    }

    /** Lets the other sites go on as soon as it is done, whether somebody still waits for that. */
    private Admin.Done thenResuming(Admin.Done told) {
        return new Admin.Done() {
            @Override
            public void done(String text) {
                for (Site site : config.sites()) {
                    if (site.nr() != self.nr()) {
                        group.resume(site.nr(), logged());
                    }
                }
                told.done(text);
            }

            @Override
            public void refused(String text) {
                told.refused(text);
            }
        };
    }

    private Admin.Done logged() {
        return new Admin.Done() {
            @Override
            public void done(String text) {
                event(text);
            }

            @Override
            public void refused(String text) {
                event(text);
            }
        };
    }

    /**
     * Takes the group out from under the names that are in use: their I/O waits while everything is
     * applied, and then goes on at the local devices.
     */
    private synchronized JsonObject eject() {
        FrontEnds open = frontEnds;
        if (stopped.isDone() || open == null) {
            return AdminRequests.refused("refused", "the daemon stops, or starts");
        }
        LOG.info("group={} site={} is taken out", config.name(), self.name());
        JsonObject applying = requests.order(STOP_MILLIS, this::awaitApplied);
        if (!applying.getBoolean("ok", false)) {
            return applying;
        }
        JsonObject answer = requests.order(INSERT_MILLIS, open::beginEject);
        if (!answer.getBoolean("ok", false)) {
            return answer;
        }
        JsonObject applied = requests.order(EJECT_MILLIS, group::shutdown);
        boolean clean = applied.getBoolean("ok", false);
        answer = requests.order(INSERT_MILLIS, told -> open.endEject(clean, told));
        if (!clean) {
            return applied;
        }
        if (!answer.getBoolean("ok", false)) {
            answer.put("code", RESUME);
        } else {
            JsonObject removed = requests.order(DEVICES_MILLIS, told -> stopDevices(true, told));
            LOG.info("group={} {}", config.name(), removed.getString("text"));
            answer = applied;
        }
        end(answer);
        return answer;
    }

    /** Brings the devices up to now before any I/O waits for that. */
    private void awaitApplied(Admin.Done told) {
        awaitApplied(group.status().headSeq(), told);
    }

    private void awaitApplied(long seq, Admin.Done told) {
        if (group.status().appliedSeq() >= seq || !group.serving()) {
            told.done("");
        } else {
            loop.schedule(LOOK_NANOS, () -> awaitApplied(seq, told));
        }
    }

    /** Closes everything, after the group has stopped. */
    private void end(JsonObject answer) {
        try {
            loop.execute(closeSockets);
            loop.stop();
            if (!loop.awaitEnd(LOOP_END_MILLIS)) {
                LOG.warn("group={} the loop has not ended", config.name());
            }
            ports.close();
            java.nio.file.Files.deleteIfExists(places.adminSocket());
            pidFile.close();
        } catch (IOException e) {
            LOG.warn("group={} {}", config.name(), e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        LOG.info("group={} site={} {}", config.name(), self.name(), answer.getString("text"));
        stopped.complete(answer);
    }

    private void stopDevices(boolean keepUsed, Admin.Done told) {
        FrontEnds open = frontEnds;
        if (open == null) {
            told.done("");
            return;
        }
        open.stop(
                keepUsed,
                refusal -> {
                    if (refusal.isEmpty()) {
                        told.done("");
                    } else {
                        told.refused(refusal);
                    }
                });
    }

    /** The loop has ended by a failure: nothing here can be trusted to go on. */
    private void failed(Throwable failure) {
        end.complete(DaemonFailure.FAILED);
    }

    private void event(String line) {
        LOG.info("group={} site={} {}", config.name(), self.name(), line);
    }

    private DaemonFailure cannotOpen(IOException e) {
        return new DaemonFailure(
                DaemonFailure.CANNOT_OPEN, "site " + self.name() + ": " + e.getMessage());
    }

    private SocketNetwork network() {
        Map<Integer, SocketAddress> addresses = new HashMap<>();
        for (Site site : config.daemonSites()) {
            if (site.nr() != self.nr()) {
                addresses.put(
                        site.nr(), Definitions.address(site.daemon().orElseThrow().connect()));
            }
        }
        return new SocketNetwork(loop, addresses, config.tuning().linkTimeoutMillis());
    }

    private RealPorts.Places realPlaces() {
        Map<Integer, Path> devices = new HashMap<>();
        for (int i = 0; i < config.devices().size(); i++) {
            devices.put(config.devices().get(i).nr(), self.devices().get(i));
        }
        Map<Integer, List<Path>> remote = new HashMap<>();
        for (Site site : config.sites()) {
            if (site.daemon().isEmpty()) {
                remote.put(site.nr(), site.devices());
            }
        }
        return new RealPorts.Places(
                places.log().path(),
                devices,
                remote,
                places.exportDir(),
                config.blockSize(),
                FileStorage.Direct.AUTO,
                Definitions.access(config));
    }

    private void checkSizes() throws DaemonFailure {
        for (int i = 0; i < config.devices().size(); i++) {
            Device device = config.devices().get(i);
            long actual = ports.device(device.nr()).sizeBytes();
            if (actual != device.sizeBytes()) {
                throw new DaemonFailure(
                        DaemonFailure.CANNOT_OPEN,
                        self.devices().get(i)
                                + " has "
                                + actual
                                + " bytes, device "
                                + device.name()
                                + " of the group has "
                                + device.sizeBytes()
                                + " ("
                                + Units.formatSize(device.sizeBytes())
                                + "); make the two equal");
            }
        }
    }
}
