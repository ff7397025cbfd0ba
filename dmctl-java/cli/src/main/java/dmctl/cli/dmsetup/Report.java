package dmctl.cli.dmsetup;

import dmctl.nativebridge.devmapper.DeviceInfo;
import dmctl.nativebridge.devmapper.DeviceMapper;
import dmctl.nativebridge.devmapper.DeviceMapperException;
import dmctl.nativebridge.devmapper.DeviceNumber;
import dmctl.nativebridge.devmapper.DeviceRef;
import dmctl.nativebridge.devmapper.DeviceState;
import dmctl.nativebridge.devmapper.TaskFlag;
import dmctl.nativebridge.devmapper.TaskOptions;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The columns of {@code info -c}. */
final class Report {
    private static final String PRESET = "name,major,minor,attr,open,segments,events,uuid";

    /** A column, by the name that {@code -o} takes. */
    private enum Field {
        NAME("Name", 16, false),
        UUID("UUID", 32, false),
        READ_AHEAD("RAhead", 6, true),
        BLKDEVNAME("BlkDevName", 16, false),
        ATTR("Stat", 4, false),
        TABLES_LOADED("Tables", 6, false),
        SUSPENDED("Suspended", 9, false),
        READONLY("Read-only", 9, false),
        DEVNO("DevNo", 5, false),
        MAJOR("Maj", 3, true),
        MINOR("Min", 3, true),
        OPEN("Open", 4, true),
        SEGMENTS("Targ", 4, true),
        EVENTS("Event", 6, true),
        DEVICE_COUNT("#Devs", 5, true),
        DEVNOS_USED("DevNosUsed", 16, false),
        BLKDEVS_USED("BlkDevNamesUsed", 16, false);

        private final String heading;
        private final int width;
        private final boolean isNumber;

        Field(String heading, int width, boolean isNumber) {
            this.heading = heading;
            this.width = width;
            this.isNumber = isNumber;
        }

        static Field named(String name) throws Failure {
            String bare = name.replaceFirst("^(name|info|deps)_(?!count)", "");
            for (Field field : values()) {
                if (field.name().toLowerCase(Locale.ROOT).equals(bare)) {
                    return field;
                }
            }
            throw new Failure(
                    "Unrecognised field: "
                            + name
                            + "; there are "
                            + List.of(values()).stream()
                                    .map(field -> field.name().toLowerCase(Locale.ROOT))
                                    .collect(Collectors.joining(", ")));
        }
    }

    private record Key(int column, boolean descending) {}

    private final Session session;
    private final List<Field> fields = new ArrayList<>();

    /** Columns that are shown; those behind are only sorted by. */
    private final int shown;

    private final List<Key> keys = new ArrayList<>();
    private final List<List<String>> rows = new ArrayList<>();

    Report(Session session) throws Failure {
        this.session = session;
        String options = session.arguments().value(Switch.OPTIONS).orElse(PRESET);
        String all = options.startsWith("+") ? PRESET + "," + options.substring(1) : options;
        for (String name : all.split(",", -1)) {
            if (!name.isBlank()) {
                fields.add(Field.named(name.strip()));
            }
        }
        shown = fields.size();
        for (String key : session.arguments().value(Switch.SORT).orElse("").split(",", -1)) {
            if (!key.isBlank()) {
                Field field = Field.named(key.strip().replaceFirst("^[+-]", ""));
                if (!fields.contains(field)) {
                    fields.add(field);
                }
                keys.add(new Key(fields.indexOf(field), key.strip().startsWith("-")));
            }
        }
    }

    void add(DeviceState state) throws DeviceMapperException, Failure {
        List<String> row = new ArrayList<>();
        for (Field field : fields) {
            try {
                row.add(value(field, state));
            } catch (Failure e) {
                throw new Failure(
                        e.text()
                                + "\n_do_report_object: report function failed for field "
                                + field.name().toLowerCase(Locale.ROOT));
            }
        }
        rows.add(row);
    }

