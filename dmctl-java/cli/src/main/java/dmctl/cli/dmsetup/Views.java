package dmctl.cli.dmsetup;

import dmctl.nativebridge.devmapper.DeviceDeps;
import dmctl.nativebridge.devmapper.DeviceInfo;
import dmctl.nativebridge.devmapper.DeviceMapperException;
import dmctl.nativebridge.devmapper.DeviceNumber;
import dmctl.nativebridge.devmapper.DeviceRef;
import dmctl.nativebridge.devmapper.DeviceState;
import dmctl.nativebridge.devmapper.DeviceTable;
import dmctl.nativebridge.devmapper.ListedDevice;
import dmctl.nativebridge.devmapper.TableLine;
import dmctl.nativebridge.devmapper.TargetVersion;
import dmctl.nativebridge.devmapper.TaskFlag;
import dmctl.nativebridge.devmapper.TaskOptions;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** The verbs that show mapped devices. */
final class Views {
    private static final Pattern INTEGRITY_KEY =
            Pattern.compile("((?:internal_hash|journal_crypt|journal_mac):[^ :]*:)([^ ]*)");

    private Views() {}

    /** A device given by name, option or as one of all. */
    private interface Shown {
        void show(DeviceRef device, Optional<String> name) throws Failure, DeviceMapperException;
    }

    /** Shows one device, or each that there is; what fails for one does not keep the others. */
    private static void each(Session session, Optional<String> name, Shown shown)
            throws Failure, DeviceMapperException {
        if (name.isPresent() || session.byOption().isPresent()) {
            shown.show(session.device(name), name);
            return;
        }
        List<ListedDevice> devices = session.mapper().list();
        if (devices.isEmpty()) {
            session.out().print("No devices found\n");
        }
        boolean failed = false;
        for (ListedDevice device : devices) {
            try {
                shown.show(DeviceRef.named(device.name()), Optional.of(device.name()));
            } catch (DeviceMapperException e) {
                if (!e.told()) {
                    throw e;
                }
                failed = true; // gone meanwhile, and the log has said it: the others count
            } catch (Failure e) {
                line(session.err(), e.text());
                failed = true;
            }
        }
        if (failed) {
            throw new Failure("");
        }
    }

    private static TaskOptions options(Session session) throws Failure {
        return session.options(
                TaskFlag.NO_OPEN_COUNT,
                TaskFlag.INACTIVE,
                TaskFlag.CHECKS,
                TaskFlag.NO_FLUSH,
                TaskFlag.READ_AHEAD);
    }

    static void info(Session session, Optional<String> name, Optional<Report> report)
            throws Failure, DeviceMapperException {
        TaskOptions options = options(session);
        boolean columns = report.isPresent();
        each(
                session,
                name,
                (device, text) -> {
                    DeviceState state =
                            session.mapper()
                                    .info(
                                            device,
                                            columns ? options : options.with(TaskFlag.READ_AHEAD));
                    if (!state.info().exists()) {
                        throw new Failure("Device does not exist.");
                    }
                    if (columns) {
                        report.get().add(state);
                    } else {
                        describe(session, state);
                    }
                });
    }

    /** The long description of a device. */
    static void describe(Session session, DeviceState state) throws Failure {
        DeviceInfo info = state.info();
        if (!info.exists()) {
            throw new Failure("Device does not exist.");
        }
        PrintWriter out = session.out();
        line(out, "Name:              " + state.name());
        line(
                out,
                "State:             "
                        + (info.suspended() ? "SUSPENDED" : "ACTIVE")
                        + (info.readOnly() ? " (READ-ONLY)" : "")
                        + (info.deferredRemove() ? " (DEFERRED REMOVE)" : ""));
        if (state.readAhead().isPresent()) {
            line(out, "Read Ahead:        " + state.readAhead().getAsInt());
        }
        String tables =
                info.liveTable() && info.inactiveTable()
                        ? "LIVE & INACTIVE"
                        : info.liveTable() ? "LIVE" : info.inactiveTable() ? "INACTIVE" : "None";
        line(out, "Tables present:    " + tables);
        if (info.openCount() != -1) {
            line(out, "Open count:        " + info.openCount());
        }
        line(out, "Event number:      " + Integer.toUnsignedString(info.eventNr()));
        line(out, "Major, minor:      " + info.number().major() + ", " + info.number().minor());
        if (info.targetCount() != -1) {
            line(out, "Number of targets: " + info.targetCount());
        }
        if (!state.uuid().isEmpty()) {
            line(out, "UUID: " + state.uuid());
        }
        line(out, "");
    }

