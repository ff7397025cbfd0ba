package dmctl.cli;

import com.grack.nanojson.JsonObject;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.Site;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes a site the primary without the old one. */
@Command(
        name = "takeover",
        mixinStandardHelpOptions = true,
        description = {
            "Makes a site the primary without the old one.",
            "First says what is lost, in writes, bytes and seconds, as far as it can be known, and"
                    + " asks. The old primary, should it come back, is fenced."
        })
final class TakeoverCommand implements Callable<Integer> {
    /** As long as the daemon allows itself, besides asking the other sites. */
    private static final Duration WORK = Duration.ofSeconds(60);

    @Spec @Nullable CommandSpec spec;

    @Mixin GroupOption group = new GroupOption();

    @Parameters(paramLabel = "SITE", description = "The site that shall be primary.")
    String name = "";

    @Option(names = "--yes", description = "Do not ask.")
    boolean yes;

    @Option(
            names = "--force-not-consistent",
            description = "Even if the copy is not consistent: devices may not fit together.")
    boolean force;

    TakeoverCommand() {}

    @Override
    public Integer call() throws Exception {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        GroupConfig config = group.load();
        Site site = GroupOption.daemonSite(config, name);
        Path socket = GroupView.socket(site);
        Duration patience = WORK.plusMillis(config.tuning().askSitesMillis());
        String shown = preview(socket, patience);
        out.println(shown);
        out.flush();
        confirm(yes, "Take over at " + name + "?", out);
        JsonObject request = AdminClient.request("takeover");
        request.put("evenIfNotConsistent", force);
        String text = AdminClient.order(socket, request, patience);
        out.println(text.lines().findFirst().orElse(name + " is primary"));
        // The rest of the answer is the loss, which may have become another since it was shown.
        String loss = text.lines().skip(1).collect(Collectors.joining("\n"));
        if (!loss.equals(shown.strip())) {
            loss.lines().forEach(out::println);
        }
        Clients.lines(config, site).forEach(out::println);
        return ExitCode.OK;
    }

    /** The loss, or why it is not told where that shall not count. */
    private String preview(Path socket, Duration patience) throws CommandFailure {
        try {
            return AdminClient.order(socket, AdminClient.request("preview-takeover"), patience);
        } catch (CommandFailure refusal) {
            if (!force || refusal.exitCode() != ExitCode.FAILED) {
                throw refusal;
            }
            return String.valueOf(refusal.getMessage());
        }
    }

    /** Asks on a terminal; elsewhere nothing is done without --yes. */
    static void confirm(boolean yes, String question, PrintWriter out)
            throws CommandFailure, IOException {
        if (yes) {
            return;
        }
        if (!Terminal.standardInputIsTerminal()) {
            throw new CommandFailure(ExitCode.FAILED, "nothing was done; add --yes to go on");
        }
        out.print(question + " [y/N] ");
        out.flush();
        StringBuilder answer = new StringBuilder();
        for (int c = System.in.read(); c >= 0 && c != '\n'; c = System.in.read()) {
            answer.append((char) c);
        }
        if (!answer.toString().strip().toLowerCase(java.util.Locale.ROOT).startsWith("y")) {
            throw new CommandFailure(ExitCode.FAILED, "nothing was done");
        }
    }
}
