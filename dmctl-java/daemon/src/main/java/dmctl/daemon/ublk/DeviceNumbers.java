package dmctl.daemon.ublk;

import dmctl.nativebridge.RecordFile;
import dmctl.nativebridge.UblkControl;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which number of a ublk device each device of the group has, or had last: it gets the same one
 * again if that is free. Written before a device is shown, so that one which was left behind is
 * known. One line for each: number in the group, number of the ublk device, mark.
 */
final class DeviceNumbers {
    private static final String HEADER = "ublk devices of group ";

    private final Path file;
    private final String header;
    private final UblkSettings settings;
    private final Map<Integer, Integer> ids = new TreeMap<>();

    DeviceNumbers(UblkSettings settings) throws IOException {
        this.settings = settings;
        file = settings.record();
        header = HEADER + settings.uuid() + " site " + settings.site();
        if (Files.exists(file)) {
            read(Files.readAllLines(file, StandardCharsets.UTF_8));
        }
    }

    private void read(List<String> lines) throws IOException {
        if (lines.isEmpty() || !lines.getFirst().equals(header)) {
            throw new IOException(
                    file + " does not begin with \"" + header + "\"; remove it if it is of no use");
        }
        for (String line : lines.subList(1, lines.size())) {
            if (!line.matches("[0-9]{1,5} [0-9]{1,9} [0-9a-f]{16}")) {
                throw new IOException(file + ": not a line of a device: " + line);
            }
            List<String> words = List.of(line.split(" ", -1));
            ids.put(Integer.valueOf(words.get(0)), Integer.valueOf(words.get(1)));
        }
    }

    /** The number a device has or had, or that of any. */
    int idOf(int devNr) {
        return ids.getOrDefault(devNr, UblkControl.ANY_ID);
    }

    void put(int devNr, int id) throws IOException {
        Integer before = ids.put(devNr, id);
        if (before == null || before != id) {
            write();
        }
    }

    private void write() throws IOException {
        StringBuilder text = new StringBuilder(header).append('\n');
        ids.forEach((devNr, id) ->
                text.append(devNr)
                        .append(' ')
                        .append(id)
                        .append(' ')
                        .append(String.format(Locale.ROOT, "%016x", settings.mark(devNr)))
                        .append('\n'));
        RecordFile.replace(file, text.toString());
    }

    /** No device of this site is left, and none is to come. */
    void forget() throws IOException {
        Files.deleteIfExists(file);
    }
}
