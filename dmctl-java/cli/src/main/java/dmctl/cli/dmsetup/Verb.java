package dmctl.cli.dmsetup;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The verbs of dmsetup(8) that are offered, with how many words they take. */
enum Verb {
    HELP("", 0, 0, false),
    CREATE(
            "NAME [-u UUID] [-j MAJOR -m MINOR] [-U UID] [-G GID] [-M MODE] [-r] [--readahead N]"
                    + " [-n | --table TABLE | FILE]",
            0,
            2,
            false),
    REMOVE("[-f] [--retry] [--deferred] DEVICE...", 0, -1, true),
    SUSPEND("[--noflush] [--nolockfs] DEVICE...", 0, -1, true),
    RESUME("[--noflush] [--nolockfs] DEVICE...", 0, -1, true),
    LOAD("DEVICE [--table TABLE | FILE]", 0, 2, false),
    RELOAD("DEVICE [--table TABLE | FILE]", 0, 2, false),
    CLEAR("DEVICE...", 0, -1, true),
    WIPE_TABLE("[-f] [--noflush] [--nolockfs] DEVICE...", 0, -1, true),
    RENAME("DEVICE [--setuuid] NEW_NAME_OR_UUID", 1, 2, false),
    MESSAGE("DEVICE SECTOR MESSAGE...", 2, -1, false),
    LS("[--target TYPE] [--tree] [-o OPTIONS]", 0, 0, false),
    INFO("[-c [-o FIELDS] [-O FIELDS] [--noheadings] [--separator S]] [DEVICE...]", 0, -1, true),
    DEPS("[-o OPTIONS] [DEVICE...]", 0, -1, true),
    STATUS("[--target TYPE] [--noflush] [DEVICE...]", 0, -1, true),
    TABLE("[--target TYPE] [--showkeys] [--concise] [DEVICE...]", 0, -1, true),
    WAIT("DEVICE [EVENT_NR]", 0, 2, false),
    MKNODES("[DEVICE...]", 0, -1, true),
    TARGETS("", 0, 0, false),
    VERSION("", 0, 0, false);

    final String synopsis;
    private final int least;
    private final int most;

    /** Whether it is done for each word in turn. */
    final boolean repeats;

    Verb(String synopsis, int least, int most, boolean repeats) {
        this.synopsis = synopsis;
        this.least = least;
        this.most = most;
        this.repeats = repeats;
    }

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<Verb> of(String word) {
        return Arrays.stream(values()).filter(verb -> verb.word().equals(word)).findFirst();
    }

    boolean takes(int words) {
        return words >= least && (most < 0 || words <= most);
    }
}
