package dmctl.engine;

import dmctl.engine.GroupDefinition.OutOfReach;
import dmctl.engine.GroupDefinition.Policy;
import dmctl.engine.port.Network;
import dmctl.engine.port.Wire;
import dmctl.replog.Body;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks all sites that can be reached how far they are, and may fetch records from one of them: what
 * a site does before it becomes primary.
 */
final class AskSites {
    /** One site asked. */
    final class Answer implements Network.ConnectDone, LinkChannel.Events {
        final SiteState site;
        @Nullable LinkChannel channel;
        @Nullable Hello hello;
        String failure = SILENT;
        private boolean ended;
        private long retryNanos;

        Answer(SiteState site) {
            this.site = site;
        }

        private void connect() {
            failure = SILENT;
            retryNanos = Long.MAX_VALUE;
            replica.ports().network().connect(site.site.nr(), this);
        }

        @Override
        public void connected(Wire wire) {
            if (ended || closed || replica.closing()) {
                wire.close();
                return;
            }
            LinkChannel to = new LinkChannel(replica, wire, this);
            channel = to;
            to.sendBytes(Message.HELLO, replica.hello(Hello.Kind.QUERY).encode());
            to.flush();
        }

        @Override
        public void failed(String reason) {
            notReached(reason);
        }

        @Override
        public void closed(String reason) {
            channel = null;
            if (fetching == this) {
                askAgain(
                        String.format(
                                Locale.ROOT,
                                "the records of site %s broke off: %s",
                                site.site.name(),
                                reason));
            }
            if (!told) {
                // What it said may be stale by the time it is needed.
                hello = null;
            }
            notReached(reason);
        }

        private void notReached(String reason) {
            if (hello == null) {
                failure = reason;
                retryNanos = replica.nanos() + RETRY_NANOS;
                replica.wake();
            }
        }

        @Override
        public boolean message(
                int type, ByteBuffer in, int meta, int metaBytes, int data, int dataBytes) {
            LinkChannel from = channel;
            if (from == null) {
                return true;
            }
            switch (type) {
                case Message.HELLO_REPLY -> {
                    hello = Hello.decode(in, meta, metaBytes);
                    if (hello == null) {
                        from.fault("no proper greeting from " + from.peer());
                    }
                }
                case Message.BATCH -> {
                    return fetching != this || batch(from, in, meta, metaBytes, data, dataBytes);
                }
                case Message.FETCH_END -> {
                    if (fetching == this) {
                        fetchEnded();
                    }
                }
                case Message.REFUSE -> from.fault(LinkChannel.refusalText(in, meta, metaBytes));
                default -> from.fault("unexpected message " + type + " from " + from.peer());
            }
            replica.wake();
            return true;
        }

        /** A sync site that must be heard before anything goes on without it. */
        private boolean mustBeHeard() {
            return site.settings.policy() == Policy.SYNC
                    && site.settings.outOfReach() == OutOfReach.WAIT
                    && site.supply != SiteState.Supply.NEVER_SYNCED;
        }
    }

    private static final String SILENT = "no answer within the time for it (ask-sites)";
    private static final long RETRY_NANOS = 200_000_000L;
    private static final int ASK_AGAIN_TIMES = 5;

    private final Replica replica;
    private final List<Answer> answers = new ArrayList<>();
    private final Consumer<List<Answer>> done;
    private long deadlineNanos;
    private final boolean waitForSync;
    private @Nullable Answer fetching;
    private Runnable fetched = () -> {};
    private boolean told;
    private boolean closed;

    AskSites(Replica replica, boolean waitForSync, Consumer<List<Answer>> done) {
        this.replica = replica;
        this.waitForSync = waitForSync;
        this.done = done;
        deadlineNanos = replica.nanos() + replica.def().tuning().askSitesMillis() * 1_000_000L;
        for (SiteState site : replica.sites().others()) {
            if (site.site.linkType().equals(TcpLinkType.NAME)) {
                answers.add(new Answer(site));
            }
        }
    }

    void start() {
        for (Answer answer : answers) {
            answer.connect();
        }
    }

