package dmctl.cli;

import dmctl.cli.DaemonView.SiteView;
import dmctl.config.Units;
import java.util.Locale;
import java.util.Optional;

/** What would be lost by taking over at a site now, as far as it can be known. */
final class Loss {
    private Loss() {}

    /** In a word or a few, for the table. */
    static String atSite(GroupView group, String site) {
        Optional<DaemonView> primary = group.primary();
        DaemonView own = group.daemons().get(site);
        if (primary.isEmpty()) {
            return own == null ? "unknown" : withoutPrimary(own);
        }
        SiteView seen = primary.get().siteNamed(site).orElse(null);
        if (seen == null || seen.data().equals("unknown")) {
            return "unknown";
        }
        return switch (seen.data()) {
            case "not-consistent" -> "cannot be taken over";
            case "forked" -> "everything since its fork";
            default -> behind(seen).equals("0") ? "nothing" : behind(seen);
        };
    }

    private static String withoutPrimary(DaemonView own) {
        return switch (own.data()) {
            case "consistent" -> "what came after seq " + own.durableSeq();
            case "unknown" -> "unknown";
            default -> "cannot be taken over";
        };
    }

    /** Lag in writes, bytes and seconds. */
    static String behind(SiteView site) {
        if (site.data().equals("unknown")) {
            return "unknown";
        }
        if (site.behindWrites() == 0 && site.behindBytes() == 0) {
            return "0";
        }
        return count(site.behindWrites())
                + " w / "
                + Units.formatSize(site.behindBytes())
                + " / "
                + Units.formatTime(site.behindMillis());
    }

    /** A count, short from ten thousand on. */
    static String count(long number) {
        if (number < 10_000) {
            return Long.toString(number);
        }
        String[] units = {"k", "M", "G", "T"};
        double value = number;
        int unit = -1;
        while (value >= 1000 && unit < units.length - 1) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, value < 100 ? "%.1f%s" : "%.0f%s", value, units[unit]);
    }
}
