package dmctl.config.table;

import dmctl.config.ConfigException;
import dmctl.config.table.DirtyLog.Regions;
import dmctl.config.table.TableFile.Foreign;
import dmctl.config.table.TableFile.Ours;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The tables of one group, whichever their form.
 *
 * @param name of the control device, where there is one and a line says it
 * @param log the replog
 * @param links site 0 first
 * @param members in the order of their numbers
 * @param foreign lines of other targets between them
 */
record TableGroup(
        Optional<String> name,
        LogDevice log,
        List<Link> links,
        List<Member> members,
        List<Integer> foreign) {
    /**
     * A device of the group.
     *
     * @param nr its number
     * @param name of the mapped device, where its line says it
     * @param extent of the mapped device
     * @param copies at the sites
     */
    record Member(int nr, Optional<String> name, Extent extent, List<Copy> copies) {}

    static TableGroup of(TableFile tables) throws ConfigException {
        List<Integer> foreign =
                tables.entries().stream()
                        .filter(Foreign.class::isInstance)
                        .map(TableFile.Entry::line)
                        .toList();
        Optional<String> name = Optional.empty();
        LogDevice log = null;
        boolean hasControl = false;
        List<Link> links = List.of();
        List<Member> members = new ArrayList<>();
        for (Ours line : tables.ours()) {
            switch (line.table()) {
                case ReplicatorTable control -> {
                    if (log != null) {
                        throw severalGroups(line);
                    }
                    hasControl = true;
                    name = line.name();
                    log = control.log();
                    links = control.links();
                }
                case ReplicatorDevTable device -> {
                    if (!hasControl) {
                        throw new ConfigException(
                                "line "
                                        + line.line()
                                        + ": the table of its replicator is not here; write it"
                                        + " before this line");
                    }
                    members.add(
                            new Member(
                                    device.devNr(), line.name(), device.extent(), device.copies()));
                }
                case OneLineTable both -> {
                    if (hasControl || (log != null && !both.log().device().equals(log.device()))) {
                        throw severalGroups(line);
                    }
                    log = log == null ? both.log() : log;
                    links =
                            links.isEmpty()
                                    ? both.sites().stream().map(OneLineTable.Site::link).toList()
                                    : links;
                    members.add(
                            new Member(
                                    members.size(),
                                    line.name(),
                                    both.extent(),
                                    both.sites().stream().map(OneLineTable.Site::copy).toList()));
                }
            }
        }
        if (log == null || members.isEmpty()) {
            throw new ConfigException("no table of a replicated device; add its replicator-dev");
        }
        members.sort(Comparator.comparingInt(Member::nr));
        return new TableGroup(name, log, links, List.copyOf(members), foreign);
    }

    private static ConfigException severalGroups(Ours line) {
        return new ConfigException(
                "line " + line.line() + " begins another group; convert one group at a time");
    }

    /** Size of the regions of all dirty logs; 0 if there is none. */
    long regionSectors() {
        return members.stream()
                .flatMap(member -> member.copies().stream())
                .map(Copy::dirtyLog)
                .filter(Regions.class::isInstance)
                .mapToLong(log -> ((Regions) log).regionSectors())
                .findFirst()
                .orElse(0);
    }
}
