package dmctl.cli;

import dmctl.cli.DeviceUsers.Use;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.DaemonPlaces;
import dmctl.config.GroupConfig.Site;
import dmctl.config.MapperName;
import dmctl.nativebridge.devmapper.DeviceMapper;
import dmctl.nativebridge.devmapper.DeviceRef;
import dmctl.nativebridge.devmapper.DeviceState;
import dmctl.nativebridge.devmapper.NewDevice;
import dmctl.nativebridge.devmapper.TableLine;
import dmctl.nativebridge.devmapper.TaskFlag;
import dmctl.nativebridge.devmapper.TaskOptions;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The mapped devices that a group is put under at a site, and the devices with their tables of
 * before. Looks after them from outside of the daemon, so that none stays suspended when that dies.
 */
final class LiveNames {
    /** Targets of which two devices may have the same table: they keep nothing of their own. */
    private static final Set<String> STATELESS =
            Set.of("linear", "striped", "error", "zero", "delay", "flakey", "unstriped");

    private static final String UUID_PREFIX = "DMCTL-";

    private final GroupConfig config;
    private final Site site;
    private final List<MapperName> names;
    private final DeviceMapper mapper;

    LiveNames(GroupConfig config, Site site, DeviceMapper mapper) throws CommandFailure {
        this.config = config;
        this.site = site;
        this.mapper = mapper;
        this.names = of(site);
        if (names.isEmpty()) {
            throw new CommandFailure(
                    ExitCode.USAGE,
                    "site "
                            + site.name()
                            + " names no device in use to put the group under; write mapper:"
                            + " {DEVICE: {insert: NAME}} at it");
        }
    }

    static List<MapperName> of(Site site) {
        return site.daemon().orElseThrow().mapper().stream().filter(MapperName::inserted).toList();
    }

    List<String> paths() {
        return names.stream().map(name -> "/dev/mapper/" + name.name()).toList();
    }

    private static DeviceRef origin(MapperName name) {
        return DeviceRef.named(name.name() + MapperName.ORIGIN);
    }

    private static DeviceRef live(MapperName name) {
        return DeviceRef.named(name.name());
    }

    /** Refuses what the group must not be put under. */
    void check(DeviceUsers.Machine machine) throws IOException, CommandFailure {
        for (MapperName name : names) {
            DeviceState state = mapper.info(live(name), TaskOptions.NONE);
            String path = "/dev/mapper/" + name.name();
            if (!state.info().exists() || !state.info().liveTable()) {
                throw refused(path + " is not there, or has no table");
            }
            if (state.info().readOnly()) {
                throw refused(path + " takes no writes");
            }
            if (state.uuid().startsWith(UUID_PREFIX)) {
                throw refused(path + " is a device of a group itself (UUID " + state.uuid() + ")");
            }
            List<TableLine> table = mapper.table(live(name), TaskOptions.NONE).lines();
            checkTable(path, table, size(name));
            checkOrigin(name, table);
            Optional<String> use = DeviceUsers.find(state.info().number(), uses(), machine);
            if (use.isPresent()) {
                throw refused(
                        path
                                + " holds "
                                + use.get()
                                + ": that must not wait while "
                                + path
                                + " does; move it to another device");
            }
        }
    }

    private long size(MapperName name) {
        return config.devices().stream()
                .filter(device -> device.nr() == name.devNr())
                .mapToLong(GroupConfig.Device::sizeBytes)
                .sum();
    }

    private static void checkTable(String path, List<TableLine> table, long bytes)
            throws CommandFailure {
        for (TableLine line : table) {
            if (!STATELESS.contains(line.target())) {
                throw refused(
                        path
                                + " has the target "
                                + line.target()
                                + ", of which there must not be two devices at a time; use the"
                                + " device below it");
            }
        }
        long found = 512 * table.stream().mapToLong(TableLine::length).sum();
        if (found != bytes) {
            throw refused(
                    path
                            + " has "
                            + found
                            + " bytes, the group's device "
                            + bytes
                            + "; write that");
        }
    }

