package dmctl.config.table;

import dmctl.config.table.LinkParser.Form;
import dmctl.config.table.OneLineTable.Site;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads the words of one line, from its name or its start to its end. */
final class LineParser {
    static final String REPLICATOR = "replicator";
    static final String REPLICATOR_DEV = "replicator-dev";

    private final Words words;
    private final int line;
    private final Groups groups;
    private Optional<String> name = Optional.empty();

    LineParser(Words words, int line, Groups groups) {
        this.words = words;
        this.line = line;
        this.groups = groups;
    }

    /** What the line calls its mapped device. */
    Optional<String> name() {
        return name;
    }

    /**
     * Reads the line.
     *
     * @return its table; empty if the target is another's
     */
    Optional<Table> table() throws TableException {
        words.requireWritable();
        if (words.left() > 0 && words.peek().text().endsWith(":")) {
            name = Optional.of(name(words.next()));
        }
        Word start = words.next("no start", "write START LENGTH TARGET");
        long first = Words.decimal(start.text(), Extent.SECTOR_MAX);
        if (first < 0) {
            throw words.refuse(start, "invalid start", "write a sector, mostly 0");
        }
        Word length = words.next("no length", "write START LENGTH TARGET");
        long sectors = Words.decimal(length.text(), Extent.SECTOR_MAX - first);
        if (sectors < 0) {
            throw words.refuse(length, "invalid length", "write a number of sectors");
        }
        if (sectors == 0) {
            throw words.refuse(length, "zero-length target", "write 1 or more");
        }
        Word target = words.next("no target", "write START LENGTH TARGET");
        Extent extent = new Extent(first, sectors);
        return switch (target.text()) {
            case REPLICATOR -> {
                if (first != 0) {
                    words.warn(start, "no data passes here, the start means nothing", "write 0");
                }
                yield Optional.of(replicator(extent));
            }
            case REPLICATOR_DEV -> Optional.of(replicatorDev(extent));
            default -> Optional.empty();
        };
    }

    private String name(Word word) throws TableException {
        String text = word.text().substring(0, word.text().length() - 1);
        if (text.isEmpty() || text.contains("/")) {
            throw words.refuse(word, "no name of a mapped device", "write NAME: before the table");
        }
        if (groups.isNamed(text)) {
            throw words.refuse(word, "another line has this name", "give each its own");
        }
        return text;
    }

    private Table replicator(Extent extent) throws TableException {
        if (words.left() < 3) {
            throw words.refuseEnd(
                    "Invalid argument count", "write the log, and the site links behind it");
        }
        Word type = words.next();
        return switch (type.text()) {
            case "ringbuffer" -> controlTable(extent);
            case "replog" -> oneLineTable(extent);
            default ->
                    throw words.refuse(
                            type,
                            "replication log module for \"" + type.text() + "\" not found",
                            "write ringbuffer; replog in a line of 2008");
        };
    }

    private ReplicatorTable controlTable(Extent extent) throws TableException {
        LogParser logParser = new LogParser(words, false);
        LogDevice log = logParser.log();
        groups.requireNewLog(words, logParser.device(), log);
        LinkParser parser = new LinkParser(words, Form.OF_2009);
        List<Link> links = new ArrayList<>();
        do {
            links.add(parser.link());
        } while (words.left() > 0);
        groups.addReplicator(name, Group.of(line, log, links));
        return new ReplicatorTable(extent, log, links);
    }

    private OneLineTable oneLineTable(Extent extent) throws TableException {
        LogParser logParser = new LogParser(words, true);
        LogDevice log = logParser.log();
        Group group = groups.oneLine(words, logParser, line, log);
        boolean first = !group.knowsLinks();
        LinkParser parser = new LinkParser(words, Form.OF_2008);
        CopyParser copies = new CopyParser(words, extent, group, "device of line " + line);
        List<Site> sites = new ArrayList<>();
        do {
            Word type = words.left() > 0 ? words.peek() : logParser.device();
            Link link = parser.link();
            Link before = group.link(link.nr());
            if (!first && before == null) {
                throw words.refuse(
                        type,
                        "Cannot find site link context",
                        "line " + group.line() + " has no site link " + link.nr());
            }
            if (before != null && !before.equals(link)) {
                throw words.refuse(
                        type,
                        "other properties of the site link than on line " + group.line(),
                        "write them as there");
            }
            group.add(link);
            sites.add(new Site(link, copies.copy(link.nr())));
        } while (words.left() > 0);
        group.addDevice(group.devices());
        return new OneLineTable(extent, log, sites);
    }

    private ReplicatorDevTable replicatorDev(Extent extent) throws TableException {
        if (words.left() < 7) {
            throw words.refuseEnd(
                    "Not enough device arguments",
                    "write the replicator, a number, and the local copy: 0 1 DEVICE nolog 0");
        }
        Word replicator = words.next();
        Group group = groups.replicator(words, replicator).orElseGet(Group::unknown);
        Word number = words.next();
        long devNr = Words.decimal(number.text(), Integer.MAX_VALUE);
        if (devNr < 0) {
            throw words.refuse(
                    number, "Invalid device number argument", "write 0 or another number");
        }
        if (!group.addDevice((int) devNr)) {
            throw words.refuse(
                    number, "device already exists", "give each device of a group its own number");
        }
        CopyParser parser = new CopyParser(words, extent, group, "device " + devNr);
        List<Copy> copies = new ArrayList<>();
        Set<Integer> seen = new HashSet<>();
        do {
            int linkNr = linkNr(group, seen, devNr);
            copies.add(parser.copy(linkNr));
        } while (words.left() > 0);
        return new ReplicatorDevTable(extent, replicator.text(), (int) devNr, copies);
    }

    private int linkNr(Group group, Set<Integer> seen, long devNr) throws TableException {
        Word word = words.peek();
        if (words.left() < 5) {
            throw words.refuse(
                    word, "Invalid device arguments", "a further copy has five words at least");
        }
        words.next();
        long nr = Words.decimal(word.text(), Link.NR_MAX);
        if (nr < 0) {
            throw words.refuse(
                    word, "Invalid site link number argument", "write 0 to " + Link.NR_MAX);
        }
        if (seen.isEmpty() && nr != 0) {
            throw words.refuse(
                    word,
                    "Sibling device=" + devNr + " on SLINK0 doesn't exist!",
                    "begin with the local copy, site link 0");
        }
        if (!seen.add((int) nr)) {
            throw words.refuse(word, "device already exists", "one copy at each site");
        }
        if (group.knowsLinks() && group.link((int) nr) == null) {
            throw words.refuse(
                    word,
                    "Cannot find site link context",
                    "the replicator of line " + group.line() + " has no site link " + nr);
        }
        return (int) nr;
    }
}
