package dmctl.cli.dmsetup;

import dmctl.nativebridge.devmapper.DeviceDeps;
import dmctl.nativebridge.devmapper.DeviceInfo;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A device-mapper in memory that follows the kernel's rules, as far as dmsetup shows them. */
public final class MemoryMapper implements DeviceMapper {
    public static final int MAJOR = 253;

    public static final class Mapped {
        public String name;
        public String uuid;
        public final DeviceNumber number;
        public @Nullable List<TableLine> live;
        public @Nullable List<TableLine> inactive;
        List<DeviceNumber> deps = List.of();
        public boolean suspended;
        boolean readOnly;
        public int opens;
        int events;

        Mapped(String name, String uuid, DeviceNumber number) {
            this.name = name;
            this.uuid = uuid;
            this.number = number;
        }
    }

    /** In the order of their names, as the kernel lists them. */
    public final TreeMap<String, Mapped> devices = new TreeMap<>();

    public final List<String> calls = new ArrayList<>();
    public Consumer<LogLine> log = line -> {};
    private int nextMinor;

    private Mapped find(String task, DeviceRef ref) throws DeviceMapperException {
        return search(ref).orElseThrow(() -> failed(task, ref, "No such device or address", 6));
    }

    private DeviceMapperException failed(String task, DeviceRef ref, String why, int errno) {
        String name = ref instanceof DeviceRef.Name(String text) ? text : "";
        String text = "device-mapper: " + task + " ioctl on " + name + "  failed: " + why;
        log.accept(new LogLine(LogLine.ERROR, true, text));
        return new DeviceMapperException(text, errno, true);
    }

    private Optional<Mapped> search(DeviceRef ref) {
        return switch (ref) {
            case DeviceRef.Name(String name) -> Optional.ofNullable(devices.get(name));
            case DeviceRef.Uuid(String uuid) ->
                    devices.values().stream().filter(d -> d.uuid.equals(uuid)).findFirst();
            case DeviceRef.ByNumber(DeviceNumber number) ->
                    devices.values().stream().filter(d -> d.number.equals(number)).findFirst();
        };
    }

    private static DeviceState state(Mapped device, TaskOptions options) {
        return new DeviceState(
                new DeviceInfo(
                        true,
                        device.suspended,
                        device.live != null,
                        device.inactive != null,
                        options.has(TaskFlag.NO_OPEN_COUNT) ? -1 : device.opens,
                        device.events,
                        device.number,
                        device.readOnly,
                        device.live == null ? 0 : device.live.size(),
                        false),
                device.name,
                device.uuid,
                options.has(TaskFlag.READ_AHEAD) ? OptionalInt.of(256) : OptionalInt.empty());
    }

    private static DeviceState nothing() {
        return new DeviceState(
                new DeviceInfo(
                        false, false, false, false, 0, 0, new DeviceNumber(0, 0), false, 0, false),
                "",
                "",
                OptionalInt.empty());
    }

    @Override
    public String libraryVersion() {
        return "1.02.185 (2022-05-18)";
    }

    @Override
    public String driverVersion() {
        return "4.48.0";
    }

    @Override
    public List<TargetVersion> targets() {
        return List.of(new TargetVersion("striped", 1, 6, 0), new TargetVersion("linear", 1, 4, 0));
    }

    @Override
    public List<ListedDevice> list() {
        return devices.values().stream().map(d -> new ListedDevice(d.name, d.number)).toList();
    }

    @Override
    public DeviceState info(DeviceRef device, TaskOptions options) {
        return search(device).map(found -> state(found, options)).orElseGet(MemoryMapper::nothing);
    }

    @Override
    public DeviceTable table(DeviceRef device, TaskOptions options) {
        calls.add("table " + options.flags());
        return search(device)
                .map(found -> {
                    List<TableLine> lines =
                            options.has(TaskFlag.INACTIVE) ? found.inactive : found.live;
                    return new DeviceTable(
                            state(found, options), lines == null ? List.of() : lines);
                })
                .orElseGet(() -> new DeviceTable(nothing(), List.of()));
    }

