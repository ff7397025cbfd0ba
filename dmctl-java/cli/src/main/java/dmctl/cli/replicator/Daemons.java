package dmctl.cli.replicator;

import com.grack.nanojson.JsonObject;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.Site;
import java.util.Optional;

/** The daemons of this machine. */
public interface Daemons {
    /**
     * Asks a daemon for its state.
     *
     * @param site whose daemon
     * @return the answer's {@code status}; empty if none answers
     */
    Optional<JsonObject> status(Site site);

    /**
     * Starts a daemon, and waits until it answers. It makes no files.
     *
     * @param config of the group, as its file says
     * @param site whose daemon
     * @throws Refusal if it ends instead, with its words
     */
    void start(GroupConfig config, Site site) throws Refusal;

    /**
     * Stops a daemon cleanly, and waits for its end.
     *
     * @param site whose daemon
     * @param keepDevices whether devices that are in use wait for its next start; else it is not
     *     stopped while one is in use
     * @throws Refusal if it was not stopped
     */
    void stop(Site site, boolean keepDevices) throws Refusal;

    /**
     * Has a daemon stop with an empty log, whose size it changes then; devices in use wait for its
     * next start. It goes on running where it refuses at once, or where the log has the size.
     *
     * @param site whose daemon
     * @param bytes the new size
     * @throws Refusal if the log has its old size
     */
    void resizeLog(Site site, long bytes) throws Refusal;

    /**
     * Has something done by a daemon.
     *
     * @param site whose daemon
     * @param request in its words
     * @throws Refusal if it refuses, or none answers
     */
    void order(Site site, JsonObject request) throws Refusal;
}
