package dmctl.engine;

import dmctl.engine.GroupDefinition.Policy;
import dmctl.engine.GroupStatus.Data;
import dmctl.engine.GroupStatus.Flow;
import dmctl.engine.GroupStatus.Link;
import dmctl.engine.GroupStatus.Problem;
import dmctl.engine.GroupStatus.RegionCount;
import dmctl.engine.GroupStatus.RegionMapStatus;
import dmctl.engine.GroupStatus.Role;
import dmctl.engine.GroupStatus.SiteStatus;
import dmctl.engine.SiteState.Supply;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Puts what the parts know into a {@link GroupStatus}. */
final class StatusReport {
    private StatusReport() {}

    static GroupStatus of(Replica replica) {
        Standing standing = replica.standing();
        LogRing log = replica.log();
        List<Problem> problems = new ArrayList<>();
        problems(replica, problems);
        List<SiteStatus> sites = new ArrayList<>();
        sites.add(self(replica));
        for (SiteState site : replica.sites().others()) {
            sites.add(replica.serving() ? seen(replica, site) : unseen(site));
        }
        List<String> terms = new ArrayList<>();
        for (Term term : standing.history.terms()) {
            terms.add(term.toString());
        }
        return new GroupStatus(
                replica.def().name(),
                replica.def().selfSite(),
                replica.failure().isEmpty() ? standing.role : Role.FAILED,
                replica.roleSinceMicros(),
                standing.primarySite,
                standing.history.latestNumber(),
                standing.history.latestId(),
                replica.serving() && !replica.stopping(),
                replica.explain().notServingReason(),
                data(replica),
                log.headSeq(),
                durableSeq(replica),
                replica.applier().appliedSeq(),
                replica.serving() ? replica.writes().completedSeq() : 0,
                log.identity().ringBytes(),
                log.usedBytes(),
                replica.explain().logSecondsToFull(),
                replica.explain().memoryBytesMax(),
                replica.explain().stalled(),
                problems,
                sites,
                regionMap(replica),
                terms);
    }

    private static RegionMapStatus regionMap(Replica replica) {
        return new RegionMapStatus(
                replica.devices().regionPages().isKept(),
                replica.devices().regions().mapRegionBytes(),
                replica.devices().regionPages().lost());
    }

    private static List<RegionCount> regions(Replica replica, SiteState site) {
        if (!replica.serving()) {
            return List.of();
        }
        RegionMap map = replica.devices().regions();
        ResyncSource copying = site.copying;
        long has = site.supply == Supply.NEVER_SYNCED ? -1 : site.durableSeq;
        List<RegionCount> counts = new ArrayList<>();
        for (int i = 0; i < replica.def().devices().size(); i++) {
            counts.add(
                    new RegionCount(
                            replica.def().devices().get(i).devNr(),
                            map.mapRegions(i),
                            copying == null ? map.newerThan(i, 0, has) : copying.regionsLeft(i)));
        }
        return counts;
    }

    private static Data data(Replica replica) {
        Standing standing = replica.standing();
        if (standing.forkedAtSeq >= 0) {
            return Data.FORKED;
        }
        // Only what a crash right now would not take back.
        boolean consistent = standing.phase == Standing.Phase.NONE && !replica.savingConsistent();
        return consistent ? Data.CONSISTENT : Data.NOT_CONSISTENT;
    }

    private static void problems(Replica replica, List<Problem> problems) {
        Standing standing = replica.standing();
        String self = replica.sites().self().site.name();
        if (!replica.failure().isEmpty()) {
            problems.add(
                    new Problem(
                            "failed",
                            replica.failure(),
                            replica.roleSinceMicros(),
                            "mend the cause, then start the daemon of site " + self + " again"));
        }
        if (replica.log().failed()) {
            problems.add(
                    new Problem(
                            "log",
                            replica.log().failure(),
                            replica.roleSinceMicros(),
                            "writes get EIO, reads go on: mend the log device and restart, or take"
                                    + " over at another site"));
        }
        if (!replica.applier().stopped().isEmpty()) {
            problems.add(
                    new Problem(
                            "device",
                            replica.applier().stopped(),
                            replica.roleSinceMicros(),
                            "nothing is applied any more, the log keeps it: mend the device and"
                                    + " restart the daemon"));
        }
        if (replica.devices().regionPages().isDamaged()) {
            problems.add(
                    new Problem(
                            "region-map",
                            replica.devices().regionPages().lost(),
                            replica.roleSinceMicros(),
                            "nothing: a site that leaves the log gets more than it lacks, once"));
        }
        if (standing.forkedAtSeq >= 0) {
            problems.add(
                    new Problem(
                            "forked",
                            String.format(
                                    Locale.ROOT,
                                    "this site holds writes beyond seq %d that the group's history does not",
                                    standing.forkedAtSeq),
                            replica.roleSinceMicros(),
                            String.format(
                                            Locale.ROOT,
                                            "dmctl resync %s shows them; with --discard they are kept as an export",
                                            self)
                                    + " and the site is taken in again"));
        } else if (standing.role == Role.FENCED) {
            problems.add(
                    new Problem(
                            "fenced",
                            "another site has become primary in a higher term",
                            replica.roleSinceMicros(),
                            "nothing, if the new primary takes this site in; else dmctl resync "
                                    + self));
        }
        if (standing.role == Role.TARGET && replica.peers().upstream() == null) {
            problems.add(
                    new Problem(
                            "link",
                            replica.peers().lostReason(),
                            replica.peers().lostMicros(),
                            "bring the primary back, or dmctl takeover " + self));
        }
    }

