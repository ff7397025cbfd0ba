package dmctl.cli.replicator;

import dmctl.cli.replicator.Entry.Statistics;
import dmctl.cli.replicator.GroupTables.Member;
import dmctl.config.table.Copy;
import dmctl.config.table.Extent;
import dmctl.config.table.Link;
import dmctl.config.table.LogDevice;
import dmctl.config.table.OneLineTable;
import dmctl.config.table.ReplicatorDevTable;
import dmctl.config.table.ReplicatorTable;
import dmctl.config.table.Table;
import dmctl.config.table.TableFile.Ours;
import dmctl.nativebridge.Errno;
import dmctl.nativebridge.devmapper.DeviceMapper;
import dmctl.nativebridge.devmapper.DeviceRef;
import dmctl.nativebridge.devmapper.TaskOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Follows messages in the grammar of the original's targets; words may be shortened as long as they
 * are of one.
 *
 * @param kernel the mapped devices
 * @param known the tables of all groups
 * @param serving has daemons serve them
 */
record Messages(DeviceMapper kernel, KnownTables known, Serving serving) {
    private static final String[] BOTH_TARGETS = {
        "start", "resume", "stop", "suspend", "postsuspend"
    };

    private static final String UNKNOWN = "invalid message received";

    void follow(Entry entry, String message) throws Refusal, IOException {
        List<String> words = List.of(message.strip().split("\\s+"));
        if (entry.live().isEmpty()) {
            throw Refusal.invalid("this device has no table in force yet; resume it first");
        }
        if (entry.isOneLine()) {
            toBoth(entry, words);
        } else if (entry.control()) {
            toReplicator(entry, words);
        } else {
            toDevice(entry, words);
        }
    }

    /** The one of the words that begins so. */
    private static String meant(String word, String unknown, String... known) throws Refusal {
        List<String> matching = new ArrayList<>();
        for (String each : known) {
            if (each.equals(word)) {
                return each;
            }
            if (!word.isEmpty() && each.startsWith(word)) {
                matching.add(each);
            }
        }
        if (matching.size() != 1) {
            throw Refusal.invalid(
                    unknown + " " + word + "; write one of " + String.join(", ", known));
        }
        return matching.getFirst();
    }

    /** A verb that both targets know, or one of the others. */
    private static String verb(List<String> words, String unknown, String... others)
            throws Refusal {
        List<String> verbs = new ArrayList<>(List.of(BOTH_TARGETS));
        verbs.addAll(List.of(others));
        return meant(words.getFirst(), unknown, verbs.toArray(String[]::new));
    }

    private void toReplicator(Entry entry, List<String> words) throws Refusal, IOException {
        switch (verb(words, UNKNOWN, "statistics", "replog", "slink")) {
            case "start", "resume" -> start(entry, withAll(words));
            case "stop", "suspend", "postsuspend" -> stop(entry, withAll(words));
            case "statistics" -> statistics(entry, Statistics.REPLICATOR, words, 1);
            case "replog" -> replog(entry, words);
            default -> slink(entry, words);
        }
    }

    /** To a device of 2008, whose table says what other lines say too. */
    private void toBoth(Entry entry, List<String> words) throws Refusal, IOException {
        switch (verb(words, UNKNOWN, "statistics", "replog", "slink", "device")) {
            case "slink", "device" ->
                    throw Refusal.invalid(
                            "the links and copies of a table of 2008 are in every line of its group;"
                                    + " remove the devices and create them with other lines");
            default -> toReplicator(entry, words);
        }
    }

    private static boolean withAll(List<String> words) throws Refusal {
        if (words.size() > 2) {
            throw Refusal.invalid("Invalid suspend/resume argument count");
        }
        return words.size() == 2 && meant(words.get(1), UNKNOWN, "all").equals("all");
    }

