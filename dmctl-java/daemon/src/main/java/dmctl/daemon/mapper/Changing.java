package dmctl.daemon.mapper;

import dmctl.config.GroupConfig;
import dmctl.config.SiteSettings;
import dmctl.daemon.front.BackingGroup;
import dmctl.daemon.front.FrontEndProblem;
import dmctl.daemon.mapper.Change.Phase;
import dmctl.daemon.mapper.Underlying.Shown;
import dmctl.engine.Admin;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Changes of the front end that names lead to, one at a time: those that are ordered, and the one
 * that a daemon begins with that finds names in use over another kind than the file's. On the loop.
 */
final class Changing {
    /** How long a new front end may take to make its devices. */
    private static final long COMING_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final Underlying under;
    private final FrontEndMaker maker;
    private final Names names;
    private final BackingGroup group;
    private final MapperHost host;
    private final MapperThread thread;

    /** What the file asks for, where devices lead to something else from before; null if not. */
    private GroupConfig.@Nullable FrontEnd wantedKind;

    private @Nullable Change change;

    /** When to try again to let a front end go, on the loop's monotonic clock. */
    private long leaveAgainNanos;

    private boolean leaving;

    Changing(
            Underlying under,
            FrontEndMaker maker,
            Names names,
            BackingGroup group,
            MapperHost host,
            MapperThread thread) {
        this.under = under;
        this.maker = maker;
        this.names = names;
        this.group = group;
        this.host = host;
        this.thread = thread;
    }

    /** Has names lead to this kind of front end as soon as all of them are served. */
    void want(GroupConfig.FrontEnd kind) {
        wantedKind = kind;
    }

    /** Whether a change is under way, or about to begin. */
    boolean busy() {
        return change != null || wantedKind != null;
    }

    /** Begins a change that was ordered; none is under way. */
    void order(GroupConfig.FrontEnd kind, Admin.Done told) {
        if (kind == under.current().kind()) {
            told.refused("the front end is " + SiteSettings.spelled(kind) + " already");
        } else if (!names.settled()) {
            told.refused("not all names are there; see dmctl status");
        } else {
            begin(kind, told);
        }
    }

    private void begin(GroupConfig.FrontEnd kind, Admin.Done told) {
        Shown coming;
        try {
            coming =
                    under.others().stream()
                            .filter(other -> other.kind() == kind)
                            .findFirst()
                            .orElse(null);
            if (coming == null) {
                coming = new Shown(kind, maker.make(kind));
                under.add(coming);
            }
        } catch (IOException e) {
            told.refused(String.valueOf(e.getMessage()));
            return;
        }
        long end = group.nanos() + COMING_NANOS;
        change = new Change(under.current(), coming, end, told);
        noteKinds(kind);
    }

    /** Durable before a name leads to a new one: the thread does one after another. */
    private void noteKinds(GroupConfig.@Nullable FrontEnd next) {
        List<String> kinds = under.kinds(next);
        thread.ask(() -> host.frontEnds(kinds), () -> {}, reason -> group.say("mapper: " + reason));
    }

    /** Does what can be done now; while the group is served. */
    void steer() {
        GroupConfig.FrontEnd wanted = wantedKind;
        Change now = change;
        if (now == null && wanted != null && names.settled()) {
            wantedKind = null;
            begin(wanted, told(wanted));
        } else if (now == null) {
            if (names.settled()) {
                under.others().forEach(this::leave);
            }
        } else {
            steer(now);
        }
    }

    private Admin.Done told(GroupConfig.FrontEnd kind) {
        return new Admin.Done() {
            @Override
            public void done(String text) {
                group.say("front-end: " + text);
            }

            @Override
            public void refused(String text) {
                group.say(
                        "front-end: the file's " + SiteSettings.spelled(kind) + " failed: " + text);
            }
        };
    }

    private void steer(Change now) {
        switch (now.phase) {
            case COMING -> {
                if (now.next.allLive()) {
                    under.prefer(now.next);
                    now.phase = Phase.MOVING;
                    return;
                }
                FrontEndProblem problem = now.next.front().problem();
                if (problem != null || group.nanos() - now.endNanos > 0) {
                    now.failure =
                            problem == null
                                    ? "its devices are not there in time; see the daemon's messages"
                                    : problem.reason() + "; " + problem.nextStep();
                    now.phase = Phase.LEAVING;
                }
            }
            case MOVING -> {
                String failed = names.firstReason();
                if (!failed.isEmpty()) {
                    now.failure = failed;
                    now.phase = Phase.RETURNING;
                    under.prefer(now.before);
                    names.tryAgain();
                } else if (names.settled()) {
                    now.phase = Phase.LEAVING;
                }
            }
            case RETURNING -> {
                if (names.settled()) {
                    now.phase = Phase.LEAVING;
                }
            }
            case LEAVING -> leave(now.failure.isEmpty() ? now.before : now.next);
        }
    }

    /** Lets a front end go that no name leads to. What is in use otherwise keeps it. */
    private void leave(Shown shown) {
        if (leaving || group.nanos() - leaveAgainNanos < 0) {
            return;
        }
        leaving = true;
        shown.front().stop(false, hindrance -> left(shown, hindrance));
    }

    private void left(Shown shown, String hindrance) {
        leaving = false;
        leaveAgainNanos = group.nanos() + group.pauseNanos();
        if (hindrance.isEmpty()) {
            under.remove(shown);
            noteKinds(null);
        }
        Change now = change;
        change = null;
        if (now != null) {
            String kind = SiteSettings.spelled(now.next.kind());
            if (!now.failure.isEmpty()) {
                now.told.refused(
                        kind
                                + ": "
                                + now.failure
                                + "; the front end is "
                                + SiteSettings.spelled(now.before.kind())
                                + " as before");
            } else {
                now.told.done(
                        "the names lead to "
                                + kind
                                + (hindrance.isEmpty() ? "" : "; what is left: " + hindrance));
            }
        }
    }
}
