package dmctl.cli.replicator;

import dmctl.config.LogOpening;
import dmctl.config.table.Copy;
import dmctl.config.table.DirtyLog;
import dmctl.config.table.Link;
import dmctl.config.table.LogDevice;
import dmctl.config.table.OneLineTable;
import dmctl.config.table.ReplicatorDevTable;
import dmctl.config.table.ReplicatorTable;
import dmctl.nativebridge.devmapper.DeviceNumber;
import dmctl.nativebridge.devmapper.TableLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;

/** Device names in tables: whole paths where they are kept, numbers where they are shown. */
final class TableWords {
    private static final int FILE_TYPE = 0xf000;
    private static final int BLOCK_DEVICE = 0x6000;

    private TableWords() {}

    static ReplicatorTable with(ReplicatorTable table, UnaryOperator<String> device) {
        return new ReplicatorTable(table.extent(), with(table.log(), device), table.links());
    }

    static OneLineTable with(OneLineTable table, UnaryOperator<String> device) {
        return new OneLineTable(
                table.extent(),
                with(table.log(), device),
                table.sites().stream()
                        .map(site -> new OneLineTable.Site(site.link(), with(site.copy(), device)))
                        .toList());
    }

    static ReplicatorTable with(ReplicatorTable table, LogDevice log) {
        return new ReplicatorTable(table.extent(), log, table.links());
    }

    static OneLineTable with(OneLineTable table, LogDevice log) {
        return new OneLineTable(table.extent(), log, table.sites());
    }

    private static LogDevice with(LogDevice log, UnaryOperator<String> device) {
        return new LogDevice(
                device.apply(log.device()), log.startSector(), log.opening(), log.sizeSectors());
    }

    static LogDevice with(LogDevice log, LogOpening opening, OptionalLong sectors) {
        return new LogDevice(log.device(), log.startSector(), opening, sectors);
    }

    /** Of another size, where a size is said. */
    static LogDevice sized(LogDevice log, long sectors) {
        return log.sizeSectors().isEmpty()
                ? log
                : with(log, log.opening(), OptionalLong.of(sectors));
    }

    static ReplicatorTable with(ReplicatorTable table, List<Link> links) {
        return new ReplicatorTable(table.extent(), table.log(), links);
    }

    static ReplicatorDevTable with(
            ReplicatorDevTable table, String replicator, UnaryOperator<String> device) {
        return new ReplicatorDevTable(
                table.extent(),
                replicator,
                table.devNr(),
                table.copies().stream().map(copy -> with(copy, device)).toList());
    }

    static ReplicatorDevTable with(ReplicatorDevTable table, List<Copy> copies) {
        return new ReplicatorDevTable(table.extent(), table.replicator(), table.devNr(), copies);
    }

    private static Copy with(Copy copy, UnaryOperator<String> device) {
        DirtyLog log =
                switch (copy.dirtyLog()) {
                    case DirtyLog.Disk disk ->
                            new DirtyLog.Disk(
                                    device.apply(disk.device()),
                                    disk.regionSectors(),
                                    disk.firstSync());
                    case DirtyLog.None none -> none;
                    case DirtyLog.Core core -> core;
                };
        return new Copy(copy.linkNr(), device.apply(copy.device()), log);
    }

    /** A name that means the same from every folder. */
    static String whole(String device) {
        try {
            return isNumber(device) ? device : Path.of(device).toAbsolutePath().toString();
        } catch (InvalidPathException e) {
            return device; // named when the group is made of it
        }
    }

    /** As the kernel shows a device: by number, where it is one and is there. */
    static String shown(String device) {
        return number(device).map(DeviceNumber::toString).orElse(device);
    }

    static boolean isNumber(String device) {
        return device.matches("[0-9]{1,4}:[0-9]{1,7}");
    }

    /** The number of a block device. */
    static Optional<DeviceNumber> number(String device) {
        if (isNumber(device)) {
            String[] parts = device.split(":", -1);
            return Optional.of(
                    new DeviceNumber(Integer.parseInt(parts[0]), Integer.parseInt(parts[1])));
        }
        try {
            Path path = Path.of(device);
            int mode = (Integer) Files.getAttribute(path, "unix:mode");
            return (mode & FILE_TYPE) == BLOCK_DEVICE
                    ? Optional.of(DeviceNumber.ofDevT((Long) Files.getAttribute(path, "unix:rdev")))
                    : Optional.empty();
        } catch (IOException | InvalidPathException e) {
            return Optional.empty();
        }
    }

    /** The words behind the target's name, as {@code dmsetup table} shows them. */
    static TableLine line(String text) {
        String[] words = text.split(" ", 4);
        return new TableLine(
                Long.parseLong(words[0]), Long.parseLong(words[1]), words[2], words[3] + " ");
    }

    static String text(TableLine line) {
        return String.format(
                Locale.ROOT,
                "%d %d %s %s",
                line.start(),
                line.length(),
                line.target(),
                line.params().strip());
    }
}
