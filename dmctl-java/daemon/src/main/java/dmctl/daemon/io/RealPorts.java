package dmctl.daemon.io;

import dmctl.engine.port.Clock;
import dmctl.engine.port.Network;
import dmctl.engine.port.Ports;
import dmctl.engine.port.Storage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a group touches in the real world. On the thread of its loop once that runs. */
public final class RealPorts implements Ports, AutoCloseable {
    /**
     * Where everything is.
     *
     * @param log the file or device of this site's replog
     * @param devices this site's copies by dev_nr
     * @param remoteDevices by number of a blockdev site, in the order of the group's definition
     * @param exports folder for records that are cut off; made when needed
     * @param blockBytes the group's block size
     * @param direct whether to go past the page cache
     * @param access how operations get to the kernel
     */
    public record Places(
            Path log,
            Map<Integer, Path> devices,
            Map<Integer, List<Path>> remoteDevices,
            Path exports,
            int blockBytes,
            FileStorage.Direct direct,
            DiskAccess access) {}

    private static final Logger LOG = LoggerFactory.getLogger(RealPorts.class);

    private final Places places;
    private final GroupLoop loop;
    private final Network network;
    private final Consumer<String> events;
    private final @Nullable DiskRing ring;
    private final FileStorage logFile;
    private Storage log;
    private final Map<Integer, Storage> devices = new HashMap<>();

    /**
     * Opens and locks the log and this site's devices, all or none.
     *
     * @param places where they are
     * @param loop of the group, not yet running
     * @param network to other sites
     * @param events receives what an administrator should read
     * @throws IOException if one cannot be opened or locked
     */
    public RealPorts(Places places, GroupLoop loop, Network network, Consumer<String> events)
            throws IOException {
        this.places = places;
        this.loop = loop;
        this.network = network;
        this.events = events;
        ring = ring();
        List<Storage> opened = new ArrayList<>();
        try {
            logFile = open(opened, places.log(), FileStorage.Options.forLog());
            log = logFile;
            for (Map.Entry<Integer, Path> device : places.devices().entrySet()) {
                devices.put(device.getKey(), open(opened, device.getValue(), deviceOptions()));
            }
        } catch (IOException e) {
            opened.forEach(Storage::close);
            closeRing();
            throw e;
        }
    }

    private @Nullable DiskRing ring() throws IOException {
        if (places.access() == DiskAccess.THREADS) {
            return null;
        }
        try {
            DiskRing made = DiskRing.open();
            loop.serve(made);
            LOG.info("group={} disks are served by io_uring", loop.name());
            return made;
        } catch (IOException e) {
            if (places.access() == DiskAccess.IO_URING) {
                throw new IOException(e.getMessage() + ", or write \"disk-access: threads\"", e);
            }
            LOG.info("group={} disks are served by threads: {}", loop.name(), e.getMessage());
            return null;
        }
    }

    private void closeRing() {
        if (ring != null) {
            ring.close();
        }
    }

    /**
     * Tells how operations get to the kernel.
     *
     * @return what was chosen at the start
     */
    public DiskAccess access() {
        return ring == null ? DiskAccess.THREADS : DiskAccess.IO_URING;
    }

    private FileStorage.Options deviceOptions() {
        return FileStorage.Options.forDevice(places.blockBytes());
    }

    private FileStorage open(List<Storage> opened, Path path, FileStorage.Options options)
            throws IOException {
        return open(opened, path, options, ring);
    }

    private FileStorage open(
            List<Storage> opened, Path path, FileStorage.Options options, @Nullable DiskRing by)
            throws IOException {
        FileStorage storage =
                FileStorage.open(path, options.withDirect(places.direct()), loop.completions(), by);
        opened.add(storage);
        return storage;
    }

    /**
     * Makes a part of the log's file or device the log. Before the group begins.
     *
     * @param startBytes where it begins
     * @param sizeBytes its size
     */
    public void narrowLog(long startBytes, long sizeBytes) {
        if (startBytes != 0 || sizeBytes != log.sizeBytes()) {
            log = new LogWindow(log, startBytes, sizeBytes);
        }
    }

    @Override
    public Clock clock() {
        return loop.clock();
    }

    @Override
    public Network network() {
        return network;
    }

    @Override
    public Storage log() {
        return log;
    }

    /**
     * Returns the file or device with the log, for its counts.
     *
     * @return the whole of it
     */
    public FileStorage logFile() {
        return logFile;
    }

    @Override
    public Storage device(int devNr) {
        Storage device = devices.get(devNr);
        if (device == null) {
            throw new IllegalArgumentException("no device " + devNr);
        }
        return device;
    }

    @Override
    public Storage[] remoteDevices(int siteNr) throws IOException {
        List<Path> paths = places.remoteDevices().get(siteNr);
        if (paths == null) {
            throw new IOException("site " + siteNr + " has no devices in the group's file");
        }
        List<Storage> opened = new ArrayList<>();
        try {
            for (Path path : paths) {
                open(opened, path, deviceOptions(), null);
            }
        } catch (IOException e) {
            opened.forEach(Storage::close);
            throw e;
        }
        return opened.toArray(Storage[]::new);
    }

    @Override
    public Storage createExport(String name, long bytes) throws IOException {
        if (name.isEmpty() || name.contains("/") || name.startsWith(".")) {
            throw new IOException("not a name for an export: '" + name + "'");
        }
        Files.createDirectories(places.exports());
        Path path = places.exports().resolve(name);
        StorageFiles.create(path, bytes, StorageFiles.Space.RESERVED);
        return open(new ArrayList<>(), path, FileStorage.Options.forLog());
    }

    @Override
    public Consumer<String> events() {
        return events;
    }

    /** Releases the log and this site's devices. */
    @Override
    public void close() {
        devices.values().forEach(Storage::close);
        log.close();
        closeRing();
    }
}
