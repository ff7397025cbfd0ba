package dmctl.engine;

import dmctl.engine.GroupStatus.Role;
import dmctl.engine.SiteState.Supply;
import dmctl.replog.Checkpoint;
import dmctl.replog.Checkpoint.ResyncPhase;
import dmctl.replog.Checkpoint.SiteEntry;
import dmctl.replog.Checkpoint.TermEntry;
import dmctl.replog.Checkpoint.TermKind;
import dmctl.replog.CheckpointCodec;
import dmctl.replog.RegionMapMark;
import java.util.ArrayList;
import java.util.List;

/** Between a site's standing and what a checkpoint on disk says of it. */
// The order of the constants is part of the format.
@SuppressWarnings("EnumOrdinal")
final class Checkpoints {
    /** Room for terms that what is kept of the group must leave. */
    private static final int TERMS_LEFT_MIN = 512;

    private Checkpoints() {}

    static Checkpoint capture(
            Replica replica,
            long generation,
            long tailPosition,
            long tailSeq,
            int tailChain,
            long endPosition,
            long endOpening,
            long flushedMark,
            long appliedSeq,
            RegionMapMark map) {
        Standing standing = replica.standing();
        List<TermEntry> terms = new ArrayList<>();
        for (Term term : standing.history.terms()) {
            terms.add(
                    new TermEntry(
                            term.number(),
                            term.id(),
                            term.previousLastSeq(),
                            term.site(),
                            TermKind.values()[term.kind().ordinal()]));
        }
        List<SiteEntry> sites = new ArrayList<>();
        for (SiteState site : replica.sites().others()) {
            sites.add(
                    new SiteEntry(
                            site.site.nr(),
                            Checkpoint.SiteState.values()[site.supply.ordinal()],
                            site.paused,
                            site.durableSeq,
                            site.appliedSeq,
                            site.pauseReason));
        }
        return new Checkpoint(
                replica.logUuid(),
                generation,
                tailPosition,
                tailSeq,
                tailChain,
                endPosition,
                endOpening,
                flushedMark,
                appliedSeq,
                role(standing.role),
                standing.primarySite,
                ResyncPhase.values()[standing.phase.ordinal()],
                standing.needSeq,
                standing.resyncId,
                0,
                standing.forkedAtSeq,
                map,
                terms,
                sites,
                definition(replica));
    }

    /** What is kept of the group; in a slot of an older release it may be too much. */
    private static String definition(Replica replica) {
        GroupDefinition def = replica.def();
        String text = def.text();
        int slot = replica.log().identity().checkpointBytes();
        int terms = CheckpointCodec.termsFor(slot, def.sites().size(), text.length());
        return terms < TERMS_LEFT_MIN ? def.name() : text;
    }

    /** Most terms of a history: well below what its slot and a message hold. */
    static int termsMax(Replica replica) {
        int fit =
                CheckpointCodec.termsFor(
                        replica.log().identity().checkpointBytes(),
                        replica.def().sites().size(),
                        definition(replica).length());
        return Math.min(fit, Hello.TERMS_MAX) / 4 * 3;
    }

    private static Checkpoint.Role role(Role role) {
        return switch (role) {
            case PRIMARY -> Checkpoint.Role.PRIMARY;
            case FENCED -> Checkpoint.Role.FENCED;
            case TARGET, STARTING, FAILED, STOPPED -> Checkpoint.Role.TARGET;
        };
    }

    static void restore(Checkpoint checkpoint, Standing standing, Sites sites) {
        standing.role =
                switch (checkpoint.role()) {
                    case PRIMARY -> Role.PRIMARY;
                    case FENCED -> Role.FENCED;
                    case TARGET -> Role.TARGET;
                };
        standing.primarySite = checkpoint.primarySite();
        standing.phase = Standing.Phase.of(checkpoint.resyncPhase().code());
        standing.needSeq = checkpoint.resyncNeedSeq();
        standing.resyncId = checkpoint.resyncId();
        standing.forkedAtSeq = checkpoint.forkedAtSeq();
        List<Term> terms = new ArrayList<>();
        for (TermEntry term : checkpoint.terms()) {
            terms.add(
                    new Term(
                            term.number(),
                            term.id(),
                            term.previousLastSeq(),
                            term.site(),
                            Term.Kind.of(term.kind().code())));
        }
        standing.history = new TermHistory(terms);
        for (SiteEntry entry : checkpoint.sites()) {
            SiteState site = sites.find(entry.siteNr());
            if (site != null && site != sites.self()) {
                site.supply = Supply.values()[entry.state().code()];
                site.paused = entry.paused();
                site.pauseReason = entry.pauseReason();
                site.durableSeq = entry.durableSeq();
                site.appliedSeq = entry.appliedSeq();
                site.receivedSeq = entry.durableSeq();
            }
        }
    }
}
