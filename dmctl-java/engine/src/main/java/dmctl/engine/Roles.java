package dmctl.engine;

import dmctl.engine.AskSites.Answer;
import dmctl.engine.GroupStatus.Role;
import dmctl.engine.Standing.Phase;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How this site becomes primary: after a restart, or by takeover. First it asks the sites it can
 * reach and takes in records they hold beyond its own log; then it opens its term durably; then it
 * serves.
 */
final class Roles {
    private enum Step {
        NONE,
        ASKING,
        FETCHING,
        FLUSHING,
        SAVING
    }

    private static final long TAKEOVER_STEP = 1000;

    private final Replica replica;
    private final LogRing log;
    private Step step = Step.NONE;
    private @Nullable AskSites asking;
    private Term.@Nullable Kind newTerm;
    private long highestTerm;
    private boolean adopted;
    private long fetchFromSeq;
    private Admin.@Nullable Done takeoverDone;
    private Admin.@Nullable Done previewDone;
    private boolean takingOver;
    private String lossText = "";

    Roles(Replica replica) {
        this.replica = replica;
        this.log = replica.log();
    }

    /** Whether the site is on its way to be primary. */
    boolean busy() {
        return step != Step.NONE;
    }

    /** What may be applied while records are fetched, so that there is room for them. */
    long applyLimitSeq() {
        return step == Step.FETCHING ? Math.min(fetchFromSeq, log.flushedSeq()) : 0;
    }

    String waitingFor() {
        AskSites asks = asking;
        return asks == null ? "" : asks.waitingFor();
    }

    /** Serve again after a restart; a new term unless the log was closed cleanly. */
    void resumePrimary(boolean wasClean, boolean fresh) {
        takingOver = false;
        newTerm = fresh ? Term.Kind.FIRST : wasClean ? null : Term.Kind.REOPENED;
        if (replica.history().terms().isEmpty()) {
            newTerm = Term.Kind.FIRST;
        }
        ask(true, this::heardForRestart);
    }

    private void ask(boolean waitForSync, java.util.function.Consumer<List<Answer>> then) {
        step = Step.ASKING;
        AskSites asks = new AskSites(replica, waitForSync, then);
        asking = asks;
        asks.start();
    }

    private void heardForRestart(List<Answer> answers) {
        step = Step.ASKING;
        Answer best = null;
        for (Answer answer : answers) {
            Hello hello = answer.hello;
            if (hello == null) {
                continue;
            }
            if (hello.history().latestNumber() > replica.history().latestNumber()) {
                if (newTerm == Term.Kind.FIRST) {
                    replica.standing().phase = Phase.NEVER_SYNCED;
                }
                replica.fenced(
                        String.format(
                                Locale.ROOT,
                                "site %s knows term %d, higher than term %d here",
                                answer.site.site.name(),
                                hello.history().latestNumber(),
                                replica.history().latestNumber()));
                return;
            }
            if (isAhead(hello)
                    && (best == null
                            || best.hello == null
                            || hello.headSeq() > best.hello.headSeq())) {
                best = answer;
            }
        }
        highestTerm = replica.history().latestNumber();
        fetch(best);
    }

    /** Whether a site's log continues this one with more records. */
    private boolean isAhead(Hello hello) {
        return hello.phase() == Phase.NONE
                && hello.headSeq() > log.headSeq()
                && hello.tailSeq() <= log.headSeq()
                && replica.history().continuedBy(hello.history(), hello.headSeq())
                && replica.history().commonSeq(log.headSeq(), hello.history(), hello.headSeq())
                        == log.headSeq();
    }

    private void fetch(@Nullable Answer best) {
        AskSites asks = asking;
        if (best == null || asks == null) {
            beginTerm();
            return;
        }
        Hello hello = best.hello;
        if (hello == null) {
            throw new InvariantViolation("a site that answered");
        }
        step = Step.FETCHING;
        long before = log.headSeq();
        fetchFromSeq = before;
        replica.event(
                String.format(
                        Locale.ROOT,
                        "site %s holds records up to seq %d, this log up to %d: taking them in",
                        best.site.site.name(),
                        hello.headSeq(),
                        before));
        Runnable take = () -> asks.fetch(best, () -> fetched(before));
        if (hello.history().latestNumber() < replica.history().latestNumber()) {
            take.run();
            return;
        }
        replica.standing().history = hello.history().upTo(hello.headSeq());
        adopted = true;
        // The terms are durable here before a record of theirs: the rest may never come.
        replica.checkpointer()
                .save(() -> {
                    if (asking == asks) {
                        take.run();
                    }
                });
    }

