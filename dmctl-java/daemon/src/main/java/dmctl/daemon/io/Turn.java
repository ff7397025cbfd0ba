package dmctl.daemon.io;

/** What a {@link GroupLoop} runs after each round of events: the group. */
public interface Turn {
    /** Does what the events of this round have made possible. */
    void turn();

    /**
     * Says when the next turn is due at the latest.
     *
     * @return on the monotonic clock of the loop; {@link Long#MIN_VALUE} for at once, {@link
     *     Long#MAX_VALUE} for not at all
     */
    long nextWakeNanos();
}
