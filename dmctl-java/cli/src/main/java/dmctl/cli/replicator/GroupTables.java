package dmctl.cli.replicator;

import dmctl.config.ConfigException;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.DaemonPlaces;
import dmctl.config.GroupConfig.FrontEnd;
import dmctl.config.GroupConfig.Site;
import dmctl.config.GroupFile;
import dmctl.config.GroupText;
import dmctl.config.LogOpening;
import dmctl.config.MapperName;
import dmctl.config.table.Copy;
import dmctl.config.table.Link;
import dmctl.config.table.LogDevice;
import dmctl.config.table.ReplicatorDevTable;
import dmctl.config.table.ReplicatorTable;
import dmctl.config.table.TableError;
import dmctl.config.table.TableException;
import dmctl.config.table.TableFile;
import dmctl.config.table.TablesToGroup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The tables of one group: of its control device, and of all devices that it has or had. What a
 * table of an earlier boot says holds until the same device gets another, for the log may hold
 * writes of it.
 *
 * @param group its name, the first one of its control device
 * @param controlName name of the control device
 * @param control its table
 * @param members the devices by their numbers
 */
record GroupTables(
        String group, String controlName, ReplicatorTable control, Map<Integer, Member> members) {
    /** Number of the site whose tables these are. */
    static final int LOCAL = 0;

    private static final String HEAD =
            "# Made by dmctl dmsetup from the tables of the group; made anew when one changes.\n";

    GroupTables {
        members = java.util.Collections.unmodifiableMap(new TreeMap<>(members));
    }

    /**
     * A device.
     *
     * @param name of the mapped device
     * @param askedUuid what {@code create -u} said
     * @param table its table
     * @param shown whether the mapped device is there, or is to be
     */
    record Member(
            String name, Optional<String> askedUuid, ReplicatorDevTable table, boolean shown) {
        /** The same with another table. */
        Member with(ReplicatorDevTable other) {
            return new Member(name, askedUuid, other, shown);
        }

        /** The same in a group whose control device has this path. */
        Member at(String replicator) {
            return with(TableWords.with(table, replicator, device -> device));
        }

        /** The same without its mapped device. */
        Member hidden() {
            return new Member(name, askedUuid, table, false);
        }
    }

    GroupTables with(Member member) {
        Map<Integer, Member> more = new TreeMap<>(members);
        more.put(member.table().devNr(), member);
        return new GroupTables(group, controlName, control, more);
    }

    GroupTables without(int devNr) {
        Map<Integer, Member> rest = new TreeMap<>(members);
        rest.remove(devNr);
        return new GroupTables(group, controlName, control, rest);
    }

    GroupTables with(ReplicatorTable table) {
        return new GroupTables(group, controlName, table, members);
    }

    /**
     * The same once the log is there: it is neither made again, nor refused because it got another
     * size and the command that was to note it was killed.
     */
    GroupTables withLogMade() {
        LogDevice log = control.log();
        return log.opening() == LogOpening.AUTO
                ? this
                : with(TableWords.with(log, LogOpening.OPEN, OptionalLong.empty()));
    }

    private GroupTables with(LogDevice log) {
        return with(TableWords.with(control, log));
    }

    /** The same with a log of another size, where the tables say one. */
    GroupTables withLogSize(long sectors) {
        return with(TableWords.sized(control.log(), sectors));
    }

    List<Member> shown() {
        return members.values().stream().filter(Member::shown).toList();
    }

    /** Whether both are about the same log. */
    boolean hasLogOf(LogDevice other) {
        return control.log().device().equals(other.device())
                && control.log().startSector() == other.startSector();
    }

    /** All tables, a line each, the control device's first. */
    String text() {
        return controlName
                + ": "
                + control.text()
                + "\n"
                + members.values().stream()
                        .map(member -> member.name() + ": " + member.table().text() + "\n")
                        .collect(Collectors.joining());
    }

    /** Holds the tables against each other; the last line is the one that may be wrong. */
    void check() throws Refusal {
        parse(text());
    }

    static TableFile parse(String text) throws Refusal {
        try {
            return TableFile.parse("table", text);
        } catch (TableException e) {
            TableError error = e.errors().getLast();
            throw new Refusal(
                    new TableError(
                                    "table",
                                    1,
                                    error.column(),
                                    error.length(),
                                    error.text(),
                                    error.cause(),
                                    error.remedy())
                            .toString());
        }
    }

    /**
     * The links of which each device has a copy. The others are no sites of the group yet: a site
     * comes with the last {@code device add}, and goes with the first {@code device del}.
     */
    List<Link> completeLinks() {
        return control.links().stream()
                .filter(link ->
                        members.values().stream()
                                .allMatch(member -> hasCopy(member.table(), link.nr())))
                .toList();
    }

    static boolean hasCopy(ReplicatorDevTable table, int linkNr) {
        return table.copies().stream().anyMatch(copy -> copy.linkNr() == linkNr);
    }

    /**
     * The group's file.
     *
     * @param file where it is
     * @param frontEnd of the local site
     */
    String fileText(Path file, FrontEnd frontEnd) throws Refusal {
        try {
            GroupConfig config =
                    TablesToGroup.convert(parse(complete().text()), file, Optional.of(group))
                            .value();
            List<Site> sites = new ArrayList<>();
            for (Site site : config.sites()) {
                sites.add(site.nr() == LOCAL ? local(site, frontEnd) : site);
            }
            GroupConfig shown =
                    new GroupConfig(
                            config.file(),
                            config.name(),
                            config.uuid(),
                            config.blockSize(),
                            config.devices(),
                            sites,
                            config.primary(),
                            config.tuning(),
                            config.insecure());
            String text = HEAD + GroupText.of(shown);
            GroupFile.parse(file, text);
            return text;
        } catch (ConfigException e) {
            throw new Refusal(String.valueOf(e.getMessage()));
        }
    }

    static boolean isMade(String fileText) {
        return fileText.startsWith(HEAD);
    }

    private GroupTables complete() {
        List<Link> links = completeLinks();
        Map<Integer, Member> devices = new TreeMap<>();
        members.forEach((nr, member) -> {
            List<Copy> copies =
                    member.table().copies().stream()
                            .filter(copy ->
                                    links.stream().anyMatch(link -> link.nr() == copy.linkNr()))
                            .toList();
            devices.put(nr, member.with(TableWords.with(member.table(), copies)));
        });
        return new GroupTables(group, controlName, TableWords.with(control, links), devices);
    }

    private Site local(Site site, FrontEnd frontEnd) {
        DaemonPlaces places = site.daemon().orElseThrow();
        List<MapperName> names =
                shown().stream()
                        .map(member ->
                                new MapperName(
                                        member.table().devNr(), member.name(), member.askedUuid()))
                        .toList();
        return new Site(
                site.nr(),
                site.name(),
                site.link(),
                Optional.of(
                        new DaemonPlaces(
                                places.listen(),
                                places.connect(),
                                places.log(),
                                places.nbd(),
                                frontEnd,
                                names,
                                places.stateDir())),
                site.devices(),
                site.settings());
    }
}
