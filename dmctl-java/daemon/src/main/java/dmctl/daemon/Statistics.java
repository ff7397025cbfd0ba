package dmctl.daemon;

import com.grack.nanojson.JsonObject;
import dmctl.engine.Group;
import dmctl.engine.GroupStatus;
import dmctl.engine.RingPlaces;
import java.util.function.LongSupplier;

/**
 * Counts of the requests of applications and of the log, from the start of the daemon or the last
 * reset on. On the thread that owns the group.
 */
final class Statistics {
    /** What is reset with one word. */
    enum Part {
        /** Requests of applications. */
        REPLICATOR,
        /** The log. */
        REPLOG
    }

    private final CountedFrontEnd front;
    private final Group group;
    private final long logStartBytes;
    private final LongSupplier logReads;
    private final LongSupplier logWrites;

    private long readsBefore;
    private long writesBefore;
    private long recordsBefore;
    private long wrapsBefore;

    Statistics(
            CountedFrontEnd front,
            Group group,
            long logStartBytes,
            LongSupplier logReads,
            LongSupplier logWrites) {
        this.front = front;
        this.group = group;
        this.logStartBytes = logStartBytes;
        this.logReads = logReads;
        this.logWrites = logWrites;
    }

    void reset(Part part) {
        switch (part) {
            case REPLICATOR -> front.reset();
            case REPLOG -> {
                readsBefore = logReads.getAsLong();
                writesBefore = logWrites.getAsLong();
                recordsBefore = group.ring().map(RingPlaces::records).orElse(0L);
                wrapsBefore = group.ring().map(RingPlaces::wraps).orElse(0L);
            }
        }
    }

    JsonObject json(GroupStatus status) {
        JsonObject json = new JsonObject();
        CountedFrontEnd.Counts counts = front.counts();
        JsonObject requests = new JsonObject();
        requests.put("reads", counts.reads());
        requests.put("writes", counts.writes());
        requests.put("readsServed", counts.readsServed());
        requests.put("writesServed", counts.writesServed());
        requests.put("takenAtOnce", counts.atOnce());
        requests.put("waitedForRoom", counts.waited());
        json.put("requests", requests);
        group.ring().ifPresent(ring -> json.put("log", log(status, ring)));
        return json;
    }

    private JsonObject log(GroupStatus status, RingPlaces ring) {
        JsonObject json = new JsonObject();
        json.put("ringStartByte", logStartBytes + ring.offset());
        json.put("ringEndByte", logStartBytes + ring.offset() + ring.bytes());
        json.put("tailByte", logStartBytes + ring.place(ring.tail()));
        json.put("writtenByte", logStartBytes + ring.place(ring.written()));
        json.put("headByte", logStartBytes + ring.place(ring.head()));
        json.put("freeBytes", ring.bytes() - (ring.head() - ring.tail()));
        // Below 0 only where the log was opened anew since the reset.
        json.put("wraps", Math.max(0, ring.wraps() - wrapsBefore));
        json.put("reads", logReads.getAsLong() - readsBefore);
        json.put("writes", logWrites.getAsLong() - writesBefore);
        json.put("records", Math.max(0, ring.records() - recordsBefore));
        json.put("recordsNotApplied", status.headSeq() - status.appliedSeq());
        return json;
    }
}