    private void fetched(long before) {
        replica.event(
                String.format(Locale.ROOT, "took in seq %d to %d", before + 1, log.headSeq()));
        if (newTerm == null) {
            newTerm = Term.Kind.REOPENED;
        }
        beginTerm();
    }

    private void beginTerm() {
        step = Step.FLUSHING;
        if (adopted) {
            adopted = false;
            replica.standing().history = replica.history().upTo(log.headSeq());
        }
        AskSites asks = asking;
        if (asks != null) {
            asks.close();
            asking = null;
        }
        pump();
    }

    void pump() {
        AskSites asks = asking;
        if (asks != null) {
            asks.pump();
        }
        if (step == Step.FLUSHING) {
            if (log.writeIdle() && log.flushedSeq() == log.headSeq()) {
                openTerm();
            } else if (log.writeIdle()) {
                log.requestFlush(log.headSeq());
            }
        }
    }

    private void openTerm() {
        if (newTerm != null && isHistoryFull()) {
            replica.fail(historyFullText());
            return;
        }
        step = Step.SAVING;
        Standing standing = replica.standing();
        Term.Kind kind = newTerm;
        if (kind != null) {
            Term term =
                    new Term(
                            nextNumber(kind),
                            replica.ports().clock().randomBits(),
                            log.headSeq(),
                            replica.def().selfSite(),
                            kind);
            standing.history =
                    standing.phase == Phase.NONE
                            ? standing.history.open(term)
                            : TermHistory.begunBy(term);
            replica.event("opening " + term);
        }
        standing.role = Role.PRIMARY;
        standing.primarySite = replica.def().selfSite();
        if (takingOver) {
            replica.sites().forget();
        }
        if (standing.phase != Phase.NONE) {
            // Taken over in the middle of a copy: any region may hold any record.
            replica.devices().regions().allWritten(log.headSeq());
            replica.devices().regionPages().requireWrite();
            replica.sites().copyAnew();
        }
        standing.phase = Phase.NONE;
        standing.forkedAtSeq = -1;
        // Durable before the first write of the term is taken.
        replica.checkpointer().save(this::serve);
    }

    private boolean isHistoryFull() {
        return replica.history().terms().size() >= Checkpoints.termsMax(replica);
    }

    private String historyFullText() {
        return String.format(
                Locale.ROOT,
                "the history holds %d terms, as many as it can: stop all sites cleanly, remove their"
                        + " logs and start them with this site as the primary; a new history begins,"
                        + " and the other sites are copied anew",
                replica.history().terms().size());
    }

    /**
     * Takeovers count thousands, reopenings ones: an old primary that restarts out of reach of its
     * successor still opens a lower term, and is fenced when they meet.
     */
    private long nextNumber(Term.Kind kind) {
        long highest = Math.max(highestTerm, replica.history().latestNumber());
        return kind == Term.Kind.TAKEOVER
                ? (highest / TAKEOVER_STEP + 1) * TAKEOVER_STEP
                : highest + 1;
    }

    private void serve() {
        step = Step.NONE;
        replica.serve();
        Admin.Done done = takeoverDone;
        takeoverDone = null;
        if (done != null) {
            done.done(
                    String.format(
                            Locale.ROOT,
                            "site %s is primary in term %d from seq %d\n%s",
                            replica.sites().self().site.name(),
                            replica.history().latestNumber(),
                            log.headSeq() + 1,
                            lossText));
        }
    }

