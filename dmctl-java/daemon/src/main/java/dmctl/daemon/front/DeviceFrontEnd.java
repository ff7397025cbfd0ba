package dmctl.daemon.front;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Shows the devices of a group as block devices of this machine while the group is served here. All
 * calls are on the thread that owns the group.
 */
public interface DeviceFrontEnd {
    /**
     * Does what comes after the group's turn.
     *
     * @return true if the group should have its turn again at once
     */
    boolean endOfRound();

    /**
     * Returns the devices, as they are now.
     *
     * @return in order of their number
     */
    List<ShownDevice> devices();

    /**
     * Returns what keeps devices from being there.
     *
     * @return null if nothing does
     */
    @Nullable FrontEndProblem problem();

    /**
     * Returns the most memory that it takes outside of what the JVM accounts for.
     *
     * @return bytes
     */
    long memoryBytes();

    /**
     * Takes all devices away, before the group stops.
     *
     * @param keepUsed what becomes of devices in use: kept, with their requests waiting for the
     *     next start of this site; or everything goes on as before, and it is said that they are in
     *     use
     * @param told an empty text when the group may stop, else why it should not
     */
    void stop(boolean keepUsed, Consumer<String> told);

    /** Forgets everything; called after the group has stopped. */
    void close();
}
