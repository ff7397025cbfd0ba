package dmctl.replog;

import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Finds among the slots of a region map those that a checkpoint counts, page after page, and tells
 * at the end which of them are not those that were written.
 */
public final class RegionPageChooser {
    /** No slot of a page counts. */
    public static final int NO_SLOT = -1;

    private final RegionMapMark mark;
    private final UUID logUuid;
    private final String name;
    private final int[] sums = new int[RegionMapMark.GROUPS];
    private final @Nullable String[] faults = new @Nullable String[RegionMapMark.GROUPS];
    private final boolean[] damaged = new boolean[RegionMapMark.GROUPS];
    private long newestGeneration;
    private boolean otherIsNewer;

    /**
     * Begins before the first page.
     *
     * @param mark of the checkpoint
     * @param logUuid the log the pages must belong to
     * @param name name for messages
     */
    public RegionPageChooser(RegionMapMark mark, UUID logUuid, String name) {
        this.mark = mark;
        this.logUuid = logUuid;
        this.name = name;
        newestGeneration = Math.max(0, mark.generation());
    }

    /**
     * Chooses the slot of a page.
     *
     * @param page its number
     * @param slots both slots
     * @param bases where they begin in the buffers
     * @param origins offsets in the log of the buffers' byte 0, for messages
     * @param readable whether each slot could be read
     * @return 0, 1 or {@link #NO_SLOT}
     * @throws FormatTooNewException a newer release wrote one
     */
    public int choose(int page, ByteBuffer[] slots, int[] bases, long[] origins, boolean[] readable)
            throws FormatTooNewException {
        int chosen = NO_SLOT;
        long generation = 0;
        otherIsNewer = false;
        for (int slot = 0; slot < 2; slot++) {
            if (!readable[slot]) {
                fault(
                        page,
                        name + ": cannot be read at offset " + (origins[slot] + bases[slot]),
                        true);
                continue;
            }
            try {
                RegionPage.check(slots[slot], bases[slot], origins[slot], page, logUuid, name);
            } catch (FormatTooNewException e) {
                throw e;
            } catch (ReplogException e) {
                fault(page, String.valueOf(e.getMessage()), e instanceof DamagedException);
                continue;
            }
            long found = RegionPage.generation(slots[slot], bases[slot]);
            newestGeneration = Math.max(newestGeneration, found);
            if (found > mark.generation()) {
                otherIsNewer = true;
            } else if (found > generation) {
                generation = found;
                chosen = slot;
            }
        }
        if (chosen != NO_SLOT) {
            sums[RegionMapMark.group(page)] += RegionPage.checksum(slots[chosen], bases[chosen]);
        }
        return chosen;
    }

    /** What never was a page says less than one that is damaged. */
    private void fault(int page, String what, boolean damage) {
        int group = RegionMapMark.group(page);
        if (faults[group] == null || (damage && !damaged[group])) {
            faults[group] = what;
            damaged[group] = damage;
        }
    }

    /**
     * Tells whether a slot of the last page was written for a checkpoint that never came.
     *
     * @return true if the page has to be written again before that generation counts
     */
    public boolean otherIsNewer() {
        return otherIsNewer;
    }

    /**
     * The highest generation met.
     *
     * @return 0 if no page was ever written
     */
    public long newestGeneration() {
        return newestGeneration;
    }

    /**
     * Tells, after the last page, whether the pages of a group are those that were written.
     *
     * @param page a page of the group
     * @return false: nothing is known of the regions of all pages of the group
     */
    public boolean isTrusted(int page) {
        int group = RegionMapMark.group(page);
        return mark.generation() != RegionMapMark.NOT_KEPT
                && sums[group] == mark.witnesses().get(group);
    }

    /**
     * Says why the pages of a group are not those that were written.
     *
     * @param group number of the group
     * @return names a place where there is one
     */
    public String reason(int group) {
        String fault = faults[group];
        if (fault != null) {
            return fault;
        }
        return String.format(
                Locale.ROOT,
                "%s: pages %d, %d, ... of the region map are older than those the checkpoint counts",
                name,
                group,
                group + RegionMapMark.GROUPS);
    }
}