    /** Becomes primary without the old one. */
    void takeover(boolean evenIfNotConsistent, Admin.Done done) {
        Standing standing = replica.standing();
        String name = replica.sites().self().site.name();
        if (busy() || standing.role == Role.PRIMARY) {
            done.refused(
                    "site " + name + (busy() ? " is changing its role" : " is primary already"));
            return;
        }
        if (!standing.consistent() && !evenIfNotConsistent) {
            done.refused(
                    String.format(
                            Locale.ROOT,
                            "site %s is not consistent (%s): what it holds is no state the devices ever"
                                    + " had. Take over at another site, or override",
                            name,
                            replica.explain().dataText()));
            return;
        }
        if (log.failed()) {
            done.refused(
                    String.format(
                            Locale.ROOT, "site %s takes no records: %s", name, log.failure()));
            return;
        }
        if (isHistoryFull()) {
            done.refused(historyFullText());
            return;
        }
        lossText = preview(List.of());
        takingOver = true;
        takeoverDone = done;
        newTerm = Term.Kind.TAKEOVER;
        replica.peers().closeUpstream("this site is taking over");
        ask(false, this::heardForTakeover);
    }

    private void heardForTakeover(List<Answer> answers) {
        step = Step.ASKING;
        highestTerm = replica.history().latestNumber();
        Answer best = null;
        for (Answer answer : answers) {
            Hello hello = answer.hello;
            if (hello == null) {
                continue;
            }
            highestTerm = Math.max(highestTerm, hello.history().latestNumber());
            if (replica.standing().consistent()
                    && isAhead(hello)
                    && (best == null || best.hello == null || isNewer(hello, best.hello))) {
                best = answer;
            }
        }
        lossText = preview(answers);
        fetch(best);
    }

    private static boolean isNewer(Hello hello, Hello than) {
        long term = hello.history().upTo(hello.headSeq()).latestNumber();
        long other = than.history().upTo(than.headSeq()).latestNumber();
        return term > other || (term == other && hello.headSeq() > than.headSeq());
    }

    /** Asks the sites and says what a takeover here would lose. */
    void previewTakeover(Admin.Done done) {
        if (busy() || replica.standing().role == Role.PRIMARY) {
            done.refused(
                    String.format(
                            Locale.ROOT,
                            "site %s %s",
                            replica.sites().self().site.name(),
                            busy() ? "is changing its role" : "is primary already"));
            return;
        }
        step = Step.ASKING;
        previewDone = done;
        AskSites asks =
                new AskSites(
                        replica,
                        false,
                        answers -> {
                            step = Step.NONE;
                            String text = preview(answers);
                            AskSites open = asking;
                            asking = null;
                            if (open != null) {
                                open.close();
                            }
                            previewDone = null;
                            done.done(text);
                        });
        asking = asks;
        asks.start();
    }

    private String preview(List<Answer> answers) {
        long head = log.headSeq();
        StringBuilder text = new StringBuilder();
        text.append(
                String.format(
                        Locale.ROOT,
                        "this copy: %s, up to seq %d\n",
                        replica.explain().dataText(),
                        head));
        for (Answer answer : answers) {
            Hello hello = answer.hello;
            String name = answer.site.site.name();
            if (hello == null) {
                text.append(
                        String.format(
                                Locale.ROOT, "site %s: not reached: %s\n", name, answer.failure));
            } else {
                text.append(
                        String.format(
                                Locale.ROOT,
                                "site %s: %s, up to seq %d%s\n",
                                name,
                                hello.role().name().toLowerCase(Locale.ROOT),
                                hello.headSeq(),
                                isAhead(hello) ? ": newer records are taken in first" : ""));
                if (hello.role() == Role.PRIMARY) {
                    text.append(
                            String.format(
                                    Locale.ROOT,
                                    "WARNING: site %s still serves; it will be fenced\n",
                                    name));
                }
                if (isAhead(hello)) {
                    head = Math.max(head, hello.headSeq());
                }
            }
        }
        text.append(replica.explain().lossText(head));
        return text.toString();
    }

    long wakeNanos() {
        AskSites asks = asking;
        return asks == null ? Long.MAX_VALUE : asks.wakeNanos();
    }

    /** The log is about to be reopened. */
    void close(String reason) {
        AskSites asks = asking;
        if (asks != null) {
            asks.close();
        }
        Admin.Done done = takeoverDone == null ? previewDone : takeoverDone;
        takeoverDone = null;
        previewDone = null;
        if (done != null) {
            done.refused("given up: " + reason);
        }
    }
}
