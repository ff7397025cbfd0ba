package dmctl.cli;

import com.grack.nanojson.JsonObject;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.FrontEnd;
import dmctl.config.GroupConfig.Site;
import dmctl.config.SiteSettings;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Changes the front end under devices that are in use. */
@Command(
        name = "front-end",
        mixinStandardHelpOptions = true,
        description = {
            "Has the names of a site's devices under /dev/mapper lead to another front end, under",
            "whatever uses them. After a restart the file counts."
        })
final class FrontEndCommand implements Callable<Integer> {
    /** As long as the daemon allows itself. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @Spec @Nullable CommandSpec spec;

    @Mixin GroupOption group = new GroupOption();

    @Parameters(index = "0", paramLabel = "SITE", description = "The site.")
    String name = "";

    @Parameters(index = "1", paramLabel = "KIND", description = "ublk or kernel-nbd.")
    String kind = "";

    FrontEndCommand() {}

    @Override
    public Integer call() throws Exception {
        GroupConfig config = group.load();
        Site site = GroupOption.daemonSite(config, name);
        if (SiteSettings.named(FrontEnd.class, kind).isEmpty()) {
            throw new CommandFailure(
                    ExitCode.USAGE, kind + " is no front end; write ublk or kernel-nbd");
        }
        JsonObject request = AdminClient.request("front-end");
        request.put("kind", kind);
        String text = AdminClient.order(GroupView.socket(site), request, PATIENCE);
        Objects.requireNonNull(spec).commandLine().getOut().println(name + ": " + text);
        return ExitCode.OK;
    }
}
