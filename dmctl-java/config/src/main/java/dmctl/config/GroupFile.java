package dmctl.config;

import dmctl.config.GroupConfig.Device;
import dmctl.config.GroupConfig.FrontEnd;
import dmctl.config.GroupConfig.Site;
import dmctl.config.GroupConfig.Tuning;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Node;

/** Reads the YAML file that describes a group whole. */
public final class GroupFile {
    private static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,62}";
    private static final int SITE_MAX = 2_047;

    private final Path file;
    private final Path folder;
    private final Findings findings;

    private GroupFile(Path file) {
        this.file = file.toAbsolutePath().normalize();
        this.folder = GroupPlaces.folder(this.file);
        this.findings = new Findings(file.toString());
    }

    /**
     * Reads and validates a file. Opens nothing that it names.
     *
     * @param file the file; relative paths in it are relative to {@link GroupPlaces#folder}
     * @return the group
     * @throws ConfigException names every error with file, line, column, word and remedy
     */
    public static GroupConfig read(Path file) throws ConfigException {
        try {
            return parse(file, Files.readString(file));
        } catch (NoSuchFileException e) {
            throw unreadable(file, "no such file", "name a group's YAML file");
        } catch (MalformedInputException e) {
            throw unreadable(file, "not UTF-8 text", "name a group's YAML file");
        } catch (IOException e) {
            throw unreadable(
                    file, "cannot be read: " + e.getMessage(), "check its path and rights");
        }
    }

    /**
     * Validates the text of a file.
     *
     * @param file its name, for messages and relative paths
     * @param text its content
     * @return the group
     * @throws ConfigException names every error with file, line, column, word and remedy
     */
    public static GroupConfig parse(Path file, String text) throws ConfigException {
        Node root;
        try {
            root = new Yaml(new LoaderOptions()).compose(new StringReader(text));
        } catch (MarkedYAMLException e) {
            Mark mark = e.getProblemMark();
            throw new ConfigException(
                    List.of(
                            new ConfigError(
                                    file.toString(),
                                    mark == null ? 0 : mark.getLine() + 1,
                                    mark == null ? 0 : mark.getColumn() + 1,
                                    "YAML",
                                    oneLine(e.getProblem()),
                                    "check indentation, colons and quotes up to here")));
        } catch (YAMLException e) {
            throw unreadable(file, oneLine(e.getMessage()), "write plain YAML");
        }
        if (root == null) {
            throw unreadable(file, "is empty", "describe a group: group, devices, sites");
        }
        GroupFile reader = new GroupFile(file);
        GroupConfig config = reader.group(root);
        reader.findings.throwIfAny();
        return config;
    }

    private static String oneLine(@Nullable String text) {
        return text == null ? "not YAML" : text.lines().findFirst().orElse("not YAML").strip();
    }

    private static ConfigException unreadable(Path file, String cause, String remedy) {
        return new ConfigException(
                List.of(new ConfigError(file.toString(), 0, 0, "file", cause, remedy)));
    }

    private GroupConfig group(Node root) {
        Mapping top = new Mapping(root, "the group", findings);
        String name = top.needValue("group", "add: group: NAME", "group", GroupFile::name);
        UUID uuid = top.value("uuid", derivedUuid(name), GroupFile::uuid);
        int blockSize = top.value("block-size", 512, GroupFile::blockSize);
        List<Device> devices = devices(top, blockSize);
        boolean insecure = top.value("insecure", false, GroupFile::yesOrNo);
        Path stateDir = defaults(top);
        FrontEnd frontEnd =
                top.value(
                        "front-end",
                        FrontEnd.SOCKETS,
                        text -> SiteSettings.word(FrontEnd.class, text));
        SitesReader sitesReader =
                new SitesReader(
                        findings,
                        folder,
                        stateDir,
                        frontEnd,
                        devices,
                        insecure,
                        name,
                        MapperReader.everywhere(top));
        List<Site> sites =
                sitesReader.sites(
                        top,
                        top.need("sites", "add: sites: with one entry per site"),
                        this::numbered);
        int primary = primary(top, sites);
        Tuning tuning = TuningReader.tuning(top, blockSize, findings);
        top.refuseTheRest();
        return new GroupConfig(
                file, name, uuid, blockSize, devices, sites, primary, tuning, insecure);
    }

    private Path defaults(Mapping top) {
        Node node = top.take("defaults");
        if (node == null) {
            return folder;
        }
        Mapping defaults = new Mapping(node, "defaults", findings);
        Path stateDir = defaults.value("state-dir", folder, text -> PathReader.parse(text, folder));
        defaults.refuseTheRest();
        return stateDir;
    }

    private List<Device> devices(Mapping top, int blockSize) {
        Node node =
                top.need("devices", "add: devices: with one entry {name: NAME, size: SIZE} each");
        List<Device> devices = new ArrayList<>();
        if (node == null) {
            return devices;
        }
        List<Node> entries = top.list("devices");
        Map<String, Node> names = new HashMap<>();
        Map<Integer, Node> numbers = new HashMap<>();
        int position = 0;
        for (Node entry : entries) {
            Mapping mapping = new Mapping(entry, "a device", findings);
            String name = mapping.needValue("name", "add: name: NAME", "", GroupFile::name);
            int nr = numbered(mapping, position++, numbers, "device");
            long size =
                    mapping.needValue(
                            "size",
                            "add: size: SIZE, for example 1GiB",
                            (long) blockSize,
                            text -> deviceSize(text, blockSize));
            mapping.refuseTheRest();
            if (names.putIfAbsent(name, entry) == null) {
                devices.add(new Device(nr, name, size));
            } else if (!name.isEmpty()) {
                findings.add(entry, name, "two devices have this name", "give each its own");
            }
        }
        if (entries.isEmpty()) {
            findings.add(node, "devices", "none given", "add an entry {name: NAME, size: SIZE}");
        }
        devices.removeIf(device -> device.name().isEmpty());
        devices.sort(Comparator.comparingInt(Device::nr));
        return List.copyOf(devices);
    }

    /** Number of an entry: as written, or its position in the list. */
    private int numbered(Mapping entry, int position, Map<Integer, Node> seen, String what) {
        int nr = entry.value("nr", position, text -> number(text, SITE_MAX));
        if (seen.putIfAbsent(nr, entry.node()) != null) {
            findings.add(
                    entry.node(),
                    "nr " + nr,
                    "two entries have this number as a " + what,
                    "write nr: NUMBER at one of them, a free one");
        }
        return nr;
    }

    private int primary(Mapping top, List<Site> sites) {
        if (sites.isEmpty()) {
            top.take("primary");
            return 0;
        }
        String first =
                sites.stream()
                        .filter(site -> site.daemon().isPresent())
                        .findFirst()
                        .orElse(sites.getFirst())
                        .name();
        Node at = top.has("primary") ? top.take("primary") : top.node();
        String name = top.value("primary", first, text -> text);
        Site found = sites.stream().filter(s -> s.name().equals(name)).findFirst().orElse(null);
        if (found == null) {
            findings.add(
                    at == null ? top.node() : at,
                    "primary " + name,
                    "no such site",
                    "name one of " + String.join(", ", sites.stream().map(Site::name).toList()));
            return 0;
        }
        if (found.daemon().isEmpty() && found.link() == GroupConfig.LinkType.BLOCKDEV) {
            findings.add(
                    at == null ? top.node() : at,
                    "primary " + name,
                    "a blockdev site has no daemon and cannot be primary",
                    "name a site with link: tcp");
        }
        return found.nr();
    }

    /**
     * Returns the UUID of a group whose file gives none: the same for the same name, so that all
     * sites agree without an exchange.
     *
     * @param name of the group
     * @return its UUID
     */
    public static UUID derivedUuid(String name) {
        return UUID.nameUUIDFromBytes(("dmctl group " + name).getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Tells whether a group, a site or a device may have a name.
     *
     * @param text the name
     * @return true if so
     */
    public static boolean isName(String text) {
        return text.matches(NAME);
    }

    static String name(String text) throws WordException {
        if (!isName(text)) {
            throw new WordException(
                    "not a name", "use up to 63 letters, digits, dots, dashes and underscores");
        }
        return text;
    }

    static int number(String text, int max) throws WordException {
        int value = text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : -1;
        if (value < 0 || value > max) {
            throw new WordException("not a number in range", "write 0 to " + max);
        }
        return value;
    }

    private static UUID uuid(String text) throws WordException {
        if (!text.matches("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")) {
            throw new WordException("not a UUID", "write the output of uuidgen, or leave it out");
        }
        return UUID.fromString(text);
    }

    private static int blockSize(String text) throws WordException {
        return switch (text) {
            case "512" -> 512;
            case "4096", "4KiB" -> 4096;
            default -> throw new WordException("not a block size", "write 512 or 4096");
        };
    }

    private static long deviceSize(String text, int blockSize) throws WordException {
        long size = Units.size(text);
        if (size == 0 || size % blockSize != 0) {
            throw new WordException(
                    "not a multiple of the block size " + blockSize,
                    "write " + Math.max(blockSize, (size + blockSize - 1) / blockSize * blockSize));
        }
        return size;
    }

    private static boolean yesOrNo(String text) throws WordException {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new WordException("neither true nor false", "write true or false");
        };
    }
}
