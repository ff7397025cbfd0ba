package dmctl.engine;

import dmctl.engine.GroupStatus.Role;
import java.util.Locale;

/**
 * A clean stop: requests under way end, the sites get what they lack if they can be reached, all is
 * applied and flushed, the log is marked as closed. Then the local devices are the devices.
 */
final class Shutdown {
    private enum Step {
        DRAIN_REQUESTS,
        DRAIN_LINKS,
        APPLY,
        CHECKPOINT,
        CLOSE,
        ENDED
    }

    private static final long LINKS_NANOS = 10_000_000_000L;
    private static final long REQUESTS_NANOS = 10_000_000_000L;

    private final Replica replica;
    private final Opener opener;
    private final boolean emptied;
    private final Admin.Done done;
    private final long startedNanos;
    private Step step = Step.DRAIN_REQUESTS;
    private long savedSeq = -1;
    private boolean saving;

    /** With {@code emptied}, the log lets go of all that no site needs any more. */
    Shutdown(Replica replica, Opener opener, boolean emptied, Admin.Done done) {
        this.replica = replica;
        this.opener = opener;
        this.emptied = emptied;
        this.done = done;
        startedNanos = replica.nanos();
        replica.event("clean stop begins");
        replica.applier().hurry(true);
    }

    void pump() {
        Step before;
        do {
            before = step;
            step = next();
        } while (step != before);
    }

    private Step next() {
        return switch (step) {
            case DRAIN_REQUESTS -> requestsDrained() ? Step.DRAIN_LINKS : step;
            case DRAIN_LINKS -> linksDrained() ? stopLinks() : step;
            case APPLY -> applied() ? Step.CHECKPOINT : step;
            case CHECKPOINT -> checkpointed() ? close() : step;
            case CLOSE, ENDED -> step;
        };
    }

    private boolean requestsDrained() {
        if (replica.writes().idle() && replica.reads().idle()) {
            return true;
        }
        if (replica.nanos() - startedNanos < REQUESTS_NANOS) {
            return false;
        }
        // Held by a site's policy or limit: they were never completed, so nothing is lost silently.
        replica.event("clean stop: requests held back end with an error");
        replica.writes().failAll(Errno.ESHUTDOWN);
        return false;
    }

    private boolean linksDrained() {
        return !replica.serving()
                || replica.links().drained()
                || replica.nanos() - startedNanos > LINKS_NANOS;
    }

    private Step stopLinks() {
        if (replica.serving()) {
            replica.links().close();
        }
        replica.peers().closeUpstream("a clean stop");
        return Step.APPLY;
    }

    private boolean applied() {
        LogRing log = replica.log();
        if (!replica.applier().stopped().isEmpty() || log.failed()) {
            return true;
        }
        if (!log.writeIdle() || log.flushedSeq() < log.headSeq()) {
            log.requestFlush(log.headSeq());
            return false;
        }
        return replica.applier().idle()
                && replica.applier().appliedSeq() >= replica.applyLimitSeq()
                && (replica.standing().role != Role.PRIMARY
                        || replica.applier().appliedSeq() == log.headSeq());
    }

    private boolean checkpointed() {
        if (replica.log().failed()) {
            return true;
        }
        if (!saving) {
            if (emptied && !replica.checkpointer().idle()) {
                return false; // one under way would let go of what was applied when it began
            }
            saving = true;
            if (emptied) {
                replica.checkpointer().releaseSpace();
            }
            replica.checkpointer()
                    .save(() -> savedSeq = replica.checkpointer().persistedAppliedSeq());
        }
        return savedSeq >= 0 && replica.checkpointer().idle() && replica.log().idle();
    }

    private Step close() {
        LogRing log = replica.log();
        boolean clean = !log.failed() && replica.applier().stopped().isEmpty();
        if (!clean) {
            ended("stopped, but not cleanly: " + log.failure() + replica.applier().stopped());
            return Step.ENDED;
        }
        boolean all = savedSeq == log.headSeq();
        opener.close(() ->
                ended(
                        all
                                ? "stopped cleanly: all is on the devices up to seq " + savedSeq
                                : String.format(
                                        Locale.ROOT,
                                        "stopped cleanly: on the devices up to seq %d, in the log up to %d",
                                        savedSeq,
                                        log.headSeq())));
        return Step.CLOSE;
    }

    private void ended(String text) {
        step = Step.ENDED;
        replica.ended(text);
        done.done(text);
    }

    long wakeNanos() {
        return step == Step.DRAIN_REQUESTS || step == Step.DRAIN_LINKS
                ? replica.nanos() + 100_000_000L
                : Long.MAX_VALUE;
    }
}
