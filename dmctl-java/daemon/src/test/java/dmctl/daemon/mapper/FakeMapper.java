package dmctl.daemon.mapper;

import dmctl.nativebridge.Errno;
import dmctl.nativebridge.devmapper.DeviceDeps;
import dmctl.nativebridge.devmapper.DeviceInfo;
import dmctl.nativebridge.devmapper.DeviceMapper;
import dmctl.nativebridge.devmapper.DeviceMapperException;
import dmctl.nativebridge.devmapper.DeviceNumber;
import dmctl.nativebridge.devmapper.DeviceRef;
import dmctl.nativebridge.devmapper.DeviceState;
import dmctl.nativebridge.devmapper.DeviceTable;
import dmctl.nativebridge.devmapper.ListedDevice;
import dmctl.nativebridge.devmapper.NewDevice;
import dmctl.nativebridge.devmapper.TableLine;
import dmctl.nativebridge.devmapper.TargetVersion;
import dmctl.nativebridge.devmapper.TaskOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The kernel's device-mapper as far as mapped devices see it. */
final class FakeMapper implements DeviceMapper {
    /** A mapped device of the kernel. */
    static final class Device {
        String name;
        final String uuid;
        final int minor;
        List<TableLine> live = List.of();
        @Nullable List<TableLine> inactive;
        boolean suspended;
        int openCount;

        Device(String name, String uuid, int minor) {
            this.name = name;
            this.uuid = uuid;
            this.minor = minor;
        }

        void goOn() {
            if (inactive != null) {
                live = inactive;
                inactive = null;
            }
            suspended = false;
        }

        String table() {
            return live.stream()
                    .map(line ->
                            line.start()
                                    + " "
                                    + line.length()
                                    + " "
                                    + line.target()
                                    + " "
                                    + line.params())
                    .collect(Collectors.joining("; "));
        }
    }

    private final List<Device> devices = new ArrayList<>();
    private int minors;

    /** Words of the calls that change something, in order. */
    final List<String> calls = new ArrayList<>();

    /** A call that fails: its word. */
    String failing = "";

    /** Of which device, and how often; any, and always. */
    String failingName = "";

    int failingCount = Integer.MAX_VALUE;

    synchronized Device add(String name, String uuid, String params) {
        Device device = new Device(name, uuid, minors++);
        device.live = List.of(new TableLine(0, 2048, "linear", params));
        devices.add(device);
        return device;
    }

    synchronized @Nullable Device find(String name) {
        return devices.stream().filter(each -> each.name.equals(name)).findFirst().orElse(null);
    }

    synchronized List<String> names() {
        return devices.stream().map(device -> device.name).toList();
    }

    private void call(String word, String name) throws DeviceMapperException {
        calls.add(word + " " + name);
        boolean meant = failingName.isEmpty() || failingName.equals(name);
        if (failing.equals(word) && meant && failingCount-- > 0) {
            throw new DeviceMapperException(word + " failed", Errno.EIO, true);
        }
    }

    private @Nullable Device device(DeviceRef ref) {
        return devices.stream()
                .filter(each ->
                        switch (ref) {
                            case DeviceRef.Name(String name) -> each.name.equals(name);
                            case DeviceRef.Uuid(String uuid) -> each.uuid.equals(uuid);
                            case DeviceRef.ByNumber(DeviceNumber number) ->
                                    each.minor == number.minor();
                        })
                .findFirst()
                .orElse(null);
    }

    private Device need(DeviceRef ref) throws DeviceMapperException {
        Device device = device(ref);
        if (device == null) {
            throw new DeviceMapperException("no such device: " + ref, Errno.ENXIO, true);
        }
        return device;
    }

    private static DeviceState state(@Nullable Device device) {
        boolean there = device != null;
        return new DeviceState(
                new DeviceInfo(
                        there,
                        there && device.suspended,
                        there && !device.live.isEmpty(),
                        there && device.inactive != null,
                        there ? device.openCount : 0,
                        0,
                        new DeviceNumber(253, there ? device.minor : 0),
                        false,
                        1,
                        false),
                there ? device.name : "",
                there ? device.uuid : "",
                OptionalInt.empty());
    }

