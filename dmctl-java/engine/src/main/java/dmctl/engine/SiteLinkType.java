package dmctl.engine;

/**
 * A type of site link, found by name with a service loader, as the original's registry found its
 * slink modules.
 */
public abstract class SiteLinkType {
    /** For the types of this module. */
    SiteLinkType() {}

    /**
     * Returns the word that tables and YAML use.
     *
     * @return the name
     */
    public abstract String name();

    /** The link to a site. */
    abstract SiteLink open(Replica replica, SiteState site);
}
