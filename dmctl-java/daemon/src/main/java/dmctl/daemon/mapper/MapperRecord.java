package dmctl.daemon.mapper;

import dmctl.config.MapperName;
import dmctl.nativebridge.FileFacts;
import dmctl.nativebridge.RecordFile;
import dmctl.nativebridge.devmapper.DeviceRef;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Which mapped devices a site has made since the machine was started. Kept in {@code mapper} in the
 * state folder; in a copy of that folder it does not count, and after the next boot neither.
 *
 * <pre>
 *   boot 5f0ec1f6-...
 *   folder fe:01 131074          device and inode of the state folder
 *   front-end ublk kernel-nbd    what the devices may lead to; while it is changed, the new one last
 *   0 erp-data DMCTL-...         number of the device in the group, name and UUID at device-mapper
 *   1 vg-app LVM-... inserted    the group was put under it; - for no UUID
 * </pre>
 */
final class MapperRecord {
    private static final String FILE = "mapper";
    private static final String INSERTED = "inserted";
    private static final String NONE = "-";

    private final Path folder;
    private final String bootWords;
    private final String folderWords;
    private final TreeMap<Integer, Entry> entries = new TreeMap<>();
    private List<String> frontEnds = List.of();

    /**
     * A mapped device.
     *
     * @param uuid empty if it has none
     * @param inserted whether it was there before, and the group was put under it
     */
    record Entry(int devNr, String name, String uuid, boolean inserted) {
        DeviceRef ref() {
            return uuid.isEmpty() ? DeviceRef.named(name) : new DeviceRef.Uuid(uuid);
        }

        String origin() {
            return name + MapperName.ORIGIN;
        }

        String path() {
            return "/dev/mapper/" + name;
        }
    }

    private MapperRecord(Path folder, String boot) throws IOException {
        this.folder = folder;
        this.bootWords = boot;
        FileFacts facts = FileFacts.of(folder);
        this.folderWords = facts.device() + " " + facts.inode();
    }

    /** Reads the record of a site; it is empty where there is none of this folder and boot. */
    static MapperRecord of(Path folder, String boot) throws IOException {
        MapperRecord record = new MapperRecord(folder, boot);
        Path file = folder.resolve(FILE);
        if (Files.exists(file)) {
            record.read(Files.readAllLines(file, StandardCharsets.UTF_8));
        }
        return record;
    }

    private void read(List<String> lines) throws IOException {
        boolean here = false;
        boolean now = false;
        for (String line : lines) {
            int space = line.indexOf(' ');
            String key = space < 0 ? line : line.substring(0, space);
            String value = line.substring(space + 1);
            switch (key) {
                case "boot" -> now = value.equals(bootWords);
                case "folder" -> here = value.equals(folderWords);
                case "front-end" -> frontEnds = List.copyOf(Arrays.asList(value.split(" ", -1)));
                default -> readEntry(line);
            }
        }
        if (!here || !now) {
            entries.clear();
        }
        if (entries.isEmpty()) {
            frontEnds = List.of();
        }
    }

    private void readEntry(String line) throws IOException {
        String[] words = line.split(" ", -1);
        boolean inserted = words.length == 4 && words[3].equals(INSERTED);
        if ((words.length != 3 && !inserted) || !words[0].matches("[0-9]{1,4}")) {
            throw new IOException(
                    folder.resolve(FILE)
                            + ": cannot be read: \""
                            + line
                            + "\"; remove it when none of this site's devices is in use");
        }
        int devNr = Integer.parseInt(words[0]);
        String uuid = words[2].equals(NONE) ? "" : words[2];
        entries.put(devNr, new Entry(devNr, words[1], uuid, inserted));
    }

    /** What this site has made; some may be gone. */
    List<Entry> entries() {
        return List.copyOf(entries.values());
    }

    /** What this site has made for a device. */
    Optional<Entry> entry(int devNr) {
        return Optional.ofNullable(entries.get(devNr));
    }

    /** The kinds of front ends that devices may lead to; none where there are no devices. */
    List<String> frontEnds() {
        return frontEnds;
    }

    /** Says what devices may lead to from now on; durable with the next device at the latest. */
    void frontEnds(List<String> kinds) throws IOException {
        boolean changed = !frontEnds.equals(kinds);
        frontEnds = List.copyOf(kinds);
        if (changed && !entries.isEmpty()) {
            write();
        }
    }

    /** Notes a device before it is made; durable when this returns. */
    void note(Entry entry) throws IOException {
        if (!entry.equals(entries.put(entry.devNr(), entry))) {
            write();
        }
    }

    /** Forgets a device after it was removed. */
    void forget(int devNr) throws IOException {
        if (entries.remove(devNr) != null) {
            write();
        }
    }

    private void write() throws IOException {
        StringBuilder text =
                new StringBuilder("boot " + bootWords + "\nfolder " + folderWords + "\n");
        if (!frontEnds.isEmpty()) {
            text.append("front-end ").append(String.join(" ", frontEnds)).append('\n');
        }
        for (Entry entry : entries.values()) {
            text.append(entry.devNr() + " " + entry.name() + " ")
                    .append(entry.uuid().isEmpty() ? NONE : entry.uuid())
                    .append(entry.inserted() ? " " + INSERTED : "")
                    .append('\n');
        }
        RecordFile.replace(folder.resolve(FILE), text.toString());
    }
}
