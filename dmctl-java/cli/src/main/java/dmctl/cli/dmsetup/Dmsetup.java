package dmctl.cli.dmsetup;

import dmctl.nativebridge.devmapper.DeviceMapper;
import dmctl.nativebridge.devmapper.DeviceMapperException;
import dmctl.nativebridge.devmapper.LogLine;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Follows one command line of dmsetup(8). Ends with 0 or 1, as that does. */
public final class Dmsetup {
    private static final int OK = 0;
    private static final int FAILED = 1;
    private static final String CANNOT_PARSE = "Couldn't process command line.";

    private final InputStream in;
    private final PrintWriter out;
    private final PrintWriter err;
    private final Opener opener;
    private final Surroundings surroundings;

    /** Finds the mapped devices. */
    public interface Opener {
        /**
         * Opens them.
         *
         * @param log takes what is complained of
         * @return the devices
         * @throws DeviceMapperException says in one line what is missing and how to get it
         */
        DeviceMapper open(Consumer<LogLine> log) throws DeviceMapperException;
    }

    Dmsetup(
            InputStream in,
            PrintWriter out,
            PrintWriter err,
            Opener opener,
            Surroundings surroundings) {
        this.in = in;
        this.out = out;
        this.err = err;
        this.opener = opener;
        this.surroundings = surroundings;
    }

    /**
     * Runs a command.
     *
     * @param out where it answers
     * @param err where it complains
     * @param args words behind {@code dmctl dmsetup}
     * @param opener finds the mapped devices
     * @return its exit code
     */
    public static int run(PrintWriter out, PrintWriter err, List<String> args, Opener opener) {
        return new Dmsetup(System.in, out, err, opener, Surroundings.ofThisProcess()).run(args);
    }

    int run(List<String> args) {
        try {
            return follow(args);
        } finally {
            out.flush();
            err.flush();
        }
    }

    private int follow(List<String> args) {
        Arguments arguments;
        try {
            arguments = Arguments.parse(args);
        } catch (Failure e) {
            return complain(e.text(), CANNOT_PARSE);
        }
        List<String> words = arguments.words();
        if (arguments.has(Switch.HELP)) {
            return help(out, OK);
        }
        String word =
                arguments.has(Switch.VERSION) ? "version" : words.isEmpty() ? "" : words.getFirst();
        if (word.isEmpty()) {
            return help(err, FAILED);
        }
        Optional<Verb> verb = Verb.of(word);
        if (verb.isEmpty()) {
            err.print("Unknown command.\n");
            return help(err, FAILED);
        }
        List<String> rest = words.isEmpty() ? words : words.subList(1, words.size());
        if (!verb.get().takes(rest.size())) {
            err.print("Incorrect number of arguments.\n");
            return help(err, FAILED);
        }
        return verb.get() == Verb.HELP ? help(out, OK) : perform(verb.get(), arguments, rest);
    }

    private int complain(String... lines) {
        for (String line : lines) {
            if (!line.isEmpty()) {
                err.print(line + "\n");
            }
        }
        return FAILED;
    }

    /** The library's own lines: as dmsetup prints them. */
    private void said(LogLine line, int verbosity) {
        boolean error = line.level() < LogLine.WARNING;
        if (line.level() <= LogLine.WARNING || verbosity > 1) {
            PrintWriter to = error || line.standardError() ? err : out;
            synchronized (this) {
                to.print(line.text() + "\n");
            }
        }
    }

    private int perform(Verb verb, Arguments arguments, List<String> words) {
        DeviceNames names;
        try {
            names =
                    arguments.has(Switch.COLUMNS) || arguments.has(Switch.TREE)
                            ? DeviceNames.NUMBERS
                            : DeviceNames.of(arguments);
        } catch (Failure e) {
            return complain(e.text(), CANNOT_PARSE);
        }
        int verbosity = arguments.count(Switch.VERBOSE);
        DeviceMapper mapper;
        try {
            mapper = opener.open(line -> said(line, verbosity));
        } catch (DeviceMapperException e) {
            return complain("dmctl dmsetup: " + e.getMessage());
        }
        try (mapper) {
            Session session = new Session(mapper, arguments, in, out, err, surroundings);
            Optional<Report> report =
                    arguments.has(Switch.COLUMNS)
                            ? Optional.of(new Report(session))
                            : Optional.empty();
            try {
                perform(verb, session, words, names, report);
            } finally {
                report.ifPresent(Report::print);
            }
            return OK;
        } catch (Failure e) {
            return complain(e.text(), "Command failed.");
        } catch (DeviceMapperException e) {
            return complain(e.told() ? "" : String.valueOf(e.getMessage()), "Command failed.");
        }
    }

    private static void perform(
            Verb verb,
            Session session,
            List<String> words,
            DeviceNames names,
            Optional<Report> report)
            throws Failure, DeviceMapperException {
        if (!verb.repeats) {
            once(verb, session, words, names);
            return;
        }
        boolean several = words.size() > 1 || (words.isEmpty() && session.byOption().isEmpty());
        if (words.isEmpty()) {
            each(verb, session, Optional.empty(), several, names, report);
        }
        for (String word : words) {
            each(verb, session, Optional.of(word), several, names, report);
        }
    }

    private static void once(Verb verb, Session session, List<String> words, DeviceNames names)
            throws Failure, DeviceMapperException {
        switch (verb) {
            case CREATE -> Changes.create(session, words);
            case LOAD, RELOAD -> Changes.load(session, words);
            case RENAME -> Changes.rename(session, words);
            case MESSAGE -> Changes.message(session, words);
            case LS -> Views.list(session, names);
            case WAIT -> Views.await(session, words);
            case TARGETS -> Views.targets(session);
            case VERSION -> Views.version(session);
            default -> throw new IllegalStateException(verb.word());
        }
    }

    private static void each(
            Verb verb,
            Session session,
            Optional<String> name,
            boolean several,
            DeviceNames names,
            Optional<Report> report)
            throws Failure, DeviceMapperException {
        switch (verb) {
            case REMOVE -> Changes.remove(session, name);
            case SUSPEND -> Changes.suspend(session, name);
            case RESUME -> Changes.resume(session, name);
            case CLEAR -> Changes.clear(session, name);
            case WIPE_TABLE -> Changes.wipeTable(session, name);
            case MKNODES -> Changes.makeNodes(session, name);
            case INFO -> Views.info(session, name, report);
            case DEPS -> Views.deps(session, name, several, names);
            case STATUS -> Views.status(session, name, several);
            case TABLE -> Views.table(session, name, several);
            default -> throw new IllegalStateException(verb.word());
        }
    }

    private static int help(PrintWriter to, int code) {
        to.print("Usage: dmctl dmsetup [OPTIONS] VERB ..., as dmsetup(8)\n\n");
        for (Verb verb : Verb.values()) {
            to.print(("\t" + verb.word() + " " + verb.synopsis).stripTrailing() + "\n");
        }
        to.print(
                "\nDEVICE is a name, or -u UUID, or -j MAJOR -m MINOR. A table comes from --table, a"
                        + " file or standard input.\n");
        return code;
    }
}
