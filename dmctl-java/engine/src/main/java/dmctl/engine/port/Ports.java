package dmctl.engine.port;

import java.util.function.Consumer;

/** Everything a group touches of the outside world. */
public interface Ports {
    /**
     * Returns time and randomness.
     *
     * @return the clock
     */
    Clock clock();

    /**
     * Returns the way to other sites.
     *
     * @return the network
     */
    Network network();

    /**
     * Returns the storage of this site's replog, open and locked.
     *
     * @return the log
     */
    Storage log();

    /**
     * Returns this site's copy of a device, open and locked.
     *
     * @param devNr the device
     * @return its storage
     */
    Storage device(int devNr);

    /**
     * Opens the devices of a blockdev site seen from here, all or none.
     *
     * @param siteNr the site
     * @return one per device in the order of the group's definition
     * @throws java.io.IOException if one cannot be opened or locked, with the reason
     */
    Storage[] remoteDevices(int siteNr) throws java.io.IOException;

    /**
     * Creates a new file for records that are cut off.
     *
     * @param name its last part
     * @param bytes its size
     * @return the file
     * @throws java.io.IOException if it cannot be made
     */
    Storage createExport(String name, long bytes) throws java.io.IOException;

    /**
     * Receives what an administrator should read, one line each.
     *
     * @return the event log
     */
    Consumer<String> events();
}
