package dmctl.engine;

import dmctl.engine.GroupDefinition.Settings;

/** What an administrator may ask of a group, on the thread that owns it. */
public interface Admin {
    /** Told how a request ended, once, on the thread that owns the group. */
    interface Done {
        /**
         * It is done.
         *
         * @param text lines for the administrator, may be empty
         */
        void done(String text);

        /**
         * It is refused or has failed; nothing half-done stays behind.
         *
         * @param text names the object, the cause and the remedy
         */
        void refused(String text);
    }

    /**
     * Says what a takeover at this site would lose, as far as it can know: first asks the sites it
     * can reach for newer records.
     *
     * @param done the loss in writes, bytes and seconds
     */
    void previewTakeover(Done done);

    /**
     * Makes this site the primary without the old one.
     *
     * @param evenIfNotConsistent override for a copy in resync
     * @param done told when the new term is durable and the site serves
     */
    void takeover(boolean evenIfNotConsistent, Done done);

    /**
     * Stops replication to a site until resumed; kept over restarts.
     *
     * @param siteNr the site
     * @param reason for status; may be empty
     * @param done told at once
     */
    void pause(int siteNr, String reason, Done done);

    /**
     * Goes on after pause.
     *
     * @param siteNr the site
     * @param done told at once
     */
    void resume(int siteNr, Done done);

    /**
     * Changes the settings of a site.
     *
     * @param siteNr the site, 0 and self included
     * @param settings the new ones, all of them
     * @param done told at once
     */
    void set(int siteNr, Settings settings, Done done);

    /**
     * Shows what a site would lose if it were taken in whole, or takes it in: what it holds beyond
     * the group's history is kept as an export there, then it is resynced.
     *
     * @param siteNr the site
     * @param discard false: only show
     * @param done what is lost, or that the resync has begun
     */
    void resync(int siteNr, boolean discard, Done done);

    /**
     * Stops cleanly: drains, applies and flushes everything, closes the log.
     *
     * @param done told when all is on the devices
     */
    void shutdown(Done done);

    /**
     * Returns the state.
     *
     * @return a snapshot
     */
    GroupStatus status();
}
