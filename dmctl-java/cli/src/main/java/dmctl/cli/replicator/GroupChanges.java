package dmctl.cli.replicator;

import dmctl.cli.replicator.GroupTables.Member;
import dmctl.config.GroupConfig;
import dmctl.config.GroupFile;
import dmctl.config.LogOpening;
import dmctl.config.MapperName;
import dmctl.config.table.OneLineTable;
import dmctl.config.table.ReplicatorDevTable;
import dmctl.config.table.ReplicatorTable;
import dmctl.config.table.Table;
import dmctl.config.table.TableFile.Ours;
import dmctl.nativebridge.devmapper.DeviceMapper;
import dmctl.nativebridge.devmapper.DeviceNumber;
import dmctl.nativebridge.devmapper.DeviceRef;
import dmctl.nativebridge.devmapper.DeviceState;
import dmctl.nativebridge.devmapper.NewDevice;
import dmctl.nativebridge.devmapper.TableLine;
import dmctl.nativebridge.devmapper.TaskOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/** Makes and changes mapped devices with tables of ours. One command at a time. */
final class GroupChanges {
    static final String REPLICATOR = "replicator";
    static final String REPLICATOR_DEV = "replicator-dev";

    private static final int EBUSY = 16;
    private static final int EINVAL = 22;

    /**
     * What stands in for a table that the kernel has no target for: the original's reads zeroes.
     */
    private static final String CONTROL_STAND_IN = "zero";

    private static final String NOT_YET = "error";

    private final DeviceMapper kernel;
    private final Registry registry;
    private final Places places;
    private final Serving serving;

    GroupChanges(DeviceMapper kernel, Registry registry, Places places, Serving serving) {
        this.kernel = kernel;
        this.registry = registry;
        this.places = places;
        this.serving = serving;
    }

    static boolean isOurs(List<TableLine> table) {
        return table.stream()
                .anyMatch(line ->
                        line.target().equals(REPLICATOR) || line.target().equals(REPLICATOR_DEV));
    }

    // Reading tables

    /** The table as it is kept: whole paths, the control device by its name. */
    private Table read(String name, List<TableLine> lines) throws Refusal, IOException {
        if (lines.size() != 1) {
            throw new Refusal(
                    "a table of " + REPLICATOR + " or " + REPLICATOR_DEV + " is one line");
        }
        if (!MapperName.isName(name) || name.startsWith("#")) {
            throw new Refusal(
                    name
                            + ": not a name for a device of a group; use letters, digits, . _ - + : = @");
        }
        String text = name + ": " + TableWords.text(lines.getFirst());
        Ours line = GroupTables.parse(text).ours().getFirst();
        return switch (line.table()) {
            case ReplicatorTable control -> TableWords.with(control, TableWords::whole);
            case ReplicatorDevTable device -> {
                Entry control = control(device.replicator());
                yield TableWords.with(device, "/dev/mapper/" + control.name(), TableWords::whole);
            }
            case OneLineTable both ->
                    throw new Refusal(
                            "one-line tables of 2008 are read by dmctl table; write the log and the"
                                    + " links as a replicator table, each device as a"
                                    + " replicator-dev table");
        };
    }

    /** The control device that a table names. */
    private Entry control(String device) throws Refusal, IOException {
        Optional<DeviceNumber> number = TableWords.number(device);
        String path = "/dev/mapper/";
        for (Entry entry : registry.all()) {
            if (entry.control() && entry.live().isPresent()) {
                DeviceState state = kernel.info(DeviceRef.named(entry.name()), TaskOptions.NONE);
                boolean named = device.equals(path + entry.name());
                boolean numbered = number.equals(Optional.of(state.info().number()));
                if (state.info().exists()
                        && state.uuid().equals(entry.uuid())
                        && (named || numbered)) {
                    return entry;
                }
            }
        }
        throw new Refusal(
                "Can't access replicator control device "
                        + device
                        + "; create it with its replicator table first",
                EINVAL);
    }

    /** All tables of a group, as they are in force. */
    GroupTables tables(String group) throws IOException, Refusal {
        GroupTables tables = null;
        for (Entry entry : registry.all()) {
            if (entry.control() && entry.group().equals(group) && entry.live().isPresent()) {
                ReplicatorTable control = (ReplicatorTable) Entry.table(entry.live().get());
                tables = new GroupTables(group, entry.name(), control, saved(group, control));
            }
        }
        if (tables == null) {
            throw new Refusal("the device of the replicator table of group " + group + " is gone");
        }
        for (Entry entry : registry.all()) {
            if (!entry.control() && entry.group().equals(group) && entry.live().isPresent()) {
                tables = tables.with(member(entry, entry.live().get()));
            }
        }
        return tables;
    }

