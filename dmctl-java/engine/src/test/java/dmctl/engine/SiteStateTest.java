package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupDefinition.LimitKind;
import dmctl.engine.GroupDefinition.Mode;
import dmctl.engine.GroupDefinition.OutOfReach;
import dmctl.engine.GroupDefinition.Policy;
import dmctl.engine.GroupDefinition.Settings;
import dmctl.engine.GroupDefinition.Site;
import dmctl.engine.GroupStatus.Data;
import dmctl.engine.GroupStatus.Flow;
import dmctl.engine.GroupStatus.Link;
import dmctl.engine.SiteState.Supply;
import org.junit.jupiter.api.Test;

class SiteStateTest {
    private static final long MILLI = 1_000_000L;
    private static final long LINK_TIMEOUT_MILLIS = 2_000;

    private static Settings settings(Policy policy, OutOfReach outOfReach, Mode mode) {
        return new Settings(policy, outOfReach, 500, mode, LimitKind.IOS, 10, 0);
    }

    /** A site that is connected and has everything. */
    private static SiteState caughtUp(Policy policy, OutOfReach outOfReach, Mode mode) {
        SiteState site =
                new SiteState(
                        new Site(1, "far", "tcp", settings(policy, outOfReach, mode)),
                        LINK_TIMEOUT_MILLIS);
        site.supply = Supply.FROM_LOG;
        site.data = Data.CONSISTENT;
        site.say(Link.UP, Flow.LIVE, "", "", 0);
        return site;
    }

    private static SiteState degrading() {
        return caughtUp(Policy.SYNC, OutOfReach.DEGRADE, Mode.WARN);
    }

    private static SiteState async(Mode mode) {
        return caughtUp(Policy.ASYNC, OutOfReach.DEGRADE, mode);
    }

    private static void disconnect(SiteState site) {
        site.say(Link.DOWN, Flow.DOWN, "cut", "", 0);
    }

    private static void reconnect(SiteState site) {
        site.say(Link.UP, Flow.LIVE, "", "", 0);
    }

    // Degrading

