package dmctl.cli.dmsetup;

import dmctl.nativebridge.devmapper.DeviceTable;
import dmctl.nativebridge.devmapper.TableLine;
import java.io.PrintWriter;

/** Prints devices with their tables in one line. */
final class ConciseTables {
    private final PrintWriter out;
    private boolean any;

    ConciseTables(PrintWriter out) {
        this.out = out;
    }

    void add(DeviceTable table) {
        if (any) {
            out.print(';');
        }
        any = true;
        out.print(
                quoted(table.device().name())
                        + ","
                        + quoted(table.device().uuid())
                        + ","
                        + table.device().info().number().minor()
                        + ","
                        + (table.device().info().readOnly() ? "ro" : "rw"));
        for (TableLine line : table.lines()) {
            out.print(
                    ","
                            + Long.toUnsignedString(line.start())
                            + " "
                            + Long.toUnsignedString(line.length())
                            + " "
                            + line.target()
                            + " "
                            + quoted(line.params()));
        }
    }

    private static String quoted(String text) {
        return text.replaceAll("([,;\\\\])", "\\\\$1");
    }

    void end() {
        if (any) {
            out.print('\n');
        }
    }
}