    private static long durableSeq(Replica replica) {
        long flushed = replica.log().flushedSeq();
        // An opening that failed knows of no flush of its own, but what is applied was durable.
        return replica.failure().isEmpty()
                ? flushed
                : Math.max(flushed, replica.applier().appliedSeq());
    }

    private static SiteStatus self(Replica replica) {
        SiteState self = replica.sites().self();
        self.durableSeq = replica.applier().appliedSeq();
        boolean serving = replica.serving();
        Problem problem =
                self.overLimit()
                        ? new Problem(
                                "limit",
                                "the local devices are past the limit",
                                self.overLimitMicros(),
                                "wait, or raise the limit")
                        : null;
        return new SiteStatus(
                self.site.nr(),
                self.site.name(),
                self.site.linkType(),
                replica.standing().role,
                self.settings,
                false,
                Link.LOCAL,
                Flow.LIVE,
                data(replica),
                replica.log().headSeq(),
                durableSeq(replica),
                replica.applier().appliedSeq(),
                serving ? replica.sites().behindWrites(self) : 0,
                serving ? replica.sites().behindBytes(self) : 0,
                serving ? replica.sites().behindMillis(self) : 0,
                serving && self.overLimit() && self.holdInForce(),
                null,
                regions(replica, self),
                problem);
    }

    private static SiteStatus unseen(SiteState site) {
        return new SiteStatus(
                site.site.nr(),
                site.site.name(),
                site.site.linkType(),
                null,
                site.settings,
                false,
                Link.DOWN,
                Flow.DOWN,
                Data.UNKNOWN,
                0,
                0,
                0,
                0,
                0,
                0,
                false,
                null,
                List.of(),
                null);
    }

    private static SiteStatus seen(Replica replica, SiteState site) {
        Sites sites = replica.sites();
        boolean holding =
                replica.writes().isHeld()
                        && (site.syncInForce() || site.holdInForce())
                        && site.durableSeq < replica.log().writtenSeq();
        return new SiteStatus(
                site.site.nr(),
                site.site.name(),
                site.site.linkType(),
                site.role,
                site.settings,
                site.settings.policy() == Policy.SYNC && site.degraded,
                site.link,
                site.flow,
                site.data,
                site.receivedSeq,
                site.durableSeq,
                site.appliedSeq,
                sites.behindWrites(site),
                sites.behindBytes(site),
                sites.behindMillis(site),
                holding,
                site.progress,
                regions(replica, site),
                problem(site, holding));
    }

    private static @org.jspecify.annotations.Nullable Problem problem(
            SiteState site, boolean holding) {
        boolean degraded = site.settings.policy() == Policy.SYNC && site.degraded;
        boolean live = site.flow == Flow.LIVE;
        if (live && !degraded && !site.overLimit() && site.reason.isEmpty()) {
            return null;
        }
        String what;
        if (holding) {
            what = "holding";
        } else if (site.link == Link.REFUSED) {
            what = "refused";
        } else if (degraded) {
            what = "degraded";
        } else if (site.overLimit()) {
            what = "limit";
        } else if (site.supply == Supply.OUT_OF_LOG) {
            what = "out-of-log";
        } else {
            what = live ? "log-full" : "link";
        }
        String reason = site.reason;
        if (degraded) {
            String why = site.standsStill() ? "it makes nothing durable" : reason;
            reason = "sync site treated as async: " + (why.isEmpty() ? "catching up" : why);
        } else if (site.overLimit()) {
            reason = "past its limit" + (reason.isEmpty() ? "" : ": " + reason);
        }
        long since = site.overLimit() ? site.overLimitMicros() : site.sinceMicros;
        return new Problem(what, reason, since, site.nextStep);
    }
}
