package dmctl.cli.replicator;

import com.grack.nanojson.JsonArray;
import com.grack.nanojson.JsonObject;
import com.grack.nanojson.JsonParser;
import com.grack.nanojson.JsonParserException;
import com.grack.nanojson.JsonWriter;
import dmctl.cli.replicator.Entry.Statistics;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The tables of ours that mapped devices of this machine have, a file for each device. */
final class Registry {
    private static final String SUFFIX = ".json";

    private final Path folder;

    Registry(Path folder) {
        this.folder = folder;
    }

    /** Keeps other commands from changing anything; they wait. */
    interface Lock extends AutoCloseable {
        @Override
        void close() throws IOException;
    }

    Lock lock() throws IOException {
        Files.createDirectories(folder);
        FileChannel file =
                FileChannel.open(
                        folder.resolve("lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
        try {
            file.lock(); // goes with the channel
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
        return file::close;
    }

    Optional<Entry> find(String name) throws IOException {
        if (name.isEmpty() || name.contains("/")) {
            return Optional.empty();
        }
        try {
            return Optional.of(read(file(name)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** In the order of their names. */
    List<Entry> all() throws IOException {
        List<Entry> entries = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
            for (Path file : files) {
                String text = String.valueOf(file.getFileName());
                // One that is gone was removed meanwhile.
                find(text.substring(0, text.length() - SUFFIX.length())).ifPresent(entries::add);
            }
        } catch (NoSuchFileException e) {
            return entries; // no table since the machine was started
        }
        entries.sort(Comparator.comparing(Entry::name));
        return entries;
    }

    void put(Entry entry) throws IOException {
        JsonObject json = new JsonObject();
        json.put("name", entry.name());
        json.put("uuid", entry.uuid());
        json.put("askedUuid", entry.askedUuid().orElse(null));
        json.put("group", entry.group());
        json.put("control", entry.control());
        json.put("live", entry.live().orElse(null));
        json.put("inactive", entry.inactive().orElse(null));
        json.put("devNr", entry.devNr());
        JsonArray shown = new JsonArray();
        entry.statistics().forEach(each -> shown.add(each.name()));
        json.put("statistics", shown);
        Path made = folder.resolve(entry.name() + ".new");
        Files.createDirectories(folder);
        Files.writeString(made, JsonWriter.string(json));
        Files.move(
                made,
                file(entry.name()),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    void remove(String name) throws IOException {
        if (!name.contains("/")) {
            Files.deleteIfExists(file(name));
        }
    }

    private Path file(String name) {
        return folder.resolve(name + SUFFIX);
    }

    private static Entry read(Path file) throws IOException {
        JsonObject json;
        try {
            json = JsonParser.object().from(Files.readString(file, StandardCharsets.UTF_8));
        } catch (JsonParserException e) {
            throw new IOException(file + " is damaged; remove it", e);
        }
        return new Entry(
                json.getString("name", ""),
                json.getString("uuid", ""),
                Optional.ofNullable(json.getString("askedUuid")),
                json.getString("group", ""),
                json.getBoolean("control", false),
                Optional.ofNullable(json.getString("live")),
                Optional.ofNullable(json.getString("inactive")),
                json.getInt("devNr", -1),
                shown(json.getArray("statistics", new JsonArray())));
    }

    private static Set<Statistics> shown(JsonArray words) {
        Set<Statistics> shown = EnumSet.noneOf(Statistics.class);
        for (Statistics each : Statistics.values()) {
            if (words.contains(each.name())) {
                shown.add(each);
            }
        }
        return shown;
    }
}
