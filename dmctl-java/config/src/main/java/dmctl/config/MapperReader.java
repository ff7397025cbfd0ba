package dmctl.config;

import dmctl.config.GroupConfig.Device;
import dmctl.config.GroupConfig.FrontEnd;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;

/** Reads which names the devices have under /dev/mapper. */
final class MapperReader {
    private static final String FORMS = "write true, false or {DEVICE: NAME, ...}";

    private final Findings findings;
    private final String group;
    private final List<Device> devices;
    private final Claims claims;

    /** Where the group asks for names at every site; null if it does not. */
    private final @Nullable Node everywhere;

    MapperReader(
            Findings findings,
            String group,
            List<Device> devices,
            Claims claims,
            @Nullable Node everywhere) {
        this.findings = findings;
        this.group = group;
        this.devices = devices;
        this.claims = claims;
        this.everywhere = everywhere;
    }

    /** Reads the key at the group; null if it asks for nothing. */
    static @Nullable Node everywhere(Mapping top) {
        Node node = top.take("mapper");
        return node != null && top.parse(node, "mapper", false, MapperReader::yesOrNo)
                ? node
                : null;
    }

    /** The names at a site; none where its front end has no devices of the kernel. */
    List<MapperName> names(Mapping entry, String site, FrontEnd frontEnd, List<Path> copies) {
        boolean possible = frontEnd == FrontEnd.UBLK || frontEnd == FrontEnd.KERNEL_NBD;
        Node node = entry.take("mapper");
        if (node == null) {
            return everywhere == null || !possible ? List.of() : preset(everywhere, site);
        }
        if (!(node instanceof MappingNode)) {
            if (!entry.parse(node, "mapper", false, MapperReader::yesOrNo)) {
                return List.of();
            }
        }
        if (!possible) {
            findings.add(
                    node,
                    "mapper",
                    "front-end: "
                            + SiteSettings.spelled(frontEnd)
                            + " has no devices to give names to",
                    "write front-end: ublk or front-end: kernel-nbd, or remove it");
            return List.of();
        }
        return node instanceof MappingNode ? written(node, site, copies) : preset(node, site);
    }

    private List<MapperName> preset(Node at, String site) {
        List<MapperName> names = new ArrayList<>();
        for (Device device : devices) {
            names.add(claimed(at, site, device, group + "-" + device.name(), Optional.empty()));
        }
        return List.copyOf(names);
    }

    private List<MapperName> written(Node node, String site, List<Path> copies) {
        Mapping mapping = new Mapping(node, "the mapper names of site " + site, findings);
        List<MapperName> names = new ArrayList<>();
        for (int i = 0; i < devices.size(); i++) {
            Device device = devices.get(i);
            Node at = mapping.take(device.name());
            if (at != null) {
                MapperName name = name(mapping, at, site, device);
                if (name.inserted() && i < copies.size()) {
                    requireOrigin(at, device, name, copies.get(i));
                }
                names.add(name);
            }
        }
        mapping.refuseTheRest();
        return List.copyOf(names);
    }

    private MapperName name(Mapping mapping, Node at, String site, Device device) {
        String preset = group + "-" + device.name();
        if (!(at instanceof MappingNode)) {
            String name = mapping.parse(at, device.name(), preset, MapperReader::name);
            return claimed(at, site, device, name, Optional.empty());
        }
        Mapping entry = new Mapping(at, "a mapper name", findings);
        if (entry.has("insert")) {
            String live = entry.value("insert", preset, MapperReader::name);
            entry.refuseTheRest();
            claims.add(at, "/dev/mapper/" + live, use("name", device, site));
            return new MapperName(device.nr(), live, Optional.empty(), true);
        }
        String name = entry.needValue("name", "add: name: NAME", preset, MapperReader::name);
        Optional<String> uuid =
                entry.value("uuid", Optional.empty(), text -> Optional.of(uuid(text)));
        uuid.ifPresent(id -> claims.add(at, id, use("uuid", device, site)));
        entry.refuseTheRest();
        return claimed(at, site, device, name, uuid);
    }

    /** The group's copy is what the name led to; that gets a name of its own. */
    private void requireOrigin(Node at, Device device, MapperName name, Path copy) {
        String origin = "/dev/mapper/" + name.name() + MapperName.ORIGIN;
        if (!copy.toString().equals(origin)) {
            findings.add(
                    at,
                    "insert " + name.name(),
                    "the copy of device " + device.name() + " is " + copy + ", not its origin",
                    "write devices: {" + device.name() + ": " + origin + "}");
        }
    }

    private MapperName claimed(
            Node at, String site, Device device, String name, Optional<String> uuid) {
        claims.add(at, "/dev/mapper/" + name, use("name", device, site));
        return new MapperName(device.nr(), name, uuid);
    }

    private static String use(String what, Device device, String site) {
        return "mapper " + what + " of device " + device.name() + " of site " + site;
    }

    private static boolean yesOrNo(String text) throws WordException {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new WordException("not mapper names", FORMS);
        };
    }

    private static String name(String text) throws WordException {
        if (!MapperName.isName(text)) {
            throw new WordException(
                    "not a name under /dev/mapper",
                    "use up to 127 letters, digits and # + - . : = @ _");
        }
        return text;
    }

    private static String uuid(String text) throws WordException {
        if (!MapperName.isUuid(text)) {
            throw new WordException(
                    "not a UUID of device-mapper",
                    "use up to 128 letters, digits and # + - . : = @ _, or leave it out");
        }
        return text;
    }
}
