package dmctl.engine;

import dmctl.engine.GroupDefinition.LimitKind;
import dmctl.engine.GroupDefinition.Mode;
import dmctl.engine.GroupDefinition.Policy;
import dmctl.engine.GroupStatus.Data;
import dmctl.engine.GroupStatus.Flow;
import dmctl.engine.GroupStatus.Link;
import java.nio.ByteBuffer;
import java.util.Locale;

/**
 * What goes to a site that follows, and what it answers: records as they come, beats, and its
 * acknowledgements. Says how the link flows.
 */
final class TcpStream {
    private static final String OLDER = "sending older records from the log";
    private static final String FULL = "its log is full of what is not on its devices yet";
    private static final String LOOK_THERE = "see status there: its devices are slow, or fail";

    private static final int BEAT_BYTES = 6 * Long.BYTES;
    private static final int TOGETHER_RECORDS = 256;
    private static final long TOGETHER_NANOS = 5_000_000L;

    private final Replica replica;
    private final LogRing log;
    private final SiteState site;
    private final LogFeed feed;

    private boolean sending;
    private long beatFlushedSeq = -1;
    private long beatNanos;
    private long sentNanos;
    private boolean beatEager;

    TcpStream(Replica replica, SiteState site) {
        this.replica = replica;
        this.log = replica.log();
        this.site = site;
        this.feed = new LogFeed(replica);
    }

    /** Begins to send records, from a seq on. */
    void start(LinkChannel to, long fromSeq) {
        sending = true;
        feed.start(to, fromSeq);
        to.sendBytes(Message.START, Hello.encode(replica.history(), eager() ? 1 : 0));
        beatFlushedSeq = -1;
        boolean behind = fromSeq <= log.writtenSeq();
        site.say(
                Link.UP,
                behind ? Flow.CATCHING_UP : Flow.LIVE,
                behind ? OLDER : "",
                "",
                replica.wallMicros());
    }

    void stop() {
        sending = false;
        feed.stop();
    }

    /** Sends what is due. */
    void pump(LinkChannel to) {
        if (isSendDue()) {
            beat(to);
            if (feed.nextSeq() <= log.writtenSeq()) {
                sentNanos = replica.nanos();
                feed.pump(log.writtenSeq());
            }
            flushForRoom();
            followFlow();
        }
    }

    /** When something is due, if nothing happens before. */
    long wakeNanos(LinkChannel to) {
        if (!to.hasRoom(BEAT_BYTES, 0)) {
            return Long.MAX_VALUE;
        }
        long beat = beatNanos + replica.heartbeatNanos();
        return sending ? Math.min(beat, sendNanos()) : beat;
    }

    /**
     * Nothing waits for an async site: small batches that follow each other closely go to it
     * together, for at both sites a message costs the processor more than what it carries. It may
     * lack what is younger than that; its log is flushed less often still ({@code async-flush}).
     */
    private boolean isSendDue() {
        return eager()
                || log.writtenSeq() - feed.nextSeq() >= TOGETHER_RECORDS
                || replica.nanos() - sentNanos >= TOGETHER_NANOS
                || isBeatDue();
    }

    private boolean isBeatDue() {
        return replica.nanos() - beatNanos >= replica.heartbeatNanos();
    }

    /**
     * The site applies and lets go of what is durable here only: that must leave it room. Where all
     * that it was sent is durable, it is not for this site to help it.
     */
    private void flushForRoom() {
        if (log.unflushedBytes() > feed.roomBytes()
                || log.writtenSeq() - log.flushedSeq() > feed.roomRecords()) {
            log.requestFlush(feed.nextSeq() - 1);
        }
    }

    private long sendNanos() {
        return !feed.waitsForRoom() && feed.nextSeq() <= log.writtenSeq()
                ? sentNanos + TOGETHER_NANOS
                : Long.MAX_VALUE;
    }

    private void followFlow() {
        long lag = log.writtenSeq() - (feed.nextSeq() - 1);
        Flow flow = site.flow;
        if (lag == 0) {
            flow = Flow.LIVE;
        } else if (feed.fromLog() || flow == Flow.DOWN) {
            flow = Flow.CATCHING_UP;
        }
        boolean full = feed.isReceiverFull();
        String why = full ? FULL : flow == Flow.LIVE ? "" : OLDER;
        if (flow != site.flow || !why.equals(site.reason)) {
            site.say(Link.UP, flow, why, full ? LOOK_THERE : "", replica.wallMicros());
        }
    }

    /** Tells the flushed mark when it moves, and gives a sign of life. */
    void beat(LinkChannel to) {
        boolean eager = eager();
        if (log.flushedSeq() == beatFlushedSeq && eager == beatEager && !isBeatDue()) {
            return;
        }
        if (!to.hasRoom(BEAT_BYTES, 0)) {
            return;
        }
        beatFlushedSeq = log.flushedSeq();
        beatEager = eager;
        beatNanos = replica.nanos();
        to.sendLongs(
                Message.BEAT,
                beatFlushedSeq,
                log.headSeq(),
                replica.writes().completedSeq(),
                replica.sites().behindWrites(site),
                replica.sites().behindBytes(site),
                eager ? 1 : 0);
    }

    /** Whether the site should flush its log at once, for completions may wait for it. */
    private boolean eager() {
        return site.settings.policy() == Policy.SYNC
                || (site.settings.mode() == Mode.HOLD
                        && site.settings.limitKind() != LimitKind.NONE);
    }

    void acked(LinkChannel from, ByteBuffer in, int meta, int metaBytes) {
        if (metaBytes != Message.ACK_BYTES) {
            from.fault("no proper acknowledgement from " + from.peer());
            return;
        }
        long received = in.getLong(meta);
        long durable = in.getLong(meta + 8);
        if (received >= feed.nextSeq() || durable > received) {
            from.fault(
                    String.format(
                            Locale.ROOT,
                            "%s acknowledges seq %d, durable %d, but seq %d is the newest sent",
                            from.peer(),
                            received,
                            durable,
                            feed.nextSeq() - 1));
            return;
        }
        site.receivedSeq = Math.max(site.receivedSeq, received);
        site.durableSeq = Math.max(site.durableSeq, durable);
        site.appliedSeq = Math.max(site.appliedSeq, in.getLong(meta + 16));
        site.data = in.getLong(meta + 24) == 1 ? Data.CONSISTENT : Data.NOT_CONSISTENT;
        feed.allow(in.getLong(meta + 32), in.getLong(meta + 40));
        replica.wake();
    }
}
