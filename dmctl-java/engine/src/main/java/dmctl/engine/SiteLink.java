package dmctl.engine;

/** The primary's way to one other site. Types are found by name: see {@link SiteLinkType}. */
interface SiteLink {
    /** Does what can be done now; once a turn. */
    void pump();

    /** When time alone lets it do more, Long.MAX_VALUE if never. */
    long wakeNanos();

    /** The site has fallen out of the log. */
    void dropped();

    /** Paused or resumed. */
    void settingsChanged();

    /** Allows that what the site holds beyond the history is discarded. */
    void approveDiscard();

    /** Another site has served in a term that this history does not hold. */
    void otherPrimarySeen();

    /** What the site would lose if it were taken in whole. */
    String discardPreview();

    /** Whether everything up to the log's head is at the site, or it cannot be reached now. */
    boolean drained();

    /** Lets go of the connection. */
    void close();
}
