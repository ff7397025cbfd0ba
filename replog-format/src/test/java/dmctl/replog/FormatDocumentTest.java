package dmctl.replog;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** FORMAT.md says what the code does. */
class FormatDocumentTest {
    private static final Pattern LAYOUT =
            Pattern.compile("<!-- layout (\\w+)(?: prefix=(\\w+))? bytes=(\\d+) -->");
    private static final Pattern FIELD = Pattern.compile("\\| (\\d+) \\| (\\d+) \\| (\\w+) \\|.*");

    /** Places in a frame that are no fields of its header. */
    private static final Set<String> NO_FIELDS = Set.of("BODY_OFFSET", "DESCRIPTORS_OFFSET");

    record Layout(String type, String prefix, int bytes, List<int[]> places, List<String> names) {
        @Override
        public String toString() {
            return type + " " + prefix;
        }
    }

    private static List<String> lines() throws IOException {
        return Files.readAllLines(Path.of("FORMAT.md"), StandardCharsets.UTF_8);
    }

    static List<Layout> layouts() throws IOException {
        List<Layout> layouts = new ArrayList<>();
        boolean inTable = false;
        for (String line : lines()) {
            Matcher start = LAYOUT.matcher(line);
            Matcher field = FIELD.matcher(line);
            if (start.matches()) {
                String prefix = start.group(2) == null ? "" : start.group(2);
                int bytes = Integer.parseInt(start.group(3));
                layouts.add(
                        new Layout(
                                start.group(1),
                                prefix,
                                bytes,
                                new ArrayList<>(),
                                new ArrayList<>()));
                inTable = true;
            } else if (inTable && field.matches()) {
                Layout layout = layouts.get(layouts.size() - 1);
                layout.places.add(
                        new int[] {
                            Integer.parseInt(field.group(1)), Integer.parseInt(field.group(2))
                        });
                layout.names.add(field.group(3));
            } else if (!line.isEmpty() && !line.startsWith("|")) {
                inTable = false;
            }
        }
        return layouts;
    }

    private static String constant(String prefix, String name) {
        String words = name.replaceAll("([A-Z]|\\d+)", "_$1").toUpperCase(Locale.ROOT);
        return prefix + words + "_OFFSET";
    }

    /** The offsets in the code whose names begin with the prefix, or with none that has a table. */
    private static Map<String, Integer> constants(Layout layout, List<Layout> all)
            throws ReflectiveOperationException {
        Map<String, Integer> constants = new LinkedHashMap<>();
        Class<?> type = Class.forName("dmctl.replog." + layout.type);
        for (Field field : type.getDeclaredFields()) {
            String name = field.getName();
            boolean others =
                    all.stream()
                            .filter(o -> o.type.equals(layout.type) && !o.prefix.isEmpty())
                            .anyMatch(o ->
                                    !o.prefix.equals(layout.prefix) && name.startsWith(o.prefix));
            if (name.endsWith("_OFFSET")
                    && !NO_FIELDS.contains(name)
                    && name.startsWith(layout.prefix)
                    && !(layout.prefix.isEmpty() && others && !documented(layout, name))) {
                constants.put(name, (int) field.get(null));
            }
        }
        return constants;
    }

    private static boolean documented(Layout layout, String constant) {
        return layout.names.stream().anyMatch(n -> constant(layout.prefix, n).equals(constant))
                || constant.equals("TERM_COUNT_OFFSET")
                || constant.equals("SITE_COUNT_OFFSET");
    }

