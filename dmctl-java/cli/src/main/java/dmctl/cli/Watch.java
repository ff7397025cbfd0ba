package dmctl.cli;

import dmctl.config.ConfigException;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.Site;
import dmctl.config.Units;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Starts daemons and looks after them until they are told to stop. */
final class Watch {
    private static final Duration ANSWER = Duration.ofSeconds(30);
    private static final Duration DRAIN = Duration.ofSeconds(10);
    private static final long ROUND_MILLIS = 1_000;
    private static final long RESTART_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final GroupConfig config;
    private final UpOptions options;
    private final PrintWriter out;
    private final Terminal terminal;

    /** Locked where it is changed: when this process is told to end, another thread reads it. */
    private final Map<String, DaemonProcess> started = new LinkedHashMap<>();

    private final Map<String, Long> startedNanos = new LinkedHashMap<>();

    /** Daemons that have ended; a permit of the semaphore for each, so that nobody polls. */
    private final ConcurrentLinkedQueue<DaemonProcess> ended = new ConcurrentLinkedQueue<>();

    private final Semaphore events = new Semaphore(0);
    private final Map<String, CompletableFuture<?>> ends = new LinkedHashMap<>();
    private volatile boolean stopping;

    /** What this process ends with once the daemons are stopped. */
    private volatile int exitCode = ExitCode.OK;

    /** Whether a daemon has ended by a failure, and was not started again. */
    private boolean lost;

    private String lastSaid = "";

    Watch(GroupConfig config, UpOptions options, PrintWriter out) {
        this.config = config;
        this.options = options;
        this.out = out;
        this.terminal = new Terminal(out, Terminal.standardOutputIsTerminal());
    }

    int run() throws CommandFailure, ConfigException, InterruptedException {
        Duration timeout = Duration.ofMillis(Units.parseTime(options.timeout));
        Thread stopper = new Thread(this::stopAll, "stop");
        if (!options.detach) {
            Runtime.getRuntime().addShutdownHook(stopper);
        }
        try {
            return startAndWatch(timeout);
        } catch (CommandFailure | RuntimeException e) {
            if (stopping) {
                awaitStop(); // it is only what the stop brings about
            }
            exitCode = e instanceof CommandFailure told ? told.exitCode() : ExitCode.FAILED;
            throw e;
        }
    }

    private int startAndWatch(Duration timeout) throws CommandFailure, InterruptedException {
        startAll(timeout.compareTo(ANSWER) > 0 ? timeout : ANSWER);
        boolean served = awaitServing(timeout);
        announce();
        if (options.detach) {
            if (!served) {
                throw notServed(timeout);
            }
            return ExitCode.OK;
        }
        watch();
        return lost ? ExitCode.FAILED : ExitCode.OK;
    }

    private CommandFailure notServed(Duration timeout) {
        GroupView group = GroupView.ask(config, Optional.empty());
        boolean failed = group.daemons().values().stream().anyMatch(Watch::hasFailed);
        return new CommandFailure(
                failed ? ExitCode.FAILED : ExitCode.TIMEOUT,
                (failed ? "not served" : "not served after " + Units.formatTime(timeout.toMillis()))
                        + "; the daemons run on\n"
                        + String.join("\n", StatusText.lines(group)));
    }

    private List<Site> wanted() throws CommandFailure {
        if (options.sites.isEmpty()) {
            return config.daemonSites();
        }
        List<Site> sites = new ArrayList<>();
        for (String name : options.sites) {
            sites.add(GroupOption.daemonSite(config, name));
        }
        return sites;
    }

    private void startAll(Duration patience) throws CommandFailure {
        List<Site> sites = wanted();
        GroupView before = GroupView.ask(config, Optional.empty());
        for (Site site : sites) {
            DaemonView running = before.daemons().get(site.name());
            if (running != null) {
                out.println(site.name() + ": already running, process " + running.pid());
            } else {
                start(site);
            }
        }
        out.flush();
        List<String> failures = new ArrayList<>();
        for (DaemonProcess daemon : List.copyOf(started.values())) {
            try {
                daemon.awaitAnswer(patience);
            } catch (CommandFailure e) {
                failures.add(String.valueOf(e.getMessage()));
            }
        }
        if (!failures.isEmpty()) {
            throw new CommandFailure(
                    ExitCode.FAILED,
                    String.join("\n", failures)
                            + (options.detach && failures.size() < started.size()
                                    ? "\nthe other daemons run on; stop them with: dmctl down -f "
                                            + config.file()
                                    : ""));
        }
    }

    private void start(Site site) throws CommandFailure {
        DaemonProcess daemon;
        synchronized (started) {
            if (stopping) {
                return; // nobody would stop it any more
            }
            daemon = DaemonProcess.start(config, site);
            started.put(site.name(), daemon);
        }
        startedNanos.put(site.name(), System.nanoTime());
        CompletableFuture<?> end =
                daemon.process()
                        .onExit()
                        .thenRun(() -> {
                            ended.add(daemon);
                            events.release();
                        });
        ends.put(site.name(), end);
        out.println(
                site.name()
                        + ": started, process "
                        + daemon.process().pid()
                        + ", messages in "
                        + daemon.messages());
    }

