package dmctl.daemon.mapper;

import dmctl.daemon.mapper.MapperRecord.Entry;
import dmctl.nativebridge.devmapper.DeviceMapper;
import dmctl.nativebridge.devmapper.DeviceMapperException;
import dmctl.nativebridge.devmapper.DeviceNumber;
import dmctl.nativebridge.devmapper.DeviceRef;
import dmctl.nativebridge.devmapper.DeviceState;
import dmctl.nativebridge.devmapper.NewDevice;
import dmctl.nativebridge.devmapper.TableLine;
import dmctl.nativebridge.devmapper.TaskFlag;
import dmctl.nativebridge.devmapper.TaskOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What is done at device-mapper for the devices of one site. Never touches a device that this site
 * has not made. Blocks; one thread at a time, and never the loop.
 */
final class MapperHost {
    private final Machine machine;
    private final MapperRecord record;
    private final Consumer<String> events;

    /** Null while nothing was asked of it. */
    private @Nullable DeviceMapper open;

    /**
     * What became of an order to let go.
     *
     * @param refusal why not all was removed; empty if all that should
     * @param removed numbers of the devices that are gone
     */
    record Released(String refusal, List<Integer> removed) {}

    /** How a device that should be in use is. */
    enum Condition {
        /** As it was left. */
        GOOD,
        /** Somebody has suspended it. */
        SUSPENDED,
        /** Somebody has removed it. */
        GONE
    }

    MapperHost(Machine machine, MapperRecord record, Consumer<String> events) {
        this.machine = machine;
        this.record = record;
        this.events = events;
    }

    private DeviceMapper mapper() throws DeviceMapperException {
        DeviceMapper mapper = open;
        if (mapper == null) {
            mapper = machine.mapper();
            open = mapper;
        }
        return mapper;
    }

    private static DeviceRef ref(String uuid) {
        return new DeviceRef.Uuid(uuid);
    }

    static TableLine linear(long sectors, DeviceNumber below) {
        return new TableLine(0, sectors, "linear", below + " 0");
    }

    /** Says what devices may lead to from now on; durable before any does. */
    void frontEnds(List<String> kinds) throws IOException {
        record.frontEnds(kinds);
    }

    /** Has a device lead to another: makes it, or takes over what an earlier daemon has left. */
    void show(Wanted want, String path) throws IOException {
        TableLine line = linear(want.sectors(), machine.number(path));
        if (want.inserted()) {
            showInserted(want, line, path);
            return;
        }
        DeviceState found = mapper().info(ref(want.uuid()), TaskOptions.NONE);
        if (found.info().exists()) {
            adopt(want, found, line, path);
        } else {
            create(want, line);
        }
    }

    private void create(Wanted want, TableLine line) throws IOException {
        requireFree(want);
        record.note(new Entry(want.devNr(), want.name(), want.uuid(), false));
        mapper().create(
                        new NewDevice(
                                want.name(),
                                Optional.of(want.uuid()),
                                Optional.empty(),
                                OptionalInt.empty(),
                                OptionalInt.empty(),
                                OptionalInt.empty(),
                                Optional.of(List.of(line))),
                        TaskOptions.NONE);
        events.accept("device " + want.device() + " is " + want.path());
    }

    private void requireFree(Wanted want) throws IOException {
        DeviceState other = mapper().info(DeviceRef.named(want.name()), TaskOptions.NONE);
        if (other.info().exists()) {
            throw new IOException(
                    want.path()
                            + " is there already ("
                            + (other.uuid().isEmpty() ? "no UUID" : "UUID " + other.uuid())
                            + ") and was not made by this site; remove or rename it, or write"
                            + " another name under \"mapper\"");
        }
    }

