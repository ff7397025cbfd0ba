package dmctl.cli.replicator;

import dmctl.cli.replicator.GroupTables.Member;
import dmctl.config.GroupFile;
import dmctl.config.LogOpening;
import dmctl.config.MapperName;
import dmctl.config.table.Extent;
import dmctl.config.table.Link;
import dmctl.config.table.LogDevice;
import dmctl.config.table.OneLineTable;
import dmctl.config.table.ReplicatorDevTable;
import dmctl.config.table.ReplicatorTable;
import dmctl.config.table.Table;
import dmctl.config.table.TableFile.Ours;
import dmctl.nativebridge.Errno;
import dmctl.nativebridge.devmapper.DeviceMapper;
import dmctl.nativebridge.devmapper.DeviceNumber;
import dmctl.nativebridge.devmapper.DeviceRef;
import dmctl.nativebridge.devmapper.DeviceState;
import dmctl.nativebridge.devmapper.TableLine;
import dmctl.nativebridge.devmapper.TaskOptions;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the tables of all groups of this machine say, and how others are read. A table of 2008 is
 * one of both targets: the group has no control device then.
 *
 * @param kernel the mapped devices
 * @param registry the tables that they have
 * @param places of files
 * @param serving puts tables into force
 */
record KnownTables(DeviceMapper kernel, Registry registry, Places places, Serving serving) {
    static final String REPLICATOR = "replicator";
    static final String REPLICATOR_DEV = "replicator-dev";

    private static final String MAPPER = "/dev/mapper/";

    /** Behind the group's name, where no mapped device has the control table: no name of one. */
    private static final String NO_DEVICE = ".replog";

    static boolean isOurs(List<TableLine> table) {
        return table.stream()
                .anyMatch(line ->
                        line.target().equals(REPLICATOR) || line.target().equals(REPLICATOR_DEV));
    }

    static void requireName(String name) throws Refusal {
        if (!MapperName.isName(name) || name.startsWith("#")) {
            throw new Refusal(
                    name
                            + ": not a name for a device of a group; use letters, digits, . _ - + : = @");
        }
    }

    static void requireGroupName(String name) throws Refusal {
        if (!GroupFile.isName(name)) {
            throw new Refusal(
                    name + ": not a name of a group; use up to 63 letters, digits, . _ and -");
        }
    }

    boolean isThere(String name) throws IOException {
        return kernel.info(DeviceRef.named(name), TaskOptions.NONE).info().exists();
    }

    /** The table as it is kept: whole paths, the control device by its name. */
    Table read(String name, List<TableLine> lines) throws Refusal, IOException {
        if (lines.size() != 1) {
            throw new Refusal(
                    "a table of " + REPLICATOR + " or " + REPLICATOR_DEV + " is one line");
        }
        requireName(name);
        String text = name + ": " + TableWords.text(lines.getFirst());
        Ours line = GroupTables.parse(text).ours().getFirst();
        return switch (line.table()) {
            case ReplicatorTable control -> TableWords.with(control, TableWords::whole);
            case ReplicatorDevTable device ->
                    TableWords.with(
                            device,
                            MAPPER + control(device.replicator()).name(),
                            TableWords::whole);
            case OneLineTable both -> TableWords.with(both, TableWords::whole);
        };
    }

    /** The control device that a table names. */
    Entry control(String device) throws Refusal, IOException {
        Optional<DeviceNumber> number = TableWords.number(device);
        for (Entry entry : registry.all()) {
            if (entry.control() && entry.live().isPresent()) {
                DeviceState state = kernel.info(DeviceRef.named(entry.name()), TaskOptions.NONE);
                boolean named = device.equals(MAPPER + entry.name());
                boolean numbered = number.equals(Optional.of(state.info().number()));
                if (state.info().exists()
                        && state.uuid().equals(entry.uuid())
                        && (named || numbered)) {
                    return entry;
                }
            }
        }
        throw new Refusal(
                "Can't access replicator control device "
                        + device
                        + "; create it with its replicator table first",
                Errno.EINVAL);
    }

    /** Holds a table that brings a log against those of the other groups. */
    void requireOwnLog(String name, Table table) throws Refusal, IOException {
        StringBuilder all = new StringBuilder();
        for (Entry entry : registry.all()) {
            boolean hasLog = entry.control() || entry.isOneLine();
            if (hasLog && entry.live().isPresent() && !entry.name().equals(name)) {
                all.append(entry.name()).append(": ").append(entry.live().get()).append('\n');
            }
        }
        GroupTables.parse(all + name + ": " + table.text());
        LogDevice log =
                table instanceof OneLineTable both ? both.log() : ((ReplicatorTable) table).log();
        String device = log.device();
        if (!Files.exists(Path.of(TableWords.isNumber(device) ? "/dev/block/" + device : device))) {
            throw Refusal.invalid("Failed to open replicator log device \"" + device + "\"");
        }
    }