    @Override
    public DeviceTable status(DeviceRef device, TaskOptions options) {
        DeviceTable table = table(device, options);
        return new DeviceTable(
                table.device(),
                table.lines().stream()
                        .map(l -> new TableLine(l.start(), l.length(), l.target(), ""))
                        .toList());
    }

    @Override
    public DeviceDeps deps(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        Mapped found = find("deps", device);
        return new DeviceDeps(state(found, options), found.deps);
    }

    @Override
    public DeviceState create(NewDevice device, TaskOptions options) throws DeviceMapperException {
        if (devices.containsKey(device.name())) {
            throw failed("create", DeviceRef.named(device.name()), "Device or resource busy", 16);
        }
        DeviceNumber number = device.number().orElse(new DeviceNumber(MAJOR, nextMinor++));
        Mapped made = new Mapped(device.name(), device.uuid().orElse(""), number);
        made.live = device.table().orElse(null);
        made.suspended = made.live == null;
        made.readOnly = options.has(TaskFlag.READ_ONLY);
        devices.put(device.name(), made);
        return state(made, options);
    }

    @Override
    public DeviceState reload(DeviceRef device, List<TableLine> table, TaskOptions options)
            throws DeviceMapperException {
        Mapped found = find("reload", device);
        found.inactive = table;
        return state(found, options);
    }

    @Override
    public DeviceState suspend(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        calls.add("suspend " + options.flags());
        Mapped found = find("suspend", device);
        found.suspended = true;
        return state(found, options);
    }

    @Override
    public DeviceState resume(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        calls.add("resume " + options.flags() + " " + options.readAhead());
        Mapped found = find("resume", device);
        if (found.inactive != null) {
            found.live = found.inactive;
            found.inactive = null;
        }
        found.suspended = false;
        return state(found, options);
    }

    @Override
    public DeviceState clear(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        Mapped found = find("clear", device);
        found.inactive = null;
        return state(found, options);
    }

    @Override
    public void remove(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        calls.add("remove " + options.flags());
        Mapped found = find("remove", device);
        if (found.opens > 0) {
            throw failed("remove", device, "Device or resource busy", 16);
        }
        devices.remove(found.name);
    }

    @Override
    public void rename(DeviceRef device, String name, TaskOptions options)
            throws DeviceMapperException {
        Mapped found = find("rename", device);
        devices.remove(found.name);
        found.name = name;
        devices.put(name, found);
    }

    @Override
    public void setUuid(DeviceRef device, String uuid, TaskOptions options)
            throws DeviceMapperException {
        find("rename", device).uuid = uuid;
    }

    @Override
    public Optional<String> message(
            DeviceRef device, long sector, String message, TaskOptions options)
            throws DeviceMapperException {
        Mapped found = find("message", device);
        calls.add("message " + found.name + " " + sector + " " + message);
        return message.equals("ask") ? Optional.of("answer") : Optional.empty();
    }

    @Override
    public DeviceState waitEvent(DeviceRef device, int eventNr, TaskOptions options)
            throws DeviceMapperException {
        Mapped found = find("wait", device);
        calls.add("wait " + eventNr);
        return state(found, options);
    }

    @Override
    public Optional<String> nameOf(DeviceNumber number, boolean kernelName) {
        if (number.major() == MAJOR) {
            // The kernel has a disk only of a device that has had a table.
            boolean disk =
                    search(new DeviceRef.ByNumber(number)).filter(d -> d.live != null).isPresent();
            return kernelName
                    ? Optional.of("dm-" + number.minor()).filter(name -> disk)
                    : search(new DeviceRef.ByNumber(number)).map(d -> d.name);
        }
        return Optional.of("loop" + number.minor());
    }

    @Override
    public void makeNodes(Optional<String> name) {
        calls.add("mknodes " + name.orElse(""));
    }

    @Override
    public void close() {
        calls.add("close");
    }
}
