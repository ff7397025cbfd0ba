package dmctl.config.table;

/**
 * The copy of a device at one site.
 *
 * @param linkNr number of the site link
 * @param device path, or MAJOR:MINOR; at a tcp site a path there
 * @param dirtyLog its dirty log
 */
public record Copy(int linkNr, String device, DirtyLog dirtyLog) {
    /** Refuses what no table can say. */
    public Copy {
        Words.requireWritable(device);
        if (linkNr < 0 || linkNr > Link.NR_MAX) {
            throw new IllegalArgumentException("no number of a site link: " + linkNr);
        }
        if ((linkNr == 0) != (dirtyLog instanceof DirtyLog.None)) {
            throw new IllegalArgumentException("site link " + linkNr + " with " + dirtyLog);
        }
    }
}