    private List<Entry> inForce(String group) throws IOException {
        return registry.all().stream()
                .filter(entry -> entry.group().equals(group) && entry.live().isPresent())
                .toList();
    }

    boolean isInForce(String group) throws IOException {
        return !inForce(group).isEmpty();
    }

    /** All tables of a group, as they are in force. */
    GroupTables tables(String group) throws IOException, Refusal {
        List<Entry> entries = inForce(group);
        boolean logMade = entries.stream().anyMatch(entry -> !entry.control());
        GroupTables tables = null;
        for (Entry entry : entries) {
            if (entry.control()) {
                tables = begun(group, entry.name(), (ReplicatorTable) table(entry), logMade);
            } else if (entry.isOneLine() && tables == null) {
                tables = begun(group, (OneLineTable) table(entry), true);
            }
        }
        if (tables == null) {
            throw new Refusal("the device of the replicator table of group " + group + " is gone");
        }
        for (Entry entry : entries) {
            if (!entry.control()) {
                tables = tables.with(member(entry));
            }
        }
        return tables;
    }

    /** The tables of a group before those of its devices: what was saved of them. */
    private GroupTables begun(
            String group, String controlName, ReplicatorTable control, boolean logMade)
            throws IOException, Refusal {
        Map<Integer, Member> members = new TreeMap<>();
        // A log that is still to be made holds nothing of any device, and no other is opened.
        if (logMade || control.log().opening() != LogOpening.CREATE) {
            SavedTables.read(places.savedTables(group), group)
                    .filter(found -> found.hasLogOf(control.log()))
                    .ifPresent(found ->
                            found.members()
                                    .forEach((nr, member) ->
                                            members.put(nr, member.at(MAPPER + controlName))));
        }
        return new GroupTables(group, controlName, control, members);
    }

    /** The tables of a group of which none is in force yet. */
    GroupTables begun(String group, OneLineTable table) throws IOException, Refusal {
        return begun(group, table, false);
    }

    private GroupTables begun(String group, OneLineTable table, boolean logMade)
            throws IOException, Refusal {
        List<Link> links = table.sites().stream().map(OneLineTable.Site::link).toList();
        return begun(
                group,
                group + NO_DEVICE,
                new ReplicatorTable(new Extent(0, 1), table.log(), links),
                logMade);
    }

    /**
     * The group of a table of 2008: the one that has its log, or had it before the last boot; else
     * a new one that is called as its first device.
     */
    String groupOf(String name, LogDevice log) throws IOException, Refusal {
        for (Entry entry : registry.all()) {
            if (entry.isOneLine()
                    && entry.live().isPresent()
                    && ((OneLineTable) table(entry)).log().device().equals(log.device())) {
                return entry.group();
            }
        }
        if (log.opening() != LogOpening.CREATE && Files.isDirectory(places.state())) {
            try (DirectoryStream<Path> folders = Files.newDirectoryStream(places.state())) {
                for (Path folder : folders) {
                    String group = String.valueOf(folder.getFileName());
                    if (SavedTables.read(places.savedTables(group), group)
                            .filter(found -> found.hasLogOf(log))
                            .isPresent()) {
                        return group;
                    }
                }
            }
        }
        requireGroupName(name);
        String group = name;
        for (int i = 2; isInForce(group); i++) {
            group = name + "-" + i;
        }
        return group;
    }

    /** The number of a device of 2008: the one that it had, else the next one. */
    static int devNr(GroupTables tables, OneLineTable table) {
        String local = table.sites().getFirst().copy().device();
        int next = 0;
        for (Member member : tables.members().values()) {
            if (member.table().copies().getFirst().device().equals(local)) {
                return member.table().devNr();
            }
            next = member.table().devNr() + 1;
        }
        return next;
    }

    private static Table table(Entry entry) {
        return Entry.table(entry.live().orElseThrow());
    }

    /** A device of a group, with its table in force. */
    static Member member(Entry entry) {
        return member(entry, entry.live().orElseThrow());
    }

    static Member member(Entry entry, String text) {
        return switch (Entry.table(text)) {
            case ReplicatorDevTable device ->
                    new Member(entry.name(), entry.askedUuid(), device, true);
            case OneLineTable both ->
                    new Member(
                            entry.name(),
                            entry.askedUuid(),
                            new ReplicatorDevTable(
                                    both.extent(),
                                    MAPPER + entry.group() + NO_DEVICE,
                                    entry.devNr(),
                                    both.sites().stream().map(OneLineTable.Site::copy).toList()),
                            true);
            case ReplicatorTable control -> throw new IllegalStateException(text);
        };
    }

    void save(GroupTables tables) throws IOException {
        SavedTables.write(places.savedTables(tables.group()), tables.text());
    }

    /** Puts other tables of a group into force. */
    void change(GroupTables now) throws Refusal, IOException {
        now.check();
        serving.apply(now);
        save(now);
    }
}
