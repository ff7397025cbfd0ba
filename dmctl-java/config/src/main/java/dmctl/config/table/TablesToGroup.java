package dmctl.config.table;

import dmctl.config.Address;
import dmctl.config.ConfigException;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.DaemonPlaces;
import dmctl.config.GroupConfig.Device;
import dmctl.config.GroupConfig.FrontEnd;
import dmctl.config.GroupConfig.LinkType;
import dmctl.config.GroupConfig.LogPlace;
import dmctl.config.GroupConfig.Site;
import dmctl.config.GroupConfig.Tuning;
import dmctl.config.GroupFile;
import dmctl.config.GroupPlaces;
import dmctl.config.GroupText;
import dmctl.config.LogOpening;
import dmctl.config.Units;
import dmctl.config.table.DirtyLog.FirstSync;
import dmctl.config.table.DirtyLog.Regions;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** Says in a group's file what the tables of one group say. */
public final class TablesToGroup {
    private static final int LOG_BLOCK = 4096;
    private static final int DEVICE_NR_MAX = 2047;
    private static final long REGION_MAX = 16 << 20;

    private final TableGroup tables;
    private final Path file;
    private final Path folder;
    private final String name;
    private final List<String> lost = new ArrayList<>();
    private final List<String> chosen = new ArrayList<>();

    private TablesToGroup(TableGroup tables, Path file, String name) {
        this.tables = tables;
        this.file = file.toAbsolutePath().normalize();
        this.folder = GroupPlaces.folder(this.file);
        this.name = name;
    }

    /**
     * Converts.
     *
     * @param tables of one group
     * @param file where the group's file will be
     * @param name of the group; empty for that of its control device
     * @return the group
     * @throws ConfigException if a group's file cannot say what they say
     */
    public static Converted<GroupConfig> convert(TableFile tables, Path file, Optional<String> name)
            throws ConfigException {
        TableGroup group = TableGroup.of(tables);
        String called = name.or(group::name).orElse("replicator");
        if (!GroupFile.isName(called)) {
            throw new ConfigException(
                    called + ": not a name of a group; use up to 63 letters, digits, . _ and -");
        }
        TablesToGroup conversion = new TablesToGroup(group, file, called);
        if (name.isEmpty() && group.name().isEmpty()) {
            conversion.chosen.add("group: " + called);
        }
        return conversion.group();
    }

    /** How a site is called of which tables know the number only. */
    static String siteName(int nr) {
        return nr == 0 ? "local" : "site" + nr;
    }

    private Converted<GroupConfig> group() throws ConfigException {
        tables.foreign().forEach(line -> lost.add("line " + line + ": a table of another target"));
        List<Device> devices = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (TableGroup.Member member : tables.members()) {
            devices.add(device(member, names));
        }
        List<Site> sites = new ArrayList<>();
        for (Link link : tables.links()) {
            sites.add(site(link));
        }
        sites.sort(Comparator.comparingInt(Site::nr));
        boolean exposed = sites.stream().anyMatch(TablesToGroup::isExposed);
        if (exposed) {
            chosen.add("insecure: true, for addresses that other machines reach");
        }
        GroupConfig group =
                new GroupConfig(
                        file,
                        name,
                        GroupFile.derivedUuid(name),
                        Extent.SECTOR_BYTES,
                        devices,
                        List.copyOf(sites),
                        0,
                        tuning(),
                        exposed);
        // Whatever else a group's file does not allow is named by its reader.
        return new Converted<>(GroupFile.parse(file, GroupText.of(group)), lost, chosen);
    }

    private Device device(TableGroup.Member member, Set<String> names) throws ConfigException {
        if (member.nr() > DEVICE_NR_MAX) {
            throw refused("device " + member.nr() + ": a group's file numbers up to 2047");
        }
        if (member.extent().start() != 0) {
            lost.add("device " + member.nr() + ": its start " + member.extent().start());
        }
        for (Link link : tables.links()) {
            copy(member, link);
        }
        String prefix = name + "-";
        String called = member.name().orElse("");
        String bare = called.startsWith(prefix) ? called.substring(prefix.length()) : called;
        if (!GroupFile.isName(bare) || !names.add(bare)) {
            bare = "dev" + member.nr();
            names.add(bare);
            chosen.add("name of device " + member.nr() + ": " + bare);
        }
        return new Device(member.nr(), bare, member.extent().bytes());
    }

    private static Copy copy(TableGroup.Member member, Link link) throws ConfigException {
        return member.copies().stream()
                .filter(copy -> copy.linkNr() == link.nr())
                .findFirst()
                .orElseThrow(() ->
                        refused(
                                "device "
                                        + member.nr()
                                        + " has no copy at site "
                                        + link.nr()
                                        + ", and in a group each site has one of each device"));
    }

