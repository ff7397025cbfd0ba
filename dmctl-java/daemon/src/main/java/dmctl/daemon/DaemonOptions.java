package dmctl.daemon;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The command line.
 *
 * @param config the group's file
 * @param site the site to run for
 * @param create whether files that do not exist and never did are made
 * @param insert whether the group is put under devices in use: with a new log, and no other site is
 *     copied to before it is there
 */
record DaemonOptions(Path config, String site, boolean create, boolean insert) {
    static final String USAGE =
            "usage: dmctld --config FILE.yaml --site NAME [--create] [--insert]\n"
                    + "  --create  make device files and the log where they do not exist yet\n"
                    + "  --insert  as dmctl insert gives it: a new log, and other sites wait\n"
                    + "exit codes: 0 stopped cleanly; 1 failed; 2 wrong command line or file;"
                    + " 3 a device, log or socket cannot be opened or locked";

    static DaemonOptions parse(List<String> words) throws DaemonFailure {
        Path config = null;
        String site = null;
        boolean create = false;
        boolean insert = false;
        Iterator<String> rest = words.iterator();
        while (rest.hasNext()) {
            String word = rest.next();
            switch (word) {
                case "--config" -> config = Path.of(value(word, rest));
                case "--site" -> site = value(word, rest);
                case "--create" -> create = true;
                case "--insert" -> insert = true;
                default -> throw wrong("unknown word " + word);
            }
        }
        return new DaemonOptions(
                needed(config, "--config"), needed(site, "--site"), create, insert);
    }

    private static String value(String option, Iterator<String> rest) throws DaemonFailure {
        if (!rest.hasNext()) {
            throw wrong(option + " needs a value");
        }
        return rest.next();
    }

    private static <T> T needed(@Nullable T value, String option) throws DaemonFailure {
        if (value == null) {
            throw wrong(option + " is missing");
        }
        return value;
    }

    private static DaemonFailure wrong(String what) {
        return new DaemonFailure(DaemonFailure.BAD_CONFIG, what + "\n" + USAGE);
    }
}
