package dmctl.engine;

import dmctl.engine.GroupDefinition.LimitKind;
import dmctl.engine.GroupDefinition.Mode;
import dmctl.engine.GroupDefinition.OutOfReach;
import dmctl.engine.GroupDefinition.Policy;
import dmctl.engine.GroupDefinition.Settings;
import dmctl.engine.GroupDefinition.Site;
import dmctl.engine.GroupStatus.Data;
import dmctl.engine.GroupStatus.Flow;
import dmctl.engine.GroupStatus.Link;
import dmctl.engine.GroupStatus.ResyncProgress;
import dmctl.engine.GroupStatus.Role;
import org.jspecify.annotations.Nullable;

/** What the primary knows of another site: cursor, settings, what is not fine. */
final class SiteState {
    /** How the site gets what it lacks. */
    enum Supply {
        /** Nothing was ever sent: needs a first sync. */
        NEVER_SYNCED,
        /** From the log, which keeps what it lacks as its mode says. */
        FROM_LOG,
        /** Has fallen out of the log: needs a resync. */
        OUT_OF_LOG
    }

    private static final long NO_PIN = Long.MAX_VALUE;

    final Site site;
    Settings settings;
    Supply supply = Supply.NEVER_SYNCED;
    boolean paused;
    String pauseReason = "";

    long receivedSeq;
    long durableSeq;
    long appliedSeq;

    /** Where a resync will replay from; pins the log while it can. */
    long resyncPinSeq = NO_PIN;

    Link link = Link.DOWN;
    Flow flow = Flow.DOWN;
    Data data = Data.UNKNOWN;
    @Nullable Role role;
    @Nullable ResyncProgress progress;

    /** What copies regions to the site now. */
    @Nullable ResyncSource copying;

    String reason = "not connected yet";
    String nextStep = "";
    long sinceMicros;

    /** SYNC only: completions do not wait for the site now. */
    boolean degraded;

    private final long linkTimeoutNanos;
    private long outOfReachNanos;
    private long progressNanos;
    private long progressSeq = -1;
    private boolean standsStill;
    private boolean wasInReach = true;
    private boolean rejoining;
    private long rejoinNanos = Long.MIN_VALUE / 2;
    private boolean overLimit;
    private long overLimitMicros;

    SiteState(Site site, long linkTimeoutMillis) {
        this.site = site;
        this.linkTimeoutNanos = linkTimeoutMillis * 1_000_000L;
        this.settings = site.settings();
    }

    void say(Link newLink, Flow newFlow, String why, String next, long nowMicros) {
        boolean never = sinceMicros == 0;
        if (never
                || flow != newFlow
                || isOut(link) != isOut(newLink)
                || isRefusedAnew(newLink, why)) {
            sinceMicros = nowMicros;
        }
        link = newLink;
        flow = newFlow;
        reason = why;
        nextStep = next;
    }

    /** A try to connect is no end of being out of reach. */
    private static boolean isOut(Link link) {
        return link == Link.DOWN || link == Link.CONNECTING;
    }

    private boolean isRefusedAnew(Link newLink, String why) {
        return newLink == Link.REFUSED && (link != Link.REFUSED || !reason.equals(why));
    }

    /**
     * Oldest seq not to be released from the log for this site, minus one; MAX if it pins nothing.
     */
    long pinSeq() {
        if (resyncPinSeq != NO_PIN) {
            return resyncPinSeq;
        }
        return supply == Supply.FROM_LOG ? durableSeq : NO_PIN;
    }

    void unpinResync() {
        resyncPinSeq = NO_PIN;
    }

    boolean resyncPinned() {
        return resyncPinSeq != NO_PIN;
    }

    /** Whether the log may go on without this site when it is full. */
    boolean mayBeDropped() {
        // A resync, its replay included, never stalls the application.
        if (resyncPinned() || data == Data.NOT_CONSISTENT) {
            return true;
        }
        if (settings.policy() == Policy.SYNC) {
            return settings.outOfReach() == OutOfReach.DEGRADE && degraded;
        }
        return settings.mode() == Mode.DROP || settings.mode() == Mode.WARN;
    }

    /** Whether a write must be durable here before it completes. */
    boolean syncInForce() {
        return settings.policy() == Policy.SYNC && (!degraded || rejoining);
    }

    boolean holdInForce() {
        return settings.policy() == Policy.ASYNC
                && settings.mode() == Mode.HOLD
                && settings.limitKind() != LimitKind.NONE
                && supply == Supply.FROM_LOG
                && data != Data.NOT_CONSISTENT;
    }

    boolean inReach() {
        return link == Link.UP && flow != Flow.PAUSED;
    }

    /** Follows reach and catching up: degrade after the stated time, sync again when caught up. */
    boolean updateDegraded(long nanos, long completedSeq, long writtenSeq) {
        if (settings.policy() != Policy.SYNC) {
            degraded = false;
            return false;
        }
        if (durableSeq != progressSeq || durableSeq >= writtenSeq) {
            progressSeq = durableSeq;
            progressNanos = nanos;
        }
        // One that answers but makes nothing durable would freeze writes like one that is away.
        standsStill = nanos - progressNanos >= linkTimeoutNanos;
        boolean reach = inReach() && supply == Supply.FROM_LOG && flow == Flow.LIVE && !standsStill;
        if (wasInReach && !reach) {
            outOfReachNanos = nanos;
        }
        wasInReach = reach;
        boolean before = degraded;
        rejoin(reach && data == Data.CONSISTENT, nanos);
        if (reach && durableSeq >= completedSeq && data == Data.CONSISTENT) {
            degraded = false;
            rejoining = false;
        } else if (supply == Supply.NEVER_SYNCED || flow == Flow.RESYNC) {
            degraded = true;
        } else if (!reach
                && settings.outOfReach() == OutOfReach.DEGRADE
                && nanos - outOfReachNanos >= settings.degradeAfterMillis() * 1_000_000L) {
            degraded = true;
        }
        return before != degraded;
    }

    /**
     * A degraded site that is live again: completions wait for it until it holds all of them, for
     * under load it would never be seen to. Given up for a while where that takes too long.
     */
    private void rejoin(boolean possible, long nanos) {
        long patience = settings.degradeAfterMillis() * 1_000_000L;
        if (!degraded || !possible) {
            rejoining = false;
        } else if (!rejoining && nanos - rejoinNanos >= patience) {
            rejoining = true;
            rejoinNanos = nanos;
        } else if (rejoining && nanos - rejoinNanos >= patience) {
            rejoining = false;
            rejoinNanos = nanos;
        }
    }

    /** In reach, but what was sent is not made durable there. */
    boolean standsStill() {
        return standsStill;
    }

    /** When the next change by time alone is due. */
    long wakeNanos(long writtenSeq) {
        if (settings.policy() != Policy.SYNC
                || degraded
                || settings.outOfReach() != OutOfReach.DEGRADE) {
            return Long.MAX_VALUE;
        }
        if (!wasInReach) {
            return outOfReachNanos + settings.degradeAfterMillis() * 1_000_000L;
        }
        return durableSeq < writtenSeq ? progressNanos + linkTimeoutNanos : Long.MAX_VALUE;
    }

    boolean overLimit() {
        return overLimit;
    }

    long overLimitMicros() {
        return overLimitMicros;
    }

    void setOverLimit(boolean over, long nowMicros) {
        if (over && !overLimit) {
            overLimitMicros = nowMicros;
        }
        overLimit = over;
    }
}
