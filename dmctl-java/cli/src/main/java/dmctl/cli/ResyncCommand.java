package dmctl.cli;

import com.grack.nanojson.JsonObject;
import dmctl.config.GroupConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
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

/** Takes a site in whole. */
@Command(
        name = "resync",
        mixinStandardHelpOptions = true,
        description = {
            "Shows what a site would lose if it were copied anew from the primary.",
            "With --discard it is done: what the site holds beyond the group's history is kept as an"
                    + " export there, then the site is resynced."
        })
final class ResyncCommand implements Callable<Integer> {
    /** As long as the daemon allows itself. */
    private static final Duration WORK = Duration.ofSeconds(60);

    @Spec @Nullable CommandSpec spec;

    @Mixin GroupOption group = new GroupOption();

    @Parameters(paramLabel = "SITE", description = "The site to be overwritten.")
    String name = "";

    @Option(names = "--discard", description = "Do it, not only show it.")
    boolean discard;

    @Option(names = "--yes", description = "Do not ask.")
    boolean yes;

    ResyncCommand() {}

    @Override
    public Integer call() throws Exception {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        GroupConfig config = group.load();
        JsonObject request = AdminClient.request("resync");
        request.put("site", GroupOption.site(config, name).name());
        request.put("discard", false);
        Path primary = GroupView.ask(config, Optional.empty()).primarySocket();
        String loss = AdminClient.order(primary, request, WORK);
        out.println(loss);
        out.flush();
        if (!discard) {
            return ExitCode.OK;
        }
        TakeoverCommand.confirm(yes, "Overwrite " + name + "?", out);
        request.put("discard", true);
        String text = AdminClient.order(primary, request, WORK);
        text.lines().filter(line -> !loss.contains(line)).forEach(out::println);
        return ExitCode.OK;
    }
}
