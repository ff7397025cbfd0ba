package dmctl.nativebridge.devmapper;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * How a task is done.
 *
 * @param flags what is on
 * @param readAhead to set
 * @param udevCookie of a transaction that somebody else waits for; 0 for none
 */
public record TaskOptions(Set<TaskFlag> flags, Optional<ReadAhead> readAhead, int udevCookie) {
    /** Nothing special. */
    public static final TaskOptions NONE = of();

    /** Keeps the set from changing. */
    public TaskOptions {
        flags = Set.copyOf(flags);
    }

    /**
     * Sectors to read ahead.
     *
     * @param sectors -1 for the kernel's choice, 0 for none
     * @param minimum whether the kernel may choose more
     */
    public record ReadAhead(int sectors, boolean minimum) {}

    /**
     * Makes options of flags.
     *
     * @param flags what is on
     * @return the options
     */
    public static TaskOptions of(TaskFlag... flags) {
        return new TaskOptions(Set.of(flags), Optional.empty(), 0);
    }

    /**
     * Tells whether something is on.
     *
     * @param flag what
     * @return whether it is
     */
    public boolean has(TaskFlag flag) {
        return flags.contains(flag);
    }

    /**
     * Adds to the flags.
     *
     * @param more what is on, too
     * @return other options
     */
    public TaskOptions with(TaskFlag... more) {
        EnumSet<TaskFlag> all = EnumSet.noneOf(TaskFlag.class);
        all.addAll(flags);
        all.addAll(Set.of(more));
        return new TaskOptions(all, readAhead, udevCookie);
    }
}
