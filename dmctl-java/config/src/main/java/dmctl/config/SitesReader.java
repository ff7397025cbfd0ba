package dmctl.config;

import dmctl.config.Address.Tcp;
import dmctl.config.GroupConfig.DaemonPlaces;
import dmctl.config.GroupConfig.Device;
import dmctl.config.GroupConfig.FrontEnd;
import dmctl.config.GroupConfig.LinkType;
import dmctl.config.GroupConfig.LogPlace;
import dmctl.config.GroupConfig.Site;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** Reads the sites of a group. */
final class SitesReader {
    /** Gives an entry its number. */
    interface Numbering {
        int numbered(Mapping entry, int position, Map<Integer, Node> seen, String what);
    }

    private static final long LOG_MIN = 2L << 20;
    private static final int BLOCKDEV_MAX = 100;
    private static final int SECTOR = 512;
    private static final int BLOCK = 4096;

    private final Findings findings;
    private final Path folder;
    private final Path stateDir;
    private final List<Device> devices;
    private final FrontEnd frontEnd;
    private final boolean insecure;

    private final Claims claims;
    private final MapperReader mapper;

    SitesReader(
            Findings findings,
            Path folder,
            Path stateDir,
            FrontEnd frontEnd,
            List<Device> devices,
            boolean insecure,
            String group,
            @Nullable Node mapperEverywhere) {
        this.findings = findings;
        this.folder = folder;
        this.stateDir = stateDir;
        this.frontEnd = frontEnd;
        this.devices = devices;
        this.insecure = insecure;
        this.claims = new Claims(findings);
        this.mapper = new MapperReader(findings, group, devices, claims, mapperEverywhere);
    }

    List<Site> sites(Mapping top, @Nullable Node node, Numbering numbering) {
        List<Site> sites = new ArrayList<>();
        if (node == null) {
            return sites;
        }
        if (!(node instanceof SequenceNode sequence) || sequence.getValue().isEmpty()) {
            findings.add(
                    node, "sites", "not a list of sites", "begin each site with \"- name: NAME\"");
            return sites;
        }
        Map<String, Node> names = new HashMap<>();
        Map<Integer, Node> numbers = new HashMap<>();
        for (Node entry : top.list("sites")) {
            Site site =
                    site(new Mapping(entry, "a site", findings), sites.size(), numbers, numbering);
            if (names.putIfAbsent(site.name(), entry) != null) {
                findings.add(entry, site.name(), "two sites have this name", "give each its own");
            }
            sites.add(site);
        }
        long blockdev = sites.stream().filter(site -> site.link() == LinkType.BLOCKDEV).count();
        if (blockdev > BLOCKDEV_MAX) {
            findings.add(
                    node,
                    "sites",
                    blockdev + " with link: blockdev, but a log keeps cursors of " + BLOCKDEV_MAX,
                    "give the others a daemon (link: tcp), or make a second group");
        }
        sites.sort(Comparator.comparingInt(Site::nr));
        return List.copyOf(sites);
    }

    private Site site(
            Mapping entry, int position, Map<Integer, Node> numbers, Numbering numbering) {
        String name =
                entry.needValue("name", "add: name: NAME", "site" + position, GroupFile::name);
        int nr = numbering.numbered(entry, position, numbers, "site");
        LinkType link =
                entry.value("link", LinkType.TCP, text -> SiteSettings.word(LinkType.class, text));
        List<Path> copies = copies(entry, name);
        SiteSettings settings = settings(entry);
        Optional<DaemonPlaces> daemon = Optional.empty();
        if (link == LinkType.TCP) {
            daemon = daemon(entry, name, copies);
        } else {
            for (String key :
                    List.of(
                            "listen",
                            "connect",
                            "log",
                            "nbd",
                            "front-end",
                            "mapper",
                            "state-dir")) {
                if (entry.take(key) != null) {
                    findings.add(
                            java.util.Objects.requireNonNull(entry.keys().get(key)),
                            "a blockdev site has no daemon, so no " + key,
                            "remove it, or write link: tcp");
                }
            }
        }
        claims.settle(daemon);
        entry.refuseTheRest();
        return new Site(nr, name, link, daemon, copies, settings);
    }

    private List<Path> copies(Mapping entry, String site) {
        Node node = entry.need("devices", "add: devices: {DEVICE: PATH, ...}");
        if (node == null) {
            return List.of();
        }
        Mapping mapping = new Mapping(node, "the devices of site " + site, findings);
        List<Path> copies = new ArrayList<>();
        for (Device device : devices) {
            Node at = mapping.need(device.name(), "add: " + device.name() + ": PATH");
            if (at != null) {
                Path path = mapping.parse(at, device.name(), folder, text -> path(text));
                if (!path.equals(folder)) {
                    claims.add(at, path.toString(), "device " + device.name() + " of site " + site);
                }
                copies.add(path);
            }
        }
        mapping.refuseTheRest();
        return List.copyOf(copies);
    }