    private void adopt(Wanted want, DeviceState found, TableLine line, String path)
            throws IOException {
        Optional<Entry> made = record.entry(want.devNr());
        if (made.filter(entry -> entry.uuid().equals(want.uuid())).isEmpty()) {
            throw new IOException(
                    "/dev/mapper/"
                            + found.name()
                            + " has the UUID "
                            + want.uuid()
                            + ", but was not made with this state folder; stop the daemon that has"
                            + " made it, or: dmsetup remove "
                            + found.name());
        }
        DeviceRef ref = ref(want.uuid());
        if (!found.name().equals(want.name())) {
            requireFree(want);
            mapper().rename(DeviceRef.named(found.name()), want.name(), TaskOptions.NONE);
            record.note(new Entry(want.devNr(), want.name(), want.uuid(), false));
        }
        boolean same =
                found.info().liveTable()
                        && mapper().table(ref, TaskOptions.NONE).lines().equals(List.of(line));
        if (same) {
            goOn(mapper(), ref, found);
            events.accept("device " + want.device() + " is " + want.path() + " as before");
        } else {
            Swap.tables(mapper(), Map.of(ref, List.of(line)));
            events.accept("device " + want.device() + " is " + want.path() + " over " + path);
        }
    }

    private Insertion insertion() throws DeviceMapperException {
        return new Insertion(mapper(), record);
    }

    /** Takes over a name that the group was put under; one that it was not is left alone. */
    private void showInserted(Wanted want, TableLine line, String path) throws IOException {
        Optional<Entry> entry = record.entry(want.devNr()).filter(Entry::inserted);
        if (entry.isEmpty()) {
            throw new IOException(want.path() + " does not lead to the group; dmctl insert");
        }
        DeviceRef ref = entry.get().ref();
        DeviceState found = mapper().info(ref, TaskOptions.NONE);
        if (!found.info().exists()) {
            throw new IOException(want.path() + ", which the group was put under, is gone");
        }
        List<TableLine> live = mapper().table(ref, TaskOptions.NONE).lines();
        if (live.equals(insertion().original(entry.get().origin()))) {
            // The daemon before died in the middle.
            Swap.goOn(mapper(), ref);
            record.forget(want.devNr());
            throw new IOException(want.path() + " does not lead to the group; dmctl insert");
        }
        if (live.equals(List.of(line))) {
            goOn(mapper(), ref, found);
            events.accept("device " + want.device() + " is " + want.path() + " as before");
        } else {
            Swap.tables(mapper(), Map.of(ref, List.of(line)));
            events.accept("device " + want.device() + " is " + want.path() + " over " + path);
        }
    }

    /** Puts the group under devices in use; all of them, or none. */
    void insert(Map<Wanted, String> paths) throws IOException {
        Map<Wanted, DeviceNumber> numbers = new LinkedHashMap<>();
        for (Map.Entry<Wanted, String> each : paths.entrySet()) {
            numbers.put(each.getKey(), machine.number(each.getValue()));
        }
        insertion().insert(numbers);
    }

    void beginEject() throws IOException {
        insertion().beginEject();
    }

    void abortEject() throws IOException {
        insertion().abortEject();
    }

    void endEject() throws IOException {
        insertion().endEject();
    }

    /** A table that an earlier daemon has loaded and not taken is not wanted any more. */
    private static void goOn(DeviceMapper mapper, DeviceRef ref, DeviceState found)
            throws DeviceMapperException {
        if (found.info().inactiveTable()) {
            mapper.clear(ref, TaskOptions.NONE);
        }
        if (found.info().suspended()) {
            mapper.resume(ref, TaskOptions.NONE);
        }
    }

    /** Looks how a device is that should be in use. */
    Condition look(Wanted want) throws DeviceMapperException {
        DeviceRef ref = record.entry(want.devNr()).map(Entry::ref).orElse(ref(want.uuid()));
        DeviceState state = mapper().info(ref, TaskOptions.NONE);
        if (!state.info().exists()) {
            return Condition.GONE;
        }
        return state.info().suspended() ? Condition.SUSPENDED : Condition.GOOD;
    }

