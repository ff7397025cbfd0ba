package dmctl.cli.dmsetup;

import dmctl.nativebridge.TerminalSize;
import java.util.Optional;
import java.util.function.IntSupplier;

/**
 * Where the command runs.
 *
 * @param utf8 whether the locale's characters are UTF-8
 * @param columns of the terminal, as far as a tree may use them
 * @param udevCookie of a transaction around this command
 */
record Surroundings(boolean utf8, IntSupplier columns, Optional<String> udevCookie) {
    private static final int COLUMNS = 80;
    private static final int MARGIN = 3;

    static Surroundings ofThisProcess() {
        return new Surroundings(
                "UTF-8".equalsIgnoreCase(System.getProperty("native.encoding")),
                Surroundings::treeColumns,
                Optional.ofNullable(System.getenv("DM_UDEV_COOKIE")).filter(s -> !s.isEmpty()));
    }

    private static int treeColumns() {
        int columns = TerminalSize.columns(1);
        return columns > MARGIN ? columns - MARGIN : COLUMNS;
    }
}
