package dmctl.engine;

import dmctl.engine.GroupStatus.Data;
import dmctl.engine.GroupStatus.Flow;
import dmctl.engine.GroupStatus.Link;
import dmctl.engine.SiteState.Supply;
import dmctl.engine.port.Network;
import dmctl.engine.port.Wire;
import java.nio.ByteBuffer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The primary's link to a daemon at another site: connects, compares histories, then sends records
 * from the log, or has the site made ready for a resync. Every step that changes what the site
 * holds is made durable there and followed by a new connection, so that there is one way to go on
 * after any interruption.
 */
final class TcpLink implements SiteLink, Network.ConnectDone, LinkChannel.Events {
    private enum State {
        WAITING,
        CONNECTING,
        GREETING,
        STREAMING,
        COPYING,
        CLOSED
    }

    private static final long FIRST_RETRY_NANOS = 100_000_000L;
    private static final long LAST_RETRY_NANOS = 5_000_000_000L;

    private final Replica replica;
    private final LogRing log;
    private final SiteState site;
    private final TcpStream stream;
    private final TcpCopy copy;

    private State state = State.WAITING;
    private @Nullable LinkChannel channel;
    private @Nullable Hello peer;
    private long retryNanos;
    private long retryDelayNanos = FIRST_RETRY_NANOS;
    private boolean discardApproved;

    /** Opening of the site's log that begins with its copy as it was up to a seq; -1: none does. */
    private long partOpening = -1;

    private long partSeq;
    private boolean savesSupply;
    private boolean refused;

    TcpLink(Replica replica, SiteState site) {
        this.replica = replica;
        this.log = replica.log();
        this.site = site;
        this.stream = new TcpStream(replica, site);
        this.copy = new TcpCopy(replica, site, this::copyFailed);
        retryNanos = replica.nanos();
    }

    @Override
    public void pump() {
        LinkChannel to = channel;
        if (state == State.WAITING && !site.paused && replica.nanos() >= retryNanos) {
            connect();
        } else if (to != null) {
            to.checkAlive(replica.linkTimeoutNanos());
            if (to.isOpen()) {
                to.retry();
            }
            if (to.isOpen()) {
                pump(to);
                to.flush();
            }
        }
    }

    private void pump(LinkChannel to) {
        if (state == State.STREAMING) {
            stream.pump(to);
        } else if (state == State.COPYING && copy.pump(to) && countsAsCopy()) {
            to.sendBytes(
                    Message.RESYNC_END,
                    Hello.encode(
                            replica.history(), copy.source().baseSeq(), copy.source().needSeq()));
            // The site makes it durable and closes; the log from the base on stays pinned.
            copy.source().finish();
            state = State.GREETING;
        } else if (state == State.COPYING) {
            stream.beat(to);
        }
    }

    /** A site counts as a copy of this one from the end of a copy on; durably, before it does. */
    private boolean countsAsCopy() {
        if (site.supply == Supply.NEVER_SYNCED) {
            site.supply = Supply.OUT_OF_LOG;
            savesSupply = true;
            replica.checkpointer()
                    .save(() -> {
                        savesSupply = false;
                        replica.wake();
                    });
        }
        return !savesSupply;
    }

    private void connect() {
        state = State.CONNECTING;
        if (site.link != Link.REFUSED) {
            site.say(Link.CONNECTING, Flow.DOWN, site.reason, site.nextStep, replica.wallMicros());
        }
        replica.ports().network().connect(site.site.nr(), this);
    }

    @Override
    public void connected(Wire wire) {
        if (state != State.CONNECTING || replica.closing()) {
            wire.close();
            return;
        }
        LinkChannel to = new LinkChannel(replica, wire, this);
        channel = to;
        state = State.GREETING;
        refused = false;
        to.sendBytes(Message.HELLO, replica.hello(Hello.Kind.SOURCE).encode());
        to.flush();
    }

    @Override
    public void failed(String reason) {
        if (state == State.CONNECTING) {
            state = State.WAITING;
            down(reason, "check that dmctld runs at " + site.site.name());
        }
    }

    @Override
    public void closed(String reason) {
        lost(reason);
    }

    private void lost(String reason) {
        lost(reason, "");
    }

    private void lost(String reason, String next) {
        stream.stop();
        copy.lost();
        LinkChannel old = channel;
        channel = null;
        if (old != null) {
            old.close();
        }
        if (state != State.CLOSED) {
            state = State.WAITING;
            down(reason, next);
        }
    }

    private void copyFailed(String reason) {
        retryDelayNanos = LAST_RETRY_NANOS;
        lost(reason, "mend the device; the copy is tried again by itself");
    }

    private void down(String reason, String next) {
        retryNanos = replica.nanos() + retryDelayNanos;
        retryDelayNanos = Math.min(LAST_RETRY_NANOS, retryDelayNanos * 2);
        if (!refused) {
            site.say(Link.DOWN, Flow.DOWN, reason, next, replica.wallMicros());
        }
        replica.wake();
    }

