package dmctl.cli.replicator;

import dmctl.config.table.OneLineTable;
import dmctl.config.table.ReplicatorDevTable;
import dmctl.config.table.ReplicatorTable;
import dmctl.nativebridge.devmapper.DeviceDeps;
import dmctl.nativebridge.devmapper.DeviceMapper;
import dmctl.nativebridge.devmapper.DeviceMapperException;
import dmctl.nativebridge.devmapper.DeviceNumber;
import dmctl.nativebridge.devmapper.DeviceRef;
import dmctl.nativebridge.devmapper.DeviceState;
import dmctl.nativebridge.devmapper.DeviceTable;
import dmctl.nativebridge.devmapper.ListedDevice;
import dmctl.nativebridge.devmapper.LogLine;
import dmctl.nativebridge.devmapper.NewDevice;
import dmctl.nativebridge.devmapper.TableLine;
import dmctl.nativebridge.devmapper.TargetVersion;
import dmctl.nativebridge.devmapper.TaskFlag;
import dmctl.nativebridge.devmapper.TaskOptions;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * The kernel's device-mapper with two targets more: {@code replicator} and {@code replicator-dev},
 * which the daemon of a group carries out. All else goes to the kernel unchanged.
 */
public final class ReplicatorMapper implements DeviceMapper {
    private static final int RETRIES = 25;
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final DeviceMapper kernel;
    private final Consumer<LogLine> log;
    private final Registry registry;
    private final Serving serving;
    private final Creation creation;
    private final Reloading reloading;
    private final Removal removal;
    private final Messages messages;
    private final String version;

    ReplicatorMapper(
            DeviceMapper kernel,
            Consumer<LogLine> log,
            Places places,
            Daemons daemons,
            String version) {
        this.kernel = kernel;
        this.log = log;
        registry = new Registry(places.tables());
        serving = new Serving(places, daemons);
        KnownTables known = new KnownTables(kernel, registry, places, serving);
        creation = new Creation(kernel, known, serving);
        reloading = new Reloading(kernel, known, serving, creation);
        removal = new Removal(kernel, known, serving);
        messages = new Messages(kernel, known, serving);
        this.version = version;
    }

    /**
     * Puts the targets on top of the kernel's.
     *
     * @param kernel closed with this
     * @param log takes what is complained of
     * @param daemons of this machine
     * @param version of the targets, for status
     * @return both
     */
    public static ReplicatorMapper over(
            DeviceMapper kernel, Consumer<LogLine> log, Daemons daemons, String version) {
        return new ReplicatorMapper(kernel, log, Places.ofThisMachine(), daemons, version);
    }

    /** A task of ours. */
    private interface Work<T> {
        T run() throws Refusal, IOException;
    }

    private <T> T done(Work<T> work) throws DeviceMapperException {
        try {
            return work.run();
        } catch (DeviceMapperException e) {
            throw e;
        } catch (Refusal e) {
            throw failed(e.text(), e.errno());
        } catch (IOException e) {
            throw failed("tables of groups: " + e, 0);
        }
    }

    private <T> T alone(Work<T> work) throws DeviceMapperException {
        return done(() -> {
            Registry.Lock lock = registry.lock();
            try {
                return work.run();
            } finally {
                lock.close();
            }
        });
    }

    /** A task of ours on a device that has a table of ours. */
    private interface EntryWork<T> {
        T run(Entry entry) throws Refusal, IOException;
    }

    private <T> T either(DeviceRef device, Work<T> others, EntryWork<T> ours)
            throws DeviceMapperException {
        Optional<Entry> entry = done(() -> entry(device));
        return entry.isEmpty() ? done(others) : alone(() -> ours.run(entry.get()));
    }

    private DeviceMapperException failed(String text, int errno) {
        log.accept(new LogLine(LogLine.ERROR, true, text));
        return new DeviceMapperException(text, errno, true);
    }

    /** The table of ours that a device has; empty where it is the kernel's business. */
    private Optional<Entry> entry(DeviceRef device) throws IOException {
        DeviceState state = kernel.info(device, TaskOptions.of(TaskFlag.NO_OPEN_COUNT));
        boolean exists = state.info().exists();
        String name = exists ? state.name() : device instanceof DeviceRef.Name(String n) ? n : "";
        // A name can have gone to another device; a device of a group can be away for a while.
        return registry.find(name)
                .filter(entry ->
                        exists ? isOf(entry, state) : !entry.control() && entry.live().isPresent());
    }

    private static boolean isOf(Entry entry, DeviceState state) {
        return entry.uuid().equals(state.uuid())
                || (entry.uuid().isEmpty() && !entry.control() && entry.live().isPresent());
    }

    @Override
    public String libraryVersion() throws DeviceMapperException {
        return kernel.libraryVersion();
    }

    @Override
    public String driverVersion() throws DeviceMapperException {
        return kernel.driverVersion();
    }

    @Override
    public List<TargetVersion> targets() throws DeviceMapperException {
        return kernel.targets();
    }

    @Override
    public List<ListedDevice> list() throws DeviceMapperException {
        return kernel.list();
    }

    @Override
    public DeviceState info(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        return kernel.info(device, options);
    }

    @Override
    public DeviceTable table(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        DeviceTable table = kernel.table(device, options);
        return done(() -> {
            Optional<Entry> entry = entry(device);
            Optional<String> text =
                    entry.flatMap(options.has(TaskFlag.INACTIVE) ? Entry::inactive : Entry::live);
            return text.isPresent()
                    ? new DeviceTable(table.device(), List.of(shown(text.get())))
                    : table;
        });
    }

