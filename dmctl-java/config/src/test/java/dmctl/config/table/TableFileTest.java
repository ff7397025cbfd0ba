package dmctl.config.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dmctl.config.Address;
import dmctl.config.LogOpening;
import dmctl.config.table.DirtyLog.Core;
import dmctl.config.table.DirtyLog.Disk;
import dmctl.config.table.DirtyLog.FirstSync;
import dmctl.config.table.DirtyLog.None;
import dmctl.config.table.Link.Policy;
import dmctl.config.table.OneLineTable.Site;
import dmctl.config.table.TableFile.Foreign;
import dmctl.config.table.TableFile.Ours;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TableFileTest {
    private static Link link(int nr, Policy policy, Optional<FallBehind> limit) {
        return new Link(nr, Optional.empty(), policy, false, limit);
    }

    @Test
    void reads_the_control_target_of_2009() throws TableException {
        TableFile file =
                TableFile.parse(
                        "t",
                        "0 8 replicator ringbuffer 4 /dev/vg/replog 16 auto 65536"
                                + " blockdev 2 0 sync blockdev 4 1 async size 100m"
                                + " blockdev 3 40 asynch+stall timeout=90s");

        assertThat(file.ours().getFirst().table())
                .isEqualTo(
                        new ReplicatorTable(
                                new Extent(0, 8),
                                new LogDevice(
                                        "/dev/vg/replog",
                                        16,
                                        LogOpening.AUTO,
                                        OptionalLong.of(65_536)),
                                List.of(
                                        link(0, Policy.SYNC, Optional.empty()),
                                        link(
                                                1,
                                                Policy.ASYNC,
                                                Optional.of(new FallBehind.Size(100L << 20))),
                                        new Link(
                                                40,
                                                Optional.empty(),
                                                Policy.ASYNC,
                                                true,
                                                Optional.of(new FallBehind.Timeout(90_000))))));
    }

    @Test
    void reads_the_data_target_of_2009() throws TableException {
        TableFile file =
                TableFile.parse(
                        "t",
                        "0 4194304 replicator-dev /dev/mapper/erp 3 0 1 /dev/vg/data nolog 0"
                                + " 1 1 /dev/sdx core 2 2048 sync"
                                + " 40 1 /dev/sdy disk 3 /dev/vg/dirty 2048 nosync");

        assertThat(file.ours().getFirst().table())
                .isEqualTo(
                        new ReplicatorDevTable(
                                new Extent(0, 4_194_304),
                                "/dev/mapper/erp",
                                3,
                                List.of(
                                        new Copy(0, "/dev/vg/data", new None()),
                                        new Copy(1, "/dev/sdx", new Core(2048, FirstSync.SYNC)),
                                        new Copy(
                                                40,
                                                "/dev/sdy",
                                                new Disk(
                                                        "/dev/vg/dirty",
                                                        2048,
                                                        FirstSync.NOSYNC)))));
    }

    @Test
    void reads_a_line_of_2008() throws TableException {
        TableFile file =
                TableFile.parse(
                        "t",
                        "0 4194304 replicator replog 3 /dev/sdl 0 create"
                                + " local 1 0 1 /dev/sda nolog 0"
                                + " local 3 1 async ios=1000 1 /dev/sdb core 1 4096");

        assertThat(file.ours().getFirst().table())
                .isEqualTo(
                        new OneLineTable(
                                new Extent(0, 4_194_304),
                                new LogDevice(
                                        "/dev/sdl", 0, LogOpening.CREATE, OptionalLong.empty()),
                                List.of(
                                        new Site(
                                                link(0, Policy.ASYNC, Optional.empty()),
                                                new Copy(0, "/dev/sda", new None())),
                                        new Site(
                                                link(
                                                        1,
                                                        Policy.ASYNC,
                                                        Optional.of(new FallBehind.Ios(1000))),
                                                new Copy(
                                                        1,
                                                        "/dev/sdb",
                                                        new Core(4096, FirstSync.UNSAID))))));
    }

    @Test
    void reads_links_to_daemons() throws TableException {
        TableFile file =
                TableFile.parse(
                        "t",
                        "0 8 replicator ringbuffer 2 /dev/sdl 0 tcp 2 0 127.0.0.1:7701"
                                + " tcp 5 1 [fd00::2]:7701 async ios 10");

        assertThat(((ReplicatorTable) file.ours().getFirst().table()).links())
                .containsExactly(
                        new Link(
                                0,
                                Optional.of(new Address.Tcp("127.0.0.1", 7701)),
                                Policy.ASYNC,
                                false,
                                Optional.empty()),
                        new Link(
                                1,
                                Optional.of(new Address.Tcp("fd00::2", 7701)),
                                Policy.ASYNC,
                                false,
                                Optional.of(new FallBehind.Ios(10))));
    }

    @Test
    void takes_a_whole_group_with_names_comments_and_lines_of_other_targets()
            throws TableException {
        String text =
                """
                # one group
                erp: 0 8 replicator ringbuffer 2 /dev/sdl 0 blockdev 1 0 tcp 2 1 far:7701\r

                erp-data: 0 4194304 replicator-dev /dev/mapper/erp 0 0 1 /dev/sda nolog 0 1 1 /dev/sda core 1 2048
                   # the same path is another device at a site with a daemon of its own
                erp-wal: 0 8192 replicator-dev /dev/mapper/erp 1 0 1 /dev/sdb nolog 0 1 1 /dev/sdb core 1 2048
                  swap: 0 1024 linear /dev/sdc 0
                """;

        TableFile file = TableFile.parse("t", text);

        assertThat(file.ours())
                .extracting(Ours::line, Ours::name)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(2, Optional.of("erp")),
                        org.assertj.core.groups.Tuple.tuple(4, Optional.of("erp-data")),
                        org.assertj.core.groups.Tuple.tuple(6, Optional.of("erp-wal")));
        assertThat(file.entries().getLast())
                .isEqualTo(new Foreign(7, "swap: 0 1024 linear /dev/sdc 0"));
        assertThat(file.warnings()).isEmpty();
        assertThat(TableFile.parse("t", file.text()).text()).isEqualTo(file.text());
    }

    @Test
    void names_the_first_error_of_each_line_and_repeats_the_line() {
        String text =
                """
                0 8 replicator ringbuffer 2 /dev/sdl 0 blockdev 2 0 fast
                \t0 0 replicator-dev /dev/mapper/r 0 0 1 /dev/sda nolog 0
                0 8 zero
                """;

        TableException refusal =
                catchThrowableOfType(TableException.class, () -> TableFile.parse("my.table", text));

        assertThat(refusal)
                .hasMessage(
                        """
                        my.table:1:53: Invalid site link policy fast; write asynchronous, \
                        synchronous or stall, joined with + if need be
                          0 8 replicator ringbuffer 2 /dev/sdl 0 blockdev 2 0 fast
                                                                              ^^^^
                        my.table:2:4: zero-length target; write 1 or more
                          \t0 0 replicator-dev /dev/mapper/r 0 0 1 /dev/sda nolog 0
                          \t  ^\
                        """);
        assertThat(refusal.errors()).extracting(TableError::line).containsExactly(1, 2);
    }

    @Test
    void refuses_what_no_word_can_hold() {
        for (String letter : List.of("\0", "\\\r")) {
            TableException refusal =
                    catchThrowableOfType(
                            TableException.class,
                            () ->
                                    TableFile.parse(
                                            "t",
                                            "0 8 replicator ringbuffer 2 /dev/"
                                                    + letter
                                                    + "x 0 blockdev 1 0"));

            assertThat(refusal.errors().getFirst())
                    .extracting(TableError::column, TableError::cause)
                    .containsExactly(29, "a control character in a word");
        }
    }

    @Test
    void says_when_it_cannot_be_told_which_replicator_is_meant() throws TableException {
        TableFile file =
                TableFile.parse(
                        "t",
                        """
                        0 8 replicator ringbuffer 2 /dev/sdl 0 blockdev 1 0
                        0 8 replicator ringbuffer 2 /dev/sdm 0 blockdev 1 0
                        0 4194304 replicator-dev 253:7 0 0 1 /dev/sda nolog 0
                        """);

        assertThat(file.warnings())
                .singleElement()
                .extracting(TableError::line, TableError::column)
                .containsExactly(3, 26);
    }

    @Test
    void reads_a_file(@TempDir Path folder) throws Exception {
        Path path = folder.resolve("t");
        Files.writeString(path, "0 8 zero\n");
        assertThat(TableFile.read(path).entries()).containsExactly(new Foreign(1, "0 8 zero"));

        Files.write(path, new byte[] {(byte) 0xff, 10});
        assertThatThrownBy(() -> TableFile.read(path))
                .isInstanceOf(IOException.class)
                .hasMessage(path + " is not UTF-8 text");
    }
}
