package dmctl.cli.replicator;

import dmctl.config.GroupConfig.FrontEnd;
import dmctl.config.GroupPlaces;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * Where tables and groups' files are.
 *
 * @param tables of mapped devices, gone with the next boot like these
 * @param files groups' files
 * @param state folders of the groups' state
 * @param frontEnd the one that this kernel has
 * @param patience how long a device may take to appear
 * @param hindrance what is in the way of it for so long does not go away by itself
 */
record Places(
        Path tables,
        Path files,
        Path state,
        Supplier<FrontEnd> frontEnd,
        Duration patience,
        Duration hindrance) {
    private static final Path UBLK = Path.of("/dev/ublk-control");

    static Places ofThisMachine() {
        return new Places(
                Path.of("/run/dmctl/tables"),
                GroupPlaces.SYSTEM_FILES,
                GroupPlaces.SYSTEM_STATE,
                () -> Files.exists(UBLK) ? FrontEnd.UBLK : FrontEnd.KERNEL_NBD,
                Duration.ofMinutes(5),
                Duration.ofSeconds(5));
    }

    Path file(String group) {
        return files.resolve(group + ".yaml");
    }

    Path savedTables(String group) {
        return state.resolve(group).resolve("tables");
    }
}
