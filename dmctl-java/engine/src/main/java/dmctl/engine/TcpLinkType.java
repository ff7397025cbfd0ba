package dmctl.engine;

/** Links to a daemon at the site. */
public final class TcpLinkType extends SiteLinkType {
    static final String NAME = "tcp";

    /** For the service loader. */
    public TcpLinkType() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    SiteLink open(Replica replica, SiteState site) {
        return new TcpLink(replica, site);
    }
}
