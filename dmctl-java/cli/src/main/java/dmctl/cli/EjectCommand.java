package dmctl.cli;

import com.grack.nanojson.JsonObject;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.Site;
import dmctl.nativebridge.devmapper.DeviceMapper;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Takes a group out from under mapped devices that are in use. */
@Command(
        name = "eject",
        mixinStandardHelpOptions = true,
        description = {
            "Takes a group out from under the mapped devices that dmctl insert has put it under,",
            "with their I/O going on, and stops its daemon. They have their own tables again."
        })
final class EjectCommand implements Callable<Integer> {
    /** Longer than the daemon allows itself. */
    private static final Duration PATIENCE = Duration.ofMinutes(20);

    private static final String RESUME = "resume";

    @Spec @Nullable CommandSpec spec;

    @Mixin GroupOption group = new GroupOption();

    @Mixin PrimaryOption primary = new PrimaryOption();

    EjectCommand() {}

    @Override
    public Integer call() throws Exception {
        GroupConfig config = group.load();
        Site site = primary.of(config);
        try (DeviceMapper mapper = DeviceMapper.open(line -> {})) {
            LiveNames names = new LiveNames(config, site, mapper);
            String text = eject(config, site, names);
            if (!names.removeOrigins()) {
                throw new CommandFailure(
                        ExitCode.FAILED, "not all names lead to their devices: dmsetup table");
            }
            Objects.requireNonNull(spec)
                    .commandLine()
                    .getOut()
                    .println(
                            site.name()
                                    + ": "
                                    + text
                                    + "; the group is not under "
                                    + String.join(", ", names.paths())
                                    + " any more");
        }
        return ExitCode.OK;
    }

    private static String eject(GroupConfig config, Site site, LiveNames names)
            throws IOException, CommandFailure {
        GroupView view = GroupView.ask(config, Optional.of(site));
        DaemonView daemon = view.daemons().get(site.name());
        if (daemon == null) {
            throw new CommandFailure(
                    ExitCode.UNREACHABLE,
                    "the daemon of "
                            + site.name()
                            + " does not answer: "
                            + Objects.requireNonNull(view.silent().get(site.name())).text());
        }
        JsonObject answer;
        try {
            answer =
                    AdminClient.ask(GroupView.socket(site), AdminClient.request("eject"), PATIENCE);
        } catch (AdminClient.Unreachable e) {
            names.goOn();
            throw new CommandFailure(
                    ExitCode.UNREACHABLE,
                    e.text()
                            + "; the group is still under its devices, start its daemon: dmctl up "
                            + config.file());
        }
        String text = answer.getString("text", "");
        boolean ok = answer.getBoolean("ok", false);
        if (!ok && !answer.getString("code", "").equals(RESUME)) {
            throw new CommandFailure(ExitCode.FAILED, text);
        }
        if (!ok) {
            names.takeOrigins();
        }
        DaemonProcess.requireEnd(daemon.pid(), PATIENCE);
        return text;
    }
}
