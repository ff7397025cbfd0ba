package dmctl.config;

import dmctl.config.GroupConfig.DaemonPlaces;
import dmctl.config.GroupConfig.Device;
import dmctl.config.GroupConfig.FrontEnd;
import dmctl.config.GroupConfig.LinkType;
import dmctl.config.GroupConfig.LogPlace;
import dmctl.config.GroupConfig.Site;
import dmctl.config.GroupConfig.Tuning;
import dmctl.config.SiteSettings.LimitKind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Writes a group's file: what is not as preset, in the order of the manual, paths in the file's
 * folder relative to it. It reads as the same group from the same place.
 */
public final class GroupText {
    private final GroupConfig group;
    private final Path folder;
    private final StringBuilder text = new StringBuilder();

    private GroupText(GroupConfig group) {
        this.group = group;
        this.folder = GroupPlaces.folder(group.file());
    }

    /**
     * Writes a group's file.
     *
     * @param group the group
     * @return YAML
     */
    public static String of(GroupConfig group) {
        GroupText writer = new GroupText(group);
        writer.head();
        writer.tuning();
        writer.devices();
        writer.sites();
        return writer.text.toString();
    }

    private void line(String line) {
        text.append(line).append('\n');
    }

    private void unless(boolean preset, String line) {
        if (!preset) {
            line(line);
        }
    }

    private void head() {
        line("group: " + group.name());
        unless(group.uuid().equals(GroupFile.derivedUuid(group.name())), "uuid: " + group.uuid());
        unless(group.blockSize() == 512, "block-size: " + group.blockSize());
        line("primary: " + group.site(group.primary()).orElseThrow().name());
        unless(!group.insecure(), "insecure: true");
    }

    private void tuning() {
        Tuning set = group.tuning();
        Tuning preset = Tuning.DEFAULT;
        unless(
                set.memoryBytes() == preset.memoryBytes(),
                "memory: " + Units.exactSize(set.memoryBytes()));
        unless(
                set.batchBytes() == TuningReader.presetBatch(set.memoryBytes()),
                "batch: " + Units.exactSize(set.batchBytes()));
        unless(
                set.regionBytes() == preset.regionBytes(),
                "region-size: " + Units.exactSize(set.regionBytes()));
        time("heartbeat", set.heartbeatMillis(), preset.heartbeatMillis());
        time("link-timeout", set.linkTimeoutMillis(), preset.linkTimeoutMillis());
        time("ask-sites", set.askSitesMillis(), preset.askSitesMillis());
        time("async-flush", set.asyncFlushMillis(), preset.asyncFlushMillis());
        unless(
                set.diskAccess() == preset.diskAccess(),
                "disk-access: " + SiteSettings.spelled(set.diskAccess()));
    }

    private void time(String key, long millis, long preset) {
        unless(millis == preset, key + ": " + Units.exactTime(millis));
    }

    private void devices() {
        line("devices:");
        int position = 0;
        for (Device device : group.devices()) {
            String nr = device.nr() == position++ ? "" : ", nr: " + device.nr();
            String size = Units.exactSize(device.sizeBytes());
            line("  - {name: " + device.name() + ", size: " + size + nr + "}");
        }
    }

    private void sites() {
        line("sites:");
        int position = 0;
        for (Site site : group.sites()) {
            line("  - name: " + site.name());
            unless(site.nr() == position++, "    nr: " + site.nr());
            unless(site.link() == LinkType.TCP, "    link: blockdev");
            site.daemon().ifPresent(places -> addresses(places));
            site.daemon().ifPresent(places -> line("    log: " + log(places.log())));
            line("    devices: " + copies(site));
            site.daemon().ifPresent(places -> rest(site, places));
            settings(site.settings());
        }
    }

    private void addresses(DaemonPlaces places) {
        line("    listen: " + address(places.listen()));
        unless(
                places.connect().equals(places.listen()),
                "    connect: " + address(places.connect()));
    }

    private String log(LogPlace log) {
        List<String> parts = new ArrayList<>();
        parts.add("path: " + path(log.path()));
        log.sizeBytes().ifPresent(bytes -> parts.add("size: " + Units.exactSize(bytes)));
        if (log.startBytes() != 0) {
            parts.add("start: " + Units.exactSize(log.startBytes()));
        }
        if (log.opening() != LogOpening.AUTO) {
            parts.add("open: " + SiteSettings.spelled(log.opening()));
        }
        return "{" + String.join(", ", parts) + "}";
    }

