package dmctl.engine;

import dmctl.engine.GroupStatus.Role;

/**
 * What a site remembers of itself over restarts, as its checkpoint holds it; changed in memory
 * first and true for others only once a checkpoint with it is durable.
 */
final class Standing {
    /** How far this copy is from being a prefix of the history. */
    enum Phase {
        /** It is one. */
        NONE,
        /** Regions are being copied in no order. */
        COPYING,
        /** All regions are here; records up to {@code needSeq} are still to be replayed. */
        REPLAYING,
        /** Nothing has been received yet. */
        NEVER_SYNCED;

        private static final Phase[] BY_CODE = values();

        static Phase of(int code) {
            return BY_CODE[code];
        }
    }

    Role role = Role.TARGET;
    int primarySite = -1;
    TermHistory history = TermHistory.EMPTY;
    Phase phase = Phase.NONE;
    long needSeq;

    /** While regions are copied: id of the term of who began it, 0 if all have to be. */
    long resyncId;

    long forkedAtSeq = -1;

    boolean consistent() {
        return phase == Phase.NONE && forkedAtSeq < 0;
    }
}
