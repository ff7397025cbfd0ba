package dmctl.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Where a report goes: drawn over in place on a terminal, line after line elsewhere. */
final class Terminal {
    private final PrintWriter out;
    private final boolean live;
    private int drawn;

    Terminal(PrintWriter out, boolean live) {
        this.out = out;
        this.live = live;
    }

    /** Tells whether standard output is a terminal; asks the kernel, not the shell. */
    static boolean standardOutputIsTerminal() {
        return isTerminal(1) && !"dumb".equals(System.getenv("TERM"));
    }

    static boolean standardInputIsTerminal() {
        return isTerminal(0);
    }

    private static boolean isTerminal(int descriptor) {
        try {
            String target =
                    Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
            return target.startsWith("/dev/pts/")
                    || target.startsWith("/dev/tty")
                    || target.equals("/dev/console");
        } catch (IOException e) {
            return false;
        }
    }

    boolean isLive() {
        return live;
    }

    /** Replaces what was drawn before. */
    void draw(List<String> lines) {
        StringBuilder text = new StringBuilder();
        if (live && drawn > 0) {
            text.append("\033[").append(drawn).append("A\r\033[J");
        }
        if (live) {
            text.append("\033[?7l"); // a line too long is cut, so that the count of lines holds
        }
        for (String line : lines) {
            text.append(line).append('\n');
        }
        if (live) {
            text.append("\033[?7h");
        }
        out.print(text);
        out.flush();
        drawn = lines.size();
    }

    /** Says something that stays; the next drawing begins below it. */
    void say(String line) {
        out.println(line);
        out.flush();
        drawn = 0;
    }
}