    void pump() {
        for (Answer answer : answers) {
            LinkChannel channel = answer.channel;
            if (channel != null) {
                channel.checkAlive(replica.linkTimeoutNanos());
            }
            if (channel != null && channel.isOpen()) {
                channel.retry();
                channel.flush();
            }
            if (!told && answer.hello == null && replica.nanos() >= answer.retryNanos) {
                answer.connect();
            }
        }
        if (!told && (allHeard() || isOver())) {
            told = true;
            done.accept(answers);
        }
    }

    /** Sites that must be heard and have not been: names for status. */
    String waitingFor() {
        StringBuilder names = new StringBuilder();
        for (Answer answer : answers) {
            if (waitForSync && answer.hello == null && answer.mustBeHeard()) {
                names.append(names.isEmpty() ? "" : ", ").append(answer.site.site.name());
            }
        }
        return names.toString();
    }

    private boolean allHeard() {
        for (Answer answer : answers) {
            if (answer.hello == null) {
                return false;
            }
        }
        return true;
    }

    private boolean isOver() {
        return replica.nanos() >= deadlineNanos && waitingFor().isEmpty();
    }

    long wakeNanos() {
        long wake = told ? Long.MAX_VALUE : deadlineNanos;
        if (replica.nanos() >= deadlineNanos) {
            wake = Long.MAX_VALUE;
        }
        for (Answer answer : answers) {
            LinkChannel channel = answer.channel;
            if (!told) {
                wake = Math.min(wake, answer.retryNanos);
            }
            if (channel != null) {
                wake = Math.min(wake, channel.deadlineNanos(replica.linkTimeoutNanos()) + 1);
            }
        }
        return wake;
    }

    /** Takes the records of a site beyond this log's head, as many as it gives. */
    void fetch(Answer from, Runnable whenFetched) {
        LinkChannel channel = from.channel;
        fetched = whenFetched;
        if (channel == null || !channel.isOpen()) {
            askAgain(String.format(Locale.ROOT, "site %s is gone again", from.site.site.name()));
            return;
        }
        fetching = from;
        channel.sendLongs(Message.FETCH, replica.log().headSeq() + 1);
        channel.flush();
    }

    private boolean batch(
            LinkChannel from, ByteBuffer in, int meta, int metaBytes, int data, int dataBytes) {
        if (!Upstream.checkBatch(replica, from, in, meta, metaBytes, dataBytes)) {
            return true;
        }
        long seq = Body.firstSeq(in, meta);
        if (seq != replica.log().headSeq() + 1) {
            from.fault("a batch out of order from " + from.peer());
            return true;
        }
        // Since it was asked, its primary may have gone on in a term of which it said nothing, and
        // which may be another line than this one.
        if (!replica.history().holds(seq, Body.termNumber(in, meta), Body.termId(in, meta))) {
            from.fault(
                    String.format(
                            Locale.ROOT,
                            "from seq %d on in term %d, which it had not told",
                            seq,
                            Body.termNumber(in, meta)));
            return true;
        }
        return Upstream.append(replica, from, in, meta, data, dataBytes);
    }

    /**
     * A site known to hold more cannot be left out because its connection broke: completed writes
     * may be there alone. All are asked once more, with more time.
     */
    private void askAgain(String why) {
        replica.event(why + "; asking the sites again");
        fetching = null;
        told = false;
        deadlineNanos =
                replica.nanos()
                        + ASK_AGAIN_TIMES * replica.def().tuning().askSitesMillis() * 1_000_000L;
        for (Answer answer : answers) {
            if (answer.channel == null) {
                answer.hello = null;
                answer.retryNanos = replica.nanos() + RETRY_NANOS;
            }
        }
        replica.wake();
    }

    private void fetchEnded() {
        fetching = null;
        fetched.run();
    }

    void close() {
        closed = true;
        fetching = null;
        for (Answer answer : answers) {
            answer.ended = true;
            LinkChannel channel = answer.channel;
            if (channel != null) {
                channel.close();
            }
        }
    }
}
