package dmctl.daemon.mapper;

import dmctl.daemon.mapper.Underlying.Shown;
import dmctl.engine.Admin;

/** One change of the front end, until it is known what came of it. On the loop. */
final class Change {
    /** How far it is. */
    enum Phase {
        /** The new front end makes its devices. */
        COMING,
        /** Names are led to them. */
        MOVING,
        /** That has failed: names are led back. */
        RETURNING,
        /** The front end that is not needed any more takes its devices away. */
        LEAVING
    }

    final Shown before;
    final Shown next;
    final Admin.Done told;

    /** Until when the new devices have to be there, on the loop's monotonic clock. */
    final long endNanos;

    Phase phase = Phase.COMING;

    /** Why it has failed; empty while it has not. */
    String failure = "";

    Change(Shown before, Shown next, long endNanos, Admin.Done told) {
        this.before = before;
        this.next = next;
        this.endNanos = endNanos;
        this.told = told;
    }
}
