package dmctl.cli.replicator;

import dmctl.config.table.Table;
import dmctl.config.table.TableException;
import dmctl.config.table.TableFile;
import java.util.Optional;
import java.util.Set;

/**
 * A mapped device that has, or is to get, a table of ours.
 *
 * @param name under /dev/mapper
 * @param uuid that it has at the kernel
 * @param askedUuid what {@code create -u} said
 * @param group whose it is; of a control device its first name
 * @param control whether it is the device of a {@code replicator} table
 * @param live the table in force, in canonical form; empty before the first
 * @param inactive the table that the next resume puts into force
 * @param devNr number of the device of a one-line table, which does not say it; else -1
 * @param statistics what its status shows besides
 */
record Entry(
        String name,
        String uuid,
        Optional<String> askedUuid,
        String group,
        boolean control,
        Optional<String> live,
        Optional<String> inactive,
        int devNr,
        Set<Statistics> statistics) {
    /** Keeps the set from changing. */
    Entry {
        statistics = Set.copyOf(statistics);
    }

    /** Counts that status shows where a message has asked for them. */
    enum Statistics {
        /** Requests of applications. */
        REPLICATOR,
        /** The log. */
        REPLOG
    }

    /** One that is new. */
    static Entry of(
            String name, String uuid, Optional<String> askedUuid, String group, boolean control) {
        return new Entry(
                name,
                uuid,
                askedUuid,
                group,
                control,
                Optional.empty(),
                Optional.empty(),
                -1,
                Set.of());
    }

    Entry withUuid(String text) {
        return with(name, text, live, inactive, devNr, statistics);
    }

    Entry withLive(String text) {
        return with(name, uuid, Optional.of(text), Optional.empty(), devNr, statistics);
    }

    Entry withInactive(Optional<String> text) {
        return with(name, uuid, live, text, devNr, statistics);
    }

    Entry named(String other) {
        return with(other, uuid, live, inactive, devNr, statistics);
    }

    Entry numbered(int nr) {
        return with(name, uuid, live, inactive, nr, statistics);
    }

    Entry showing(Set<Statistics> shown) {
        return with(name, uuid, live, inactive, devNr, shown);
    }

    private Entry with(
            String newName,
            String newUuid,
            Optional<String> newLive,
            Optional<String> newInactive,
            int nr,
            Set<Statistics> shown) {
        return new Entry(
                newName, newUuid, askedUuid, group, control, newLive, newInactive, nr, shown);
    }

    /** Whether it has a table of 2008. */
    boolean isOneLine() {
        return devNr >= 0;
    }

    static Table table(String text) {
        try {
            return TableFile.parse("table", text).ours().getFirst().table();
        } catch (TableException e) {
            throw new IllegalStateException("a table that was read before: " + text, e);
        }
    }
}