    /**
     * Removes what nobody uses.
     *
     * @param keepUsed whether the rest stays, or nothing is removed and it is said what is used
     * @param ejecting whether the names that the group was put under are left alone
     */
    Released release(boolean keepUsed, boolean ejecting) throws IOException {
        List<Integer> removed = new ArrayList<>();
        Map<Entry, DeviceState> free = new LinkedHashMap<>();
        List<String> used = new ArrayList<>();
        for (Entry entry : record.entries()) {
            if (entry.inserted()) {
                if (!keepUsed && !ejecting) {
                    return new Released(
                            "the group is under "
                                    + entry.path()
                                    + "; take it out and stop it with: dmctl eject",
                            List.of());
                }
                continue;
            }
            DeviceState state = mapper().info(ref(entry.uuid()), TaskOptions.NONE);
            if (!state.info().exists()) {
                record.forget(entry.devNr());
                removed.add(entry.devNr());
            } else if (state.info().openCount() > 0) {
                used.add(entry.path());
            } else {
                free.put(entry, state);
            }
        }
        if (!keepUsed && !used.isEmpty()) {
            return new Released(inUse(used), removed);
        }
        for (Map.Entry<Entry, DeviceState> each : free.entrySet()) {
            Entry entry = each.getKey();
            try {
                remove(each.getValue(), TaskOptions.of(TaskFlag.RETRY));
                record.forget(entry.devNr());
                removed.add(entry.devNr());
            } catch (DeviceMapperException e) {
                used.add(entry.path());
            }
        }
        if (used.isEmpty()) {
            return new Released("", removed);
        }
        if (keepUsed) {
            used.forEach(path ->
                    events.accept(
                            path + " is in use and stays: its requests wait for the next daemon"));
            return new Released("", removed);
        }
        return new Released(inUse(used), removed);
    }

    /** By its name: without udev the library removes the node of a name only. */
    private void remove(DeviceState state, TaskOptions how) throws DeviceMapperException {
        mapper().remove(DeviceRef.named(state.name()), how);
    }

    private static String inUse(List<String> paths) {
        return "in use on this machine: " + String.join(", ", paths) + "; unmount or close it";
    }

    /**
     * Removes everything, as the group is served elsewhere; what is in use gets errors from now on.
     *
     * @return whether nothing is left
     */
    boolean withdraw() throws IOException {
        boolean gone = true;
        for (Entry entry : record.entries()) {
            DeviceRef ref = entry.ref();
            DeviceState state = mapper().info(ref, TaskOptions.NONE);
            if (entry.inserted()) {
                if (state.info().exists()) {
                    fail(entry, ref);
                }
                continue;
            }
            if (state.info().exists() && state.info().openCount() > 0) {
                gone = false;
                fail(entry, ref);
                continue;
            }
            if (state.info().exists()) {
                remove(state, TaskOptions.NONE);
            }
            record.forget(entry.devNr());
        }
        return gone;
    }

    private void fail(Entry entry, DeviceRef ref) throws DeviceMapperException {
        List<TableLine> now = mapper().table(ref, TaskOptions.NONE).lines();
        if (now.size() == 1 && now.getFirst().target().equals("error")) {
            return;
        }
        long sectors = now.stream().mapToLong(TableLine::length).sum();
        Swap.lost(mapper(), ref, List.of(new TableLine(0, sectors, "error", "")));
        events.accept(
                entry.path()
                        + " is not served here any more, and what still uses it gets errors;"
                        + " unmount or close it");
    }

    /** Removes what an earlier daemon has made and the group's file does not name any more. */
    void removeLeftOvers(List<Wanted> wanted) throws IOException {
        for (Entry entry : record.entries()) {
            boolean named = wanted.stream().anyMatch(want -> want.uuid().equals(entry.uuid()));
            if (entry.inserted()) {
                if (wanted.stream().noneMatch(want -> want.name().equals(entry.name()))) {
                    events.accept(
                            "the group is under "
                                    + entry.path()
                                    + ", which its file does not name any more; name it and take it"
                                    + " out with: dmctl eject");
                }
                continue;
            }
            if (named) {
                continue;
            }
            DeviceState state = mapper().info(ref(entry.uuid()), TaskOptions.NONE);
            if (state.info().exists() && state.info().openCount() > 0) {
                events.accept(
                        entry.path()
                                + " is in use, and the group's file does not name it any more;"
                                + " unmount or close it, and restart the daemon");
                continue;
            }
            if (state.info().exists()) {
                remove(state, TaskOptions.NONE);
                events.accept(entry.path() + " was removed");
            }
            record.forget(entry.devNr());
        }
    }

    void close() {
        DeviceMapper mapper = open;
        open = null;
        if (mapper != null) {
            mapper.close();
        }
    }
}
