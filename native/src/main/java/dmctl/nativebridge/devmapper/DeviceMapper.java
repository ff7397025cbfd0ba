package dmctl.nativebridge.devmapper;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Mapped devices and their tables. Methods may be called from any thread; one thread does the work,
 * so that a {@link #waitEvent} holds up everything else. What a failed task has said is in the log.
 */
public interface DeviceMapper extends AutoCloseable {
    /**
     * Opens the kernel's device-mapper.
     *
     * @param log takes the lines of the library, on the thread that owns it
     * @return the way there
     * @throws DeviceMapperException says in one line what is missing and how to get it
     */
    static DeviceMapper open(Consumer<LogLine> log) throws DeviceMapperException {
        KernelFacts.ofThisHost().require();
        return LibDevmapper.load(log);
    }

    /**
     * Returns the version of the library.
     *
     * @return as the library says it
     * @throws DeviceMapperException if it says none
     */
    String libraryVersion() throws DeviceMapperException;

    /**
     * Returns the version of the kernel's driver.
     *
     * @return as the library says it
     * @throws DeviceMapperException if it says none
     */
    String driverVersion() throws DeviceMapperException;

    /**
     * Lists the types of targets that the kernel knows now; more are loaded when they are needed.
     *
     * @return in the kernel's order
     * @throws DeviceMapperException if the task failed
     */
    List<TargetVersion> targets() throws DeviceMapperException;

    /**
     * Lists the mapped devices.
     *
     * @return in the kernel's order
     * @throws DeviceMapperException if the task failed
     */
    List<ListedDevice> list() throws DeviceMapperException;

    /**
     * Tells the state of a device.
     *
     * @param device which; there may be none
     * @param options how
     * @return its state
     * @throws DeviceMapperException if the task failed
     */
    DeviceState info(DeviceRef device, TaskOptions options) throws DeviceMapperException;

    /**
     * Tells the table of a device.
     *
     * @param device which; there may be none
     * @param options how
     * @return its table
     * @throws DeviceMapperException if the task failed
     */
    DeviceTable table(DeviceRef device, TaskOptions options) throws DeviceMapperException;

    /**
     * Tells the status of a device's targets.
     *
     * @param device which; there may be none
     * @param options how
     * @return the status
     * @throws DeviceMapperException if the task failed
     */
    DeviceTable status(DeviceRef device, TaskOptions options) throws DeviceMapperException;

    /**
     * Tells what a device lies on.
     *
     * @param device which
     * @param options how
     * @return the devices below it
     * @throws DeviceMapperException if the task failed
     */
    DeviceDeps deps(DeviceRef device, TaskOptions options) throws DeviceMapperException;

    /**
     * Makes a device; with a table it is in use at once, and gone again if that fails.
     *
     * @param device what to make
     * @param options how
     * @return its state
     * @throws DeviceMapperException if the task failed
     */
    DeviceState create(NewDevice device, TaskOptions options) throws DeviceMapperException;

    /**
     * Loads a table into the inactive slot.
     *
     * @param device which
     * @param table its lines
     * @param options how
     * @return its state
     * @throws DeviceMapperException if the task failed
     */
    DeviceState reload(DeviceRef device, List<TableLine> table, TaskOptions options)
            throws DeviceMapperException;

    /**
     * Holds a device's I/O.
     *
     * @param device which
     * @param options how
     * @return its state
     * @throws DeviceMapperException if the task failed
     */
    DeviceState suspend(DeviceRef device, TaskOptions options) throws DeviceMapperException;

    /**
     * Takes the inactive table, if there is one, and lets a device's I/O go on.
     *
     * @param device which
     * @param options how
     * @return its state
     * @throws DeviceMapperException if the task failed
     */
    DeviceState resume(DeviceRef device, TaskOptions options) throws DeviceMapperException;

    /**
     * Drops the inactive table.
     *
     * @param device which
     * @param options how
     * @return its state
     * @throws DeviceMapperException if the task failed
     */
    DeviceState clear(DeviceRef device, TaskOptions options) throws DeviceMapperException;

    /**
     * Removes a device.
     *
     * @param device which
     * @param options how
     * @throws DeviceMapperException if the task failed
     */
    void remove(DeviceRef device, TaskOptions options) throws DeviceMapperException;

    /**
     * Gives a device another name.
     *
     * @param device which
     * @param name the new one
     * @param options how
     * @throws DeviceMapperException if the task failed
     */
    void rename(DeviceRef device, String name, TaskOptions options) throws DeviceMapperException;

    /**
     * Gives a device that has none its unique identifier.
     *
     * @param device which
     * @param uuid the identifier
     * @param options how
     * @throws DeviceMapperException if the task failed
     */
    void setUuid(DeviceRef device, String uuid, TaskOptions options) throws DeviceMapperException;

    /**
     * Sends a message to a target.
     *
     * @param device which
     * @param sector of the target
     * @param message its words
     * @param options how
     * @return the answer, if there is one
     * @throws DeviceMapperException if the task failed
     */
    Optional<String> message(DeviceRef device, long sector, String message, TaskOptions options)
            throws DeviceMapperException;

    /**
     * Waits for an event of a device.
     *
     * @param device which
     * @param eventNr last one known; 0 for the next one
     * @param options how
     * @return its state then
     * @throws DeviceMapperException if the task failed
     */
    DeviceState waitEvent(DeviceRef device, int eventNr, TaskOptions options)
            throws DeviceMapperException;

    /**
     * Names a block device.
     *
     * @param number which
     * @param kernelName whether the kernel's name is wanted also for a mapped device
     * @return its name; empty if it has none
     */
    Optional<String> nameOf(DeviceNumber number, boolean kernelName);

    /**
     * Makes or removes nodes under /dev/mapper as the devices are.
     *
     * @param name of one device; empty for all
     * @throws DeviceMapperException if the task failed
     */
    void makeNodes(Optional<String> name) throws DeviceMapperException;

    /** Lets the kernel's device-mapper go; devices stay. */
    @Override
    void close();
}