    @Test
    void everyStructureHasATable() throws IOException {
        assertThat(layouts())
                .extracting(Layout::toString)
                .contains(
                        "SuperblockCodec ",
                        "LinkCursors ",
                        "LinkCursors ENTRY_",
                        "CheckpointCodec ",
                        "CheckpointCodec TERM_",
                        "CheckpointCodec SITE_",
                        "RegionPage ",
                        "Frame ",
                        "Body ",
                        "Body RECORD_",
                        "ExportHeader ",
                        "LegacyLogHeader ",
                        "LegacyBufferHeader ",
                        "LegacyEntry ");
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void fieldsFollowEachOtherWithoutHoleToTheEnd(Layout layout) {
        int end = 0;
        for (int i = 0; i < layout.places.size(); i++) {
            assertThat(layout.places.get(i)[0]).as(layout.names.get(i)).isEqualTo(end);
            end += layout.places.get(i)[1];
        }
        assertThat(end).isEqualTo(layout.bytes);
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void everyFieldStandsWhereTheCodePutsIt(Layout layout)
            throws IOException, ReflectiveOperationException {
        Map<String, Integer> documented = new LinkedHashMap<>();
        for (int i = 0; i < layout.names.size(); i++) {
            String constant = constant(layout.prefix, layout.names.get(i));
            documented.put(constant, layout.places.get(i)[0]);
        }
        Map<String, Integer> coded = constants(layout, layouts());
        if (!layout.prefix.isEmpty()) {
            coded.keySet().removeAll(Set.of("TERM_COUNT_OFFSET", "SITE_COUNT_OFFSET"));
        }
        assertThat(documented).containsExactlyInAnyOrderEntriesOf(coded);
    }

    @Test
    void theRecoveryTableDecidesAsTheCodeDoes() throws IOException {
        Pattern row =
                Pattern.compile("\\| ([A-Z_]+) \\| `(.+?)`(?: or `(.+?)`)? \\| ([A-Z_]+) \\|");
        List<Matcher> rows = lines().stream().map(row::matcher).filter(Matcher::matches).toList();
        assertThat(rows)
                .extracting(m -> RecoveryCase.valueOf(m.group(1)))
                .containsExactly(RecoveryCase.values());
        for (Matcher m : rows) {
            RecoveryCase named = RecoveryCase.valueOf(m.group(1));
            assertThat(named.outcome().name()).isEqualTo(m.group(4));
            for (int findings = 0; findings < 1 << 12; findings++) {
                if ((findings >> 9 & 1) == 1 && (findings >> 11 & 1) == 1) {
                    continue;
                }
                boolean matches =
                        matches(m.group(2), findings)
                                || (m.group(3) != null && matches(m.group(3), findings));
                assertThat(matches)
                        .as("%s %s", named, Integer.toBinaryString(findings))
                        .isEqualTo(RecoveryCase.decide(findings) == named);
            }
        }
    }

    private static boolean matches(String columns, int findings) {
        String[] cells = columns.split(" ", -1);
        assertThat(cells).hasSize(11);
        for (int i = 0; i < 11; i++) {
            boolean set = (findings >> i & 1) == 1;
            boolean unread = i == 9 && (findings >> 11 & 1) == 1;
            boolean fits =
                    switch (cells[i]) {
                        case "1" -> set;
                        case "0" -> !set && !unread;
                        case "n" -> unread;
                        default -> true;
                    };
            if (!fits) {
                return false;
            }
        }
        return true;
    }

    @Test
    void theAreasOfALogAreWhereTheDocumentSays() throws IOException {
        assertThat(lines())
                .contains(
                        String.format(
                                Locale.ROOT,
                                "| %d | %d | superblock, second copy |",
                                LogLayout.superblockOffset(1),
                                LogLayout.SUPERBLOCK_BYTES),
                        String.format(
                                Locale.ROOT,
                                "| %d | %d | link cursors, second slot |",
                                LogLayout.linkCursorsOffset(1),
                                LogLayout.LINK_CURSORS_BYTES),
                        String.format(
                                Locale.ROOT,
                                "| %d | checkpointBytes | checkpoint, first slot |",
                                LogLayout.CHECKPOINT_OFFSET));
    }

    @Test
    void theChecksumIsTheOneNamed() {
        byte[] digits = "123456789".getBytes(StandardCharsets.US_ASCII);
        assertThat(new Crc().of(java.nio.ByteBuffer.wrap(digits), 0, 9)).isEqualTo(0xe3069283);
    }

    @Test
    void theMagicsAreTheOnesNamed() throws IOException {
        String text = String.join("\n", lines());
        long[] magics = {
            SuperblockCodec.MAGIC,
            LinkCursors.MAGIC,
            CheckpointCodec.MAGIC,
            RegionPage.MAGIC,
            Frame.MAGIC,
            ExportHeader.MAGIC
        };
        for (long magic : magics) {
            byte[] bytes = Samples.buffer(8).putLong(0, magic).array();
            assertThat(text).contains("`" + new String(bytes, StandardCharsets.US_ASCII) + "`");
        }
        assertThat(text).contains("| 0 | 4 | magic | `DMBD` |");
    }
}