    private DeviceState change(String word, DeviceRef ref, Consumer<Device> change)
            throws DeviceMapperException {
        Device device = need(ref);
        call(word, device.name);
        change.accept(device);
        return state(device);
    }

    @Override
    public synchronized DeviceState info(DeviceRef ref, TaskOptions options) {
        return state(device(ref));
    }

    @Override
    public synchronized DeviceTable table(DeviceRef ref, TaskOptions options)
            throws DeviceMapperException {
        Device device = need(ref);
        return new DeviceTable(state(device), device.live);
    }

    @Override
    public synchronized DeviceState create(NewDevice wanted, TaskOptions options)
            throws DeviceMapperException {
        call("create", wanted.name());
        if (find(wanted.name()) != null) {
            throw new DeviceMapperException("create: busy", Errno.EBUSY, true);
        }
        Device device = new Device(wanted.name(), wanted.uuid().orElse(""), minors++);
        device.live = wanted.table().orElse(List.of());
        devices.add(device);
        return state(device);
    }

    @Override
    public synchronized DeviceState reload(
            DeviceRef ref, List<TableLine> table, TaskOptions options)
            throws DeviceMapperException {
        return change("reload", ref, device -> device.inactive = table);
    }

    @Override
    public synchronized DeviceState suspend(DeviceRef ref, TaskOptions options)
            throws DeviceMapperException {
        Device device = need(ref);
        device.suspended = true;
        call("suspend", device.name);
        return state(device);
    }

    @Override
    public synchronized DeviceState resume(DeviceRef ref, TaskOptions options)
            throws DeviceMapperException {
        return change("resume", ref, Device::goOn);
    }

    @Override
    public synchronized DeviceState clear(DeviceRef ref, TaskOptions options)
            throws DeviceMapperException {
        return change("clear", ref, device -> device.inactive = null);
    }

    @Override
    public synchronized void remove(DeviceRef ref, TaskOptions options)
            throws DeviceMapperException {
        Device device = need(ref);
        call("remove", device.name);
        if (!(ref instanceof DeviceRef.Name)) {
            throw new AssertionError("the node of " + device.name + " would stay");
        }
        if (device.openCount > 0) {
            throw new DeviceMapperException("remove: busy", Errno.EBUSY, true);
        }
        devices.remove(device);
    }

    @Override
    public synchronized void rename(DeviceRef ref, String name, TaskOptions options)
            throws DeviceMapperException {
        change("rename", ref, device -> device.name = name);
    }

    @Override
    public synchronized List<ListedDevice> list() {
        return devices.stream()
                .map(device -> new ListedDevice(device.name, new DeviceNumber(253, device.minor)))
                .toList();
    }

    @Override
    public void close() {}

    private static UnsupportedOperationException unused() {
        return new UnsupportedOperationException();
    }

    @Override
    public String libraryVersion() {
        throw unused();
    }

    @Override
    public String driverVersion() {
        throw unused();
    }

    @Override
    public List<TargetVersion> targets() {
        throw unused();
    }

    @Override
    public DeviceTable status(DeviceRef ref, TaskOptions options) {
        throw unused();
    }

    @Override
    public DeviceDeps deps(DeviceRef ref, TaskOptions options) {
        throw unused();
    }

    @Override
    public void setUuid(DeviceRef ref, String uuid, TaskOptions options) {
        throw unused();
    }

    @Override
    public Optional<String> message(
            DeviceRef ref, long sector, String message, TaskOptions options) {
        throw unused();
    }

    @Override
    public DeviceState waitEvent(DeviceRef ref, int eventNr, TaskOptions options) {
        throw unused();
    }

    @Override
    public Optional<String> nameOf(DeviceNumber number, boolean kernelName) {
        throw unused();
    }

    @Override
    public void makeNodes(Optional<String> name) {
        throw unused();
    }
}
