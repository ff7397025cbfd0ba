package dmctl.daemon;

import dmctl.engine.port.FrontEnd;
import dmctl.engine.port.Request;

/** Counts what applications ask of a group. On the thread that owns it. */
final class CountedFrontEnd implements FrontEnd {
    private final FrontEnd group;
    private Counts before = new Counts(0, 0, 0, 0, 0, 0);

    private long reads;
    private long writes;
    private long readsServed;
    private long writesServed;
    private long atOnce;
    private long waited;

    CountedFrontEnd(FrontEnd group) {
        this.group = group;
    }

    /**
     * Requests so far.
     *
     * @param reads asked for
     * @param writes asked for, discards and zeroes among them
     * @param readsServed reads that the group took while it served
     * @param writesServed writes that it took so
     * @param atOnce requests that were taken at once
     * @param waited writes that had to wait for room
     */
    record Counts(
            long reads,
            long writes,
            long readsServed,
            long writesServed,
            long atOnce,
            long waited) {
        private Counts since(Counts before) {
            return new Counts(
                    reads - before.reads,
                    writes - before.writes,
                    readsServed - before.readsServed,
                    writesServed - before.writesServed,
                    atOnce - before.atOnce,
                    waited - before.waited);
        }
    }

    private Counts all() {
        return new Counts(reads, writes, readsServed, writesServed, atOnce, waited);
    }

    /** Since the last reset. */
    Counts counts() {
        return all().since(before);
    }

    void reset() {
        before = all();
    }

    @Override
    public boolean serving() {
        return group.serving();
    }

    @Override
    public boolean aboutToServe() {
        return group.aboutToServe();
    }

    @Override
    public String notServingReason() {
        return group.notServingReason();
    }

    @Override
    public boolean submit(Request request) {
        boolean served = group.serving();
        switch (request.op) {
            case READ -> {
                reads++;
                readsServed += served ? 1 : 0;
            }
            case WRITE, ZERO -> {
                writes++;
                writesServed += served ? 1 : 0;
            }
            case FLUSH, EXTENTS -> {}
        }
        boolean taken = group.submit(request);
        if (taken) {
            atOnce++;
        } else {
            waited++;
        }
        return taken;
    }
}
