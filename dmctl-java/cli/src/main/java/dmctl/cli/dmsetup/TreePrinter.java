package dmctl.cli.dmsetup;

import dmctl.cli.dmsetup.DependencyTree.Node;
import dmctl.nativebridge.devmapper.DeviceInfo;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Draws a tree of devices as pstree does. */
final class TreePrinter {
    private static final int DEPTH_MAX = 98;

    /** What is shown; the order in which abbreviations are tried. */
    private enum Show {
        DEVICE,
        BLKDEVNAME,
        NODEVICE,
        STATUS,
        TABLE,
        ACTIVE,
        OPEN,
        UUID,
        RW,
        UTF,
        VT100,
        ASCII,
        INVERTED,
        COMPACT,
        NOTRUNC
    }

    /** The pieces that lines are made of. */
    private enum Pieces {
        ASCII("  ", "|-", "| ", "`-", "---", "-+-"),
        UTF("  ", "├─", "│ ", "└─", "───", "─┬─"),
        VT100(
                "  ",
                graphic("tq"),
                graphic("x") + " ",
                graphic("mq"),
                graphic("qqq"),
                graphic("qwq"));

        private final String empty;
        private final String branch;
        private final String vertical;
        private final String last;
        private final String single;
        private final String first;

        Pieces(
                String empty,
                String branch,
                String vertical,
                String last,
                String single,
                String first) {
            this.empty = empty;
            this.branch = branch;
            this.vertical = vertical;
            this.last = last;
            this.single = single;
            this.first = first;
        }

        private static String graphic(String letters) {
            return "\033(0\017" + letters + "\033(B";
        }
    }

    private final Session session;
    private final DependencyTree tree;
    private final PrintWriter out;
    private final EnumSet<Show> show = EnumSet.of(Show.DEVICE);
    private final int columns;
    private final Pieces pieces;

    /** For each depth: the width of what stands there, and whether more follows. */
    private final List<Integer> widths = new ArrayList<>();

    private final List<Boolean> more = new ArrayList<>();
    private int column = 1;

    /** A character at the right edge, held back until it is known that no other follows. */
    private int held;

    TreePrinter(Session session, DependencyTree tree) throws Failure {
        this.session = session;
        this.tree = tree;
        this.out = session.out();
        Pieces chosen = session.surroundings().utf8() ? Pieces.UTF : Pieces.ASCII;
        for (String word : session.arguments().value(Switch.OPTIONS).orElse("").split(",", -1)) {
            if (word.isEmpty()) {
                continue;
            }
            Show option = option(word);
            switch (option) {
                case UTF -> chosen = Pieces.UTF;
                case VT100 -> chosen = Pieces.VT100;
                case ASCII -> chosen = Pieces.ASCII;
                case NODEVICE -> show.remove(Show.DEVICE);
                default -> show.add(option);
            }
        }
        this.pieces = chosen;
        this.columns = chosen == Pieces.VT100 ? 80 : session.surroundings().columns().getAsInt();
    }

    private static Show option(String word) throws Failure {
        for (Show option : Show.values()) {
            if (option.name().toLowerCase(Locale.ROOT).startsWith(word)) {
                return option;
            }
        }
        throw new Failure("Tree options not recognised: " + word + ".");
    }

    private boolean showsAttributes() {
        return show.contains(Show.ACTIVE)
                || show.contains(Show.RW)
                || show.contains(Show.OPEN)
                || show.contains(Show.UUID);
    }

    private boolean isCompact() {
        return show.contains(Show.COMPACT)
                && !showsAttributes()
                && !show.contains(Show.TABLE)
                && !show.contains(Show.STATUS);
    }

    void print() {
        children(Optional.empty(), 0);
    }

    private void children(Optional<Node> node, int depth) {
        boolean inverted = show.contains(Show.INVERTED);
        List<Node> children = tree.children(node, inverted);
        for (int i = 0; i < children.size(); i++) {
            Node child = children.get(i);
            boolean parent = !tree.children(Optional.of(child), inverted).isEmpty();
            node(child, depth, i == children.size() - 1, parent);
            if (parent) {
                children(Optional.of(child), depth + 1);
            }
        }
    }

    private void node(Node node, int depth, boolean last, boolean parent) {
        boolean number = show.contains(Show.DEVICE);
        boolean kernelName = show.contains(Show.BLKDEVNAME);
        if (depth > DEPTH_MAX || (node.name.isEmpty() && !number && !kernelName)) {
            return;
        }
        while (more.size() <= depth + 1) {
            more.add(false);
            widths.add(0);
        }
        more.set(depth, !last);
        widths.set(depth, 0);
        boolean startsLine = column == 1;
        if (!isCompact() || startsLine) {
            prefix(depth);
        }
        int offset = column;
        if (isCompact() && !startsLine) {
            put(last ? pieces.single : pieces.first);
        }
        put(node.name);
        if (kernelName) {
            session.mapper().nameOf(node.number, true).ifPresent(text -> put(" <" + text + ">"));
        }
        if (number) {
            put(" (" + node.number + ")");
        }
        node.info.ifPresent(info -> attributes(node, info));
        if (isCompact()) {
            widths.set(depth, column - offset);
        }
        if (!isCompact() || !parent) {
            newLine();
        }
    }

    private void attributes(Node node, DeviceInfo info) {
        List<String> words = new ArrayList<>();
        if (show.contains(Show.ACTIVE)) {
            words.add(info.suspended() ? "SUSPENDED" : "ACTIVE");
        }
        if (show.contains(Show.RW)) {
            words.add(info.readOnly() ? "RO" : "RW");
        }
        if (show.contains(Show.OPEN)) {
            words.add(Integer.toString(info.openCount()));
        }
        if (show.contains(Show.UUID)) {
            words.add(node.uuid);
        }
        if (!words.isEmpty()) {
            put(" [" + String.join(", ", words) + "]");
        }
    }

    private void prefix(int depth) {
        for (int d = 0; d < depth; d++) {
            put(" ".repeat(widths.get(d) + 1));
            boolean follows = more.get(d + 1);
            put(
                    d == depth - 1
                            ? follows ? pieces.branch : pieces.last
                            : follows ? pieces.vertical : pieces.empty);
        }
    }

    private void put(String text) {
        text.codePoints().forEach(this::put);
    }

    private void put(int character) {
        column++;
        if (show.contains(Show.NOTRUNC) || column <= columns) {
            out.print(Character.toString(character));
            return;
        }
        if (column == columns + 1) {
            if (held != 0 || character > 0x7f) {
                out.print("...");
            } else {
                held = character;
                column--;
            }
        }
    }

    private void newLine() {
        if (held != 0 && column == columns) {
            out.print(Character.toString(held));
        }
        held = 0;
        out.print('\n');
        column = 1;
    }
}
