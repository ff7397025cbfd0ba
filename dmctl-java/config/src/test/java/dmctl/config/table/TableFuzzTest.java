package dmctl.config.table;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dmctl.config.ConfigException;
import dmctl.config.GroupConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.support.ParameterDeclarations;

/**
 * Any text is read, or refused by the parser's own exception; what is read prints as what reads the
 * same. Without more the lines of the corpus are run; {@code JAZZER_FUZZ=1} looks for further ones,
 * from these on: {@code JAZZER_FUZZ=1 mvn -pl dmctl-java/config test -Dtest=TableFuzzTest}.
 */
class TableFuzzTest {
    private static final int CORPUS_MIN = 150;

    /** All lines that the other tests know, valid and not. */
    static final class Corpus implements ArgumentsProvider {
        @Override
        public Stream<Arguments> provideArguments(
                ParameterDeclarations parameters, ExtensionContext context) throws Exception {
            List<List<String>> valid = TableLinesTest.validLines().toList();
            List<List<String>> wrong = TableLinesTest.wrongLines().toList();
            assertThat(valid.size() + wrong.size()).isGreaterThan(CORPUS_MIN);
            return Stream.concat(
                            valid.stream().map(List::getFirst),
                            wrong.stream()
                                    .map(lines ->
                                            String.join("\n", lines.subList(0, lines.size() - 2))))
                    .map(text -> Arguments.of((Object) text.getBytes(StandardCharsets.UTF_8)));
        }
    }

    @ArgumentsSource(Corpus.class)
    @FuzzTest(maxDuration = "60s")
    void any_text_is_read_or_refused(byte[] bytes) {
        TableFile file;
        try {
            file = TableFile.parse("t", new String(bytes, StandardCharsets.UTF_8));
        } catch (TableException e) {
            assertThat(e.errors()).isNotEmpty();
            return;
        }
        try {
            assertThat(TableFile.parse("t", file.text()).text()).isEqualTo(file.text());
        } catch (TableException e) {
            throw new AssertionError("prints what it does not read: " + file.text(), e);
        }
        try {
            Converted<GroupConfig> group =
                    TablesToGroup.convert(file, Path.of("/g/group.yaml"), Optional.empty());
            assertThat(group.value().devices()).isNotEmpty();
        } catch (ConfigException e) {
            assertThat(e).hasMessageNotContaining("null");
        }
    }
}