    private String copies(Site site) {
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < group.devices().size(); i++) {
            parts.add(group.devices().get(i).name() + ": " + path(site.devices().get(i)));
        }
        return "{" + String.join(", ", parts) + "}";
    }

    private void rest(Site site, DaemonPlaces places) {
        unless(
                places.nbd().isEmpty(),
                "    nbd: "
                        + places.nbd().stream()
                                .map(this::address)
                                .collect(Collectors.joining(", ", "[", "]")));
        unless(
                places.frontEnd() == FrontEnd.SOCKETS,
                "    front-end: " + SiteSettings.spelled(places.frontEnd()));
        unless(places.mapper().isEmpty(), "    mapper: " + mapper(places.mapper()));
        unless(
                places.stateDir().equals(folder.resolve(site.name())),
                "    state-dir: " + path(places.stateDir()));
    }

    private String mapper(List<MapperName> names) {
        List<String> parts = new ArrayList<>();
        for (MapperName mapped : names) {
            String device =
                    group.devices().stream()
                            .filter(candidate -> candidate.nr() == mapped.devNr())
                            .findFirst()
                            .orElseThrow()
                            .name();
            String name = scalar(mapped.name());
            String value =
                    mapped.inserted()
                            ? "{insert: " + name + "}"
                            : mapped.uuid()
                                    .map(uuid -> "{name: " + name + ", uuid: " + scalar(uuid) + "}")
                                    .orElse(name);
            parts.add(device + ": " + value);
        }
        return "{" + String.join(", ", parts) + "}";
    }

    private void settings(SiteSettings set) {
        SiteSettings preset = SiteSettings.DEFAULT;
        line("    policy: " + SiteSettings.spelled(set.policy()));
        unless(
                set.outOfReach() == preset.outOfReach(),
                "    out-of-reach: " + SiteSettings.spelled(set.outOfReach()));
        unless(
                set.degradeAfterMillis() == preset.degradeAfterMillis(),
                "    degrade-after: " + Units.exactTime(set.degradeAfterMillis()));
        unless(set.limitKind() == LimitKind.NONE, "    limit: " + limit(set));
        unless(set.mode() == preset.mode(), "    mode: " + SiteSettings.spelled(set.mode()));
        unless(
                set.resyncBytesPerSecond() == 0,
                "    resync-rate: " + Units.exactSize(set.resyncBytesPerSecond()) + "/s");
    }

    private static String limit(SiteSettings set) {
        return switch (set.limitKind()) {
            case NONE -> "none";
            case IOS -> "{ios: " + set.limit() + "}";
            case SIZE -> "{size: " + Units.exactSize(set.limit()) + "}";
            case TIME -> "{time: " + Units.exactTime(set.limit()) + "}";
        };
    }

    private String address(Address address) {
        return switch (address) {
            case Address.Unix(Path path) -> scalar("unix:" + relative(path));
            case Address.Tcp tcp -> scalar(tcp.toString());
        };
    }

    private String path(Path path) {
        return scalar(relative(path).toString());
    }

    private Path relative(Path path) {
        boolean inside = path.startsWith(folder) && !path.equals(folder);
        return inside ? folder.relativize(path) : path;
    }

    /** Quotes what YAML could take for something else. */
    private static String scalar(String word) {
        if (word.matches("[A-Za-z0-9/][A-Za-z0-9/._:@%+=-]*[A-Za-z0-9/._@%+=-]")) {
            return word;
        }
        StringBuilder quoted = new StringBuilder("\"");
        word.codePoints()
                .forEach(point -> {
                    if (point == '"' || point == '\\') {
                        quoted.append('\\').appendCodePoint(point);
                    } else if (Character.isLetterOrDigit(point) || (point >= ' ' && point < 0x7f)) {
                        quoted.appendCodePoint(point);
                    } else {
                        quoted.append(String.format(Locale.ROOT, "\\U%08x", point));
                    }
                });
        return quoted.append('"').toString();
    }
}
