package dmctl.engine;

import dmctl.engine.GroupDefinition.LimitKind;
import dmctl.engine.GroupDefinition.Mode;
import dmctl.engine.GroupDefinition.Policy;
import dmctl.engine.GroupDefinition.Settings;
import dmctl.engine.SiteState.Supply;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The other sites as the primary sees them, and what their policies and limits allow. */
final class Sites {
    private final Replica replica;
    private final SiteState self;
    private final SiteState[] others;

    Sites(Replica replica) {
        this.replica = replica;
        GroupDefinition def = replica.def();
        SiteState mine = null;
        SiteState[] rest = new SiteState[def.sites().size() - 1];
        int count = 0;
        for (GroupDefinition.Site site : def.sites()) {
            SiteState state = new SiteState(site, def.tuning().linkTimeoutMillis());
            if (site.nr() == def.selfSite()) {
                mine = state;
            } else {
                rest[count++] = state;
            }
        }
        if (mine == null) {
            throw new IllegalArgumentException("site " + def.selfSite() + " is not in the group");
        }
        self = mine;
        self.supply = Supply.FROM_LOG;
        others = rest;
    }

    SiteState self() {
        return self;
    }

    SiteState[] others() {
        return others;
    }

    @Nullable SiteState find(int nr) {
        if (self.site.nr() == nr) {
            return self;
        }
        for (SiteState state : others) {
            if (state.site.nr() == nr) {
                return state;
            }
        }
        return null;
    }

    /** Whether every site lets a write complete now. */
    boolean allowCompletion(long seq, long bytesAtSeq) {
        self.durableSeq = replica.applier().appliedSeq();
        if (!allows(self, seq, bytesAtSeq)) {
            return false;
        }
        for (SiteState state : others) {
            if (!allows(state, seq, bytesAtSeq)) {
                return false;
            }
        }
        return true;
    }

    /** Whether completions depend on what is on the local devices. */
    boolean waitsForSelf() {
        return self.syncInForce() || self.holdInForce();
    }

    private boolean allows(SiteState state, long seq, long bytesAtSeq) {
        if (seq <= state.durableSeq) {
            return true;
        }
        if (state.syncInForce()) {
            return false;
        }
        return !state.holdInForce() || withinLimit(state, seq, bytesAtSeq);
    }

    /** Whether the site would be within its limit if all up to a seq were completed. */
    private boolean withinLimit(SiteState state, long seq, long bytesAtSeq) {
        Settings settings = state.settings;
        if (settings.limitKind() == LimitKind.NONE || seq <= state.durableSeq) {
            return true;
        }
        return switch (settings.limitKind()) {
            case NONE -> true;
            case IOS -> seq - state.durableSeq <= settings.limit();
            case SIZE -> bytesAtSeq - bytesAt(state.durableSeq) <= settings.limit();
            case TIME -> behindMillis(state) <= settings.limit();
        };
    }

    private long bytesAt(long seq) {
        return replica.log().batches().bytesThroughSeq(seq);
    }

    long behindWrites(SiteState state) {
        return Math.max(0, replica.writes().completedSeq() - state.durableSeq);
    }

    long behindBytes(SiteState state) {
        return behindWrites(state) == 0
                ? 0
                : Math.max(0, replica.writes().completedBytes() - bytesAt(state.durableSeq));
    }

    /** Age of the oldest completed write the site does not hold. */
    long behindMillis(SiteState state) {
        if (behindWrites(state) == 0) {
            return 0;
        }
        BatchTable batches = replica.log().batches();
        long batch = batches.find(state.durableSeq + 1);
        if (batch >= batches.end()) {
            return 0;
        }
        return Math.max(0, replica.nanos() - batches.closedNanos(batch)) / 1_000_000;
    }

    /** Follows limits and policies; called once a turn at the primary. */
    void update() {
        update(self);
        for (SiteState state : others) {
            update(state);
        }
    }

    private void update(SiteState state) {
        long completed = replica.writes().completedSeq();
        if (state != self
                && state.updateDegraded(replica.nanos(), completed, replica.log().writtenSeq())) {
            String why = state.standsStill() ? "it makes nothing durable" : state.reason;
            replica.event(
                    state.degraded
                            ? String.format(
                                    Locale.ROOT,
                                    "site %s: sync degraded to async: %s",
                                    state.site.name(),
                                    why)
                            : String.format(
                                    Locale.ROOT,
                                    "site %s: sync again, caught up",
                                    state.site.name()));
        }
        if (state.settings.limitKind() == LimitKind.NONE) {
            state.setOverLimit(false, 0);
            return;
        }
        boolean over = !withinLimit(state, completed, replica.writes().completedBytes());
        boolean crossed = over && !state.overLimit();
        if (crossed) {
            replica.event(String.format(Locale.ROOT, "site %s: past its limit", state.site.name()));
        }
        state.setOverLimit(over, replica.wallMicros());
        // Once it is past the limit it must have been within again: else one that catches up from
        // what the log still holds would be dropped over and over.
        if (crossed
                && state != self
                && state.supply == Supply.FROM_LOG
                && state.settings.policy() == Policy.ASYNC
                && state.settings.mode() == Mode.DROP) {
            drop(state, "past its limit in mode drop");
        }
    }

    /** The highest seq up to which no site needs the log any more. */
    long releasableSeq() {
        long least = Long.MAX_VALUE;
        for (SiteState state : others) {
            least = Math.min(least, state.pinSeq());
        }
        return least;
    }

    /** Lets go of the sites that hold a full log and may be left behind; true if there was one. */
    boolean dropForSpace(long neededSeq) {
        boolean dropped = false;
        for (SiteState state : others) {
            if (state.pinSeq() < neededSeq && state.mayBeDropped()) {
                if (state.resyncPinned()) {
                    state.unpinResync();
                } else {
                    drop(state, "the log was full");
                }
                dropped = true;
            }
        }
        return dropped;
    }

    /** The site that keeps a full log from being released; null if none. */
    @Nullable SiteState holderOf(long neededSeq) {
        for (SiteState state : others) {
            if (state.pinSeq() < neededSeq) {
                return state;
            }
        }
        return null;
    }

    void drop(SiteState state, String why) {
        state.supply = Supply.OUT_OF_LOG;
        replica.event(
                String.format(
                        Locale.ROOT,
                        "site %s: out of the log at seq %d: %s; it will be resynced",
                        state.site.name(),
                        state.durableSeq,
                        why));
        replica.saveSoon();
        replica.links().dropped(state);
    }

    /** Nothing is known of how far the others are: this site has taken over. */
    void forget() {
        for (SiteState site : others) {
            site.supply =
                    site.site.linkType().equals(TcpLinkType.NAME)
                            ? Supply.FROM_LOG
                            : Supply.OUT_OF_LOG;
            site.durableSeq = site.supply == Supply.FROM_LOG ? replica.log().tailSeq() : 0;
            site.appliedSeq = site.durableSeq;
            site.receivedSeq = site.durableSeq;
        }
    }

    /** No site holds what this one does, whatever its seqs. */
    void copyAnew() {
        for (SiteState site : others) {
            site.supply = Supply.NEVER_SYNCED;
        }
    }

    /** No site counts as holding more than there is. */
    void forgetBeyond(long seq) {
        // A site may have acknowledged what a power cut here took back.
        for (SiteState site : others) {
            site.durableSeq = Math.min(site.durableSeq, seq);
            site.appliedSeq = Math.min(site.appliedSeq, seq);
            site.receivedSeq = Math.min(site.receivedSeq, seq);
        }
    }
}
