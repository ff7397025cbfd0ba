package dmctl.config.table;

import java.util.List;

/**
 * A table of 2008, in which one {@code replicator} line holds log, site links and devices. Lines
 * that name one log form one group; their devices are numbered in the order of creation.
 *
 * @param extent of the mapped device
 * @param log the replog, the same in all lines of a group
 * @param sites the local one first
 */
public record OneLineTable(Extent extent, LogDevice log, List<Site> sites) implements Table {
    /** Keeps the list from changing. */
    public OneLineTable {
        sites = List.copyOf(sites);
    }

    /**
     * One site: its link and its copy.
     *
     * @param link its properties, the same in all lines of a group
     * @param copy of the line's device
     */
    public record Site(Link link, Copy copy) {
        /** Refuses what no table can say. */
        public Site {
            if (link.nr() != copy.linkNr()) {
                throw new IllegalArgumentException(link.nr() + " is not " + copy.linkNr());
            }
        }
    }
}
