package dmctl.cli;

import com.grack.nanojson.JsonObject;
import dmctl.config.GroupConfig;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Stops replication to a site for a while. */
@Command(
        name = "pause",
        mixinStandardHelpOptions = true,
        description = "Stops replication to a site until dmctl resume; kept over restarts.")
final class PauseCommand implements Callable<Integer> {
    @Spec @Nullable CommandSpec spec;

    @Mixin GroupOption group = new GroupOption();

    @Parameters(paramLabel = "SITE", description = "The site.")
    String name = "";

    @Option(names = "--reason", paramLabel = "TEXT", description = "For status.")
    String reason = "";

    PauseCommand() {}

    @Override
    public Integer call() throws Exception {
        JsonObject request = AdminClient.request("pause");
        request.put("reason", reason);
        return toPrimary(
                group.load(), name, request, name + ": paused", Objects.requireNonNull(spec));
    }

    /** Sends an order about a site to the primary and says what came of it. */
    static int toPrimary(
            GroupConfig config, String site, JsonObject request, String done, CommandSpec spec)
            throws CommandFailure {
        request.put("site", GroupOption.site(config, site).name());
        GroupView view = GroupView.ask(config, Optional.empty());
        String text = AdminClient.order(view.primarySocket(), request, AdminClient.SOON);
        spec.commandLine().getOut().println(text.isEmpty() ? done : text);
        return ExitCode.OK;
    }
}
