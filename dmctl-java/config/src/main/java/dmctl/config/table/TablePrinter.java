package dmctl.config.table;

import dmctl.config.table.Link.Policy;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** Writes tables in their canonical form: full words, exact units, nothing left to a preset. */
final class TablePrinter {
    private static final String SIZE_UNITS = "kmgtpe";
    private static final String TIME_UNITS = "tsmhd";
    private static final long[] TIME_FACTORS = {1_000, 60, 60, 24};

    private final List<String> words = new ArrayList<>();

    private TablePrinter() {}

    static String text(Table table) {
        TablePrinter printer = new TablePrinter();
        printer.add(table.extent().start());
        printer.add(table.extent().length());
        switch (table) {
            case ReplicatorTable control -> printer.control(control);
            case ReplicatorDevTable device -> printer.device(device);
            case OneLineTable both -> printer.oneLine(both);
        }
        return String.join(" ", printer.words);
    }

    private void add(long number) {
        words.add(Long.toString(number));
    }

    private void control(ReplicatorTable table) {
        words.add(LineParser.REPLICATOR);
        words.add("ringbuffer");
        log(table.log());
        for (Link link : table.links()) {
            words.add(link.address().isPresent() ? "tcp" : "blockdev");
            counted(linkWords(link, false));
        }
    }

    private void device(ReplicatorDevTable table) {
        words.add(LineParser.REPLICATOR_DEV);
        words.add(Words.quoted(table.replicator()));
        add(table.devNr());
        for (Copy copy : table.copies()) {
            add(copy.linkNr());
            copy(copy);
        }
    }

    private void oneLine(OneLineTable table) {
        words.add(LineParser.REPLICATOR);
        words.add("replog");
        log(table.log());
        for (OneLineTable.Site site : table.sites()) {
            words.add("local");
            counted(linkWords(site.link(), true));
            copy(site.copy());
        }
    }

    private void log(LogDevice log) {
        List<String> parameters = new ArrayList<>();
        parameters.add(Words.quoted(log.device()));
        parameters.add(Long.toString(log.startSector()));
        parameters.add(LogParser.spelled(log.opening()));
        OptionalLong size = log.sizeSectors();
        if (size.isPresent()) {
            parameters.add(Long.toString(size.getAsLong()));
        }
        counted(parameters);
    }

    private void counted(List<String> parameters) {
        add(parameters.size());
        words.addAll(parameters);
    }

    private static List<String> linkWords(Link link, boolean oneWord) {
        List<String> parameters = new ArrayList<>();
        parameters.add(Integer.toString(link.nr()));
        link.address().ifPresent(address -> parameters.add(Words.quoted(address.toString())));
        parameters.add(
                (link.policy() == Policy.SYNC ? "synchronous" : "asynchronous")
                        + (link.stall() ? "+stall" : ""));
        link.fallBehind()
                .ifPresent(limit -> {
                    String type = type(limit);
                    String value = value(limit);
                    if (oneWord) {
                        parameters.add(type + "=" + value);
                    } else {
                        parameters.add(type);
                        parameters.add(value);
                    }
                });
        return parameters;
    }

    private static String type(FallBehind limit) {
        return switch (limit) {
            case FallBehind.Ios ios -> "ios";
            case FallBehind.Size size -> size.bytes() % Extent.SECTOR_BYTES == 0 ? "size" : "data";
            case FallBehind.Timeout timeout -> "timeout";
        };
    }

    private static String value(FallBehind limit) {
        return switch (limit) {
            case FallBehind.Ios(long writes) -> Long.toString(writes);
            case FallBehind.Size(long bytes) -> size(bytes);
            case FallBehind.Timeout(long millis) -> time(millis);
        };
    }

    private static String size(long bytes) {
        if (bytes % Extent.SECTOR_BYTES != 0) {
            return Long.toString(bytes);
        }
        if (bytes % 1024 != 0) {
            return bytes / Extent.SECTOR_BYTES + "s";
        }
        int unit = 0;
        long number = bytes / 1024;
        while (number % 1024 == 0 && unit < SIZE_UNITS.length() - 1) {
            number /= 1024;
            unit++;
        }
        return number + SIZE_UNITS.substring(unit, unit + 1);
    }

    private static String time(long millis) {
        int unit = 0;
        long number = millis;
        while (unit < TIME_FACTORS.length && number % TIME_FACTORS[unit] == 0) {
            number /= TIME_FACTORS[unit++];
        }
        return number + TIME_UNITS.substring(unit, unit + 1);
    }

    private void copy(Copy copy) {
        words.add("1");
        words.add(Words.quoted(copy.device()));
        switch (copy.dirtyLog()) {
            case DirtyLog.None none -> {
                words.add("nolog");
                words.add("0");
            }
            case DirtyLog.Core core -> {
                words.add("core");
                counted(regions(new ArrayList<>(), core));
            }
            case DirtyLog.Disk disk -> {
                List<String> parameters = new ArrayList<>();
                parameters.add(Words.quoted(disk.device()));
                words.add("disk");
                counted(regions(parameters, disk));
            }
        }
    }

    private static List<String> regions(List<String> parameters, DirtyLog.Regions log) {
        parameters.add(Long.toString(log.regionSectors()));
        switch (log.firstSync()) {
            case UNSAID -> {}
            case SYNC -> parameters.add("sync");
            case NOSYNC -> parameters.add("nosync");
        }
        return parameters;
    }
}
