package dmctl.engine;

import dmctl.engine.GroupStatus.Flow;
import dmctl.engine.GroupStatus.Link;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import java.util.Set;

/** The primary's links, one for each other site. */
final class Links {
    private static final List<SiteLinkType> TYPES =
            ServiceLoader.load(SiteLinkType.class).stream()
                    .map(ServiceLoader.Provider::get)
                    .toList();

    private final Replica replica;
    private final SiteState[] sites;
    private final SiteLink[] links;
    private final Set<Long> strangeTerms = new HashSet<>();

    Links(Replica replica) {
        this.replica = replica;
        sites = replica.sites().others();
        links = new SiteLink[sites.length];
    }

    void start() {
        for (int i = 0; i < links.length; i++) {
            links[i] = open(sites[i]);
            if (sites[i].paused) {
                links[i].settingsChanged();
            }
        }
    }

    private SiteLink open(SiteState site) {
        for (SiteLinkType type : TYPES) {
            if (type.name().equals(site.site.linkType())) {
                return type.open(replica, site);
            }
        }
        throw new IllegalArgumentException(
                String.format(
                        Locale.ROOT,
                        "site %s: no link type %s",
                        site.site.name(),
                        site.site.linkType()));
    }

    void pump() {
        for (SiteLink link : links) {
            if (link != null) {
                link.pump();
            }
        }
    }

    long wakeNanos() {
        long wake = Long.MAX_VALUE;
        for (SiteLink link : links) {
            if (link != null) {
                wake = Math.min(wake, link.wakeNanos());
            }
        }
        return wake;
    }

    SiteLink of(SiteState site) {
        for (int i = 0; i < sites.length; i++) {
            if (sites[i] == site && links[i] != null) {
                return links[i];
            }
        }
        throw new IllegalStateException("site " + site.site.name() + " has no link here");
    }

    void dropped(SiteState site) {
        of(site).dropped();
    }

    /** A site has told its history: its terms say whether somebody else has served, too. */
    void heard(SiteState from, TermHistory history) {
        if (replica.history().knows(history) || !strangeTerms.add(history.latestId())) {
            return;
        }
        replica.event(
                String.format(
                        Locale.ROOT,
                        "site %s knows term %d, which this history does not hold",
                        from.site.name(),
                        history.latestNumber()));
        for (SiteLink link : links) {
            if (link != null) {
                link.otherPrimarySeen();
            }
        }
    }

    boolean drained() {
        for (SiteLink link : links) {
            if (link != null && !link.drained()) {
                return false;
            }
        }
        return true;
    }

    void close() {
        for (int i = 0; i < links.length; i++) {
            if (links[i] != null) {
                links[i].close();
                sites[i].say(Link.DOWN, Flow.DOWN, "not primary", "", replica.wallMicros());
            }
        }
    }
}
