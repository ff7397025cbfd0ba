package dmctl.cli.replicator;

import dmctl.cli.replicator.GroupTables.Member;
import dmctl.config.table.OneLineTable;
import dmctl.config.table.ReplicatorDevTable;
import dmctl.config.table.ReplicatorTable;
import dmctl.config.table.Table;
import dmctl.nativebridge.devmapper.DeviceMapper;
import dmctl.nativebridge.devmapper.DeviceRef;
import dmctl.nativebridge.devmapper.DeviceState;
import dmctl.nativebridge.devmapper.TableLine;
import dmctl.nativebridge.devmapper.TaskOptions;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Other tables for mapped devices that are there: loaded first, in force from a resume on.
 *
 * @param kernel the mapped devices
 * @param known the tables of all groups
 * @param serving has daemons serve them
 * @param creation of those that get their first table so
 */
record Reloading(DeviceMapper kernel, KnownTables known, Serving serving, Creation creation) {
    private static final String NOT_YET = "error";

    DeviceState load(
            Optional<Entry> present, DeviceRef device, List<TableLine> lines, TaskOptions o)
            throws Refusal, IOException {
        if (!KnownTables.isOurs(lines)) {
            throw new Refusal(
                    "a device of a group takes tables of "
                            + KnownTables.REPLICATOR
                            + " and "
                            + KnownTables.REPLICATOR_DEV
                            + " only; remove it first");
        }
        DeviceState state = kernel.info(device, TaskOptions.NONE);
        if (!state.info().exists()) {
            return kernel.reload(device, lines, o); // whose complaint is the kernel's
        }
        Table table = known.read(state.name(), lines);
        if (table instanceof OneLineTable || present.filter(Entry::isOneLine).isPresent()) {
            throw new Refusal(
                    "a table of 2008 is not loaded into a device that is there; remove "
                            + state.name()
                            + " and create it with the other table");
        }
        boolean control = table instanceof ReplicatorTable;
        if (present.isEmpty() && state.info().liveTable()) {
            throw new Refusal(state.name() + " has a table of another target; remove it first");
        }
        if (present.isPresent() && present.get().control() != control) {
            throw new Refusal(
                    state.name()
                            + " has a table of "
                            + (control ? KnownTables.REPLICATOR_DEV : KnownTables.REPLICATOR)
                            + "; remove it first");
        }
        String group = state.name();
        if (table instanceof ReplicatorTable replicator) {
            creation.checkControl(state.name(), replicator);
        } else {
            ReplicatorDevTable data = (ReplicatorDevTable) table;
            group = known.control(data.replicator()).group();
            sameDevice(present, group, data);
            known.tables(group)
                    .without(data.devNr())
                    .with(new Member(state.name(), Optional.empty(), data, true))
                    .check();
        }
        DeviceState loaded = kernel.reload(device, standIn(table, present, device), o);
        Entry entry =
                present.isPresent()
                        ? present.get()
                        : Entry.of(
                                state.name(),
                                state.uuid(),
                                Optional.of(state.uuid()).filter(uuid -> !uuid.isEmpty()),
                                group,
                                control);
        known.registry().put(entry.withInactive(Optional.of(table.text())));
        return loaded;
    }

    private static void sameDevice(Optional<Entry> present, String group, ReplicatorDevTable data)
            throws Refusal {
        if (present.isPresent() && present.get().live().isPresent()) {
            ReplicatorDevTable live = (ReplicatorDevTable) Entry.table(present.get().live().get());
            if (live.devNr() != data.devNr() || !present.get().group().equals(group)) {
                throw new Refusal(
                        present.get().name()
                                + " is device "
                                + live.devNr()
                                + " of "
                                + present.get().group()
                                + " and cannot become another; remove it first");
            }
        }
    }

    /** What the kernel holds in its inactive slot meanwhile. */
    private List<TableLine> standIn(Table table, Optional<Entry> present, DeviceRef device)
            throws IOException {
        if (table instanceof ReplicatorTable control) {
            return List.of(Creation.standIn(control));
        }
        return present.flatMap(Entry::live).isPresent()
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
                GroupTables now = known.tables(entry.group()).with(KnownTables.member(entry, text));
                kernel.clear(device, TaskOptions.NONE);
                known.change(now);
                known.registry().put(entry.withLive(text));
            }
        } else {
            GroupTables tables = known.tables(entry.group());
            if (!tables.shown().isEmpty()) {
                serving.apply(tables); // one that was killed is started
            }
        }
        return kernel.resume(device, options);
    }

    private void resumeControl(Entry entry, String text) throws Refusal, IOException {
        if (entry.live().isPresent()) {
            GroupTables before = known.tables(entry.group());
            ReplicatorTable table = (ReplicatorTable) Entry.table(text);
            if (!before.shown().isEmpty() && !before.hasLogOf(table.log())) {
                throw new Refusal(
                        "the log cannot be changed under the devices of "
                                + entry.name()
                                + "; remove them first");
            }
            if (!before.shown().isEmpty()) {
                known.change(before.with(table));
            }
        }
        known.registry().put(entry.withLive(text));
    }

    /** The kernel's own device gives way to the one that the daemon makes. */
    private DeviceState resumeFirst(Entry entry, DeviceRef device, String text, TaskOptions options)
            throws Refusal, IOException {
        ReplicatorDevTable table = (ReplicatorDevTable) Entry.table(text);
        kernel.remove(device, TaskOptions.NONE);
        known.registry().remove(entry.name());
        creation.createData(entry.name(), entry.askedUuid(), table);
        return kernel.info(DeviceRef.named(entry.name()), options);
    }

    DeviceState clear(Entry entry, DeviceRef device, TaskOptions options) throws IOException {
        DeviceState state = kernel.clear(device, options);
        if (entry.live().isPresent()) {
            known.registry().put(entry.withInactive(Optional.empty()));
        } else {
            known.registry().remove(entry.name());
        }
        return state;
    }
}
