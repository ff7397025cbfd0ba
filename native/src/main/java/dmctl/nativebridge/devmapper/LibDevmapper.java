package dmctl.nativebridge.devmapper;

import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** Device-mapper through libdevmapper, which one thread owns: it is safe from one only. */
final class LibDevmapper implements DeviceMapper {
    private static final int VERSION_BYTES = 80;
    private static final int PATH_BYTES = 4096;

    private static final short UDEV_DISABLE_DM_RULES = 1;
    private static final short UDEV_DISABLE_SUBSYSTEM_RULES = 2;
    private static final short UDEV_DISABLE_DISK_RULES = 4;
    private static final short UDEV_DISABLE_OTHER_RULES = 8;
    private static final short UDEV_DISABLE_LIBRARY_FALLBACK = 0x20;

    private static final int ADD_NODE_ON_RESUME = 0;
    private static final int ADD_NODE_ON_CREATE = 1;
    private static final int READ_AHEAD_MINIMUM = 1;

    /** Longest wait for udev, which answers in milliseconds unless something is wrong with it. */
    private static final long UDEV_WAIT_NANOS = 30_000_000_000L;

    private static final long UDEV_LOOK_NANOS = 2_000_000L;

    /** More events than one task makes; so many are told to be over where udev says nothing. */
    private static final int UDEV_EVENTS_MAX = 64;

    private final Libdm dm;
    private final long udevWaitNanos;
    private final Consumer<LogLine> log;
    private final ExecutorService owner;

    /** Held here: the library has only its address. */
    private final Libdm.Log callback = this::logged;

    /** What the task under way has said is wrong; of the owner's thread. */
    private final List<String> complaints = new ArrayList<>();

    LibDevmapper(Libdm dm, Consumer<LogLine> log, long udevWaitNanos) {
        this.dm = dm;
        this.log = log;
        this.udevWaitNanos = udevWaitNanos;
        this.owner =
                Executors.newSingleThreadExecutor(
                        Thread.ofPlatform().daemon().name("devmapper").factory());
    }

    static LibDevmapper load(Consumer<LogLine> log) throws DeviceMapperException {
        try {
            Libdm dm = Native.load(Libdm.SONAME, Libdm.class);
            LibDevmapper mapper = new LibDevmapper(dm, log, UDEV_WAIT_NANOS);
            mapper.onOwner(() -> {
                dm.dm_log_init(mapper.callback);
                return "";
            });
            return mapper;
        } catch (UnsatisfiedLinkError e) {
            throw new DeviceMapperException(
                    Libdm.SONAME
                            + " cannot be loaded; install it with: apt install"
                            + " libdevmapper1.02.1",
                    0,
                    false);
        }
    }

    Libdm.Log callback() {
        return callback;
    }

    /** No exception may leave this: the JVM would end. */
    private void logged(int level, Pointer file, int line, Pointer format, Pointer text) {
        try {
            LogLine said = LogLine.of(level, text.getString(0));
            if (said.level() <= LogLine.ERROR) {
                complaints.add(said.text());
            }
            log.accept(said);
        } catch (RuntimeException e) {
            complaints.add(e.toString());
        }
    }

    private interface Filling {
        void fill(Pointer task) throws DeviceMapperException;
    }

    private interface Reading<T> {
        T read(TaskAnswer answer) throws DeviceMapperException;
    }

    private <T> T onOwner(Callable<T> work) throws DeviceMapperException {
        try {
            return owner.submit(work).get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case DeviceMapperException failed ->
                        throw new DeviceMapperException(
                                String.valueOf(failed.getMessage()), failed.errno(), failed.told());
                case RuntimeException broken -> throw broken;
                case Error broken -> throw broken;
                case null, default -> throw new IllegalStateException(e);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DeviceMapperException("interrupted", 0, false);
        }
    }

    private <T> T perform(TaskType type, TaskOptions options, Filling filling, Reading<T> reading)
            throws DeviceMapperException {
        return onOwner(() -> {
            complaints.clear();
            Pointer task = dm.dm_task_create(type.number);
            if (task == null) {
                throw failure(type, 0);
            }
            try {
                fill(task, options);
                filling.fill(task);
                if (type.tellsUdev()) {
                    runWithUdev(type, task, options);
                } else {
                    run(type, task);
                }
                return reading.read(new TaskAnswer(dm, task));
            } finally {
                dm.dm_task_destroy(task);
            }
        });
    }

