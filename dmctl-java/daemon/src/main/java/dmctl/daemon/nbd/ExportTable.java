package dmctl.daemon.nbd;

import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The exports of a server and how they are asked for. */
final class ExportTable {
    private final List<Export> exports;

    ExportTable(List<Export> exports) {
        this.exports = List.copyOf(exports);
    }

    List<Export> all() {
        return exports;
    }

    /** Finds an export by one of its names; the empty name is that of an only export. */
    @Nullable Export find(String name) {
        if (name.isEmpty() && exports.size() == 1) {
            return exports.getFirst();
        }
        for (Export export : exports) {
            if (export.isNamed(name)) {
                return export;
            }
        }
        return null;
    }

    /** Returns the export of a device. */
    Export byNumber(int devNr) {
        return exports.stream()
                .filter(export -> export.devNr() == devNr)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no device " + devNr));
    }

    /** Says that there is no such export, and which there are. */
    String notFound(String name) {
        String names =
                exports.stream().map(Export::name).limit(32).collect(Collectors.joining(", "));
        String what =
                name.isEmpty() ? "no export name was given" : "no export '" + shown(name) + "'";
        return what + "; exports: " + names + (exports.size() > 32 ? ", ..." : "");
    }

    private static String shown(String name) {
        String cut = name.length() > 64 ? name.substring(0, 64) + "..." : name;
        return cut.replaceAll("\\p{Cntrl}", "?");
    }
}
