package dmctl.cli.replicator;

import dmctl.cli.replicator.GroupTables.Member;
import dmctl.config.table.ReplicatorDevTable;
import dmctl.config.table.ReplicatorTable;
import dmctl.config.table.TableException;
import dmctl.config.table.TableFile;
import dmctl.config.table.TableFile.Ours;
import dmctl.nativebridge.RecordFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/** Files that outlive a boot: they are whole, or as they were. */
final class SavedTables {
    private SavedTables() {}

    /** What was saved of a group; empty if nothing was. */
    static Optional<GroupTables> read(Path file, String group) throws IOException, Refusal {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        TableFile tables;
        try {
            tables = TableFile.read(file);
        } catch (TableException e) {
            throw new Refusal(
                    "saved tables cannot be read, mend or remove them: " + e.getMessage());
        }
        String controlName = group;
        ReplicatorTable control = null;
        Map<Integer, Member> members = new TreeMap<>();
        for (Ours line : tables.ours()) {
            switch (line.table()) {
                case ReplicatorTable found -> {
                    control = found;
                    controlName = line.name().orElse(group);
                }
                case ReplicatorDevTable device ->
                        members.put(
                                device.devNr(),
                                new Member(
                                        line.name().orElse(group + "-" + device.devNr()),
                                        Optional.empty(),
                                        device,
                                        false));
                default -> throw new Refusal(file + ": line " + line.line() + " is not ours");
            }
        }
        return control == null
                ? Optional.empty()
                : Optional.of(new GroupTables(group, controlName, control, members));
    }

    static void write(Path file, String text) throws IOException {
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        RecordFile.replace(file, text);
    }
}
