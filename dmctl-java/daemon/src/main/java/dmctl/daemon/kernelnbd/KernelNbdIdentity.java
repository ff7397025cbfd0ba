package dmctl.daemon.kernelnbd;

import dmctl.nativebridge.FileFacts;
import dmctl.nativebridge.RecordFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.UUID;

/**
 * By what a site knows its devices at the kernel again: a random id, made once, that the kernel
 * keeps with each of them, and which of {@code /dev/nbdN} each one was. Kept in {@code kernel-nbd}
 * in the state folder; in a copy of that folder it does not count.
 *
 * <pre>
 *   id 0d9c1a52-...
 *   folder fe:01 131074          device and inode of the state folder
 *   0 nbd3                       number of the device in the group, and at the kernel
 * </pre>
 */
final class KernelNbdIdentity {
    private static final String FILE = "kernel-nbd";
    private static final String PREFIX = "nbd";

    private final Path folder;
    private final String folderWords;
    private final Map<Integer, Integer> indexes = new TreeMap<>();
    private String id = "";

    private KernelNbdIdentity(Path folder) throws IOException {
        this.folder = folder;
        FileFacts facts = FileFacts.of(folder);
        this.folderWords = facts.device() + " " + facts.inode();
    }

    /** Whether a site ever had devices at the kernel. */
    static boolean isIn(Path folder) {
        return Files.exists(folder.resolve(FILE));
    }

    /** Reads the identity of a site; makes a new one where there is none for this very folder. */
    static KernelNbdIdentity of(Path folder) throws IOException {
        KernelNbdIdentity identity = new KernelNbdIdentity(folder);
        identity.read();
        if (identity.id.isEmpty()) {
            identity.id = UUID.randomUUID().toString();
            identity.write();
        }
        return identity;
    }

    private void read() throws IOException {
        Path file = folder.resolve(FILE);
        if (!Files.exists(file)) {
            return;
        }
        String found = "";
        boolean here = false;
        for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
            int space = line.indexOf(' ');
            String key = space < 0 ? line : line.substring(0, space);
            String value = line.substring(space + 1);
            switch (key) {
                case "id" -> found = value;
                case "folder" -> here = value.equals(folderWords);
                default -> readIndex(key, value);
            }
        }
        if (here && !found.isBlank()) {
            id = found;
        } else {
            indexes.clear();
        }
    }

    private void readIndex(String devNr, String device) throws IOException {
        if (!devNr.matches("[0-9]{1,4}") || !device.matches(PREFIX + "[0-9]{1,7}")) {
            throw new IOException(
                    folder.resolve(FILE)
                            + ": cannot be read: \""
                            + devNr
                            + " "
                            + device
                            + "\"; remove it when none of this site's devices is in use");
        }
        indexes.put(Integer.parseInt(devNr), Integer.parseInt(device.substring(PREFIX.length())));
    }

    /** What the kernel keeps with a device, to tell whose it is. */
    String backend(int devNr) {
        return "dmctl:" + id + ":" + devNr;
    }

    /** Which of the kernel's devices it was last. */
    OptionalInt index(int devNr) {
        Integer index = indexes.get(devNr);
        return index == null ? OptionalInt.empty() : OptionalInt.of(index);
    }

    /** Notes which of the kernel's devices it is; durable when this returns. */
    void note(int devNr, int index) throws IOException {
        Integer before = indexes.put(devNr, index);
        if (before == null || before != index) {
            write();
        }
    }

    private void write() throws IOException {
        StringBuilder text = new StringBuilder("id " + id + "\nfolder " + folderWords + "\n");
        indexes.forEach((devNr, index) -> text.append(devNr + " " + PREFIX + index + "\n"));
        RecordFile.replace(folder.resolve(FILE), text.toString());
    }
}