    private String value(Field field, DeviceState state) throws DeviceMapperException, Failure {
        DeviceInfo info = state.info();
        return switch (field) {
            case NAME -> state.name();
            case UUID -> state.uuid();
            case READ_AHEAD -> Integer.toString(readAhead(info.number()));
            case BLKDEVNAME ->
                    session.mapper()
                            .nameOf(info.number(), true)
                            .orElseThrow(() ->
                                    new Failure(
                                            "Could not resolve block device name for "
                                                    + info.number()
                                                    + "."));
            case ATTR ->
                    (info.liveTable() ? "L" : "-")
                            + (info.inactiveTable() ? "I" : "-")
                            + (info.suspended() ? "s" : "-")
                            + (info.readOnly() ? "r" : "w");
            case TABLES_LOADED ->
                    info.liveTable() && info.inactiveTable()
                            ? "Both"
                            : info.liveTable()
                                    ? "Live"
                                    : info.inactiveTable() ? "Inactive" : "None";
            case SUSPENDED -> info.suspended() ? "Suspended" : "Active";
            case READONLY -> info.readOnly() ? "Read-only" : "Writeable";
            case DEVNO -> info.number().toString();
            case MAJOR -> Integer.toString(info.number().major());
            case MINOR -> Integer.toString(info.number().minor());
            case OPEN -> Integer.toString(info.openCount());
            case SEGMENTS -> Integer.toString(info.targetCount());
            case EVENTS -> Integer.toUnsignedString(info.eventNr());
            case DEVICE_COUNT -> Integer.toString(below(info).size());
            case DEVNOS_USED ->
                    below(info).stream()
                            .map(DeviceNumber::toString)
                            .collect(Collectors.joining(","));
            case BLKDEVS_USED ->
                    below(info).stream()
                            .map(number ->
                                    session.mapper().nameOf(number, true).orElse(number.toString()))
                            .collect(Collectors.joining(","));
        };
    }

    /** Asked only here: the library complains of a device without a node. */
    private int readAhead(DeviceNumber number) throws DeviceMapperException {
        TaskOptions options = TaskOptions.NONE.with(TaskFlag.READ_AHEAD, TaskFlag.NO_OPEN_COUNT);
        return session.mapper().info(new DeviceRef.ByNumber(number), options).readAhead().orElse(0);
    }

    private List<DeviceNumber> below(DeviceInfo info) throws DeviceMapperException {
        DeviceMapper mapper = session.mapper();
        return mapper.deps(new DeviceRef.ByNumber(info.number()), TaskOptions.NONE).numbers();
    }

    private int compare(List<String> a, List<String> b) {
        for (Key key : keys) {
            String left = a.get(key.column());
            String right = b.get(key.column());
            int order =
                    fields.get(key.column()).isNumber
                            ? Long.compare(Long.parseLong(left), Long.parseLong(right))
                            : left.compareTo(right);
            if (order != 0) {
                return key.descending() ? -order : order;
            }
        }
        return 0;
    }

    void print() {
        if (rows.isEmpty()) {
            return;
        }
        Comparator<List<String>> order = this::compare;
        rows.sort(order);
        boolean bare = session.has(Switch.NOHEADINGS);
        boolean prefixes = session.has(Switch.NAMEPREFIXES);
        boolean aligned = !bare && !prefixes && !session.has(Switch.SEPARATOR);
        String separator = session.arguments().value(Switch.SEPARATOR).orElse(bare ? ":" : " ");
        List<List<String>> lines = new ArrayList<>();
        if (!bare) {
            lines.add(fields.stream().map(field -> field.heading).toList());
        }
        int headings = lines.size();
        lines.addAll(rows);
        PrintWriter out = session.out();
        for (int i = 0; i < lines.size(); i++) {
            List<String> cells = new ArrayList<>();
            for (int column = 0; column < shown; column++) {
                String text = lines.get(i).get(column);
                Field field = fields.get(column);
                if (aligned) {
                    cells.add(padded(text, width(column), i >= headings && field.isNumber));
                } else {
                    cells.add(prefixes && i >= headings ? prefixed(field, text) : text);
                }
            }
            out.print(String.join(separator, cells));
            out.print('\n');
        }
    }

    private int width(int column) {
        int width = fields.get(column).width;
        for (List<String> row : rows) {
            width = Math.max(width, row.get(column).length());
        }
        return width;
    }

    private static String padded(String text, int width, boolean right) {
        String cut = text.substring(0, Math.min(text.length(), width));
        String blanks = " ".repeat(width - cut.length());
        return right ? blanks + cut : cut + blanks;
    }

    private String prefixed(Field field, String text) {
        String quote = session.has(Switch.UNQUOTED) ? "" : "'";
        return "DM_" + field.name() + "=" + quote + text + quote;
    }
}
