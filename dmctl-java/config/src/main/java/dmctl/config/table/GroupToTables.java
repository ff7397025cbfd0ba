package dmctl.config.table;

import dmctl.config.Address;
import dmctl.config.ConfigException;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.DaemonPlaces;
import dmctl.config.GroupConfig.Device;
import dmctl.config.GroupConfig.LinkType;
import dmctl.config.GroupConfig.LogPlace;
import dmctl.config.GroupConfig.Site;
import dmctl.config.GroupConfig.Tuning;
import dmctl.config.GroupFile;
import dmctl.config.LogOpening;
import dmctl.config.SiteSettings;
import dmctl.config.Units;
import dmctl.config.table.DirtyLog.FirstSync;
import dmctl.config.table.DirtyLog.Regions;
import dmctl.config.table.TableFile.Entry;
import dmctl.config.table.TableFile.Ours;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/** Says in tables what a group's file says, as site 0 sees it. */
public final class GroupToTables {
    private final GroupConfig group;
    private final Path folder;
    private final Site local;
    private final DaemonPlaces places;
    private final List<String> lost = new ArrayList<>();
    private final List<String> chosen = new ArrayList<>();

    private GroupToTables(GroupConfig group, Site local, DaemonPlaces places) {
        this.group = group;
        this.folder = Objects.requireNonNull(group.file().getParent());
        this.local = local;
        this.places = places;
    }

    /**
     * Converts.
     *
     * @param group the group
     * @return its tables, named after the group and its devices
     * @throws ConfigException if tables cannot describe such a group
     */
    public static Converted<TableFile> convert(GroupConfig group) throws ConfigException {
        Site local =
                group.site(0)
                        .orElseThrow(
                                () -> refused("a table's local site is number 0, and none is"));
        DaemonPlaces places =
                local.daemon()
                        .orElseThrow(() -> refused("site 0, " + local.name() + ", has no daemon"));
        if (group.primary() != 0) {
            throw refused("the primary is not site 0, the local site of a table");
        }
        return new GroupToTables(group, local, places).tables();
    }

    private static ConfigException refused(String why) {
        return new ConfigException("no table can say this: " + why);
    }

    private Converted<TableFile> tables() throws ConfigException {
        for (Site site : group.sites()) {
            for (Path path : site.devices()) {
                requireWritable(path);
            }
        }
        requireWritable(places.log().path());
        List<Entry> entries = new ArrayList<>();
        List<Link> links = group.sites().stream().map(this::link).toList();
        entries.add(
                new Ours(
                        1,
                        Optional.of(group.name()),
                        new ReplicatorTable(new Extent(0, 8), log(), links)));
        long region = region();
        for (int i = 0; i < group.devices().size(); i++) {
            entries.add(device(i, region));
        }
        nameTheRest();
        return new Converted<>(new TableFile(entries, List.of()), lost, chosen);
    }

    private static void requireWritable(Path path) throws ConfigException {
        if (!Words.isWritable(path.toString())) {
            throw refused("a path of more than one line");
        }
    }

    private LogDevice log() {
        LogPlace log = places.log();
        OptionalLong sectors = OptionalLong.empty();
        if (log.sizeBytes().isPresent() || log.opening() != LogOpening.OPEN) {
            sectors = OptionalLong.of(log.newBytes() / Extent.SECTOR_BYTES);
        }
        if (log.sizeBytes().isEmpty() && sectors.isPresent()) {
            chosen.add("size of the log: " + Units.formatSize(log.newBytes()));
        }
        return new LogDevice(
                device(log.path()), log.startBytes() / Extent.SECTOR_BYTES, log.opening(), sectors);
    }

    private Link link(Site site) {
        boolean daemons = group.daemonSites().size() > 1;
        Optional<Address> address =
                daemons ? site.daemon().map(DaemonPlaces::connect) : Optional.empty();
        PolicyWords.lost(site.settings(), site.name(), lost);
        return new Link(
                site.nr(),
                address,
                PolicyWords.policy(site.settings()),
                PolicyWords.stall(site.settings()),
                PolicyWords.fallBehind(site.settings()));
    }

