package dmctl.config.table;

import java.util.List;

/**
 * A table of the control target {@code replicator}: the log and the site links. No data passes
 * through its device, whose length has no meaning.
 *
 * @param extent of the mapped device
 * @param log the replog
 * @param links site 0 first
 */
public record ReplicatorTable(Extent extent, LogDevice log, List<Link> links) implements Table {
    /** Keeps the list from changing. */
    public ReplicatorTable {
        links = List.copyOf(links);
    }
}
