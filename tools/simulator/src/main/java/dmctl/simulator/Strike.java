package dmctl.simulator;

/** What the weather may bring, and how often against the rest. */
enum Strike {
    KILL_PRIMARY(8),
    CUT_POWER_OF_PRIMARY(8),
    KILL_TARGET(8),
    CUT_POWER_OF_TARGET(8),
    CUT_POWER_OF_ALL(2),
    TAKE_OVER_ALIVE(3),
    PARTITION(8),
    CUT_WIRE(8),
    STALL_WIRE(6),
    REFUSE_CONNECTS(2),
    FREEZE(5),
    DISK_ERROR(4),
    SLOW_DISK(4),
    FULL_DISK(1),
    PAUSE(4),
    SET(5),
    STOP_CLEANLY(4),
    STEP_CLOCK(3),
    CLONE_PRIMARY(10),
    CLONE_TARGET(16),
    DAMAGE_CLONE(10),
    LOOK_AT_BLOCKDEV(8),
    CUT_POWER_OF_BLOCKDEV(2),
    RESYNC_FORKED(8),
    CUT_POWER_OF_ISOLATED(6);

    final int weight;

    Strike(int weight) {
        this.weight = weight;
    }
}
