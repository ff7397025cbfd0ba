package dmctl.config.table;

import dmctl.config.Address;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the lines of a group have said so far, so that further lines can be held against it: the
 * links, the devices, the paths in use, the region size. Empty of links where they are not known,
 * because the line with them is not at hand.
 */
final class Group {
    private final int line;
    private final @Nullable LogDevice log;
    private final Map<Integer, Link> links = new HashMap<>();
    private final Set<Integer> devNrs = new HashSet<>();
    private final Map<String, String> users = new HashMap<>();
    private long regionSectors;

    private Group(int line, @Nullable LogDevice log) {
        this.line = line;
        this.log = log;
    }

    /** A group of which no line is at hand. */
    static Group unknown() {
        return new Group(0, null);
    }

    /**
     * A group whose first line was read.
     *
     * @param line its number
     * @param links none if further lines may bring some
     */
    static Group of(int line, LogDevice log, List<Link> links) {
        Group group = new Group(line, log);
        group.users.put(" " + log.device(), "replog");
        links.forEach(group::add);
        return group;
    }

    int line() {
        return line;
    }

    @Nullable LogDevice log() {
        return log;
    }

    void add(Link link) {
        links.put(link.nr(), link);
    }

    @Nullable Link link(int nr) {
        return links.get(nr);
    }

    boolean knowsLinks() {
        return !links.isEmpty();
    }

    /** The machine that the copies behind a link are on; empty for this one. */
    String machine(int linkNr) {
        Link link = links.get(linkNr);
        return link != null
                        && linkNr != 0
                        && link.address().orElse(null) instanceof Address.Tcp tcp
                        && !tcp.isLoopback()
                ? tcp.host()
                : "";
    }

    int devices() {
        return devNrs.size();
    }

    /** Takes a number of a device; false if it is taken. */
    boolean addDevice(int devNr) {
        return devNrs.add(devNr);
    }

    /** Refuses a path that is in use already: two users would destroy each other's data. */
    void claim(Words words, Word word, String machine, String user) throws TableException {
        String other = users.putIfAbsent(machine + " " + word.text(), user);
        if (other != null) {
            throw words.refuse(word, "also the " + other, "give each a device of its own");
        }
    }

    void region(Words words, Word word, long sectors) throws TableException {
        if (regionSectors != 0 && regionSectors != sectors) {
            throw words.refuse(
                    word,
                    "region size argument must be the same for all devices",
                    "write " + regionSectors + " as before");
        }
        regionSectors = sectors;
    }
}