    @Test
    void aSyncSiteInReachStaysSync() {
        SiteState site = degrading();
        assertThat(site.updateDegraded(0, 0, 0)).isFalse();
        assertThat(site.syncInForce()).isTrue();
        assertThat(site.wakeNanos(0)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void aSyncSiteOutOfReachDegradesAfterTheStatedTimeAndNotBefore() {
        SiteState site = degrading();
        site.updateDegraded(0, 0, 0);
        disconnect(site);
        assertThat(site.updateDegraded(100 * MILLI, 0, 0)).isFalse();
        assertThat(site.wakeNanos(0)).isEqualTo(600 * MILLI);
        assertThat(site.updateDegraded(600 * MILLI - 1, 0, 0)).isFalse();
        assertThat(site.syncInForce()).isTrue();
        assertThat(site.updateDegraded(600 * MILLI, 0, 0)).isTrue();
        assertThat(site.syncInForce()).isFalse();
        assertThat(site.wakeNanos(0)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void aShortAbsenceBeginsTheTimeAnew() {
        SiteState site = degrading();
        disconnect(site);
        site.updateDegraded(0, 0, 0);
        reconnect(site);
        site.updateDegraded(400 * MILLI, 0, 0);
        disconnect(site);
        site.updateDegraded(410 * MILLI, 0, 0);
        assertThat(site.updateDegraded(800 * MILLI, 0, 0)).isFalse();
        assertThat(site.updateDegraded(910 * MILLI, 0, 0)).isTrue();
    }

    @Test
    void aDegradedSiteIsSyncAgainOnlyWhenItHasAllThatIsCompleted() {
        SiteState site = degrading();
        disconnect(site);
        site.updateDegraded(0, 0, 0);
        site.updateDegraded(500 * MILLI, 0, 0);
        reconnect(site);
        site.durableSeq = 9;
        assertThat(site.updateDegraded(501 * MILLI, 10, 10)).isFalse();
        site.durableSeq = 10;
        assertThat(site.updateDegraded(502 * MILLI, 10, 10)).isTrue();
        assertThat(site.syncInForce()).isTrue();
    }

    @Test
    void aSiteThatIsNotConsistentIsNotSync() {
        SiteState site = degrading();
        site.supply = Supply.NEVER_SYNCED;
        assertThat(site.updateDegraded(0, 0, 0)).isTrue();
        assertThat(site.syncInForce()).isFalse();
        site.supply = Supply.FROM_LOG;
        site.data = Data.NOT_CONSISTENT;
        assertThat(site.updateDegraded(1, 0, 0)).isFalse();
        site.data = Data.CONSISTENT;
        assertThat(site.updateDegraded(2, 0, 0)).isTrue();
    }

    @Test
    void waitNeverDegrades() {
        SiteState site = caughtUp(Policy.SYNC, OutOfReach.WAIT, Mode.WARN);
        disconnect(site);
        site.updateDegraded(0, 0, 5);
        assertThat(site.updateDegraded(1_000_000 * MILLI, 0, 5)).isFalse();
        assertThat(site.syncInForce()).isTrue();
        assertThat(site.wakeNanos(5)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void anAsyncSiteIsNeverDegraded() {
        SiteState site = async(Mode.WARN);
        disconnect(site);
        site.updateDegraded(0, 0, 0);
        site.updateDegraded(1_000_000 * MILLI, 0, 0);
        assertThat(site.degraded).isFalse();
        assertThat(site.syncInForce()).isFalse();
    }

    @Test
    void aSiteThatMakesNothingDurableForTheLinkTimeoutIsOutOfReach() {
        SiteState site = degrading();
        site.updateDegraded(0, 4, 4);
        assertThat(site.wakeNanos(4)).isEqualTo(2_000 * MILLI);
        site.updateDegraded(1_999 * MILLI, 4, 4);
        assertThat(site.standsStill()).isFalse();
        site.updateDegraded(2_000 * MILLI, 4, 4);
        assertThat(site.standsStill()).isTrue();
        assertThat(site.updateDegraded(2_499 * MILLI, 4, 4)).isFalse();
        assertThat(site.updateDegraded(2_500 * MILLI, 4, 4)).isTrue();
    }

    @Test
    void aSlowSiteThatGoesOnDoesNotStandStill() {
        SiteState site = degrading();
        for (int i = 1; i < 20; i++) {
            site.durableSeq = i;
            assertThat(site.updateDegraded(i * 1_900L * MILLI, i, i + 1)).isFalse();
        }
        assertThat(site.syncInForce()).isTrue();
    }

    @Test
    void aPausedSiteIsOutOfReach() {
        SiteState site = degrading();
        site.say(Link.DOWN, Flow.PAUSED, "on request", "", 0);
        assertThat(site.inReach()).isFalse();
    }

    // What it keeps in the log

    @Test
    void whatASiteLacksStaysInTheLogWhileItIsSuppliedFromThere() {
        SiteState site = async(Mode.STALL);
        site.durableSeq = 7;
        assertThat(site.pinSeq()).isEqualTo(7);
        site.supply = Supply.OUT_OF_LOG;
        assertThat(site.pinSeq()).isEqualTo(Long.MAX_VALUE);
        site.supply = Supply.NEVER_SYNCED;
        assertThat(site.pinSeq()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void aResyncPinsTheLogWhereItsReplayWillBegin() {
        SiteState site = async(Mode.STALL);
        site.supply = Supply.NEVER_SYNCED;
        site.resyncPinSeq = 5;
        assertThat(site.pinSeq()).isEqualTo(5);
        assertThat(site.resyncPinned()).isTrue();
        site.unpinResync();
        assertThat(site.pinSeq()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void theModeSaysWhoMayBeLeftBehindByAFullLog() {
        assertThat(async(Mode.DROP).mayBeDropped()).isTrue();
        assertThat(async(Mode.WARN).mayBeDropped()).isTrue();
        assertThat(async(Mode.STALL).mayBeDropped()).isFalse();
        assertThat(async(Mode.HOLD).mayBeDropped()).isFalse();
    }

    @Test
    void aSyncSiteMayBeLeftBehindOnlyOnceItIsDegraded() {
        SiteState site = degrading();
        assertThat(site.mayBeDropped()).isFalse();
        site.degraded = true;
        assertThat(site.mayBeDropped()).isTrue();
        SiteState waiting = caughtUp(Policy.SYNC, OutOfReach.WAIT, Mode.DROP);
        waiting.degraded = true;
        assertThat(waiting.mayBeDropped()).isFalse();
    }

    @Test
    void aSiteInResyncMayAlwaysBeLeftBehind() {
        SiteState site = async(Mode.STALL);
        site.resyncPinSeq = 5;
        assertThat(site.mayBeDropped()).isTrue();
        SiteState replaying = async(Mode.STALL);
        replaying.data = Data.NOT_CONSISTENT;
        assertThat(replaying.mayBeDropped()).isTrue();
    }

    // Holding

    @Test
    void aLimitHoldsOnlyInModeHoldAndForASiteThatTheLogSupplies() {
        assertThat(async(Mode.HOLD).holdInForce()).isTrue();
        assertThat(async(Mode.WARN).holdInForce()).isFalse();
        assertThat(async(Mode.STALL).holdInForce()).isFalse();
        assertThat(async(Mode.DROP).holdInForce()).isFalse();
        assertThat(caughtUp(Policy.SYNC, OutOfReach.WAIT, Mode.HOLD).holdInForce()).isFalse();
        SiteState unsynced = async(Mode.HOLD);
        unsynced.supply = Supply.NEVER_SYNCED;
        assertThat(unsynced.holdInForce()).isFalse();
        SiteState replaying = async(Mode.HOLD);
        replaying.data = Data.NOT_CONSISTENT;
        assertThat(replaying.holdInForce()).isFalse();
    }

    @Test
    void theTimeOfAStateIsWhenItBeganHoweverOftenItIsTriedToEndIt() {
        SiteState site = async(Mode.WARN);
        site.say(Link.DOWN, Flow.DOWN, "cut", "", 10);
        site.say(Link.DOWN, Flow.DOWN, "cut", "wait", 20);
        assertThat(site.sinceMicros).isEqualTo(10);
        site.say(Link.CONNECTING, Flow.DOWN, "cut", "wait", 25);
        site.say(Link.DOWN, Flow.DOWN, "nobody listens", "wait", 30);
        assertThat(site.sinceMicros).isEqualTo(10);
        assertThat(site.reason).isEqualTo("nobody listens");
        site.say(Link.REFUSED, Flow.DOWN, "forked", "", 31);
        site.say(Link.REFUSED, Flow.DOWN, "forked", "", 32);
        assertThat(site.sinceMicros).isEqualTo(31);
        site.say(Link.REFUSED, Flow.DOWN, "another group", "", 33);
        assertThat(site.sinceMicros).isEqualTo(33);
        site.say(Link.UP, Flow.CATCHING_UP, "", "", 34);
        assertThat(site.sinceMicros).isEqualTo(34);
        site.say(Link.DOWN, Flow.DOWN, "cut", "", 35);
        assertThat(site.sinceMicros).isEqualTo(35);
        site.setOverLimit(true, 40);
        site.setOverLimit(true, 50);
        assertThat(site.overLimitMicros()).isEqualTo(40);
    }
}
