package dmctl.engine;

/** Links to devices of the site that are visible here. */
public final class BlockdevLinkType extends SiteLinkType {
    static final String NAME = "blockdev";

    /** For the service loader. */
    public BlockdevLinkType() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    SiteLink open(Replica replica, SiteState site) {
        return new BlockdevLink(replica, site);
    }
}
