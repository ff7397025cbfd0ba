package dmctl.cli.dmsetup;

import java.util.Locale;

/** The options of dmsetup(8) that are taken, by their long names. */
enum Switch {
    READONLY('r', false),
    CHECKS,
    COLUMNS('c', false),
    CONCISE,
    DEFERRED,
    FORCE('f', false),
    GID('G', true),
    HELP('h', false),
    INACTIVE,
    MAJOR('j', true),
    MINOR('m', true),
    MODE('M', true),
    NAMEPREFIXES,
    NOFLUSH,
    NOHEADINGS,
    NOLOCKFS,
    NOOPENCOUNT,
    NOTABLE('n', false),
    UDEVCOOKIE('\0', true),
    NOUDEVRULES,
    NOUDEVSYNC,
    OPTIONS('o', true),
    READAHEAD('\0', true),
    RETRY,
    SEPARATOR('\0', true),
    SETUUID,
    SHOWKEYS,
    SORT('O', true),
    TABLE('\0', true),
    TARGET('\0', true),
    TREE,
    UID('U', true),
    UUID('u', true),
    UNQUOTED,
    VERBOSE('v', false),
    VERIFYUDEV,
    VERSION,
    YES('y', false),
    ADDNODEONRESUME,
    ADDNODEONCREATE;

    final char letter;
    final boolean takesValue;

    Switch() {
        this('\0', false);
    }

    Switch(char letter, boolean takesValue) {
        this.letter = letter;
        this.takesValue = takesValue;
    }

    String longName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