    private void start(Entry entry, boolean all) throws Refusal, IOException {
        GroupTables tables = known.tables(entry.group());
        if (!tables.shown().isEmpty()) {
            serving.apply(tables);
        }
        if (all) {
            for (Member member : tables.shown()) {
                kernel.resume(DeviceRef.named(member.name()), TaskOptions.NONE);
            }
        }
    }

    /** Nothing fails: requests wait for the start. */
    private void stop(Entry entry, boolean all) throws Refusal, IOException {
        if (all) {
            for (Member member : known.tables(entry.group()).shown()) {
                kernel.suspend(DeviceRef.named(member.name()), TaskOptions.NONE);
            }
        }
        var config = serving.config(entry.group());
        if (config.isPresent()) {
            serving.pause(config.get());
        }
    }

    private void statistics(Entry entry, Statistics part, List<String> words, int at)
            throws Refusal, IOException {
        if (words.size() != at + 1) {
            throw Refusal.invalid(
                    words.size() <= at
                            ? "too few message arguments"
                            : "too many message arguments");
        }
        Set<Statistics> shown = new HashSet<>(entry.statistics());
        switch (meant(words.get(at), UNKNOWN, "on", "off", "reset")) {
            case "on" -> shown.add(part);
            case "off" -> shown.remove(part);
            default -> serving.resetStatistics(entry.group(), part);
        }
        known.registry().put(entry.showing(shown));
    }

    /** Its words are the log's, which does not care for case. */
    private void replog(Entry entry, List<String> words) throws Refusal, IOException {
        if (words.size() != 3) {
            throw Refusal.invalid("Invalid number of arguments.");
        }
        List<String> lower = words.stream().map(word -> word.toLowerCase(Locale.ROOT)).toList();
        switch (meant(lower.get(1), "Invalid argument.", "statistics", "resize")) {
            case "statistics" -> statistics(entry, Statistics.REPLOG, lower, 2);
            default -> resize(entry, lower.get(2));
        }
    }

    /** The daemon stops meanwhile: requests wait, the devices and their names stay. */
    private void resize(Entry entry, String word) throws Refusal, IOException {
        long sectors = word.matches("[0-9]{1,15}") ? Long.parseLong(word) : -1;
        if (sectors < LogDevice.SECTORS_MIN) {
            throw Refusal.invalid(
                    "Invalid log size requested. Write sectors, "
                            + LogDevice.SECTORS_MIN
                            + " or more");
        }
        GroupTables before = known.tables(entry.group());
        if (before.shown().isEmpty()) {
            throw new Refusal(
                    "the log has another size made while devices are on it; create one first");
        }
        GroupTables now = before.withLogSize(sectors);
        now.check();
        serving.resizeLog(before, now, sectors * Extent.SECTOR_BYTES);
        for (Entry each : known.registry().all()) {
            if (each.group().equals(entry.group()) && each.live().isPresent()) {
                known.registry().put(sized(each, sectors));
            }
        }
        known.save(now);
    }

    private static Entry sized(Entry entry, long sectors) {
        String text =
                switch (Entry.table(entry.live().orElseThrow())) {
                    case ReplicatorTable control ->
                            TableWords.with(control, TableWords.sized(control.log(), sectors))
                                    .text();
                    case OneLineTable both ->
                            TableWords.with(both, TableWords.sized(both.log(), sectors)).text();
                    case ReplicatorDevTable device -> device.text();
                };
        return entry.withLive(text).withInactive(entry.inactive());
    }

    private void slink(Entry entry, List<String> words) throws Refusal, IOException {
        if (words.size() < 3) {
            throw Refusal.invalid("too few message arguments");
        }
        // The document has the number behind the verb; a number alone means a message to it.
        if (words.get(1).matches("[0-9]+")) {
            List<String> full = new ArrayList<>(words);
            full.add(1, "message");
            slink(entry, full);
            return;
        }
        switch (meant(words.get(1), UNKNOWN, "add", "del", "message")) {
            case "add" -> slinkAdd(entry, words);
            case "del" -> slinkDel(entry, words);
            default -> slinkMessage(entry, words);
        }
    }