    private void run(TaskType type, Pointer task) throws DeviceMapperException {
        if (dm.dm_task_run(task) != 1) {
            throw failure(type, dm.dm_task_get_errno(task));
        }
    }

    /** Waits also after a failure: the semaphore behind the cookie stays otherwise. */
    private void runWithUdev(TaskType type, Pointer task, TaskOptions options)
            throws DeviceMapperException {
        int support = dm.dm_udev_get_sync_support();
        if (options.has(TaskFlag.NO_UDEV_SYNC)) {
            dm.dm_udev_set_sync_support(0);
        }
        IntByReference cookie = new IntByReference(options.udevCookie());
        try {
            set(dm.dm_task_set_cookie(task, cookie, udevFlags(options)));
            run(type, task);
        } finally {
            if (options.udevCookie() == 0) {
                awaitUdev(cookie.getValue());
            }
            dm.dm_udev_set_sync_support(support);
        }
    }

    private static short udevFlags(TaskOptions options) {
        int flags = options.has(TaskFlag.VERIFY_UDEV) ? 0 : UDEV_DISABLE_LIBRARY_FALLBACK;
        if (options.has(TaskFlag.NO_UDEV_RULES)) {
            flags |= UDEV_DISABLE_DM_RULES | UDEV_DISABLE_SUBSYSTEM_RULES;
        }
        if (options.has(TaskFlag.NO_UDEV_DISK_RULES)) {
            flags |=
                    UDEV_DISABLE_SUBSYSTEM_RULES
                            | UDEV_DISABLE_DISK_RULES
                            | UDEV_DISABLE_OTHER_RULES;
        }
        return (short) flags;
    }

    private void awaitUdev(int cookie) {
        if (cookie == 0 || dm.dm_udev_get_sync_support() == 0) {
            dm.dm_udev_wait(0); // makes the nodes itself and waits for nothing
            return;
        }
        IntByReference ready = new IntByReference();
        long end = System.nanoTime() + udevWaitNanos;
        while (dm.dm_udev_wait_immediate(cookie, ready) == 1) {
            if (ready.getValue() != 0) {
                return;
            }
            if (System.nanoTime() - end > 0) {
                giveUp(cookie, ready);
                return;
            }
            LockSupport.parkNanos(UDEV_LOOK_NANOS);
        }
    }

    /** Takes udev's part in the cookie, so that its semaphore goes. */
    private void giveUp(int cookie, IntByReference ready) {
        log.accept(
                new LogLine(
                        LogLine.WARNING,
                        true,
                        "udev has said nothing for "
                                + udevWaitNanos / 1_000_000_000
                                + " s; not waiting any longer: the node may be missing, see"
                                + " systemctl status systemd-udevd"));
        for (int i = 0; i < UDEV_EVENTS_MAX && ready.getValue() == 0; i++) {
            if (dm.dm_udev_complete(cookie) != 1 || dm.dm_udev_wait_immediate(cookie, ready) != 1) {
                return;
            }
        }
    }

    private DeviceMapperException failure(TaskType type, int errno) {
        return new DeviceMapperException(
                complaints.isEmpty()
                        ? "device-mapper: " + type + " failed"
                        : String.join("; ", complaints),
                errno,
                !complaints.isEmpty());
    }

    private void fill(Pointer task, TaskOptions options) throws DeviceMapperException {
        flag(options, TaskFlag.READ_ONLY, () -> dm.dm_task_set_ro(task));
        flag(options, TaskFlag.NO_FLUSH, () -> dm.dm_task_no_flush(task));
        flag(options, TaskFlag.NO_OPEN_COUNT, () -> dm.dm_task_no_open_count(task));
        flag(options, TaskFlag.INACTIVE, () -> dm.dm_task_query_inactive_table(task));
        flag(options, TaskFlag.NO_LOCK_FS, () -> dm.dm_task_skip_lockfs(task));
        flag(options, TaskFlag.CHECKS, () -> dm.dm_task_enable_checks(task));
        flag(options, TaskFlag.RETRY, () -> dm.dm_task_retry_remove(task));
        flag(options, TaskFlag.DEFERRED, () -> dm.dm_task_deferred_remove(task));
        flag(
                options,
                TaskFlag.ADD_NODE_ON_RESUME,
                () -> dm.dm_task_set_add_node(task, ADD_NODE_ON_RESUME));
        flag(
                options,
                TaskFlag.ADD_NODE_ON_CREATE,
                () -> dm.dm_task_set_add_node(task, ADD_NODE_ON_CREATE));
        if (options.readAhead().isPresent()) {
            TaskOptions.ReadAhead ahead = options.readAhead().get();
            int kind = ahead.minimum() ? READ_AHEAD_MINIMUM : 0;
            set(dm.dm_task_set_read_ahead(task, ahead.sectors(), kind));
        }
    }

