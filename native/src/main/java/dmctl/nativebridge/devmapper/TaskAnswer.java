package dmctl.nativebridge.devmapper;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** What a task that has run says. All of it is copied: it is gone with the task. */
final class TaskAnswer {
    /** Of struct dm_info since version 1.02.97; the plain symbol is that one. */
    private static final int INFO_BYTES = 48;

    private final Libdm dm;
    private final Pointer task;

    TaskAnswer(Libdm dm, Pointer task) {
        this.dm = dm;
        this.task = task;
    }

    DeviceState device(boolean readAhead) throws DeviceMapperException {
        DeviceInfo info = info();
        OptionalInt sectors = OptionalInt.empty();
        IntByReference value = new IntByReference();
        if (readAhead && info.exists() && dm.dm_task_get_read_ahead(task, value) == 1) {
            sectors = OptionalInt.of(value.getValue());
        }
        return new DeviceState(
                info, text(dm.dm_task_get_name(task)), text(dm.dm_task_get_uuid(task)), sectors);
    }

    private DeviceInfo info() throws DeviceMapperException {
        try (Memory memory = new Memory(INFO_BYTES)) {
            memory.clear();
            if (dm.dm_task_get_info(task, memory) != 1) {
                throw new DeviceMapperException("libdevmapper gives no state", 0, false);
            }
            return new DeviceInfo(
                    memory.getInt(0) != 0,
                    memory.getInt(4) != 0,
                    memory.getInt(8) != 0,
                    memory.getInt(12) != 0,
                    memory.getInt(16),
                    memory.getInt(20),
                    new DeviceNumber(memory.getInt(24), memory.getInt(28)),
                    memory.getInt(32) != 0,
                    memory.getInt(36),
                    memory.getInt(40) != 0);
        }
    }

    /** A table without lines is one line without a type. */
    List<TableLine> lines() {
        List<TableLine> lines = new ArrayList<>();
        LongByReference start = new LongByReference();
        LongByReference length = new LongByReference();
        PointerByReference type = new PointerByReference();
        PointerByReference params = new PointerByReference();
        Pointer next = null;
        do {
            next = dm.dm_get_next_target(task, next, start, length, type, params);
            if (type.getValue() != null) {
                lines.add(
                        new TableLine(
                                start.getValue(),
                                length.getValue(),
                                text(type.getValue()),
                                text(params.getValue())));
            }
        } while (next != null);
        return lines;
    }

    List<DeviceNumber> deps() {
        Pointer deps = dm.dm_task_get_deps(task);
        List<DeviceNumber> numbers = new ArrayList<>();
        if (deps != null) {
            int count = deps.getInt(0);
            for (int i = 0; i < count; i++) {
                numbers.add(DeviceNumber.ofDevT(deps.getLong(8 + 8L * i)));
            }
        }
        return numbers;
    }

    List<ListedDevice> names() {
        List<ListedDevice> devices = new ArrayList<>();
        Pointer at = dm.dm_task_get_names(task);
        if (at == null || at.getLong(0) == 0) {
            return devices;
        }
        while (true) {
            devices.add(new ListedDevice(at.getString(12), DeviceNumber.ofDevT(at.getLong(0))));
            int next = at.getInt(8);
            if (next == 0) {
                return devices;
            }
            at = at.share(Integer.toUnsignedLong(next));
        }
    }

    List<TargetVersion> versions() {
        List<TargetVersion> targets = new ArrayList<>();
        Pointer at = dm.dm_task_get_versions(task);
        while (at != null) {
            targets.add(
                    new TargetVersion(at.getString(16), at.getInt(4), at.getInt(8), at.getInt(12)));
            int next = at.getInt(0);
            at = next == 0 ? null : at.share(Integer.toUnsignedLong(next));
        }
        return targets;
    }

    Optional<String> response() {
        Pointer response = dm.dm_task_get_message_response(task);
        return response == null ? Optional.empty() : Optional.of(response.getString(0));
    }

    private static String text(@Nullable Pointer pointer) {
        return pointer == null ? "" : pointer.getString(0);
    }
}
