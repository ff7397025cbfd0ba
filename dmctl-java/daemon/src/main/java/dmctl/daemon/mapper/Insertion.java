package dmctl.daemon.mapper;

import dmctl.daemon.mapper.MapperRecord.Entry;
import dmctl.nativebridge.devmapper.DeviceMapper;
import dmctl.nativebridge.devmapper.DeviceMapperException;
import dmctl.nativebridge.devmapper.DeviceNumber;
import dmctl.nativebridge.devmapper.DeviceRef;
import dmctl.nativebridge.devmapper.DeviceState;
import dmctl.nativebridge.devmapper.TableLine;
import dmctl.nativebridge.devmapper.TaskFlag;
import dmctl.nativebridge.devmapper.TaskOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Puts a group under devices that are in use, and takes it out again. What such a device led to has
 * a name of its own, which whoever orders this makes before and removes after.
 */
final class Insertion {
    private static final int RESUMES_MAX = 5;

    private final DeviceMapper mapper;
    private final MapperRecord record;

    Insertion(DeviceMapper mapper, MapperRecord record) {
        this.mapper = mapper;
        this.record = record;
    }

    /** The table that a name had before, and has again when the group is taken out. */
    List<TableLine> original(String origin) throws IOException {
        DeviceState state = mapper.info(DeviceRef.named(origin), TaskOptions.NONE);
        if (!state.info().exists()) {
            throw new IOException("/dev/mapper/" + origin + " is gone");
        }
        return mapper.table(DeviceRef.named(origin), TaskOptions.NONE).lines();
    }

    /** Has all names lead to the group's devices; all of them, or none. */
    void insert(Map<Wanted, DeviceNumber> devices) throws IOException {
        List<Entry> entries = new ArrayList<>();
        Map<DeviceRef, List<TableLine>> tables = new LinkedHashMap<>();
        for (Map.Entry<Wanted, DeviceNumber> each : devices.entrySet()) {
            Wanted want = each.getKey();
            Entry entry = checked(want);
            entries.add(entry);
            tables.put(entry.ref(), List.of(MapperHost.linear(want.sectors(), each.getValue())));
        }
        for (Entry entry : entries) {
            record.note(entry);
        }
        boolean done = false;
        try {
            Swap.tables(mapper, tables);
            done = true;
        } finally {
            if (!done) {
                for (Entry entry : entries) {
                    record.forget(entry.devNr());
                }
            }
        }
    }

    private Entry checked(Wanted want) throws IOException {
        DeviceState state = mapper.info(DeviceRef.named(want.name()), TaskOptions.NONE);
        if (!state.info().exists() || !state.info().liveTable() || state.info().suspended()) {
            throw new IOException(
                    want.path() + " is not a device in use: it has no live table, or is suspended");
        }
        List<TableLine> live = mapper.table(DeviceRef.named(want.name()), TaskOptions.NONE).lines();
        if (!live.equals(original(want.origin()))) {
            throw new IOException(
                    want.path() + " does not have the table of /dev/mapper/" + want.origin());
        }
        long sectors = live.stream().mapToLong(TableLine::length).sum();
        if (sectors != want.sectors()) {
            throw new IOException(
                    want.path()
                            + " has "
                            + sectors
                            + " sectors, device "
                            + want.device()
                            + " of the group has "
                            + want.sectors());
        }
        return new Entry(want.devNr(), want.name(), state.uuid(), true);
    }

    private List<Entry> inserted() {
        return record.entries().stream().filter(Entry::inserted).toList();
    }

    /** Holds the I/O of all names; they take their original tables when they go on. */
    void beginEject() throws IOException {
        if (inserted().isEmpty()) {
            throw new IOException("the group is not under any device");
        }
        boolean done = false;
        try {
            for (Entry entry : inserted()) {
                mapper.reload(entry.ref(), original(entry.origin()), TaskOptions.NONE);
            }
            for (Entry entry : inserted()) {
                mapper.suspend(entry.ref(), TaskOptions.of(TaskFlag.NO_LOCK_FS));
            }
            done = true;
        } finally {
            if (!done) {
                abortEject();
            }
        }
    }

    /** Has all names go on at the group. */
    void abortEject() {
        inserted().forEach(entry -> Swap.goOn(mapper, entry.ref()));
    }

    /** Has all names go on at their original tables: everything is on those devices. */
    void endEject() throws IOException {
        IOException failure = null;
        for (Entry entry : inserted()) {
            try {
                resume(entry);
                record.forget(entry.devNr());
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private void resume(Entry entry) throws DeviceMapperException {
        for (int i = 1; ; i++) {
            try {
                mapper.resume(entry.ref(), TaskOptions.NONE);
                return;
            } catch (DeviceMapperException e) {
                if (i == RESUMES_MAX) {
                    throw e;
                }
            }
        }
    }
}
