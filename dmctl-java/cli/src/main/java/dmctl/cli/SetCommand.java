package dmctl.cli;

import com.grack.nanojson.JsonObject;
import dmctl.config.ConfigException;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.Site;
import dmctl.config.SiteSettings;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Changes how a site takes part. */
@Command(
        name = "set",
        mixinStandardHelpOptions = true,
        description = {
            "Changes how a site takes part, at once, at every daemon that answers.",
            "Lasts until the daemon is started again; the group's file says what holds from then on."
        },
        footer = {
            "",
            "Settings:",
            "  policy         sync, async",
            "  out-of-reach   degrade, wait             of a sync site",
            "  degrade-after  TIME                      of a sync site",
            "  mode           hold, warn, stall, drop   of an async site at its limit",
            "  limit          ios=N, size=SIZE, time=TIME, none",
            "  resync-rate    SIZE/s, none"
        })
final class SetCommand implements Callable<Integer> {
    @Spec @Nullable CommandSpec spec;

    @Mixin GroupOption group = new GroupOption();

    @Parameters(index = "0", paramLabel = "SITE", description = "The site.")
    String name = "";

    @Parameters(index = "1", paramLabel = "SETTING", description = "See below.")
    String key = "";

    @Parameters(index = "2..*", arity = "1..*", paramLabel = "VALUE", description = "See below.")
    List<String> words = new ArrayList<>();

    SetCommand() {}

    @Override
    public Integer call() throws Exception {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        GroupConfig config = group.load();
        Site site = GroupOption.site(config, name);
        String value = String.join(" ", words);
        checkSpelling(value);
        GroupView view = GroupView.ask(config, Optional.empty());
        Path primary = view.primarySocket();
        JsonObject request = AdminClient.request("set");
        request.put("site", site.name());
        request.put("key", key);
        request.put("value", value);
        AdminClient.order(primary, request, AdminClient.SOON);
        for (String other : view.daemons().keySet()) {
            Path socket = GroupView.socket(config.site(other).orElseThrow());
            if (!socket.equals(primary)) {
                AdminClient.order(socket, request, AdminClient.SOON);
            }
        }
        out.println(name + ": " + key + " " + value);
        out.println(
                "to keep it over a restart, write \""
                        + key
                        + ": "
                        + value
                        + "\" at site "
                        + name
                        + " in "
                        + config.file());
        return ExitCode.OK;
    }

    /** What depends on the other settings in force is judged by the daemon. */
    private void checkSpelling(String value) throws ConfigException {
        SiteSettings limited = SiteSettings.DEFAULT.with("limit", "ios=1");
        limited.with(key, value);
    }
}