    private static int linkNr(String word, int least) throws Refusal {
        int nr = word.matches("[0-9]{1,9}") ? Integer.parseInt(word) : -1;
        if (nr < least || nr > Link.NR_MAX) {
            throw Refusal.invalid("site link number invalid: " + word);
        }
        return nr;
    }

    private static Link link(GroupTables tables, int nr) throws Refusal {
        return tables.control().links().stream()
                .filter(link -> link.nr() == nr)
                .findFirst()
                .orElseThrow(() -> Refusal.invalid("site link doesn't exist"));
    }

    /** {@code slink add TYPE COUNT NR ...} as in the table, or with the number first. */
    private void slinkAdd(Entry entry, List<String> words) throws Refusal, IOException {
        int from = words.get(2).matches("[0-9]+") ? 3 : 2;
        GroupTables before = known.tables(entry.group());
        ReplicatorTable table =
                (ReplicatorTable)
                        parsed(
                                before.control().text()
                                        + " "
                                        + String.join(" ", words.subList(from, words.size())));
        Link added = table.links().getLast();
        if (from == 3 && linkNr(words.get(2), 1) != added.nr()) {
            throw Refusal.invalid("site link number invalid: two are given");
        }
        into(entry, before, table);
    }

    private static Table parsed(String text) throws Refusal {
        Ours line = GroupTables.parse(text).ours().getFirst();
        return line.table();
    }

    private void slinkDel(Entry entry, List<String> words) throws Refusal, IOException {
        int nr = linkNr(words.get(2), 1);
        GroupTables before = known.tables(entry.group());
        Link gone = link(before, nr);
        if (before.members().values().stream()
                .anyMatch(member -> GroupTables.hasCopy(member.table(), nr))) {
            throw new Refusal(
                    "site link still has devices; send each device: device del " + nr, Errno.EPERM);
        }
        List<Link> left = new ArrayList<>(before.control().links());
        left.remove(gone);
        into(entry, before, TableWords.with(before.control(), left));
    }

    private void slinkMessage(Entry entry, List<String> words) throws Refusal, IOException {
        if (words.size() < 5) {
            throw Refusal.invalid("too few message arguments");
        }
        GroupTables before = known.tables(entry.group());
        Link old = link(before, linkNr(words.get(2), 0));
        String what = meant(words.get(3), UNKNOWN, "fallbehind", "policy");
        List<String> values = words.subList(4, words.size());
        if (values.size() > (what.equals("policy") ? 1 : 2)) {
            throw Refusal.invalid("wrong " + what + " argument count");
        }
        List<Link> links = new ArrayList<>(before.control().links());
        links.set(links.indexOf(old), changed(old, what, values));
        GroupTables now = before.with(TableWords.with(before.control(), links));
        now.check();
        if (serving.config(entry.group()).isPresent() && !now.members().isEmpty()) {
            serving.set(now);
        }
        known.registry().put(entry.withLive(now.control().text()).withInactive(entry.inactive()));
    }

    /** What the words mean in a table, where they are checked. */
    private static Link changed(Link old, String what, List<String> values) throws Refusal {
        String[] before = lone("0 1 replicator ringbuffer 2 / 0", old).split(" ", -1);
        int limited = old.fallBehind().isPresent() ? 2 : 0;
        String policy = before[before.length - 1 - limited];
        String limit =
                limited == 0 ? "" : before[before.length - 2] + " " + before[before.length - 1];
        if (what.equals("policy")) {
            policy = values.getFirst();
        } else {
            limit = String.join(" ", values).replace('=', ' ');
        }
        List<String> words = new ArrayList<>();
        words.add(Integer.toString(old.nr()));
        old.address().ifPresent(address -> words.add(address.toString().replace(" ", "\\ ")));
        words.add(policy);
        words.addAll(limit.isEmpty() ? List.of() : List.of(limit.split(" ", -1)));
        String text =
                "0 1 replicator ringbuffer 2 / 0"
                        + (old.nr() == GroupTables.LOCAL ? "" : " blockdev 1 0")
                        + (old.address().isPresent() ? " tcp " : " blockdev ")
                        + words.size()
                        + " "
                        + String.join(" ", words);
        return ((ReplicatorTable) parsed(text)).links().getLast();
    }

