import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Turns the manual into a page for man(1): headings, paragraphs, lists, tables and code. */
final class ManPage {
    private final StringBuilder page = new StringBuilder();
    private final List<String> lines;
    private int at;

    private ManPage(List<String> lines) {
        this.lines = lines;
    }

    /**
     * Writes the page of a manual to standard output.
     *
     * @param args the manual, in Markdown
     */
    public static void main(String[] args) throws Exception {
        System.out.print(new ManPage(Files.readAllLines(Path.of(args[0]))).page());
    }

    private String page() {
        page.append(".TH DMCTL 7 \"\" dmctl \"dmctl: the manual\"\n.SH NAME\n");
        page.append("dmctl \\- replicates groups of block devices, in write order, to other sites\n");
        while (at < lines.size()) {
            block();
        }
        return page.toString();
    }

    private void block() {
        String line = lines.get(at);
        if (line.startsWith("```")) {
            code();
        } else if (line.startsWith("|")) {
            table();
        } else if (line.startsWith("- [")) {
            at++; // the list of chapters: man has its own ways
        } else if (line.startsWith("- ")) {
            page.append(".IP \\(bu 2\n").append(text(paragraph().substring(2))).append('\n');
        } else if (line.startsWith("#")) {
            int depth = line.indexOf(' ');
            if (depth > 1) { // the first is the page's own
                String title = text(line.substring(depth + 1));
                page.append(depth == 2 ? ".SH " + title.toUpperCase(Locale.ROOT) : ".SS " + title);
                page.append('\n');
            }
            at++;
        } else if (line.isBlank()) {
            at++;
        } else {
            page.append(".PP\n").append(text(paragraph())).append('\n');
        }
    }

    /** Lines up to one that begins something else. */
    private String paragraph() {
        StringBuilder whole = new StringBuilder(lines.get(at++));
        while (at < lines.size() && !lines.get(at).isBlank() && !lines.get(at).matches("(- |\\||#|```).*")) {
            whole.append(' ').append(lines.get(at++).strip());
        }
        return whole.toString();
    }

    private void code() {
        page.append(".PP\n.nf\n.RS 2\n");
        for (at++; !lines.get(at).startsWith("```"); at++) {
            page.append(raw(lines.get(at))).append('\n');
        }
        page.append(".RE\n.fi\n");
        at++;
    }

    /** One entry a row: the first cell is its tag, the others follow with the names of their columns. */
    private void table() {
        List<String> names = cells(lines.get(at));
        for (at += 2; at < lines.size() && lines.get(at).startsWith("|"); at++) {
            List<String> cells = cells(lines.get(at));
            page.append(".TP\n").append(text(cells.getFirst())).append('\n');
            List<String> rest = new ArrayList<>();
            for (int i = 1; i < cells.size(); i++) {
                if (!cells.get(i).isEmpty()) {
                    boolean named = names.size() > 2 && i < names.size() - 1;
                    rest.add(text((named ? names.get(i) + " " : "") + cells.get(i)));
                }
            }
            page.append(String.join("; ", rest)).append('\n');
        }
    }

    private static List<String> cells(String row) {
        String inside = row.strip().substring(1).replaceFirst("\\|$", "");
        return List.of(inside.split("(?<!\\\\)\\|", -1)).stream()
                .map(cell -> cell.replace("\\|", "|").strip())
                .toList();
    }

    /** Code and strong words are bold; of a link, its text stays. */
    private static String text(String markdown) {
        return raw(markdown)
                .replaceAll("\\[([^]]*)]\\([^)]*\\)", "$1")
                .replaceAll("`([^`]*)`", "\\\\fB$1\\\\fR")
                .replaceAll("\\*\\*([^*]*)\\*\\*", "\\\\fB$1\\\\fR");
    }

    private static String raw(String text) {
        String escaped = text.replace("\\", "\\e").replace("-", "\\-");
        return escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped;
    }
}
