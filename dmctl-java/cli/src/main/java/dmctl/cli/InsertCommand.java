package dmctl.cli;

import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.Site;
import dmctl.nativebridge.devmapper.DeviceMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Puts a group under mapped devices that are in use. */
@Command(
        name = "insert",
        mixinStandardHelpOptions = true,
        description = {
            "Puts a group under mapped devices that are in use: starts its daemon at the primary,",
            "and has the devices lead to it, with their I/O going on. Then the first sync begins."
        })
final class InsertCommand implements Callable<Integer> {
    private static final Duration ANSWER = Duration.ofMinutes(10);

    /** Longer than the daemon allows itself. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    @Spec @Nullable CommandSpec spec;

    @Mixin GroupOption group = new GroupOption();

    @Mixin PrimaryOption primary = new PrimaryOption();

    InsertCommand() {}

    @Override
    public Integer call() throws Exception {
        GroupConfig config = group.load();
        Site site = primary.of(config);
        if (config.primary() != site.nr()) {
            throw new CommandFailure(
                    ExitCode.FAILED,
                    "site "
                            + site.name()
                            + " is not the primary of the group; write primary: "
                            + site.name());
        }
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        try (DeviceMapper mapper = DeviceMapper.open(line -> {})) {
            LiveNames names = new LiveNames(config, site, mapper);
            requireFree(config, site);
            names.check(DeviceUsers.THIS);
            insert(config, site, names, out);
        }
        return ExitCode.OK;
    }

    /** The group begins anew with this: what was written without it is in no log. */
    private static void requireFree(GroupConfig config, Site site)
            throws IOException, CommandFailure {
        GroupView view = GroupView.ask(config, Optional.of(site));
        if (!view.daemons().isEmpty()) {
            throw new CommandFailure(
                    ExitCode.FAILED,
                    "the daemon of "
                            + site.name()
                            + " runs already; stop it: dmctl down -f "
                            + config.file());
        }
        Path log = site.daemon().orElseThrow().log().path();
        if (Files.isRegularFile(log) && Files.size(log) > 0) {
            throw new CommandFailure(
                    ExitCode.FAILED,
                    "the log "
                            + log
                            + " is there already, and knows nothing of what was written without"
                            + " it; remove it, and the sites are copied anew");
        }
    }

    private static void insert(GroupConfig config, Site site, LiveNames names, PrintWriter out)
            throws IOException, CommandFailure {
        DaemonProcess daemon = null;
        boolean done = false;
        try {
            names.makeOrigins();
            daemon = DaemonProcess.start(config, site, "--insert");
            daemon.awaitAnswer(ANSWER);
            String text =
                    AdminClient.order(
                            GroupView.socket(site), AdminClient.request("insert"), PATIENCE);
            done = true;
            out.println(site.name() + ": " + text + "; process " + daemon.process().pid());
        } finally {
            if (!done) {
                back(site, names, daemon);
            }
        }
    }

    /** Everything as before; nothing was written to the log that is not on the devices. */
    private static void back(Site site, LiveNames names, @Nullable DaemonProcess daemon)
            throws IOException, CommandFailure {
        names.goOn();
        if (daemon != null && daemon.process().isAlive()) {
            stop(site, daemon);
        }
        names.goOn();
        if (names.removeOrigins()) {
            Path log = site.daemon().orElseThrow().log().path();
            if (daemon != null && Files.isRegularFile(log)) {
                Files.deleteIfExists(log);
            }
        }
    }

    private static void stop(Site site, DaemonProcess daemon) throws CommandFailure {
        AdminClient.order(GroupView.socket(site), AdminClient.request("shutdown"), PATIENCE);
        DaemonProcess.requireEnd(daemon.process().pid(), PATIENCE);
    }
}