    private Site site(Link link) throws ConfigException {
        String called = siteName(link.nr());
        List<Path> copies = new ArrayList<>();
        for (TableGroup.Member member : tables.members()) {
            Copy copy = copy(member, link);
            copies.add(path(copy.device()));
            dirtyLog(member.nr(), copy);
        }
        chosen.add("name of site " + link.nr() + ": " + called);
        boolean daemon = link.nr() == 0 || link.address().isPresent();
        return new Site(
                link.nr(),
                called,
                daemon ? LinkType.TCP : LinkType.BLOCKDEV,
                daemon ? Optional.of(places(link, called)) : Optional.empty(),
                copies,
                PolicyWords.settings(link, called, lost));
    }

    private void dirtyLog(int devNr, Copy copy) {
        String of = "device " + devNr + " at site " + copy.linkNr() + ": ";
        if (copy.dirtyLog() instanceof DirtyLog.Disk disk) {
            lost.add(of + "dirty log " + disk.device() + ", for regions are noted in the replog");
        }
        if (copy.dirtyLog() instanceof Regions regions && regions.firstSync() != FirstSync.UNSAID) {
            lost.add(of + regions.firstSync().name().toLowerCase(Locale.ROOT));
        }
    }

    /** Where a daemon has what tables do not say. */
    static DaemonPlaces presetPlaces(Path stateDir) {
        Address listen = new Address.Unix(stateDir.resolve("link.sock"));
        LogPlace log =
                new LogPlace(stateDir.resolve("replog"), 0, LogOpening.AUTO, OptionalLong.empty());
        Address nbd = new Address.Unix(stateDir.resolve("nbd.sock"));
        return new DaemonPlaces(
                listen, listen, log, List.of(nbd), FrontEnd.SOCKETS, List.of(), stateDir);
    }

    private DaemonPlaces places(Link link, String called) throws ConfigException {
        DaemonPlaces preset = presetPlaces(folder.resolve(called));
        String of = "site " + called + ": ";
        chosen.add(of + "nbd " + preset.nbd().getFirst());
        Address address = link.address().orElse(preset.listen());
        if (link.address().isEmpty()) {
            chosen.add(of + "listen " + address);
        }
        LogPlace log = preset.log();
        if (link.nr() == 0) {
            log = log();
        } else {
            chosen.add(of + "log " + log.path());
        }
        return new DaemonPlaces(
                address,
                address,
                log,
                preset.nbd(),
                preset.frontEnd(),
                preset.mapper(),
                preset.stateDir());
    }

    private LogPlace log() throws ConfigException {
        LogDevice log = tables.log();
        long start = log.startSector() * Extent.SECTOR_BYTES;
        if (start % LOG_BLOCK != 0) {
            throw refused("the log's start, sector " + log.startSector() + ", is not one of 4 KiB");
        }
        OptionalLong size =
                log.sizeSectors().isPresent()
                        ? OptionalLong.of(
                                Math.multiplyExact(
                                        log.sizeSectors().getAsLong(), Extent.SECTOR_BYTES))
                        : OptionalLong.empty();
        return new LogPlace(path(log.device()), start, log.opening(), size);
    }

    private Path path(String device) throws ConfigException {
        try {
            return device.matches("[0-9]+:[0-9]+")
                    ? Path.of("/dev/block", device)
                    : folder.resolve(device).normalize();
        } catch (InvalidPathException e) {
            throw new ConfigException(
                    device + ": not a path: " + e.getReason() + "; use a UTF-8 locale");
        }
    }

    private static boolean isExposed(Site site) {
        return site.daemon().isPresent()
                && site.daemon().get().listen() instanceof Address.Tcp tcp
                && !tcp.isLoopback();
    }

    private Tuning tuning() throws ConfigException {
        Tuning preset = Tuning.DEFAULT;
        long region = tables.regionSectors() * Extent.SECTOR_BYTES;
        if (region > REGION_MAX) {
            throw refused(
                    "regions of "
                            + Units.formatSize(region)
                            + ", and a group's are no larger than "
                            + Units.formatSize(REGION_MAX));
        }
        int regionBytes = region == 0 ? preset.regionBytes() : (int) region;
        if (regionBytes > preset.batchBytes()) {
            chosen.add("batch: as large as a region");
        }
        return new Tuning(
                preset.memoryBytes(),
                Math.max(preset.batchBytes(), regionBytes),
                regionBytes,
                preset.heartbeatMillis(),
                preset.linkTimeoutMillis(),
                preset.askSitesMillis(),
                preset.asyncFlushMillis(),
                preset.diskAccess());
    }

    private static ConfigException refused(String why) {
        return new ConfigException("no group's file can say this: " + why);
    }
}