    private TableLine shown(String text) throws IOException {
        return switch (Entry.table(text)) {
            case ReplicatorTable control ->
                    TableWords.line(TableWords.with(control, TableWords::shown).text());
            case ReplicatorDevTable data ->
                    TableWords.line(
                            TableWords.with(data, replicator(data).toString(), TableWords::shown)
                                    .text());
            case OneLineTable both ->
                    TableWords.line(TableWords.with(both, TableWords::shown).text());
        };
    }

    private DeviceNumber replicator(ReplicatorDevTable table) throws IOException {
        String name = table.replicator().substring(table.replicator().lastIndexOf('/') + 1);
        return kernel.info(DeviceRef.named(name), TaskOptions.of(TaskFlag.NO_OPEN_COUNT))
                .info()
                .number();
    }

    @Override
    public DeviceTable status(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        DeviceTable status = kernel.status(device, options);
        return done(() -> {
            Optional<Entry> entry = entry(device);
            Optional<String> text = entry.flatMap(Entry::live);
            if (text.isEmpty()) {
                return status;
            }
            Entry shown = entry.orElseThrow();
            var said = serving.status(shown.group());
            TableLine line =
                    switch (Entry.table(text.get())) {
                        case ReplicatorTable control ->
                                StatusLines.control(control, shown.statistics(), version, said);
                        case ReplicatorDevTable data ->
                                StatusLines.device(data, replicator(data), said);
                        case OneLineTable both ->
                                StatusLines.both(
                                        both, shown.devNr(), shown.statistics(), version, said);
                    };
            return new DeviceTable(status.device(), List.of(line));
        });
    }

    @Override
    public DeviceDeps deps(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        return kernel.deps(device, options);
    }

    @Override
    public DeviceState create(NewDevice device, TaskOptions options) throws DeviceMapperException {
        if (device.table().filter(KnownTables::isOurs).isPresent()) {
            return alone(() -> {
                refuseReadOnly(options);
                return creation.create(device, options);
            });
        }
        DeviceState made = kernel.create(device, options);
        done(() -> {
            registry.remove(device.name()); // of a device that was removed by other means
            return "";
        });
        return made;
    }

    private static void refuseReadOnly(TaskOptions options) throws Refusal {
        if (options.has(TaskFlag.READ_ONLY)) {
            throw new Refusal("a device of a group is not read-only; leave -r out");
        }
    }

    @Override
    public DeviceState reload(DeviceRef device, List<TableLine> table, TaskOptions options)
            throws DeviceMapperException {
        Optional<Entry> entry = done(() -> entry(device));
        if (entry.isEmpty() && !KnownTables.isOurs(table)) {
            return kernel.reload(device, table, options);
        }
        return alone(() -> {
            refuseReadOnly(options);
            return reloading.load(entry(device), device, table, options);
        });
    }

    @Override
    public DeviceState suspend(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        return kernel.suspend(device, options);
    }

    @Override
    public DeviceState resume(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        return either(
                device,
                () -> kernel.resume(device, options),
                entry -> reloading.resume(entry, device, options));
    }

    @Override
    public DeviceState clear(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        return either(
                device,
                () -> kernel.clear(device, options),
                entry -> reloading.clear(entry, device, options));
    }

    @Override
    public void remove(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        Optional<Entry> entry = done(() -> entry(device));
        if (entry.isEmpty()) {
            kernel.remove(device, options);
            return;
        }
        if (options.has(TaskFlag.RETRY)) {
            awaitClose(entry.get());
        }
        alone(() -> {
            if (options.has(TaskFlag.DEFERRED) && !entry.get().control()) {
                throw new Refusal(
                        "--deferred is not offered for a device of a group; close it and remove it");
            }
            removal.remove(entry.get(), device, options);
            return "";
        });
    }

    private void awaitClose(Entry entry) throws DeviceMapperException {
        for (int i = 0; i < RETRIES; i++) {
            DeviceState state = kernel.info(DeviceRef.named(entry.name()), TaskOptions.NONE);
            if (!state.info().exists() || state.info().openCount() == 0) {
                return;
            }
            LockSupport.parkNanos(RETRY_NANOS);
        }
    }

    @Override
    public void rename(DeviceRef device, String name, TaskOptions options)
            throws DeviceMapperException {
        either(
                device,
                () -> {
                    kernel.rename(device, name, options);
                    return "";
                },
                entry -> {
                    removal.rename(entry, name);
                    return "";
                });
    }

    @Override
    public void setUuid(DeviceRef device, String uuid, TaskOptions options)
            throws DeviceMapperException {
        if (done(() -> entry(device)).isPresent()) {
            throw failed("a device of a group keeps its UUID; give one with create -u", 0);
        }
        kernel.setUuid(device, uuid, options);
    }

    @Override
    public Optional<String> message(
            DeviceRef device, long sector, String message, TaskOptions options)
            throws DeviceMapperException {
        return either(
                device,
                () -> kernel.message(device, sector, message, options),
                entry -> {
                    messages.follow(entry, message);
                    return Optional.empty();
                });
    }

    @Override
    public DeviceState waitEvent(DeviceRef device, int eventNr, TaskOptions options)
            throws DeviceMapperException {
        return kernel.waitEvent(device, eventNr, options);
    }

    @Override
    public Optional<String> nameOf(DeviceNumber number, boolean kernelName) {
        return kernel.nameOf(number, kernelName);
    }

    @Override
    public void makeNodes(Optional<String> name) throws DeviceMapperException {
        kernel.makeNodes(name);
    }

    @Override
    public void close() {
        kernel.close();
    }
}
