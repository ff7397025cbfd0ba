package dmctl.cli;

import com.grack.nanojson.JsonObject;
import com.grack.nanojson.JsonWriter;
import dmctl.config.ConfigException;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.Site;
import dmctl.config.GroupFile;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows the state of a group. */
@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        description = {
            "Shows the state of a group: is the data safe, where, how stale, what to do next.",
            "Ends with 0 when at least one daemon answers, with 3 when none does."
        })
final class StatusCommand implements Callable<Integer> {
    @Spec @Nullable CommandSpec spec;

    @Mixin GroupOption group = new GroupOption();

    @Parameters(
            arity = "0..1",
            paramLabel = "FILE.yaml",
            description = "The group's file; the same as -f.")
    @Nullable Path positional;

    @Option(
            names = {"-w", "--watch"},
            description = "Show it again every second until Ctrl-C.")
    boolean watch;

    @Option(names = "--json", description = "For programs; the fields are in the manual.")
    boolean json;

    @Option(names = "--site", paramLabel = "SITE", description = "Ask only this site's daemon.")
    @Nullable String site;

    @Option(
            names = "--socket",
            paramLabel = "PATH",
            description = "Ask the daemon at this admin socket; needs no file. Prints JSON.")
    @Nullable Path socket;

    StatusCommand() {}

    @Override
    public Integer call() throws Exception {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        if (socket != null) {
            return oneSocket(socket, out);
        }
        GroupConfig config = config();
        Optional<Site> only =
                site == null ? Optional.empty() : Optional.of(GroupOption.daemonSite(config, site));
        Terminal terminal = new Terminal(out, watch && Terminal.standardOutputIsTerminal());
        GroupView view;
        while (true) {
            view = GroupView.ask(config, only);
            if (json) {
                out.println(watch ? JsonWriter.string(json(view)) : pretty(json(view)));
                out.flush();
            } else {
                terminal.draw(StatusText.lines(view));
            }
            if (!watch) {
                return view.daemons().isEmpty() ? ExitCode.UNREACHABLE : ExitCode.OK;
            }
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
        }
    }

    private GroupConfig config() throws CommandFailure, ConfigException {
        return positional == null ? group.load() : GroupFile.read(positional);
    }

    private static int oneSocket(Path socket, PrintWriter out) throws CommandFailure {
        try {
            out.println(pretty(GroupView.ask(socket).json()));
            out.flush();
            return ExitCode.OK;
        } catch (AdminClient.Unreachable e) {
            throw new CommandFailure(ExitCode.UNREACHABLE, e.text());
        }
    }

    private static String pretty(JsonObject json) {
        return JsonWriter.indent("  ").string().value(json).done();
    }

    private static JsonObject json(GroupView view) {
        Verdict verdict = Verdict.of(view);
        JsonObject said = new JsonObject();
        said.put("level", verdict.level().name().toLowerCase(java.util.Locale.ROOT));
        said.put("text", verdict.text());
        said.put("next", verdict.next());
        JsonObject daemons = new JsonObject();
        view.daemons().forEach((name, daemon) -> daemons.put(name, daemon.json()));
        JsonObject silent = new JsonObject();
        view.silent().forEach((name, why) -> silent.put(name, why.text()));
        JsonObject json = new JsonObject();
        json.put("schema", 1);
        json.put("group", view.config().name());
        json.put("file", view.config().file().toString());
        json.put("verdict", said);
        json.put("daemons", daemons);
        json.put("unreachable", silent);
        return json;
    }
}