    private interface Setting {
        int set();
    }

    private void flag(TaskOptions options, TaskFlag flag, Setting setting)
            throws DeviceMapperException {
        if (options.has(flag)) {
            set(setting.set());
        }
    }

    private void set(int done) throws DeviceMapperException {
        if (done != 1) {
            boolean told = !complaints.isEmpty();
            throw new DeviceMapperException(
                    told ? String.join("; ", complaints) : "libdevmapper refuses an argument",
                    0,
                    told);
        }
    }

    private void device(Pointer task, DeviceRef device) throws DeviceMapperException {
        switch (device) {
            case DeviceRef.Name(String name) -> set(dm.dm_task_set_name(task, name));
            case DeviceRef.Uuid(String uuid) -> set(dm.dm_task_set_uuid(task, uuid));
            case DeviceRef.ByNumber(DeviceNumber number) -> number(task, number);
        }
    }

    private void number(Pointer task, DeviceNumber number) throws DeviceMapperException {
        set(dm.dm_task_set_major(task, number.major()));
        set(dm.dm_task_set_minor(task, number.minor()));
    }

    private void table(Pointer task, List<TableLine> lines) throws DeviceMapperException {
        for (TableLine line : lines) {
            set(
                    dm.dm_task_add_target(
                            task, line.start(), line.length(), line.target(), line.params()));
        }
    }

    private DeviceState simple(TaskType type, DeviceRef device, TaskOptions options)
            throws DeviceMapperException {
        boolean readAhead = options.has(TaskFlag.READ_AHEAD);
        return perform(
                type, options, task -> device(task, device), answer -> answer.device(readAhead));
    }

    private String version(boolean driver) throws DeviceMapperException {
        return onOwner(() -> {
            complaints.clear();
            byte[] version = new byte[VERSION_BYTES];
            NativeLong size = new NativeLong(version.length);
            int done =
                    driver
                            ? dm.dm_driver_version(version, size)
                            : dm.dm_get_library_version(version, size);
            set(done);
            return Native.toString(version, StandardCharsets.UTF_8);
        });
    }

    @Override
    public String libraryVersion() throws DeviceMapperException {
        return version(false);
    }

    @Override
    public String driverVersion() throws DeviceMapperException {
        return version(true);
    }

    @Override
    public List<TargetVersion> targets() throws DeviceMapperException {
        return perform(TaskType.LIST_VERSIONS, TaskOptions.NONE, task -> {}, TaskAnswer::versions);
    }

    @Override
    public List<ListedDevice> list() throws DeviceMapperException {
        return perform(TaskType.LIST, TaskOptions.NONE, task -> {}, TaskAnswer::names);
    }

    @Override
    public DeviceState info(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        return simple(TaskType.INFO, device, options);
    }

    @Override
    public DeviceTable table(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        return lines(TaskType.TABLE, device, options);
    }

    @Override
    public DeviceTable status(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        return lines(TaskType.STATUS, device, options);
    }

    private DeviceTable lines(TaskType type, DeviceRef device, TaskOptions options)
            throws DeviceMapperException {
        return perform(
                type,
                options,
                task -> device(task, device),
                answer ->
                        new DeviceTable(
                                answer.device(options.has(TaskFlag.READ_AHEAD)), answer.lines()));
    }

    @Override
    public DeviceDeps deps(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        return perform(
                TaskType.DEPS,
                options,
                task -> device(task, device),
                answer ->
                        new DeviceDeps(
                                answer.device(options.has(TaskFlag.READ_AHEAD)), answer.deps()));
    }