    @Override
    public boolean message(
            int type, ByteBuffer in, int meta, int metaBytes, int data, int dataBytes) {
        LinkChannel from = channel;
        if (from == null) {
            return true;
        }
        if (type == Message.COPY_WANT) {
            return copy.wanted(from, in, meta, metaBytes);
        }
        switch (type) {
            case Message.HELLO_REPLY -> greeted(from, Hello.decode(in, meta, metaBytes));
            case Message.REFUSE -> refusedBy(in, meta, metaBytes);
            case Message.ACK -> {
                if (state == State.STREAMING) {
                    stream.acked(from, in, meta, metaBytes);
                }
            }
            case Message.COPY_DONE -> copy.done(in, meta, metaBytes);
            default -> from.fault("unexpected message " + type + " from " + from.peer());
        }
        return true;
    }

    private void refusedBy(ByteBuffer in, int meta, int metaBytes) {
        String text = LinkChannel.refusalText(in, meta, metaBytes);
        if (metaBytes >= 4 && in.getInt(meta) == Message.CODE_FENCED) {
            replica.fenced(text);
        } else if (metaBytes >= 4 && in.getInt(meta) != Message.CODE_LATER) {
            refuse(text, "see status at site " + site.site.name());
        }
        lost(text);
    }

    private void refuse(String why, String next) {
        refused = true;
        retryDelayNanos = LAST_RETRY_NANOS;
        site.say(Link.REFUSED, Flow.DOWN, why, next, replica.wallMicros());
    }

    private void greeted(LinkChannel to, @Nullable Hello hello) {
        if (hello == null || state != State.GREETING) {
            to.fault("no proper greeting from " + to.peer());
            return;
        }
        peer = hello;
        site.role = hello.role();
        if (hello.history().latestNumber() > replica.history().latestNumber()) {
            replica.fenced(
                    String.format(
                            Locale.ROOT,
                            "site %s knows term %d",
                            site.site.name(),
                            hello.history().latestNumber()));
            return;
        }
        replica.links().heard(site, hello.history());
        retryDelayNanos = FIRST_RETRY_NANOS;
        if (hello.phase() != Standing.Phase.COPYING || hello.opening() != partOpening) {
            partOpening = -1;
        }
        switch (hello.phase()) {
            case COPYING -> beginCopy(to, hello);
            case NEVER_SYNCED -> {
                site.supply = Supply.NEVER_SYNCED;
                to.sendLongs(Message.RESYNC_BEGIN, 0);
            }
            case NONE, REPLAYING -> compare(to, hello);
        }
    }

    private void compare(LinkChannel to, Hello hello) {
        long common = replica.history().commonSeq(log.headSeq(), hello.history(), hello.headSeq());
        if (hello.phase() == Standing.Phase.REPLAYING && copiedBeyond(hello)) {
            site.supply = Supply.OUT_OF_LOG;
            replica.event(
                    String.format(
                            Locale.ROOT,
                            "site %s: its regions were copied from a history that this one does not"
                                    + " continue; they are copied again",
                            site.site.name()));
            to.sendLongs(Message.RESYNC_BEGIN, 0);
        } else if (common < hello.headSeq()) {
            surplus(to, hello, common);
        } else if (site.supply == Supply.NEVER_SYNCED) {
            // Its seqs say nothing: a device was added, or this copy was taken over inconsistent.
            to.sendLongs(Message.RESYNC_BEGIN, 0);
        } else if (hello.headSeq() < replica.checkpointer().tailSeqSoon()) {
            site.supply = Supply.OUT_OF_LOG;
            if (hello.phase() == Standing.Phase.NONE && hello.forkedAtSeq() < 0) {
                // Its history is a part of this one: it lacks what was written since, no more.
                partOpening = hello.opening() + 1;
                partSeq = hello.headSeq();
            }
            to.sendLongs(Message.RESYNC_BEGIN, 0);
        } else {
            follow(to, hello);
        }
    }

    /** Whether regions at the site may hold records that this history does not. */
    private boolean copiedBeyond(Hello hello) {
        long needed = hello.needSeq();
        return replica.history().commonSeq(log.headSeq(), hello.history(), needed) < needed;
    }

    /** The site holds records that this history does not. */
    private void surplus(LinkChannel to, Hello hello, long common) {
        // Where the primary's log was reopened its flushed mark bounds what the site has applied.
        boolean reopened =
                replica.history().reopenedWithout(log.headSeq(), hello.history(), hello.headSeq())
                        && hello.appliedSeq() <= common;
        if (reopened || (discardApproved && hello.touchedSeq() <= common)) {
            discardApproved = false;
            replica.event(
                    String.format(
                            Locale.ROOT,
                            "site %s: cuts off seq %d to %d, which term %d does not continue",
                            site.site.name(),
                            common + 1,
                            hello.headSeq(),
                            replica.history().latestNumber()));
            to.sendLongs(Message.CUT, common);
        } else if (discardApproved) {
            discardApproved = false;
            to.sendLongs(Message.RESYNC_BEGIN, 1);
        } else {
            site.data = Data.FORKED;
            to.sendBytes(Message.FORKED, Hello.encode(replica.history(), common));
            refuse(
                    String.format(
                            Locale.ROOT,
                            "site %s has forked: it holds %d writes beyond seq %d that this history does not",
                            site.site.name(),
                            hello.headSeq() - common,
                            common),
                    String.format(
                            Locale.ROOT,
                            "dmctl resync %s shows them; with --discard takes the site in again",
                            site.site.name()));
        }
    }

