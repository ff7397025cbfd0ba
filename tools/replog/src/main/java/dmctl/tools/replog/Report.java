package dmctl.tools.replog;

import dmctl.replog.DamagedException;
import dmctl.replog.ReplogException;
import java.io.PrintWriter;
import java.util.Locale;

/** What a command prints, and how much damage it has named. */
final class Report {
    private final PrintWriter out;
    private int damages;

    Report(PrintWriter out) {
        this.out = out;
    }

    // The annotation asked for would need one more library.
    @SuppressWarnings("AnnotateFormatMethod")
    void line(String format, Object... arguments) {
        out.print(String.format(Locale.ROOT, format, arguments));
        out.print('\n');
    }

    /** Names damage. The words begin with {@code damage} so that a script can find them. */
    void damage(String where, long offset, String what) {
        damages++;
        line("damage: %s at offset %d: %s", where, offset, what);
    }

    /** Names what is wrong with a structure. */
    void fault(String structure, ReplogException fault) {
        damages++;
        if (fault instanceof DamagedException d) {
            line(
                    "damage: %s at offset %d: %s is %s, must be %s",
                    structure, d.offset(), d.field(), d.actual(), d.expected());
        } else {
            line("damage: %s: %s", structure, String.valueOf(fault.getMessage()));
        }
    }

    int damages() {
        return damages;
    }

    void flush() {
        out.flush();
    }
}