    /** One that an earlier try has left is as good as a new one. */
    private void checkOrigin(MapperName name, List<TableLine> table)
            throws IOException, CommandFailure {
        if (mapper.info(origin(name), TaskOptions.NONE).info().exists()
                && !mapper.table(origin(name), TaskOptions.NONE).lines().equals(table)) {
            throw refused(
                    "/dev/mapper/"
                            + name.name()
                            + MapperName.ORIGIN
                            + " is there with another table; is the group under "
                            + name.name()
                            + " already? Else: dmsetup remove "
                            + name.name()
                            + MapperName.ORIGIN);
        }
    }

    private List<Use> uses() {
        DaemonPlaces places = site.daemon().orElseThrow();
        List<Use> uses = new ArrayList<>();
        uses.add(new Use("the log", places.log().path()));
        uses.add(new Use("the state folder", places.stateDir()));
        uses.add(new Use("the group's file", config.file()));
        uses.add(new Use("the Java runtime", Path.of(System.getProperty("java.home", "/"))));
        for (String part :
                System.getProperty("jdk.module.path", "").split(File.pathSeparator, -1)) {
            uses.add(new Use("dmctl itself", Path.of(part)));
        }
        uses.add(new Use("the working folder", Path.of("")));
        uses.add(new Use("temporary files", Path.of(System.getProperty("java.io.tmpdir", "/tmp"))));
        for (String folder : List.of("/usr", "/lib", "/etc", "/dev", "/run")) {
            uses.add(new Use("the system", Path.of(folder)));
        }
        for (Site other : config.sites()) {
            if (other.daemon().isEmpty()) {
                other.devices()
                        .forEach(path -> uses.add(new Use("a copy of site " + other.name(), path)));
            }
        }
        return uses;
    }

    /** Makes the devices with the tables of before. */
    void makeOrigins() throws IOException {
        for (MapperName name : names) {
            if (mapper.info(origin(name), TaskOptions.NONE).info().exists()) {
                continue;
            }
            List<TableLine> table = mapper.table(live(name), TaskOptions.NONE).lines();
            mapper.create(
                    new NewDevice(
                            name.name() + MapperName.ORIGIN,
                            Optional.of(UUID_PREFIX + "origin-" + name.name()),
                            Optional.empty(),
                            OptionalInt.empty(),
                            OptionalInt.empty(),
                            OptionalInt.empty(),
                            Optional.of(table)),
                    TaskOptions.of(TaskFlag.NO_UDEV_DISK_RULES));
        }
    }

    /** Lets names go on that a daemon has left suspended, with the tables they have. */
    void goOn() throws IOException {
        for (MapperName name : names) {
            DeviceState state = mapper.info(live(name), TaskOptions.NONE);
            if (state.info().exists() && state.info().suspended()) {
                mapper.clear(live(name), TaskOptions.NONE);
                mapper.resume(live(name), TaskOptions.NONE);
            }
        }
    }

    /** Lets names go on with the tables that are loaded, which lead to the devices of before. */
    void takeOrigins() throws IOException {
        for (MapperName name : names) {
            if (mapper.info(live(name), TaskOptions.NONE).info().suspended()) {
                mapper.resume(live(name), TaskOptions.NONE);
            }
        }
    }

    /** Removes the devices of before, where the names lead there themselves again. */
    boolean removeOrigins() throws IOException {
        boolean all = true;
        for (MapperName name : names) {
            if (!mapper.info(origin(name), TaskOptions.NONE).info().exists()) {
                continue;
            }
            List<TableLine> before = mapper.table(origin(name), TaskOptions.NONE).lines();
            if (mapper.table(live(name), TaskOptions.NONE).lines().equals(before)) {
                mapper.remove(origin(name), TaskOptions.of(TaskFlag.RETRY));
            } else {
                all = false;
            }
        }
        return all;
    }

    private static CommandFailure refused(String text) {
        return new CommandFailure(ExitCode.FAILED, text);
    }
}