    @Override
    public DeviceState create(NewDevice device, TaskOptions options) throws DeviceMapperException {
        // A device without a table makes no event that udev could be waited for.
        TaskOptions how =
                device.table().isPresent() ? options : options.with(TaskFlag.NO_UDEV_SYNC);
        return perform(
                TaskType.CREATE,
                how,
                task -> {
                    set(dm.dm_task_set_name(task, device.name()));
                    if (device.uuid().isPresent()) {
                        set(dm.dm_task_set_uuid(task, device.uuid().get()));
                    }
                    table(task, device.table().orElse(List.of()));
                    if (device.number().isPresent()) {
                        number(task, device.number().get());
                    }
                    if (device.uid().isPresent()) {
                        set(dm.dm_task_set_uid(task, device.uid().getAsInt()));
                    }
                    if (device.gid().isPresent()) {
                        set(dm.dm_task_set_gid(task, device.gid().getAsInt()));
                    }
                    if (device.mode().isPresent()) {
                        set(dm.dm_task_set_mode(task, device.mode().getAsInt()));
                    }
                },
                answer -> answer.device(options.has(TaskFlag.READ_AHEAD)));
    }

    @Override
    public DeviceState reload(DeviceRef device, List<TableLine> table, TaskOptions options)
            throws DeviceMapperException {
        return perform(
                TaskType.RELOAD,
                options,
                task -> {
                    device(task, device);
                    table(task, table);
                },
                answer -> answer.device(options.has(TaskFlag.READ_AHEAD)));
    }

    @Override
    public DeviceState suspend(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        return simple(TaskType.SUSPEND, device, options);
    }

    @Override
    public DeviceState resume(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        return simple(TaskType.RESUME, device, options);
    }

    @Override
    public DeviceState clear(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        return simple(TaskType.CLEAR, device, options);
    }

    @Override
    public void remove(DeviceRef device, TaskOptions options) throws DeviceMapperException {
        perform(TaskType.REMOVE, options, task -> device(task, device), answer -> "");
    }

    @Override
    public void rename(DeviceRef device, String name, TaskOptions options)
            throws DeviceMapperException {
        perform(
                TaskType.RENAME,
                options,
                task -> {
                    device(task, device);
                    set(dm.dm_task_set_newname(task, name));
                },
                answer -> "");
    }

    @Override
    public void setUuid(DeviceRef device, String uuid, TaskOptions options)
            throws DeviceMapperException {
        perform(
                TaskType.RENAME,
                options,
                task -> {
                    device(task, device);
                    set(dm.dm_task_set_newuuid(task, uuid));
                },
                answer -> "");
    }

    @Override
    public Optional<String> message(
            DeviceRef device, long sector, String message, TaskOptions options)
            throws DeviceMapperException {
        return perform(
                TaskType.TARGET_MSG,
                options,
                task -> {
                    device(task, device);
                    set(dm.dm_task_set_sector(task, sector));
                    set(dm.dm_task_set_message(task, message));
                },
                TaskAnswer::response);
    }

    @Override
    public DeviceState waitEvent(DeviceRef device, int eventNr, TaskOptions options)
            throws DeviceMapperException {
        return perform(
                TaskType.WAITEVENT,
                options,
                task -> {
                    device(task, device);
                    if (eventNr != 0) {
                        set(dm.dm_task_set_event_nr(task, eventNr));
                    }
                },
                answer -> answer.device(options.has(TaskFlag.READ_AHEAD)));
    }

    @Override
    public Optional<String> nameOf(DeviceNumber number, boolean kernelName) {
        try {
            return onOwner(() -> {
                byte[] name = new byte[PATH_BYTES];
                int done =
                        dm.dm_device_get_name(
                                number.major(),
                                number.minor(),
                                kernelName ? 1 : 0,
                                name,
                                new NativeLong(name.length));
                return done == 1
                        ? Optional.of(Native.toString(name, StandardCharsets.UTF_8))
                        : Optional.<String>empty();
            });
        } catch (DeviceMapperException e) {
            return Optional.empty(); // interrupted: nobody waits for a name any more
        }
    }

    @Override
    public void makeNodes(Optional<String> name) throws DeviceMapperException {
        onOwner(() -> {
            complaints.clear();
            set(dm.dm_mknodes(name.orElse(null)));
            return "";
        });
    }

    @Override
    public void close() {
        try {
            onOwner(() -> {
                dm.dm_lib_release();
                return "";
            });
        } catch (DeviceMapperException e) {
            Thread.currentThread().interrupt(); // the descriptor goes with the process
        }
        owner.shutdown();
    }
}