    private void follow(LinkChannel to, Hello hello) {
        site.supply = Supply.FROM_LOG;
        site.unpinResync();
        site.receivedSeq = hello.headSeq();
        site.durableSeq = hello.durableSeq();
        site.appliedSeq = hello.appliedSeq();
        site.data = hello.phase() == Standing.Phase.NONE ? Data.CONSISTENT : Data.NOT_CONSISTENT;
        discardApproved = false;
        state = State.STREAMING;
        stream.start(to, hello.headSeq() + 1);
        replica.event(
                String.format(
                        Locale.ROOT,
                        "site %s: connected, from seq %d",
                        site.site.name(),
                        hello.headSeq() + 1));
        replica.saveSoon();
    }

    private void beginCopy(LinkChannel to, Hello hello) {
        site.data = Data.NOT_CONSISTENT;
        site.supply = site.supply == Supply.FROM_LOG ? Supply.OUT_OF_LOG : site.supply;
        site.receivedSeq = 0;
        site.durableSeq = 0;
        site.appliedSeq = 0;
        discardApproved = false;
        long since = copySince(hello);
        if (since < 0) {
            partOpening = -1;
        }
        if (!copy.begin(hello.opening(), since)) {
            to.fault("the last resync is still being stopped");
            return;
        }
        state = State.COPYING;
        to.sendBytes(Message.START, Hello.encode(replica.history(), 0));
        site.say(
                Link.UP,
                Flow.RESYNC,
                site.supply == Supply.NEVER_SYNCED ? "first sync" : "was out of the log",
                "wait for it to end",
                replica.wallMicros());
    }

    /**
     * The seq up to which the devices of a site hold this history, if nobody but this link has
     * copied anything to them since; -1 if that is not certain.
     */
    private long copySince(Hello hello) {
        boolean mine = partOpening >= 0 && hello.resyncId() == replica.history().latestId();
        return mine && hello.needSeq() > 0 && hello.needSeq() <= partSeq ? hello.needSeq() : -1;
    }

    @Override
    public void dropped() {
        if (state == State.STREAMING) {
            retryDelayNanos = FIRST_RETRY_NANOS;
            lost("out of the log");
        }
    }

    @Override
    public void settingsChanged() {
        if (site.paused) {
            lost(site.pauseReason);
            String why = site.pauseReason.isEmpty() ? "on request" : site.pauseReason;
            site.say(
                    Link.DOWN,
                    Flow.PAUSED,
                    why,
                    "dmctl resume " + site.site.name(),
                    replica.wallMicros());
        } else if (site.flow == Flow.PAUSED) {
            site.say(Link.CONNECTING, Flow.DOWN, "resumed", "", replica.wallMicros());
            retryNanos = replica.nanos();
        }
    }

    @Override
    public void approveDiscard() {
        discardApproved = true;
        retryDelayNanos = FIRST_RETRY_NANOS;
        if (state == State.WAITING) {
            retryNanos = replica.nanos();
        }
    }

    @Override
    public void otherPrimarySeen() {
        // The site itself says what it holds.
    }

    @Override
    public String discardPreview() {
        Hello hello = peer;
        if (hello == null) {
            return String.format(
                    Locale.ROOT,
                    "site %s has not been reached yet: what it holds is not known",
                    site.site.name());
        }
        long common = replica.history().commonSeq(log.headSeq(), hello.history(), hello.headSeq());
        long lost = Math.max(0, hello.headSeq() - common);
        return String.format(
                Locale.ROOT,
                "site %s: newest record seq %d, common history up to seq %d: %d writes would be"
                        + " discarded and kept there as an export",
                site.site.name(),
                hello.headSeq(),
                common,
                lost);
    }

    @Override
    public boolean drained() {
        // Applied, not only durable there: it applies nothing that it does not know durable here,
        // and after the end of this link it hears of no flush any more.
        return state != State.STREAMING || site.appliedSeq >= log.headSeq();
    }

    @Override
    public long wakeNanos() {
        return switch (state) {
            case WAITING -> site.paused ? Long.MAX_VALUE : retryNanos;
            case CONNECTING, CLOSED -> Long.MAX_VALUE;
            case GREETING -> aliveNanos();
            case STREAMING, COPYING -> {
                LinkChannel to = channel;
                long wake = to == null ? Long.MAX_VALUE : stream.wakeNanos(to);
                yield Math.min(Math.min(aliveNanos(), wake), copy.wakeNanos());
            }
        };
    }

    private long aliveNanos() {
        LinkChannel to = channel;
        return to == null ? Long.MAX_VALUE : to.deadlineNanos(replica.linkTimeoutNanos()) + 1;
    }

    @Override
    public void close() {
        state = State.CLOSED;
        lost("closed");
    }
}