    private static void line(PrintWriter out, String text) {
        out.print(text);
        out.print('\n');
    }

    static void table(Session session, Optional<String> name, boolean several)
            throws Failure, DeviceMapperException {
        TaskOptions options = options(session);
        ConciseTables concise =
                session.has(Switch.CONCISE) ? new ConciseTables(session.out()) : null;
        each(
                session,
                name,
                (device, text) -> {
                    DeviceTable table = session.mapper().table(device, options);
                    DeviceTable shown =
                            session.has(Switch.SHOWKEYS)
                                    ? table
                                    : new DeviceTable(
                                            table.device(),
                                            table.lines().stream()
                                                    .map(Views::withoutKeys)
                                                    .toList());
                    if (concise == null) {
                        lines(session, shown, text, several);
                    } else {
                        existing(shown);
                        concise.add(shown);
                    }
                });
        if (concise != null) {
            concise.end();
        }
    }

    static void status(Session session, Optional<String> name, boolean several)
            throws Failure, DeviceMapperException {
        TaskOptions options = options(session);
        each(
                session,
                name,
                (device, text) ->
                        lines(session, session.mapper().status(device, options), text, several));
    }

    private static void existing(DeviceTable table) throws Failure {
        if (!table.device().info().exists()) {
            throw new Failure("Device does not exist.");
        }
    }

    private static boolean isWanted(Session session, TableLine line) {
        return session.arguments().value(Switch.TARGET).map(line.target()::equals).orElse(true);
    }

    private static void lines(
            Session session, DeviceTable table, Optional<String> name, boolean several)
            throws Failure {
        existing(table);
        PrintWriter out = session.out();
        String shownName = name.orElse(table.device().name());
        boolean verbose = session.has(Switch.VERBOSE);
        List<TableLine> wanted =
                table.lines().stream().filter(line -> isWanted(session, line)).toList();
        boolean any = !wanted.isEmpty() || (table.lines().isEmpty() && !session.has(Switch.TARGET));
        if (verbose && any) {
            describe(session, table.device());
        }
        String prefix = several && !verbose ? shownName + ": " : "";
        if (any && wanted.isEmpty()) {
            line(out, prefix);
        }
        for (TableLine line : wanted) {
            line(out, prefix + text(line));
        }
        if (several && verbose && any) {
            line(out, "");
        }
    }

    private static String text(TableLine line) {
        return Long.toUnsignedString(line.start())
                + " "
                + Long.toUnsignedString(line.length())
                + " "
                + line.target()
                + " "
                + line.params();
    }

    /** Zeroes in the place of keys, as many as the key has characters. */
    private static TableLine withoutKeys(TableLine line) {
        String params =
                switch (line.target()) {
                    case "crypt" -> withoutCryptKey(line.params());
                    case "integrity" ->
                            INTEGRITY_KEY
                                    .matcher(line.params())
                                    .replaceAll(match ->
                                            match.group(1) + "0".repeat(match.group(2).length()));
                    default -> line.params();
                };
        return new TableLine(line.start(), line.length(), line.target(), params);
    }

    private static String withoutCryptKey(String params) {
        int from = params.indexOf(' ') + 1;
        if (from == 0 || params.startsWith(":", from)) {
            return params; // the name of a key that the kernel holds
        }
        int to = params.indexOf(' ', from);
        int end = to < 0 ? params.length() : to;
        return params.substring(0, from) + "0".repeat(end - from) + params.substring(end);
    }