    private boolean awaitServing(Duration timeout) throws InterruptedException, CommandFailure {
        long end = System.nanoTime() + timeout.toNanos();
        while (System.nanoTime() < end) {
            GroupView group = GroupView.ask(config, Optional.empty());
            if (group.primary().map(DaemonView::serving).orElse(false)) {
                return true;
            }
            if (!options.sites.isEmpty() && settled(group)) {
                return true;
            }
            if (group.daemons().values().stream().anyMatch(Watch::hasFailed)) {
                return false;
            }
            if (events.tryAcquire(100, TimeUnit.MILLISECONDS)) {
                sayEndings();
            }
        }
        return false;
    }

    private static boolean hasFailed(DaemonView view) {
        return view.role().equals("failed");
    }

    /** Whether the sites that were named have done what they can by themselves. */
    private boolean settled(GroupView group) {
        return options.sites.stream()
                .allMatch(name -> {
                    DaemonView view = group.daemons().get(name);
                    return view != null && !view.role().equals("starting");
                });
    }

    private void announce() {
        GroupView group = GroupView.ask(config, Optional.empty());
        Optional<DaemonView> primary = group.primary();
        if (primary.isPresent() && primary.get().serving()) {
            Site site = config.site(primary.get().site()).orElseThrow();
            out.println("the group is served at " + site.name() + ":");
            Clients.lines(config, site).forEach(out::println);
        }
        if (!options.detach) {
            out.println(
                    "Ctrl-C stops the daemons started here; in another terminal: dmctl status -f "
                            + config.file());
        }
        out.flush();
        lastSaid = "";
    }

    private void watch() throws InterruptedException, CommandFailure {
        while (!stopping) {
            GroupView group = GroupView.ask(config, Optional.empty());
            if (terminal.isLive()) {
                terminal.draw(StatusText.lines(group));
            } else {
                sayChange(group);
            }
            if (events.tryAcquire(ROUND_MILLIS, TimeUnit.MILLISECONDS) && !stopping) {
                sayEndings();
            }
            if (started.isEmpty() && !stopping) {
                terminal.say("no daemon that was started here runs any more");
                return;
            }
        }
        awaitStop();
    }

    /** The shutdown hook ends the process. */
    private static void awaitStop() throws InterruptedException {
        new Semaphore(0).acquire();
    }

    private void sayEndings() throws CommandFailure {
        for (DaemonProcess daemon = ended.poll(); daemon != null; daemon = ended.poll()) {
            synchronized (started) {
                if (stopping || !started.remove(daemon.site().name(), daemon)) {
                    continue;
                }
            }
            String name = daemon.site().name();
            terminal.say("");
            terminal.say(name + ": its daemon " + daemon.ending());
            if (options.restart && ranAWhile(name)) {
                start(daemon.site());
            } else {
                lost |= daemon.process().exitValue() != 0;
                terminal.say(
                        "  the others go on; start it again with: dmctl up "
                                + config.file()
                                + " --site "
                                + name);
            }
        }
    }

    /** A daemon that ends at once would only end again. */
    private boolean ranAWhile(String site) {
        Long since = startedNanos.get(site);
        return since != null && System.nanoTime() - since > RESTART_PAUSE_NANOS;
    }

    /** Without a terminal: a line when the verdict or a site's words change, progress in tens. */
    private void sayChange(GroupView group) {
        List<String> parts = new ArrayList<>();
        parts.add(Verdict.of(group).level().toString());
        group.primary()
                .ifPresent(primary ->
                        primary.sites().stream()
                                .filter(site -> !site.name().equals(primary.site()))
                                .forEach(site ->
                                        parts.add(
                                                site.name()
                                                        + " "
                                                        + site.link()
                                                        + " "
                                                        + site.flow()
                                                        + " "
                                                        + site.data()
                                                        + tens(site.resync()))));
        String said = String.join(", ", parts);
        if (!said.equals(lastSaid)) {
            out.println(said + "; " + Verdict.of(group).text());
            out.flush();
            lastSaid = said;
        }
    }

    private static String tens(DaemonView.@org.jspecify.annotations.Nullable ResyncView resync) {
        return resync == null || resync.totalBytes() == 0
                ? ""
                : " " + 10 * (int) (10.0 * resync.doneBytes() / resync.totalBytes()) + "%";
    }

    /** Runs when this process is told to end. */
    private void stopAll() {
        Map<String, DaemonProcess> running = new LinkedHashMap<>();
        synchronized (started) {
            stopping = true;
            started.forEach((name, daemon) -> {
                if (daemon.process().isAlive()) {
                    running.put(name, daemon);
                }
            });
        }
        events.release();
        if (running.isEmpty()) {
            return;
        }
        out.println();
        out.println("stopping, the primary first");
        out.flush();
        List<Site> sites = running.values().stream().map(DaemonProcess::site).toList();
        boolean clean = Stop.stop(config, sites, running, DRAIN, false, out);
        out.flush();
        Runtime.getRuntime().halt(clean ? exitCode : ExitCode.FAILED);
    }
}