    private Map<Integer, Member> saved(String group, ReplicatorTable control)
            throws IOException, Refusal {
        Map<Integer, Member> members = new TreeMap<>();
        if (control.log().opening() == LogOpening.CREATE) {
            return members; // a new log holds nothing of any device, and no other is opened
        }
        SavedTables.read(places.savedTables(group), group)
                .filter(tables -> tables.hasLogOf(control))
                .ifPresent(tables -> members.putAll(tables.members()));
        return members;
    }

    private static Member member(Entry entry, String text) {
        return new Member(
                entry.name(), entry.askedUuid(), (ReplicatorDevTable) Entry.table(text), true);
    }

    private void save(GroupTables tables) throws IOException {
        SavedTables.write(places.savedTables(tables.group()), tables.text());
    }

    // Making devices

    DeviceState create(NewDevice device, TaskOptions options) throws Refusal, IOException {
        Table table = read(device.name(), device.table().orElseThrow());
        if (kernel.info(DeviceRef.named(device.name()), TaskOptions.NONE).info().exists()) {
            throw busy("create", device.name());
        }
        if (table instanceof ReplicatorTable control) {
            return createControl(device, control, options);
        }
        boolean plain =
                device.number().isEmpty()
                        && device.uid().isEmpty()
                        && device.gid().isEmpty()
                        && device.mode().isEmpty();
        if (!plain) {
            throw new Refusal(
                    "-j, -m, -U, -G and -M are not offered for a device of a group; leave them out");
        }
        createData(device.name(), device.uuid(), (ReplicatorDevTable) table);
        return kernel.info(DeviceRef.named(device.name()), options);
    }

    private DeviceState createControl(NewDevice device, ReplicatorTable table, TaskOptions options)
            throws Refusal, IOException {
        checkControl(device.name(), table);
        UUID id = GroupFile.derivedUuid(device.name());
        String preset = "DMCTL-" + id.toString().replace("-", "") + "-control";
        NewDevice made =
                new NewDevice(
                        device.name(),
                        Optional.of(device.uuid().filter(uuid -> !uuid.isEmpty()).orElse(preset)),
                        device.number(),
                        device.uid(),
                        device.gid(),
                        device.mode(),
                        Optional.of(List.of(standIn(table))));
        DeviceState state = kernel.create(made, options);
        registry.put(
                new Entry(
                        device.name(),
                        state.uuid(),
                        device.uuid(),
                        device.name(),
                        true,
                        Optional.of(table.text()),
                        Optional.empty()));
        return state;
    }

    private static TableLine standIn(ReplicatorTable table) {
        return new TableLine(0, table.extent().length(), CONTROL_STAND_IN, "");
    }

    private void checkControl(String name, ReplicatorTable table) throws Refusal, IOException {
        if (!GroupFile.isName(name)) {
            throw new Refusal(
                    name + ": not a name of a group; use up to 63 letters, digits, . _ and -");
        }
        StringBuilder all = new StringBuilder();
        for (Entry entry : registry.all()) {
            if (entry.control() && entry.live().isPresent() && !entry.name().equals(name)) {
                all.append(entry.name()).append(": ").append(entry.live().get()).append('\n');
            }
        }
        GroupTables.parse(all + name + ": " + table.text());
        String log = table.log().device();
        if (!Files.exists(Path.of(TableWords.isNumber(log) ? "/dev/block/" + log : log))) {
            throw new Refusal("Failed to open replicator log device \"" + log + "\"", EINVAL);
        }
    }

    private void createData(String name, Optional<String> uuid, ReplicatorDevTable table)
            throws Refusal, IOException {
        Entry control = control(table.replicator());
        GroupTables before = tables(control.group());
        Member other = before.members().get(table.devNr());
        if (other != null && other.shown()) {
            throw new Refusal(
                    "device already exists: " + other.name() + " is device " + table.devNr(),
                    EBUSY);
        }
        GroupTables now = before.without(table.devNr()).with(new Member(name, uuid, table, true));
        now.check();
        Path saved = places.savedTables(now.group());
        Optional<String> previous =
                Files.exists(saved) ? Optional.of(Files.readString(saved)) : Optional.empty();
        save(now);
        // Before the device is there: a command that is killed leaves nothing without an owner.
        Entry entry =
                new Entry(
                        name,
                        "",
                        uuid,
                        control.group(),
                        false,
                        Optional.of(table.text()),
                        Optional.empty());
        put(entry);
        try {
            if (before.shown().isEmpty()) {
                serving.begin(now);
            } else {
                serving.apply(now);
            }
        } catch (Refusal e) {
            registry.remove(name);
            if (e.isAfterStart()) {
                hide(now, table.devNr());
            } else if (previous.isPresent()) {
                SavedTables.write(saved, previous.get());
            } else {
                Files.deleteIfExists(saved);
            }
            throw e;
        }
        put(entry.withUuid(kernel.info(DeviceRef.named(name), TaskOptions.NONE).uuid()));
    }