    static void deps(Session session, Optional<String> name, boolean several, DeviceNames names)
            throws Failure, DeviceMapperException {
        TaskOptions options = options(session);
        each(
                session,
                name,
                (device, text) -> {
                    DeviceDeps deps = session.mapper().deps(device, options);
                    PrintWriter out = session.out();
                    if (!deps.device().info().exists()) {
                        line(out, "Device does not exist.");
                        return;
                    }
                    boolean verbose = session.has(Switch.VERBOSE);
                    if (verbose) {
                        describe(session, deps.device());
                    }
                    StringBuilder line = new StringBuilder();
                    if (several && !verbose) {
                        line.append(text.orElse(deps.device().name())).append(": ");
                    }
                    line.append(deps.numbers().size()).append(" dependencies\t:");
                    for (DeviceNumber number : deps.numbers()) {
                        line.append(" (")
                                .append(
                                        names.of(session.mapper(), number)
                                                .orElse(number.major() + ", " + number.minor()))
                                .append(')');
                    }
                    line(out, line.toString());
                    if (several && verbose) {
                        line(out, "");
                    }
                });
    }

    static void list(Session session, DeviceNames names) throws Failure, DeviceMapperException {
        if (session.has(Switch.TARGET)) {
            listByTarget(session);
            return;
        }
        List<ListedDevice> devices = session.mapper().list();
        if (session.has(Switch.TREE)) {
            if (devices.isEmpty()) {
                line(session.out(), "No devices found");
            }
            DependencyTree tree = DependencyTree.of(session.mapper(), devices);
            new TreePrinter(session, tree).print();
            return;
        }
        if (devices.isEmpty()) {
            line(session.out(), "No devices found");
        }
        for (ListedDevice device : devices) {
            line(
                    session.out(),
                    device.name()
                            + "\t("
                            + names.of(session.mapper(), device.number())
                                    .orElse(device.number().toString())
                            + ")");
        }
    }

    private static void listByTarget(Session session) throws Failure, DeviceMapperException {
        TaskOptions options = options(session);
        each(
                session,
                Optional.empty(),
                (device, text) -> {
                    DeviceTable table = session.mapper().status(device, options);
                    existing(table);
                    if (table.lines().stream().anyMatch(line -> isWanted(session, line))) {
                        DeviceNumber number = table.device().info().number();
                        line(
                                session.out(),
                                text.orElse(table.device().name())
                                        + "\t("
                                        + number.major()
                                        + ", "
                                        + number.minor()
                                        + ")");
                    }
                });
    }

    static void targets(Session session) throws DeviceMapperException {
        for (TargetVersion target : session.mapper().targets()) {
            line(
                    session.out(),
                    String.format(
                            Locale.ROOT,
                            "%-16s v%d.%d.%d",
                            target.name(),
                            target.major(),
                            target.minor(),
                            target.patch()));
        }
    }

    static void version(Session session) throws DeviceMapperException {
        line(session.out(), "Library version:   " + session.mapper().libraryVersion());
        line(session.out(), "Driver version:    " + session.mapper().driverVersion());
    }

    static void await(Session session, List<String> words) throws Failure, DeviceMapperException {
        boolean byOption = session.byOption().isPresent();
        if (!byOption && words.isEmpty()) {
            throw new Failure("No device specified.");
        }
        Optional<String> name = byOption ? Optional.empty() : Optional.of(words.getFirst());
        List<String> left = byOption ? words : words.subList(1, words.size());
        int eventNr;
        try {
            eventNr = left.isEmpty() ? 0 : Integer.parseUnsignedInt(left.getLast());
        } catch (NumberFormatException e) {
            throw new Failure("Invalid event number: " + left.getLast());
        }
        DeviceState state =
                session.mapper()
                        .waitEvent(
                                session.device(name),
                                eventNr,
                                session.options(
                                        TaskFlag.NO_FLUSH,
                                        TaskFlag.NO_OPEN_COUNT,
                                        TaskFlag.INACTIVE,
                                        TaskFlag.CHECKS,
                                        TaskFlag.READ_AHEAD));
        if (session.has(Switch.VERBOSE)) {
            describe(session, state);
        }
    }
}
