package dmctl.daemon;

import dmctl.config.FileTrouble;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.DaemonPlaces;
import dmctl.config.GroupConfig.LogPlace;
import dmctl.config.GroupConfig.Site;
import dmctl.config.LogOpening;
import dmctl.config.MapperName;
import dmctl.config.Units;
import dmctl.daemon.io.StorageFiles;
import dmctl.nativebridge.RecordFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The files of a site before they are opened. A file that was there once and is gone is never made
 * anew: an empty log or device in its place would pass for the data that is lost; nor is another
 * one made where the group's file now says that it is elsewhere. Which files were there, and as
 * what, is kept in {@code files} in the state folder.
 *
 * <p>Sites without a daemon are known to the log by their number only: where devices stand under a
 * number that was another's, they would be taken for as far as those were.
 */
final class SiteFiles {
    private static final String INDEX = "files";
    private static final String USED_AS = " as ";
    private static final Pattern USED =
            Pattern.compile("(.*)" + USED_AS + "(log|device \\d+(?: of site \\d+)?)");

    private final GroupConfig config;
    private final Site self;
    private final DaemonPlaces places;
    private final boolean create;
    private final Consumer<String> said;

    /** Paths by what they were used as. */
    private final Map<String, String> uses = new LinkedHashMap<>();

    /** Paths noted by releases that did not note their use. */
    private final Set<String> known = new LinkedHashSet<>();

    SiteFiles(GroupConfig config, Site self, boolean create, Consumer<String> said) {
        this.config = config;
        this.self = self;
        this.places = self.daemon().orElseThrow();
        this.create = create;
        this.said = said;
    }

    /** Sees to it that all files of this site are there. */
    void prepare() throws DaemonFailure {
        try {
            Files.createDirectories(places.stateDir());
            readIndex();
            LogPlace log = places.log();
            if (log.opening() == LogOpening.OPEN && !Files.exists(log.path())) {
                throw missing(
                        "log",
                        log.path(),
                        "does not exist, and \"open: open\" makes none; mount or restore it, or"
                                + " correct the path");
            }
            long bytes = Math.addExact(log.startBytes(), log.newBytes());
            need("log", log.path(), bytes, StorageFiles.Space.WRITTEN, "log");
            for (int i = 0; i < config.devices().size(); i++) {
                GroupConfig.Device device = config.devices().get(i);
                need(
                        "device " + device.nr(),
                        self.devices().get(i),
                        device.sizeBytes(),
                        StorageFiles.Space.SPARSE,
                        "device " + device.name());
            }
            for (Site site : config.sites()) {
                if (site.daemon().isEmpty()) {
                    seeRemoteDevices(site);
                }
            }
            writeIndex();
        } catch (IOException e) {
            throw new DaemonFailure(
                    DaemonFailure.CANNOT_OPEN, "site " + self.name() + ": " + FileTrouble.text(e));
        }
    }

    private String header() {
        return "group " + config.uuid() + " site " + self.name();
    }

    private Path index() {
        return places.stateDir().resolve(INDEX);
    }

    private void readIndex() throws IOException, DaemonFailure {
        Path index = index();
        if (!Files.exists(index)) {
            return;
        }
        List<String> lines = Files.readAllLines(index, StandardCharsets.UTF_8);
        String first = lines.isEmpty() ? "" : lines.getFirst();
        for (String line : lines) {
            Matcher used = USED.matcher(line);
            if (used.matches()) {
                uses.put(used.group(2), used.group(1));
            } else {
                known.add(line);
            }
        }
        if (!first.equals(header())) {
            throw new DaemonFailure(
                    DaemonFailure.CANNOT_OPEN,
                    places.stateDir()
                            + " is the state folder of \""
                            + first
                            + "\", not of \""
                            + header()
                            + "\"; give each site of each group its own state-dir");
        }
    }

    private DaemonFailure missing(String what, Path path, String how) {
        return new DaemonFailure(
                DaemonFailure.CANNOT_OPEN,
                what + " of site " + self.name() + ": " + path + " " + how);
    }

    private void need(String use, Path path, long bytes, StorageFiles.Space space, String what)
            throws IOException, DaemonFailure {
        if (!Files.exists(path)) {
            String before = uses.get(use);
            if (before != null && !before.equals(path.toString())) {
                throw missing(
                        what,
                        path,
                        "does not exist, and "
                                + before
                                + " was used until now; move that there, or correct the path");
            }
            if (before != null || known.contains(path.toString())) {
                throw missing(
                        what,
                        path,
                        "is gone; mount or restore it. To begin anew with an empty copy instead,"
                                + " remove this site's log, devices and "
                                + index());
            }
            if (!create) {
                throw missing(
                        what, path, "does not exist; dmctl up makes it, or dmctld with --create");
            }
            if (path.startsWith("/dev")) {
                throw missing(
                        what,
                        path,
                        "does not exist; have its device there"
                                + (path.toString().endsWith(MapperName.ORIGIN)
                                        ? ", or put the group under a device in use: dmctl insert"
                                        : ""));
            }
            make(path, bytes, space, what + " of site " + self.name());
        }
        uses.put(use, path.toString());
    }

    /** Whoever is primary first makes what is missing of the sites that have no daemon. */
    private void seeRemoteDevices(Site site) throws IOException, DaemonFailure {
        for (int i = 0; i < config.devices().size(); i++) {
            GroupConfig.Device device = config.devices().get(i);
            String use = "device " + device.nr() + " of site " + site.nr();
            Path path = site.devices().get(i);
            String what = "device " + device.name() + " of site " + site.name();
            String before = uses.get(use);
            if (before != null && !before.equals(path.toString())) {
                throw otherRemoteDevice(what, site, path, before);
            }
            boolean there = Files.exists(path);
            if (!there && self.nr() == config.primary()) {
                if (before != null || known.contains(path.toString()) || !create) {
                    said.accept(what + ": " + path + " is not there; mount or restore it");
                } else {
                    make(path, device.sizeBytes(), StorageFiles.Space.SPARSE, what);
                    there = true;
                }
            }
            if (there) {
                uses.put(use, path.toString());
            }
        }
    }

    private DaemonFailure otherRemoteDevice(String what, Site site, Path path, String before) {
        return new DaemonFailure(
                DaemonFailure.CANNOT_OPEN,
                String.format(
                        Locale.ROOT,
                        "%s: the log knows site number %d with %s, and would take %s for as far as"
                                + " that is; write \"nr:\" with a number at site %s that no site had"
                                + " before, and it is copied whole. Where that only was moved, remove"
                                + " the line \"%s ...\" from %s",
                        what,
                        site.nr(),
                        before,
                        path,
                        site.name(),
                        before,
                        index()));
    }

    private void make(Path path, long bytes, StorageFiles.Space space, String what)
            throws IOException {
        Files.createDirectories(Objects.requireNonNull(path.getParent()));
        StorageFiles.create(path, bytes, space);
        said.accept("made " + path + ", " + Units.formatSize(bytes) + ", as " + what);
    }

    private void writeIndex() throws IOException {
        Set<String> lines = new LinkedHashSet<>();
        lines.add(header());
        lines.addAll(known);
        uses.forEach((use, path) -> lines.add(path + USED_AS + use));
        RecordFile.replace(index(), String.join("\n", lines) + "\n");
    }
}
