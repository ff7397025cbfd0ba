package dmctl.cli.replicator;

import dmctl.cli.replicator.GroupTables.Member;
import dmctl.config.GroupConfig;
import dmctl.nativebridge.Errno;
import dmctl.nativebridge.devmapper.DeviceMapper;
import dmctl.nativebridge.devmapper.DeviceRef;
import dmctl.nativebridge.devmapper.DeviceState;
import dmctl.nativebridge.devmapper.TaskOptions;
import java.io.IOException;
import java.util.Optional;

/**
 * Takes mapped devices away, or their names.
 *
 * @param kernel the mapped devices
 * @param known the tables of all groups
 * @param serving has daemons serve them
 */
record Removal(DeviceMapper kernel, KnownTables known, Serving serving) {
    void remove(Entry entry, DeviceRef device, TaskOptions options) throws Refusal, IOException {
        if (entry.live().isEmpty()) {
            kernel.remove(device, options);
        } else if (entry.control()) {
            removeControl(entry, device, options);
        } else {
            removeData(entry);
        }
        known.registry().remove(entry.name());
    }

    private void removeControl(Entry entry, DeviceRef device, TaskOptions options)
            throws Refusal, IOException {
        GroupTables tables = known.tables(entry.group());
        if (!tables.shown().isEmpty()) {
            throw new Refusal(
                    "Destruction of replication log with devices rejected; remove "
                            + String.join(", ", tables.shown().stream().map(Member::name).toList())
                            + " first",
                    Errno.EBUSY);
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
            throw Refusal.busy("remove", entry.name());
        }
        GroupTables before = known.tables(entry.group());
        GroupTables left = before.with(KnownTables.member(entry).hidden());
        if (left.shown().isEmpty()) {
            serving.end(serving.config(entry.group()).orElseThrow());
        } else {
            serving.applyLess(left);
        }
        known.save(left);
    }

    void rename(Entry entry, String name) throws Refusal, IOException {
        if (entry.control()) {
            throw new Refusal(
                    "a group is called as its replicator's device is; "
                            + entry.name()
                            + " keeps its name");
        }
        KnownTables.requireName(name);
        if (known.isThere(name)) {
            throw Refusal.busy("rename", entry.name());
        }
        Entry renamed = entry.named(name);
        if (entry.live().isPresent()) {
            known.change(known.tables(entry.group()).with(KnownTables.member(renamed)));
        } else {
            kernel.rename(DeviceRef.named(entry.name()), name, TaskOptions.NONE);
        }
        known.registry().remove(entry.name());
        known.registry().put(renamed);
    }
}
