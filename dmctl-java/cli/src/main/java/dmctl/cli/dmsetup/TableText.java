package dmctl.cli.dmsetup;

import dmctl.nativebridge.devmapper.TableLine;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads table lines as dmsetup does. */
final class TableText {
    private static final Pattern LINE =
            Pattern.compile("\\s*(\\d+)\\s+(\\d+)\\s+(\\S+)\\s*(.*)", Pattern.DOTALL);

    private TableText() {}

    /**
     * Takes a text apart.
     *
     * @param from where it is from, for messages
     */
    static List<TableLine> lines(String text, String from) throws Failure {
        List<TableLine> lines = new ArrayList<>();
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            String stripped = line.strip();
            if (stripped.isEmpty() || stripped.startsWith("#")) {
                continue;
            }
            Matcher matcher = LINE.matcher(stripped);
            if (!matcher.matches()) {
                throw wrong(number, from);
            }
            String params = matcher.group(4);
            int comment = params.indexOf('#');
            try {
                lines.add(
                        new TableLine(
                                Long.parseUnsignedLong(matcher.group(1)),
                                Long.parseUnsignedLong(matcher.group(2)),
                                matcher.group(3),
                                comment < 0 ? params : params.substring(0, comment)));
            } catch (NumberFormatException e) {
                throw wrong(number, from);
            }
        }
        return lines;
    }

    private static Failure wrong(int number, String from) {
        return new Failure("Invalid format on line " + number + " of table " + from + ".");
    }
}
