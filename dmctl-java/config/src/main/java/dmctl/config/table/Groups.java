package dmctl.config.table;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The groups of a file, found by what the lines call them. */
final class Groups {
    private static final String MAPPER = "/dev/mapper/";

    /** By name of the mapped device; one without a name by a name that no device has. */
    private final Map<String, Group> replicators = new LinkedHashMap<>();

    /** Groups of one-line tables, by path of their log. */
    private final Map<String, Group> oneLiners = new LinkedHashMap<>();

    /** Whether a name is given to a control device already. */
    boolean isNamed(String name) {
        return replicators.containsKey(name);
    }

    void addReplicator(Optional<String> name, Group group) {
        replicators.put(name.orElse("/" + replicators.size()), group);
    }

    /** Finds the group of a data device; empty if its line is not at hand. */
    Optional<Group> replicator(Words words, Word word) throws TableException {
        String path = word.text();
        if (!path.startsWith("/") && !path.matches("[0-9]{1,6}:[0-9]{1,7}")) {
            throw refused(words, word, "write its path, as /dev/mapper/NAME, or MAJOR:MINOR");
        }
        String name = path.startsWith(MAPPER) ? path.substring(MAPPER.length()) : "";
        Group named = replicators.get(name);
        if (named != null) {
            return Optional.of(named);
        }
        if (replicators.isEmpty()) {
            return Optional.empty();
        }
        if (!name.isEmpty() && replicators.keySet().stream().noneMatch(k -> k.startsWith("/"))) {
            throw refused(words, word, "no line before this one is the table of " + name);
        }
        if (replicators.size() == 1) {
            return Optional.of(replicators.values().iterator().next());
        }
        words.warn(
                word,
                "several replicators are here, and which one this is cannot be told",
                "write NAME: before their lines and /dev/mapper/NAME here");
        return Optional.empty();
    }

    private static TableException refused(Words words, Word word, String remedy) {
        return words.refuse(word, "Can't access replicator control device", remedy);
    }

    /** Refuses a log that another line of the control target has. */
    void requireNewLog(Words words, Word at, LogDevice log) throws TableException {
        for (Group group : replicators.values()) {
            refuseSameLog(words, at, log, group);
        }
        Group oneLine = oneLiners.get(log.device());
        if (oneLine != null) {
            refuseSameLog(words, at, log, oneLine);
        }
    }

    private static void refuseSameLog(Words words, Word at, LogDevice log, Group group)
            throws TableException {
        LogDevice other = group.log();
        if (other != null && other.device().equals(log.device())) {
            throw words.refuse(
                    at,
                    other.startSector() == log.startSector()
                            ? "Recreating replication log prohibited"
                            : "Device open with different start offset!",
                    "line " + group.line() + " has this log, give each group its own");
        }
    }

    /** The group of a one-line table, of which this may be the first line. */
    Group oneLine(Words words, LogParser parser, int line, LogDevice log) throws TableException {
        Word at = parser.device();
        Group found = oneLiners.get(log.device());
        @Nullable LogDevice other = found == null ? null : found.log();
        if (found == null || other == null) {
            requireNewLog(words, at, log);
            Group group = Group.of(line, log, List.of());
            oneLiners.put(log.device(), group);
            return group;
        }
        if (other.startSector() != log.startSector()) {
            refuseSameLog(words, at, log, found);
        }
        if (log.sizeSectors().isPresent()
                && other.sizeSectors().isPresent()
                && !log.sizeSectors().equals(other.sizeSectors())) {
            throw words.refuse(
                    parser.sizeWord(),
                    "another size of the log than on line " + found.line(),
                    "write " + other.sizeSectors().getAsLong());
        }
        return found;
    }
}
