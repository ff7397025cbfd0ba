package dmctl.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dmctl.config.table.TableException;
import dmctl.config.table.TableFile;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TableCommandTest {
    @TempDir Path folder;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... words) {
        return Main.run(new PrintWriter(out), new PrintWriter(err), words);
    }

    private String file(String text) throws IOException {
        return Files.writeString(folder.resolve("t"), text).toString();
    }

    @Test
    void check_prints_the_canonical_form() throws IOException {
        String file =
                file(
                        """
                        # the example
                        erp: 0 8 replicator ringbuffer 4 /dev/sdl 0 a 8192 blockdev 1 0 blockdev 3 1 a ios=5
                        erp-data: 0 4096 replicator-dev /dev/mapper/erp 0 0 1 /dev/sda - 0
                        """);

        assertThat(run("table", "check", file)).isEqualTo(ExitCode.OK);
        assertThat(out)
                .hasToString(
                        """
                        erp: 0 8 replicator ringbuffer 4 /dev/sdl 0 auto 8192 \
                        blockdev 2 0 asynchronous blockdev 4 1 asynchronous ios 5
                        erp-data: 0 4096 replicator-dev /dev/mapper/erp 0 0 1 /dev/sda nolog 0
                        """);
        assertThat(err).hasToString("");
    }

    @Test
    void check_warns_of_what_is_doubtful_and_of_what_it_does_not_know() throws IOException {
        String file =
                file(
                        """
                        0 8 replicator ringbuffer 2 1:2 0 blockdev 1 0 blockdev 4 1 async timeout 60
                        0 1024 linear /dev/sdc 0
                        """);

        assertThat(run("table", "check", file)).isEqualTo(ExitCode.OK);
        assertThat(err)
                .hasToString(
                        "dmctl: warning: "
                                + file
                                + """
                                :1:75: a bare timeout is in milliseconds, and LVM2 meant seconds; \
                                write 60t, or 60s if seconds are meant
                                  0 8 replicator ringbuffer 2 1:2 0 blockdev 1 0 blockdev 4 1 async timeout 60
                                                                                                            ^^
                                dmctl: line 2: another target's table, not checked
                                """);
        assertThat(out.toString()).endsWith("timeout 60t\n0 1024 linear /dev/sdc 0\n");
    }

    @Test
    void check_names_every_wrong_line_and_ends_with_2() throws IOException {
        String file = file("0 8 replicator\n0 0 replicator-dev\n");

        assertThat(run("table", "check", file)).isEqualTo(ExitCode.USAGE);
        assertThat(out).hasToString("");
        assertThat(err.toString())
                .startsWith(
                        "dmctl: "
                                + file
                                + """
                                :1:16: Invalid argument count; write the log, and the site links behind it
                                  0 8 replicator
                                                 ^
                                """)
                .contains(file + ":2:3: zero-length target");
    }

    @Test
    void check_reads_standard_input() {
        InputStream before = System.in;
        System.setIn(new ByteArrayInputStream("0 9 zero".getBytes(StandardCharsets.UTF_8)));
        try {
            assertThat(run("table", "check", "-")).isEqualTo(ExitCode.OK);
        } finally {
            System.setIn(before);
        }
        assertThat(out).hasToString("0 9 zero\n");
    }

    @Test
    void ends_with_2_where_there_is_nothing_to_read() throws IOException {
        assertThat(run("table", "check", file("# nothing\n"))).isEqualTo(ExitCode.USAGE);
        assertThat(run("table", "check", "/no/such/file")).isEqualTo(ExitCode.USAGE);
        assertThat(run("table", "check", folder.toString())).isEqualTo(ExitCode.USAGE);
        assertThat(run("table")).isEqualTo(ExitCode.USAGE);
        assertThat(run("table", "check")).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString()).contains("no table in it", "no such file", "cannot be read");
    }

    @Test
    void the_document_shows_what_is_so() throws Exception {
        String document = Files.readString(Path.of("TABLES.md"));
        String example = document.split("```\n", 3)[1];
        assertThat(run("table", "check", file(example))).isEqualTo(ExitCode.OK);
        assertThat(err).hasToString("");

        List<String> wrong =
                document.lines()
                        .dropWhile(line -> !line.startsWith("    erp.table:1:"))
                        .limit(3)
                        .map(line -> line.substring(4))
                        .toList();
        TableException refusal =
                catchThrowableOfType(
                        TableException.class,
                        () -> TableFile.parse("erp.table", wrong.get(1).substring(2)));
        assertThat(refusal).hasMessage(String.join("\n", wrong));
    }

    private static final String TABLES =
            """
            erp: 0 8 replicator ringbuffer 4 /dev/sdl 0 auto 8192 blockdev 2 0 synchronous \
            blockdev 4 1 asynchronous ios 5
            erp-data: 0 4096 replicator-dev /dev/mapper/erp 0 0 1 /dev/sda nolog 0 \
            1 1 /dev/sdb core 1 2048
            """;

    @Test
    void to_prints_a_groups_file_and_from_the_tables_again() throws IOException {
        assertThat(run("table", "to", file(TABLES))).isEqualTo(ExitCode.OK);
        assertThat(err.toString()).contains("dmctl: chosen: name of site 0: local");
        assertThat(out.toString()).startsWith("group: erp\nprimary: local\nregion-size: 1MiB\n");
        Path yaml = Files.writeString(folder.resolve("g.yaml"), out.toString());
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);

        assertThat(run("table", "from", "--exact", yaml.toString())).isEqualTo(ExitCode.OK);
        assertThat(out).hasToString(TABLES);
        assertThat(err).hasToString("");
        out.getBuffer().setLength(0);

        assertThat(run("table", "from", "-f", yaml.toString())).isEqualTo(ExitCode.OK);
        assertThat(out).hasToString(TABLES);
    }

    @Test
    void to_takes_the_groups_name_from_the_command_line() throws IOException {
        String unnamed = TABLES.replace("erp: ", "").replace("erp-data: ", "");

        assertThat(run("table", "to", "--group", "db", file(unnamed))).isEqualTo(ExitCode.OK);
        assertThat(out.toString()).startsWith("group: db\n").contains("{name: dev0,");
    }

    @Test
    void names_what_is_lost_and_with_exact_refuses_it() throws IOException {
        String file = file(TABLES.replace("core 1 2048", "core 2 2048 nosync"));
        String lost = "device 0 at site 1: nosync\n";

        assertThat(run("table", "to", file)).isEqualTo(ExitCode.OK);
        assertThat(err.toString()).contains("dmctl: not in a group's file: " + lost);
        out.getBuffer().setLength(0);

        assertThat(run("table", "to", "--exact", file)).isEqualTo(ExitCode.FAILED);
        assertThat(out).hasToString("");
        assertThat(err.toString()).endsWith("dmctl: not in a group's file: " + lost);

        String lab = Path.of("examples", "lab.yaml").toString();
        assertThat(run("table", "from", "--exact", lab)).isEqualTo(ExitCode.FAILED);
        assertThat(err.toString()).contains("dmctl: not in tables: site far: limit time=30s");
    }

    @Test
    void ends_with_2_where_the_other_form_cannot_say_it() throws IOException {
        assertThat(run("table", "to", file("0 8 zero\n"))).isEqualTo(ExitCode.USAGE);
        assertThat(run("table", "to", file("0 8 replicator\n"))).isEqualTo(ExitCode.USAGE);
        assertThat(run("table", "from", file("group: ["))).isEqualTo(ExitCode.USAGE);
    }
}