    /** A device that a log was opened with stays known, its mapped device does not appear. */
    private void hide(GroupTables now, int devNr) throws Refusal, IOException {
        Member failed = Objects.requireNonNull(now.members().get(devNr));
        GroupTables left =
                now.with(new Member(failed.name(), failed.askedUuid(), failed.table(), false));
        save(left);
        if (left.shown().isEmpty()) {
            serving.pause(serving.config(now.group()).orElseThrow());
        } else {
            serving.applyLess(left);
        }
    }

    private void put(Entry entry) throws IOException {
        registry.put(entry);
    }

    // Other tables for devices that are there

    DeviceState load(Optional<Entry> known, DeviceRef device, List<TableLine> lines, TaskOptions o)
            throws Refusal, IOException {
        if (!isOurs(lines)) {
            throw new Refusal(
                    "a device of a group takes tables of "
                            + REPLICATOR
                            + " and "
                            + REPLICATOR_DEV
                            + " only; remove it first");
        }
        DeviceState state = kernel.info(device, TaskOptions.NONE);
        if (!state.info().exists()) {
            return kernel.reload(device, lines, o); // whose complaint is the kernel's
        }
        Table table = read(state.name(), lines);
        boolean control = table instanceof ReplicatorTable;
        if (known.isEmpty() && state.info().liveTable()) {
            throw new Refusal(state.name() + " has a table of another target; remove it first");
        }
        if (known.isPresent() && known.get().control() != control) {
            throw new Refusal(
                    state.name()
                            + " has a table of "
                            + (control ? REPLICATOR_DEV : REPLICATOR)
                            + "; remove it first");
        }
        String group = state.name();
        if (table instanceof ReplicatorTable replicator) {
            checkControl(state.name(), replicator);
        } else {
            ReplicatorDevTable data = (ReplicatorDevTable) table;
            group = control(data.replicator()).group();
            sameDevice(known, group, data);
            tables(group)
                    .without(data.devNr())
                    .with(new Member(state.name(), Optional.empty(), data, true))
                    .check();
        }
        DeviceState loaded = kernel.reload(device, standIn(table, known, device), o);
        Entry entry =
                known.isPresent()
                        ? known.get()
                        : new Entry(
                                state.name(),
                                state.uuid(),
                                Optional.of(state.uuid()).filter(uuid -> !uuid.isEmpty()),
                                group,
                                control,
                                Optional.empty(),
                                Optional.empty());
        put(entry.withInactive(Optional.of(table.text())));
        return loaded;
    }

    private static void sameDevice(Optional<Entry> known, String group, ReplicatorDevTable data)
            throws Refusal {
        if (known.isPresent() && known.get().live().isPresent()) {
            ReplicatorDevTable live = (ReplicatorDevTable) Entry.table(known.get().live().get());
            if (live.devNr() != data.devNr() || !known.get().group().equals(group)) {
                throw new Refusal(
                        known.get().name()
                                + " is device "
                                + live.devNr()
                                + " of "
                                + known.get().group()
                                + " and cannot become another; remove it first");
            }
        }
    }

    /** What the kernel holds in its inactive slot meanwhile. */
    private List<TableLine> standIn(Table table, Optional<Entry> known, DeviceRef device)
            throws IOException {
        if (table instanceof ReplicatorTable control) {
            return List.of(standIn(control));
        }
        return known.flatMap(Entry::live).isPresent()
                ? kernel.table(device, TaskOptions.NONE).lines()
                : List.of(new TableLine(0, table.extent().length(), NOT_YET, ""));
    }

    DeviceState resume(Entry entry, DeviceRef device, TaskOptions options)
            throws Refusal, IOException {
        if (entry.inactive().isPresent()) {
            String text = entry.inactive().get();
            if (entry.control()) {
                resumeControl(entry, text);
            } else if (entry.live().isEmpty()) {
                return resumeFirst(entry, device, text, options);
            } else {
                GroupTables now = tables(entry.group()).with(member(entry, text));
                kernel.clear(device, TaskOptions.NONE);
                change(now);
                put(entry.withLive(text));
            }
        } else {
            GroupTables tables = tables(entry.group());
            if (!tables.shown().isEmpty()) {
                serving.apply(tables); // one that was killed is started
            }
        }
        return kernel.resume(device, options);
    }

