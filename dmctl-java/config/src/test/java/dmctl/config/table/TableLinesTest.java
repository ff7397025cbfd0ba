package dmctl.config.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every rule of the grammar, one line each: valid.txt and errors.txt. */
class TableLinesTest {
    private static final String INDENT = "    ";

    static String resource(String name) throws IOException {
        try (InputStream in = TableLinesTest.class.getResourceAsStream(name)) {
            return new String(
                    Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** A line, then indented its canonical form and its warnings. */
    static Stream<List<String>> validLines() throws IOException {
        List<List<String>> cases = new ArrayList<>();
        for (String line : resource("valid.txt").lines().toList()) {
            if (line.startsWith(INDENT)) {
                cases.getLast().add(line.substring(INDENT.length()));
            } else if (!line.startsWith("#")) {
                cases.add(new ArrayList<>(List.of(line)));
            }
        }
        return cases.stream();
    }

    @ParameterizedTest
    @MethodSource("validLines")
    void prints_a_canonical_line_that_reads_as_the_same_table(List<String> lines)
            throws TableException {
        TableFile file = TableFile.parse("t", lines.getFirst());

        assertThat(file.text()).isEqualTo(lines.get(1) + "\n");
        assertThat(file.warnings().stream().map(w -> w.column() + ": " + w.message()))
                .isEqualTo(lines.subList(2, lines.size()));
        TableFile again = TableFile.parse("t", file.text());
        assertThat(again.entries()).isEqualTo(file.entries());
        assertThat(again.warnings()).hasSizeLessThanOrEqualTo(file.warnings().size());
    }

    /** Lines, of which the last is wrong, a caret under the wrong word, and what is said. */
    static Stream<List<String>> wrongLines() throws IOException {
        return Arrays.stream(resource("errors.txt").split("\n\n"))
                .map(block ->
                        Arrays.stream(block.split("\n"))
                                .filter(line -> !line.startsWith("#") && !line.isEmpty())
                                .toList())
                .filter(lines -> !lines.isEmpty());
    }

    @ParameterizedTest
    @MethodSource("wrongLines")
    void points_at_the_wrong_word_and_says_what_is_wrong(List<String> lines) {
        int last = lines.size() - 3;
        String text = String.join("\n", lines.subList(0, last + 1));

        TableException refusal =
                catchThrowableOfType(TableException.class, () -> TableFile.parse("t", text));

        assertThat(refusal).isNotNull();
        String caret = lines.get(last + 1);
        String place = "t:" + (last + 1) + ":" + (caret.indexOf('^') + 1) + ": ";
        assertThat(refusal)
                .hasMessage(
                        place + lines.get(last + 2) + "\n  " + lines.get(last) + "\n  " + caret);
    }

    @Test
    void has_a_corpus_worth_its_name() throws IOException {
        assertThat(validLines().count() + wrongLines().count()).isGreaterThan(170);
    }
}
