package dmctl.engine;

import dmctl.engine.port.Wire;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The connections other sites have made to this one, the primary's among them. */
final class Peers {
    private final Replica replica;
    private final List<Inbound> inbound = new ArrayList<>();
    private @Nullable Upstream upstream;
    private long sourceDurableSeq;
    private int copiesInFlight;
    private String lostReason = "no primary has connected yet";
    private long lostMicros;
    private long lastCompletedSeq = -1;
    private long lastBeatMicros;

    Peers(Replica replica) {
        this.replica = replica;
    }

    void accept(Wire wire) {
        if (inbound.size() >= inboundMax()) {
            closeOldest();
        }
        inbound.add(new Inbound(replica, wire));
    }

    /** Connections at a time: from each other site one that asks, one that sends, and its last. */
    private int inboundMax() {
        return inboundMax(replica.sites().others().length);
    }

    static int inboundMax(int others) {
        return 3 * others + 1;
    }

    /** Whoever connects without end must not keep a site out, nor end the one that sends. */
    private void closeOldest() {
        for (Inbound each : inbound) {
            if (!each.isUpstream()) {
                inbound.remove(each);
                each.close("too many connections");
                return;
            }
        }
    }

    @Nullable Upstream upstream() {
        return upstream;
    }

    Upstream newUpstream(Inbound from, Hello hello) {
        closeUpstream("another connection of the primary took its place");
        Upstream source = new Upstream(replica, from, hello);
        upstream = source;
        return source;
    }

    void closeUpstream(String reason) {
        Upstream source = upstream;
        if (source != null) {
            source.close(reason);
        }
    }

    void upstreamLost(Upstream source, String reason) {
        if (upstream == source) {
            lastCompletedSeq = source.sourceCompletedSeq();
            lastBeatMicros = source.beatMicros();
            upstream = null;
            lostReason = reason;
            // One that only tried has not been here.
            if (lostMicros == 0 || source.ready()) {
                lostMicros = replica.wallMicros();
            }
        }
    }

    String lostReason() {
        return lostReason;
    }

    /** When the primary was lost; when the daemon started if it never was here. */
    long lostMicros() {
        return lostMicros == 0 ? replica.roleSinceMicros() : lostMicros;
    }

    /** What the last primary said it had completed, -1 if nothing was heard. */
    long toldCompletedSeq() {
        Upstream source = upstream;
        return source == null ? lastCompletedSeq : source.sourceCompletedSeq();
    }

    long toldMicros() {
        Upstream source = upstream;
        return source == null ? lastBeatMicros : source.beatMicros();
    }

    /**
     * A source has told how far its own log is durable: what it has is never cut off again here, so
     * it stays true when the source is gone.
     */
    void durableAtSource(long seq) {
        sourceDurableSeq = Math.max(sourceDurableSeq, seq);
    }

    long sourceDurableSeq() {
        Upstream source = upstream;
        return Math.max(sourceDurableSeq, source == null ? 0 : source.sourceFlushedSeq());
    }

    /** A write of a resync begins: until it ends no other connection's may begin. */
    void copyStarted() {
        copiesInFlight++;
    }

    void copyEnded() {
        copiesInFlight--;
    }

    int copiesInFlight() {
        return copiesInFlight;
    }

    void pump() {
        for (int i = 0; i < inbound.size(); i++) {
            inbound.get(i).pump();
            // Pumping may have closed them all.
            if (i < inbound.size() && inbound.get(i).gone()) {
                inbound.remove(i--);
            }
        }
    }

    long wakeNanos() {
        Upstream source = upstream;
        long wake = source == null ? Long.MAX_VALUE : source.wakeNanos();
        for (int i = 0; i < inbound.size(); i++) {
            wake = Math.min(wake, inbound.get(i).wakeNanos());
        }
        return wake;
    }

    void close(String reason) {
        for (Inbound each : List.copyOf(inbound)) {
            each.close(reason);
        }
        inbound.clear();
    }
}
