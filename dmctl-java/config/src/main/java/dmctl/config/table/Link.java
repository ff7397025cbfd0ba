package dmctl.config.table;

import dmctl.config.Address;
import java.util.Optional;

/**
 * A site link and its properties.
 *
 * @param nr 0 for the local site, up to 2047
 * @param address where the daemon of the site is reached; empty for a link to block devices
 * @param policy when a write completes with respect to the site
 * @param stall whether a full log stalls writes rather than leave the site behind
 * @param fallBehind how far an async site may fall behind; empty for any distance
 */
public record Link(
        int nr,
        Optional<Address> address,
        Policy policy,
        boolean stall,
        Optional<FallBehind> fallBehind) {
    /** Highest number of a site link. */
    public static final int NR_MAX = 2047;

    /** Refuses what no table can say. */
    public Link {
        if (nr < 0 || nr > NR_MAX) {
            throw new IllegalArgumentException("no number of a site link: " + nr);
        }
        if (policy == Policy.SYNC && fallBehind.isPresent()) {
            throw new IllegalArgumentException("sync with a fall-behind");
        }
    }

    /** When a write completes with respect to a site. */
    public enum Policy {
        /** Without waiting for the site. Also what a table means that names no policy. */
        ASYNC,
        /** When the site holds it. */
        SYNC
    }
}
