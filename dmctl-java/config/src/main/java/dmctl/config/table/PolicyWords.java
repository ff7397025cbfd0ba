package dmctl.config.table;

import static dmctl.config.SiteSettings.spelled;

import dmctl.config.SiteSettings;
import dmctl.config.SiteSettings.LimitKind;
import dmctl.config.SiteSettings.Mode;
import dmctl.config.SiteSettings.OutOfReach;
import dmctl.config.Units;
import dmctl.config.table.Link.Policy;
import java.util.List;
import java.util.Optional;

/**
 * What policy, {@code stall} and fall-behind of a link mean among the settings of a site: a limit
 * holds writes, {@code stall} alone keeps the records of an async site in a full log, and of a sync
 * site it waits out of reach rather than degrade.
 */
final class PolicyWords {
    private PolicyWords() {}

    /**
     * Says in settings what a link says.
     *
     * @param site its name, for what is lost
     */
    static SiteSettings settings(Link link, String site, List<String> lost) {
        boolean sync = link.policy() == Policy.SYNC;
        if (link.stall() && link.fallBehind().isPresent()) {
            lost.add("site " + site + ": stall beside a limit, which mode hold stands for");
        }
        Mode mode = link.stall() && !sync ? Mode.STALL : Mode.WARN;
        SiteSettings preset = SiteSettings.DEFAULT;
        LimitKind kind = LimitKind.NONE;
        long limit = 0;
        if (link.fallBehind().isPresent()) {
            mode = Mode.HOLD;
            switch (link.fallBehind().get()) {
                case FallBehind.Ios(long writes) -> {
                    kind = LimitKind.IOS;
                    limit = writes;
                }
                case FallBehind.Size(long bytes) -> {
                    kind = LimitKind.SIZE;
                    limit = bytes;
                }
                case FallBehind.Timeout(long millis) -> {
                    kind = LimitKind.TIME;
                    limit = millis;
                }
            }
        }
        return new SiteSettings(
                sync ? SiteSettings.Policy.SYNC : SiteSettings.Policy.ASYNC,
                sync && link.stall() ? OutOfReach.WAIT : OutOfReach.DEGRADE,
                preset.degradeAfterMillis(),
                mode,
                kind,
                limit,
                0);
    }

    static Policy policy(SiteSettings settings) {
        return settings.policy() == SiteSettings.Policy.SYNC ? Policy.SYNC : Policy.ASYNC;
    }

    static boolean stall(SiteSettings settings) {
        return policy(settings) == Policy.SYNC
                ? settings.outOfReach() == OutOfReach.WAIT
                : settings.mode() == Mode.STALL;
    }

    static Optional<FallBehind> fallBehind(SiteSettings settings) {
        if (policy(settings) == Policy.SYNC || settings.mode() != Mode.HOLD) {
            return Optional.empty();
        }
        return switch (settings.limitKind()) {
            case NONE -> Optional.empty();
            case IOS -> Optional.of(new FallBehind.Ios(settings.limit()));
            case SIZE -> Optional.of(new FallBehind.Size(settings.limit()));
            case TIME -> Optional.of(new FallBehind.Timeout(settings.limit()));
        };
    }

    /** Names the settings that a link's words do not say. */
    static void lost(SiteSettings settings, String site, List<String> lost) {
        SiteSettings preset = SiteSettings.DEFAULT;
        boolean sync = policy(settings) == Policy.SYNC;
        String of = "site " + site + ": ";
        if (!sync && settings.outOfReach() != preset.outOfReach()) {
            lost.add(of + "out-of-reach " + spelled(settings.outOfReach()) + " beside async");
        }
        if (settings.degradeAfterMillis() != preset.degradeAfterMillis()) {
            lost.add(of + "degrade-after " + Units.formatTime(settings.degradeAfterMillis()));
        }
        boolean limited = settings.limitKind() != LimitKind.NONE;
        String mode = "mode " + spelled(settings.mode());
        if (sync) {
            if (limited) {
                lost.add(of + "limit " + settings.limitText() + " beside sync");
            }
            if (settings.mode() != preset.mode()) {
                lost.add(of + mode + " beside sync");
            }
        } else if (limited && settings.mode() != Mode.HOLD) {
            lost.add(
                    of
                            + "limit "
                            + settings.limitText()
                            + " with "
                            + mode
                            + ", for a limit in a table holds writes");
        } else if (settings.mode() == Mode.DROP) {
            lost.add(of + mode);
        }
        if (settings.resyncBytesPerSecond() != 0) {
            lost.add(
                    of
                            + "resync-rate "
                            + Units.formatSize(settings.resyncBytesPerSecond())
                            + " a second");
        }
    }
}
