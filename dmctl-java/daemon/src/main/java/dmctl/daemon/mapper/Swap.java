package dmctl.daemon.mapper;

import dmctl.nativebridge.devmapper.DeviceMapper;
import dmctl.nativebridge.devmapper.DeviceMapperException;
import dmctl.nativebridge.devmapper.DeviceRef;
import dmctl.nativebridge.devmapper.TableLine;
import dmctl.nativebridge.devmapper.TaskFlag;
import dmctl.nativebridge.devmapper.TaskOptions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives devices other tables while they are used. What was under way has ended before the first of
 * them goes on. Whatever goes wrong, all of them go on, with the tables they had.
 */
final class Swap {
    private static final Logger LOG = LoggerFactory.getLogger(Swap.class);

    private final DeviceMapper mapper;
    private final TaskOptions how;
    private final Map<DeviceRef, List<TableLine>> before = new LinkedHashMap<>();

    private Swap(DeviceMapper mapper, TaskOptions how) {
        this.mapper = mapper;
        this.how = how;
    }

    /** Without the file system on it, if there is one: that stays as it is. */
    static void tables(DeviceMapper mapper, Map<DeviceRef, List<TableLine>> tables)
            throws DeviceMapperException {
        new Swap(mapper, TaskOptions.of(TaskFlag.NO_LOCK_FS)).swap(tables);
    }

    /** What is under way may fail: its device is not there any more. */
    static void lost(DeviceMapper mapper, DeviceRef ref, List<TableLine> table)
            throws DeviceMapperException {
        new Swap(mapper, TaskOptions.of(TaskFlag.NO_LOCK_FS, TaskFlag.NO_FLUSH))
                .swap(Map.of(ref, table));
    }

    private void swap(Map<DeviceRef, List<TableLine>> tables) throws DeviceMapperException {
        for (DeviceRef ref : tables.keySet()) {
            before.put(ref, mapper.table(ref, TaskOptions.NONE).lines());
        }
        boolean done = false;
        try {
            // All are loaded before the first is suspended: to load takes memory.
            for (Map.Entry<DeviceRef, List<TableLine>> each : tables.entrySet()) {
                mapper.reload(each.getKey(), each.getValue(), TaskOptions.NONE);
            }
            for (DeviceRef ref : tables.keySet()) {
                mapper.suspend(ref, how);
            }
            for (DeviceRef ref : tables.keySet()) {
                mapper.resume(ref, TaskOptions.NONE);
            }
            done = true;
        } finally {
            if (!done) {
                before.keySet().forEach(this::back);
            }
        }
    }

    private void back(DeviceRef ref) {
        goOn(mapper, ref);
        attempt(() -> {
            List<TableLine> had = before.getOrDefault(ref, List.of());
            if (!mapper.table(ref, TaskOptions.NONE).lines().equals(had)) {
                mapper.reload(ref, had, TaskOptions.NONE);
                try {
                    mapper.suspend(ref, how);
                } finally {
                    mapper.resume(ref, TaskOptions.NONE);
                }
            }
        });
    }

    /** Lets a device go on with the table that it has, whatever was loaded. */
    static void goOn(DeviceMapper mapper, DeviceRef ref) {
        attempt(() -> mapper.clear(ref, TaskOptions.NONE));
        attempt(() -> mapper.resume(ref, TaskOptions.NONE));
    }

    private interface Step {
        void run() throws DeviceMapperException;
    }

    /** What comes after it is done in any case; what the library says of a failure is logged. */
    private static void attempt(Step step) {
        try {
            step.run();
        } catch (DeviceMapperException e) {
            LOG.error("device-mapper: on the way back: {}", e.getMessage());
        }
    }
}
