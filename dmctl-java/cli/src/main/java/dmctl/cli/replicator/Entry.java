package dmctl.cli.replicator;

import dmctl.config.table.Table;
import dmctl.config.table.TableException;
import dmctl.config.table.TableFile;
import java.util.Optional;

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
 */
record Entry(
        String name,
        String uuid,
        Optional<String> askedUuid,
        String group,
        boolean control,
        Optional<String> live,
        Optional<String> inactive) {

    Entry withUuid(String text) {
        return new Entry(name, text, askedUuid, group, control, live, inactive);
    }

    Entry withLive(String text) {
        return new Entry(
                name, uuid, askedUuid, group, control, Optional.of(text), Optional.empty());
    }

    Entry withInactive(Optional<String> text) {
        return new Entry(name, uuid, askedUuid, group, control, live, text);
    }

    Entry named(String other) {
        return new Entry(other, uuid, askedUuid, group, control, live, inactive);
    }

    static Table table(String text) {
        try {
            return TableFile.parse("table", text).ours().getFirst().table();
        } catch (TableException e) {
            throw new IllegalStateException("a table that was read before: " + text, e);
        }
    }
}
