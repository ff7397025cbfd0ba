package dmctl.cli;

import dmctl.cli.DaemonView.SiteView;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.Site;
import dmctl.config.Units;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** Waits for a state. */
@Command(
        name = "wait",
        mixinStandardHelpOptions = true,
        description = {
            "Waits until a site has reached a state; ends with 4 when it has not within the time.",
            "  serving    the site is primary and serves applications",
            "  connected  its link is up",
            "  caught-up  its flow is live and it holds durably all that was completed before now",
            "  applied    all that was completed before now is on its devices"
        })
final class WaitCommand implements Callable<Integer> {
    /** What to wait for. */
    enum Condition {
        CAUGHT_UP,
        CONNECTED,
        SERVING,
        APPLIED
    }

    /** Reads a condition as it is written. */
    static final class ConditionReader implements ITypeConverter<Condition> {
        ConditionReader() {}

        @Override
        public Condition convert(String value) {
            return switch (value) {
                case "caught-up" -> Condition.CAUGHT_UP;
                case "connected" -> Condition.CONNECTED;
                case "serving" -> Condition.SERVING;
                case "applied" -> Condition.APPLIED;
                default ->
                        throw new TypeConversionException(
                                "\""
                                        + value
                                        + "\" is not one of caught-up, connected, serving, applied");
            };
        }
    }

    @Mixin GroupOption group = new GroupOption();

    @Parameters(
            index = "0",
            paramLabel = "STATE",
            converter = ConditionReader.class,
            description = "caught-up, connected, serving or applied")
    Condition condition = Condition.SERVING;

    @Parameters(index = "1", paramLabel = "SITE", description = "The site.")
    String name = "";

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = "60s",
            description = "How long to wait at most (default: ${DEFAULT-VALUE}).")
    String timeout = "60s";

    WaitCommand() {}

    @Override
    public Integer call() throws Exception {
        GroupConfig config = group.load();
        Site site = GroupOption.site(config, name);
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Units.parseTime(timeout));
        long mark = -1; // before it serves a primary does not know what was completed
        while (true) {
            GroupView view = GroupView.ask(config, Optional.empty());
            Optional<DaemonView> primary = view.primary();
            if (mark < 0 && primary.isPresent() && primary.get().serving()) {
                mark = primary.get().completedSeq();
            }
            if (holds(view, primary, site, mark)) {
                return ExitCode.OK;
            }
            if (System.nanoTime() >= end) {
                throw new CommandFailure(
                        view.daemons().isEmpty() ? ExitCode.UNREACHABLE : ExitCode.TIMEOUT,
                        name + " is not there after " + timeout + ": " + state(view, primary));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
    }

    private boolean holds(GroupView view, Optional<DaemonView> primary, Site site, long mark) {
        if (condition == Condition.SERVING) {
            DaemonView own = view.daemons().get(site.name());
            return own != null && own.serving();
        }
        if (primary.isEmpty()) {
            return false;
        }
        boolean self = primary.get().site().equals(site.name());
        SiteView seen = primary.get().siteNamed(site.name()).orElse(null);
        return switch (condition) {
            case SERVING -> false;
            case CONNECTED -> self || (seen != null && seen.link().equals("up"));
            case CAUGHT_UP ->
                    mark >= 0
                            && (self
                                    || (seen != null
                                            && seen.flow().equals("live")
                                            && seen.data().equals("consistent")
                                            && seen.durableSeq() >= mark));
            case APPLIED -> mark >= 0 && appliedSeq(view, self, seen, primary.get()) >= mark;
        };
    }

    private long appliedSeq(
            GroupView view, boolean self, @Nullable SiteView seen, DaemonView primary) {
        if (self) {
            return primary.appliedSeq();
        }
        DaemonView own = view.daemons().get(name);
        long told = seen == null ? -1 : seen.appliedSeq();
        return own == null ? told : Math.max(told, own.appliedSeq());
    }

    private String state(GroupView view, Optional<DaemonView> primary) {
        if (condition != Condition.SERVING && primary.isPresent() && !primary.get().serving()) {
            return primary.get().site()
                    + " is primary but does not serve: "
                    + primary.get().notServingReason();
        }
        SiteView seen = primary.flatMap(daemon -> daemon.siteNamed(name)).orElse(null);
        if (seen != null && condition != Condition.SERVING) {
            return "link "
                    + seen.link()
                    + ", flow "
                    + seen.flow()
                    + ", data "
                    + seen.data()
                    + ", behind "
                    + Loss.behind(seen)
                    + Optional.ofNullable(seen.problem())
                            .map(p -> "; " + StatusText.problemText(p))
                            .orElse("");
        }
        DaemonView own = view.daemons().get(name);
        if (own != null) {
            return "role "
                    + own.role()
                    + (own.notServingReason().isEmpty() ? "" : ", " + own.notServingReason());
        }
        AdminClient.Unreachable silent = view.silent().get(name);
        return silent == null ? "no primary answers" : silent.text();
    }
}