    /** What a table can say that is nearest to the region size of the group. */
    private long region() throws ConfigException {
        if (group.sites().size() == 1) {
            return Regions.SECTORS_MIN;
        }
        long smallest =
                group.devices().stream().mapToLong(Device::sizeBytes).min().orElseThrow()
                        / Extent.SECTOR_BYTES;
        if (smallest < Regions.SECTORS_MIN) {
            throw refused(
                    "a device smaller than a region of "
                            + Units.formatSize(Regions.SECTORS_MIN * Extent.SECTOR_BYTES)
                            + ", the smallest");
        }
        long wanted = group.tuning().regionBytes() / Extent.SECTOR_BYTES;
        long region = Math.min(Math.max(wanted, Regions.SECTORS_MIN), Long.highestOneBit(smallest));
        if (region != wanted) {
            lost.add(
                    "region-size "
                            + Units.formatSize(group.tuning().regionBytes())
                            + ", for "
                            + Units.formatSize(region * Extent.SECTOR_BYTES)
                            + " is the nearest in a table");
        }
        return region;
    }

    private Ours device(int index, long region) {
        Device device = group.devices().get(index);
        List<Copy> copies = new ArrayList<>();
        for (Site site : group.sites()) {
            DirtyLog dirtyLog =
                    site.equals(local)
                            ? new DirtyLog.None()
                            : new DirtyLog.Core(region, FirstSync.UNSAID);
            copies.add(new Copy(site.nr(), device(site.devices().get(index)), dirtyLog));
        }
        Extent extent = new Extent(0, device.sizeBytes() / Extent.SECTOR_BYTES);
        return new Ours(
                index + 2,
                Optional.of(group.name() + "-" + device.name()),
                new ReplicatorDevTable(extent, "/dev/mapper/" + group.name(), device.nr(), copies));
    }

    private void nameTheRest() {
        if (!group.uuid().equals(GroupFile.derivedUuid(group.name()))) {
            lost.add("uuid " + group.uuid());
        }
        if (group.blockSize() != Extent.SECTOR_BYTES) {
            lost.add("block-size " + group.blockSize());
        }
        Tuning set = group.tuning();
        Tuning preset = Tuning.DEFAULT;
        size("memory", set.memoryBytes(), preset.memoryBytes());
        size("batch", set.batchBytes(), preset.batchBytes());
        time("heartbeat", set.heartbeatMillis(), preset.heartbeatMillis());
        time("link-timeout", set.linkTimeoutMillis(), preset.linkTimeoutMillis());
        time("ask-sites", set.askSitesMillis(), preset.askSitesMillis());
        time("async-flush", set.asyncFlushMillis(), preset.asyncFlushMillis());
        if (set.diskAccess() != preset.diskAccess()) {
            lost.add("disk-access " + SiteSettings.spelled(set.diskAccess()));
        }
        if (group.insecure()) {
            lost.add("insecure");
        }
        for (Site site : group.sites()) {
            site(site);
        }
    }

    private void size(String key, long bytes, long preset) {
        if (bytes != preset) {
            lost.add(key + " " + Units.formatSize(bytes));
        }
    }

    private void time(String key, long millis, long preset) {
        if (millis != preset) {
            lost.add(key + " " + Units.formatTime(millis));
        }
    }

    private void site(Site site) {
        String of = "site " + site.name() + ": ";
        if (!site.name().equals(TablesToGroup.siteName(site.nr()))) {
            lost.add("the name of site " + site.nr() + ", " + site.name());
        }
        if (site.link() == LinkType.BLOCKDEV || site.daemon().isEmpty()) {
            return;
        }
        DaemonPlaces daemon = site.daemon().get();
        DaemonPlaces again = presetPlaces(site);
        if (group.daemonSites().size() > 1) {
            if (!daemon.listen().equals(daemon.connect())) {
                lost.add(of + "listen " + daemon.listen());
            }
        } else if (!daemon.listen().equals(again.listen())) {
            lost.add(of + "listen " + daemon.listen());
        }
        if (!site.equals(local) && !daemon.log().equals(again.log())) {
            lost.add(of + "log " + daemon.log().path());
        }
        if (!daemon.nbd().equals(again.nbd())) {
            daemon.nbd().forEach(address -> lost.add(of + "nbd " + address));
        }
        if (daemon.frontEnd() != again.frontEnd()) {
            lost.add(of + "front-end " + SiteSettings.spelled(daemon.frontEnd()));
        }
        daemon.mapper().forEach(mapped -> lost.add(of + "mapper name " + mapped.name()));
        if (!daemon.stateDir().equals(folder.resolve(site.name()))) {
            lost.add(of + "state-dir " + daemon.stateDir());
        }
    }

    /** What the way back would choose. */
    private DaemonPlaces presetPlaces(Site site) {
        return TablesToGroup.presetPlaces(folder.resolve(TablesToGroup.siteName(site.nr())));
    }

    private static String device(Path path) {
        String text = path.toString();
        return text.matches("/dev/block/[0-9]+:[0-9]+")
                ? text.substring("/dev/block/".length())
                : text;
    }
}