    /** A link in the canonical form of a table. */
    private static String lone(String table, Link link) throws Refusal {
        ReplicatorTable some = (ReplicatorTable) parsed(table + " blockdev 1 0");
        return TableWords.with(some, List.of(link)).text();
    }

    private void into(Entry entry, GroupTables before, ReplicatorTable table)
            throws Refusal, IOException {
        GroupTables now = before.with(table);
        now.check();
        if (!now.shown().isEmpty() && !now.completeLinks().equals(before.completeLinks())) {
            known.change(now);
        }
        known.registry().put(entry.withLive(table.text()).withInactive(entry.inactive()));
    }

    private void toDevice(Entry entry, List<String> words) throws Refusal, IOException {
        DeviceRef device = DeviceRef.named(entry.name());
        switch (verb(words, "invalid message command", "device")) {
            case "start", "resume" -> kernel.resume(device, TaskOptions.NONE);
            case "stop", "suspend", "postsuspend" -> kernel.suspend(device, TaskOptions.NONE);
            default -> copies(entry, words);
        }
    }

    private void copies(Entry entry, List<String> words) throws Refusal, IOException {
        if (words.size() < 3) {
            throw Refusal.invalid("too few message arguments");
        }
        GroupTables before = known.tables(entry.group());
        ReplicatorDevTable table = (ReplicatorDevTable) Entry.table(entry.live().orElseThrow());
        Member member = before.members().get(table.devNr());
        if (member == null) {
            throw Refusal.invalid("invalid device command argument");
        }
        String verb = meant(words.get(1), "invalid device command argument", "add", "del");
        ReplicatorDevTable changed =
                verb.equals("add")
                        ? added(before, member, words.subList(2, words.size()))
                        : deleted(table, words.get(2));
        GroupTables now = before.with(member.with(changed));
        now.check();
        known.change(now);
        known.registry().put(entry.withLive(changed.text()).withInactive(entry.inactive()));
    }

    /** {@code device add REPLICATOR DEV_NR NR 1 PATH DIRTY_LOG...}: what a table has at its end. */
    private static ReplicatorDevTable added(GroupTables tables, Member member, List<String> words)
            throws Refusal {
        if (words.size() < 5 || !words.get(1).equals(Integer.toString(member.table().devNr()))) {
            throw Refusal.invalid(
                    "invalid device command argument; write device add REPLICATOR "
                            + member.table().devNr()
                            + " NR 1 DEVICE and its dirty log");
        }
        String text =
                tables.controlName()
                        + ": "
                        + tables.control().text()
                        + "\n"
                        + member.table().text()
                        + " "
                        + String.join(" ", words.subList(2, words.size()));
        ReplicatorDevTable read =
                (ReplicatorDevTable) GroupTables.parse(text).ours().getLast().table();
        return TableWords.with(read, read.replicator(), TableWords::whole);
    }

    private static ReplicatorDevTable deleted(ReplicatorDevTable table, String word)
            throws Refusal {
        int nr = word.matches("[0-9]{1,4}") ? Integer.parseInt(word) : 0;
        if (nr == GroupTables.LOCAL) {
            throw Refusal.invalid("invalid site link number argument; must be > 0");
        }
        List<Copy> left = new ArrayList<>(table.copies());
        if (!left.removeIf(copy -> copy.linkNr() == nr)) {
            throw Refusal.invalid("Cannot find site link context");
        }
        return TableWords.with(table, left);
    }
}