    private void resumeControl(Entry entry, String text) throws Refusal, IOException {
        if (entry.live().isPresent()) {
            GroupTables before = tables(entry.group());
            ReplicatorTable table = (ReplicatorTable) Entry.table(text);
            if (!before.shown().isEmpty() && !before.hasLogOf(table)) {
                throw new Refusal(
                        "the log cannot be changed under the devices of "
                                + entry.name()
                                + "; remove them first");
            }
            if (!before.shown().isEmpty()) {
                change(before.with(table));
            }
        }
        put(entry.withLive(text));
    }

    /** The kernel's own device gives way to the one that the daemon makes. */
    private DeviceState resumeFirst(Entry entry, DeviceRef device, String text, TaskOptions options)
            throws Refusal, IOException {
        ReplicatorDevTable table = (ReplicatorDevTable) Entry.table(text);
        kernel.remove(device, TaskOptions.NONE);
        registry.remove(entry.name());
        createData(entry.name(), entry.askedUuid(), table);
        return kernel.info(DeviceRef.named(entry.name()), options);
    }

    /** Puts other tables of a group into force. */
    void change(GroupTables now) throws Refusal, IOException {
        now.check();
        serving.apply(now);
        save(now);
    }

    DeviceState clear(Entry entry, DeviceRef device, TaskOptions options) throws IOException {
        DeviceState state = kernel.clear(device, options);
        if (entry.live().isPresent()) {
            put(entry.withInactive(Optional.empty()));
        } else {
            registry.remove(entry.name());
        }
        return state;
    }

    // Removing

    void remove(Entry entry, DeviceRef device, TaskOptions options) throws Refusal, IOException {
        if (entry.live().isEmpty()) {
            kernel.remove(device, options);
        } else if (entry.control()) {
            removeControl(entry, device, options);
        } else {
            removeData(entry);
        }
        registry.remove(entry.name());
    }

    private void removeControl(Entry entry, DeviceRef device, TaskOptions options)
            throws Refusal, IOException {
        GroupTables tables = tables(entry.group());
        if (!tables.shown().isEmpty()) {
            throw new Refusal(
                    "Destruction of replication log with devices rejected; remove "
                            + String.join(", ", tables.shown().stream().map(Member::name).toList())
                            + " first",
                    EBUSY);
        }
        Optional<GroupConfig> config = serving.config(entry.group());
        if (config.isPresent() && serving.isRunning(config.get())) {
            serving.end(config.get());
        }
        kernel.remove(device, options);
    }

    private void removeData(Entry entry) throws Refusal, IOException {
        DeviceState state = kernel.info(DeviceRef.named(entry.name()), TaskOptions.NONE);
        if (state.info().exists() && state.info().openCount() > 0) {
            throw busy("remove", entry.name());
        }
        GroupTables before = tables(entry.group());
        Member own = member(entry, entry.live().orElseThrow());
        GroupTables left = before.with(new Member(own.name(), own.askedUuid(), own.table(), false));
        if (left.shown().isEmpty()) {
            serving.end(serving.config(entry.group()).orElseThrow());
        } else {
            serving.applyLess(left);
        }
        save(left);
    }

    void rename(Entry entry, String name) throws Refusal, IOException {
        if (entry.control()) {
            throw new Refusal(
                    "a group is called as its replicator's device is; "
                            + entry.name()
                            + " keeps its name");
        }
        if (!MapperName.isName(name) || name.startsWith("#")) {
            throw new Refusal(name + ": not a name for a device of a group");
        }
        if (kernel.info(DeviceRef.named(name), TaskOptions.NONE).info().exists()) {
            throw busy("rename", entry.name());
        }
        Entry renamed = entry.named(name);
        if (entry.live().isPresent()) {
            change(tables(entry.group()).with(member(renamed, entry.live().get())));
        } else {
            kernel.rename(DeviceRef.named(entry.name()), name, TaskOptions.NONE);
        }
        registry.remove(entry.name());
        put(renamed);
    }

    static Refusal busy(String task, String name) {
        return new Refusal(
                "device-mapper: "
                        + task
                        + " ioctl on "
                        + name
                        + "  failed: Device or resource busy",
                EBUSY);
    }
}
