package dmctl.cli.replicator;

import dmctl.cli.replicator.GroupTables.Member;
import dmctl.config.GroupFile;
import dmctl.config.table.OneLineTable;
import dmctl.config.table.ReplicatorDevTable;
import dmctl.config.table.ReplicatorTable;
import dmctl.config.table.Table;
import dmctl.nativebridge.Errno;
import dmctl.nativebridge.devmapper.DeviceMapper;
import dmctl.nativebridge.devmapper.DeviceRef;
import dmctl.nativebridge.devmapper.DeviceState;
import dmctl.nativebridge.devmapper.NewDevice;
import dmctl.nativebridge.devmapper.TableLine;
import dmctl.nativebridge.devmapper.TaskOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * Makes mapped devices with tables of ours.
 *
 * @param kernel the mapped devices
 * @param known the tables of all groups
 * @param serving has daemons serve them
 */
record Creation(DeviceMapper kernel, KnownTables known, Serving serving) {
    /**
     * What stands in for a table that the kernel has no target for: the original's reads zeroes.
     */
    private static final String CONTROL_STAND_IN = "zero";

    DeviceState create(NewDevice device, TaskOptions options) throws Refusal, IOException {
        Table table = known.read(device.name(), device.table().orElseThrow());
        if (known.isThere(device.name())) {
            throw Refusal.busy("create", device.name());
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
        if (table instanceof OneLineTable both) {
            createOneLine(device.name(), device.uuid(), both);
        } else {
            createData(device.name(), device.uuid(), (ReplicatorDevTable) table);
        }
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
        String name = device.name();
        known.registry()
                .put(
                        Entry.of(name, state.uuid(), device.uuid(), name, true)
                                .withLive(table.text()));
        return state;
    }

    static TableLine standIn(ReplicatorTable table) {
        return new TableLine(0, table.extent().length(), CONTROL_STAND_IN, "");
    }

    void checkControl(String name, ReplicatorTable table) throws Refusal, IOException {
        KnownTables.requireGroupName(name);
        known.requireOwnLog(name, table);
    }

    private void createOneLine(String name, Optional<String> uuid, OneLineTable table)
            throws Refusal, IOException {
        known.requireOwnLog(name, table);
        String group = known.groupOf(name, table.log());
        GroupTables before =
                known.isInForce(group) ? known.tables(group) : known.begun(group, table);
        Entry entry =
                Entry.of(name, "", uuid, group, false)
                        .withLive(table.text())
                        .numbered(KnownTables.devNr(before, table));
        serve(before, entry);
    }

    void createData(String name, Optional<String> uuid, ReplicatorDevTable table)
            throws Refusal, IOException {
        String group = known.control(table.replicator()).group();
        serve(known.tables(group), Entry.of(name, "", uuid, group, false).withLive(table.text()));
    }

    private void serve(GroupTables before, Entry entry) throws Refusal, IOException {
        Member made = KnownTables.member(entry);
        int devNr = made.table().devNr();
        Member other = before.members().get(devNr);
        if (other != null && other.shown()) {
            throw new Refusal(
                    "device already exists: " + other.name() + " is device " + devNr, Errno.EBUSY);
        }
        GroupTables now = before.without(devNr).with(made);
        now.check();
        Path saved = known.places().savedTables(now.group());
        Optional<String> previous =
                Files.exists(saved) ? Optional.of(Files.readString(saved)) : Optional.empty();
        known.save(now);
        // Before the device is there: a command that is killed leaves nothing without an owner.
        Registry registry = known.registry();
        registry.put(entry);
        try {
            if (before.shown().isEmpty()) {
                serving.begin(now);
            } else {
                serving.apply(now);
            }
        } catch (Refusal e) {
            registry.remove(entry.name());
            if (e.isAfterStart()) {
                hide(now, devNr);
            } else if (previous.isPresent()) {
                SavedTables.write(saved, previous.get());
            } else {
                Files.deleteIfExists(saved);
            }
            throw e;
        }
        DeviceRef device = DeviceRef.named(entry.name());
        registry.put(entry.withUuid(kernel.info(device, TaskOptions.NONE).uuid()));
    }

    /** A device that a log was opened with stays known, its mapped device does not appear. */
    private void hide(GroupTables now, int devNr) throws Refusal, IOException {
        GroupTables left = now.with(Objects.requireNonNull(now.members().get(devNr)).hidden());
        known.save(left);
        if (left.shown().isEmpty()) {
            serving.pause(serving.config(now.group()).orElseThrow());
        } else {
            serving.applyLess(left);
        }
    }
}