    private Optional<DaemonPlaces> daemon(Mapping entry, String name, List<Path> copies) {
        Path state =
                entry.value(
                        "state-dir",
                        stateDir.resolve(name),
                        text -> PathReader.parse(text, folder));
        checkSocketPath(entry, state.resolve("admin.sock"));
        Address none = new Tcp("", 0);
        Address listen =
                entry.needValue("listen", "add: listen: 127.0.0.1:PORT", none, this::address);
        Node listenNode = entry.take("listen");
        if (listenNode != null && !listen.equals(none)) {
            refuseExposed(listenNode, listen);
            claims.add(listenNode, listen.toString(), "listen of site " + name);
        }
        Address connect = entry.value("connect", listen, this::address);
        if (connect instanceof Tcp tcp && tcp.isWildcard()) {
            findings.add(
                    listenNode == null ? entry.node() : listenNode,
                    "no address that other sites can reach",
                    "add: connect: HOST:PORT");
        }
        LogPlace log = log(entry, name, state);
        List<Address> nbd = new ArrayList<>();
        for (Node at : entry.list("nbd")) {
            Address address = entry.parse(at, "nbd", none, this::address);
            if (!address.equals(none)) {
                refuseExposed(at, address);
                claims.add(at, address.toString(), "nbd of site " + name);
                nbd.add(address);
            }
        }
        FrontEnd way =
                entry.value("front-end", frontEnd, text -> SiteSettings.word(FrontEnd.class, text));
        List<MapperName> names = mapper.names(entry, name, way, copies);
        return Optional.of(
                new DaemonPlaces(listen, connect, log, List.copyOf(nbd), way, names, state));
    }

    private LogPlace log(Mapping entry, String site, Path state) {
        Path standIn = state.resolve("replog");
        Node node = entry.need("log", "add: log: {path: PATH, size: 256MiB}");
        if (node == null) {
            return new LogPlace(standIn, 0, LogOpening.AUTO, OptionalLong.empty());
        }
        Mapping mapping = new Mapping(node, "log", findings);
        Path path = mapping.needValue("path", "add: path: PATH", standIn, text -> path(text));
        OptionalLong size =
                mapping.value(
                        "size",
                        OptionalLong.empty(),
                        text -> OptionalLong.of(SitesReader.logSize(text)));
        long start = mapping.value("start", 0L, SitesReader::logStart);
        LogOpening opening =
                mapping.value(
                        "open", LogOpening.AUTO, text -> SiteSettings.word(LogOpening.class, text));
        claims.add(node, path.toString(), "log of site " + site);
        mapping.refuseTheRest();
        return new LogPlace(path, start, opening, size);
    }

    private SiteSettings settings(Mapping entry) {
        SiteSettings settings = SiteSettings.DEFAULT;
        for (String key : SiteSettings.KEYS) {
            Node value = entry.take(key);
            if (value == null || key.equals("mode")) {
                continue;
            }
            SiteSettings before = settings;
            settings =
                    key.equals("limit") && value instanceof org.yaml.snakeyaml.nodes.MappingNode
                            ? limit(value, before)
                            : entry.parse(value, key, before, text -> before.changed(key, text));
        }
        Node mode = entry.take("mode");
        if (mode == null) {
            return settings;
        }
        SiteSettings before = settings;
        return entry.parse(mode, "mode", before, text -> before.checked("mode", text));
    }

    private SiteSettings limit(Node node, SiteSettings before) {
        Mapping mapping = new Mapping(node, "limit", findings);
        if (mapping.keys().size() != 1) {
            findings.add(
                    node,
                    "limit",
                    "not one limit",
                    "write {ios: 1000}, {size: 64MiB} or {time: 30s}");
            return before;
        }
        String kind = mapping.keys().keySet().iterator().next();
        Node value = mapping.take(kind);
        return value == null
                ? before
                : mapping.parse(
                        value,
                        "limit " + kind,
                        before,
                        text -> before.changed("limit", kind + "=" + text));
    }

    private Address address(String text) throws WordException {
        return AddressReader.parse(text, folder);
    }

    private Path path(String text) throws WordException {
        if (text.isBlank() || text.indexOf('\0') >= 0) {
            throw new WordException("not a path", "write the path of a file or block device");
        }
        return PathReader.parse(text, folder);
    }

    private void checkSocketPath(Mapping entry, Path socket) {
        try {
            AddressReader.socketPath(socket);
        } catch (WordException e) {
            findings.add(entry.node(), "state-dir", e.cause(), e.remedy());
        }
    }

    private void refuseExposed(Node at, Address address) {
        if (!insecure && address instanceof Tcp tcp && !tcp.isLoopback()) {
            findings.add(
                    at,
                    "reachable from other machines, without encryption",
                    "use 127.0.0.1 or unix:PATH, or add insecure: true to the group");
        }
    }

    private static long logSize(String text) throws WordException {
        long size = Units.size(text);
        if (size < LOG_MIN || size % SECTOR != 0) {
            throw new WordException("not a size of a log", "write 2MiB or more, a multiple of 512");
        }
        return size;
    }

    private static long logStart(String text) throws WordException {
        long start = Units.size(text);
        if (start % BLOCK != 0) {
            throw new WordException("not a place for a log", "write a multiple of 4KiB");
        }
        return start;
    }
}
