package dmctl.simulator;

/** Judges what a read returned for one sector. */
final class ReadOracle {
    private ReadOracle() {}

    /**
     * Tells whether a content is one that a read issued at a tick may return: the newest completed
     * before, or one of those under way meanwhile.
     */
    static boolean current(History line, int index, int content, long issued) {
        for (int i = line.count(index) - 1; i >= 0; i--) {
            int op = line.version(index, i);
            if (op == content || (content == Stamp.ZERO && line.journal.zeroes(op))) {
                return true;
            }
            if (line.ended(op) < issued) {
                return false;
            }
        }
        return content == line.base(index);
    }

    static String versions(History line, int index) {
        StringBuilder text = new StringBuilder("versions");
        for (int i = 0; i < line.count(index); i++) {
            text.append("\n    ").append(line.journal.name(line.version(index, i)));
        }
        return text.toString();
    }
}
