package dmctl.config.table;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What holds for any table and for any text. */
class TablePropertiesTest {
    private static final int TABLES = 4_000;
    private static final int TEXTS = 20_000;

    @Test
    void any_table_reads_as_it_was_printed() throws TableException {
        for (int seed = 0; seed < TABLES; seed++) {
            Table table = new RandomTables(seed).table();

            TableFile file = TableFile.parse("t", table.text());

            assertThat(file.entries())
                    .as("seed %d: %s", seed, table.text())
                    .isEqualTo(List.of(new TableFile.Ours(1, Optional.empty(), table)));
            assertThat(file.warnings()).allMatch(warning -> warning.column() == 1);
        }
    }

    @Test
    void any_text_is_read_or_refused_with_a_place_in_it() throws IOException {
        List<List<String>> valid = TableLinesTest.validLines().toList();
        int refused = 0;
        for (int seed = 0; seed < TEXTS; seed++) {
            Random random = new Random(seed);
            String text =
                    changed(random, valid.get(random.nextInt(valid.size())).getFirst())
                            + (random.nextInt(4) == 0
                                    ? "\n" + valid.get(random.nextInt(valid.size())).getFirst()
                                    : "");
            try {
                TableFile file = TableFile.parse("t", text);
                assertThat(TableFile.parse("t", file.text()).text())
                        .as("seed %d: %s", seed, text)
                        .isEqualTo(file.text());
            } catch (TableException e) {
                refused++;
                for (TableError error : e.errors()) {
                    String line = text.split("\n", -1)[error.line() - 1];
                    assertThat(error.column() + error.length())
                            .as("seed %d: %s", seed, error)
                            .isLessThanOrEqualTo(line.codePointCount(0, line.length()) + 3);
                    assertThat(error.column()).isPositive();
                    assertThat(error.length()).isPositive();
                    assertThat(error.cause()).isNotBlank();
                }
            }
        }
        assertThat(refused).as("most changes are errors, some are not").isBetween(1, TEXTS - 1);
    }

    private static char anyLetter(Random random) {
        String likely = "\0\r\\\u0085\u00a0+=:, \t\u007f";
        return random.nextBoolean()
                ? likely.charAt(random.nextInt(likely.length()))
                : (char) random.nextInt(0x3000);
    }

    /** One to three words or letters changed, doubled or left out. */
    private static String changed(Random random, String line) {
        String text = line;
        for (int i = random.nextInt(3); i >= 0 && !text.isEmpty(); i--) {
            String[] words = text.split(" ", -1);
            int at = random.nextInt(words.length);
            switch (random.nextInt(6)) {
                case 0 -> words[at] = "";
                case 1 -> words[at] = words[at] + " " + words[random.nextInt(words.length)];
                case 2 -> words[at] = words[random.nextInt(words.length)];
                case 3 -> words[at] = Long.toString(random.nextLong() >> random.nextInt(64));
                case 4 -> words[at] = words[at].substring(words[at].length() / 2);
                default -> words[at] = words[at] + anyLetter(random) + anyLetter(random);
            }
            text = String.join(" ", words);
        }
        return text.replace('\n', ' ');
    }
}
