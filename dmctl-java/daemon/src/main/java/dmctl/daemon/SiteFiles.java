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
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The files of a site before they are opened. A file that was there once and is gone is never made
 * anew: an empty log or device in its place would pass for the data that is lost. Which files were
 * there is kept in {@code files} in the state folder.
 */
final class SiteFiles {
    private static final String INDEX = "files";

    private final GroupConfig config;
    private final Site self;
    private final DaemonPlaces places;
    private final boolean create;
    private final Consumer<String> said;
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
            need(log.path(), bytes, StorageFiles.Space.WRITTEN, "log");
            for (int i = 0; i < config.devices().size(); i++) {
                GroupConfig.Device device = config.devices().get(i);
                need(
                        self.devices().get(i),
                        device.sizeBytes(),
                        StorageFiles.Space.SPARSE,
                        "device " + device.name());
            }
            if (self.nr() == config.primary()) {
                createRemoteDevices();
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
        known.addAll(Files.readAllLines(index, StandardCharsets.UTF_8));
        String first = known.isEmpty() ? "" : known.iterator().next();
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

    private void need(Path path, long bytes, StorageFiles.Space space, String what)
            throws IOException, DaemonFailure {
        if (!Files.exists(path)) {
            if (known.contains(path.toString())) {
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
        known.add(path.toString());
    }

    /** Whoever is primary first makes what is missing of the sites that have no daemon. */
    private void createRemoteDevices() throws IOException {
        for (Site site : config.sites()) {
            if (site.daemon().isPresent()) {
                continue;
            }
            for (int i = 0; i < config.devices().size(); i++) {
                Path path = site.devices().get(i);
                String what =
                        "device " + config.devices().get(i).name() + " of site " + site.name();
                if (Files.exists(path)) {
                    known.add(path.toString());
                } else if (known.contains(path.toString()) || !create) {
                    said.accept(what + ": " + path + " is not there; mount or restore it");
                } else {
                    make(
                            path,
                            config.devices().get(i).sizeBytes(),
                            StorageFiles.Space.SPARSE,
                            what);
                    known.add(path.toString());
                }
            }
        }
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
        RecordFile.replace(index(), String.join("\n", lines) + "\n");
    }
}
