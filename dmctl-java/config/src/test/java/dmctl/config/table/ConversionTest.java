package dmctl.config.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dmctl.config.ConfigException;
import dmctl.config.GroupConfig;
import dmctl.config.GroupFile;
import dmctl.config.GroupText;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConversionTest {
    private static final Path FILE = Path.of("/srv/dmctl/erp.yaml");
    private static final String TABLES =
            """
            erp: 0 8 replicator ringbuffer 4 /dev/vg/replog 8 auto 2097152 \
            tcp 3 0 127.0.0.1:7701 asynchronous tcp 3 1 127.0.0.1:7702 synchronous \
            tcp 3 2 127.0.0.1:7703 synchronous+stall \
            blockdev 4 3 asynchronous size 100m blockdev 2 40 asynchronous+stall
            erp-data: 0 4194304 replicator-dev /dev/mapper/erp 0 0 1 /dev/vg/data nolog 0 \
            1 1 /near/data core 1 8192 2 1 /far/data core 1 8192 \
            3 1 /vault/data core 1 8192 40 1 /deep/data core 1 8192
            erp-wal: 0 524288 replicator-dev /dev/mapper/erp 7 0 1 253:6 nolog 0 \
            1 1 /near/wal core 1 8192 2 1 /far/wal core 1 8192 \
            3 1 /vault/wal core 1 8192 40 1 /deep/wal core 1 8192
            """;
    private static final String YAML =
            """
            group: erp
            primary: local
            batch: 4MiB
            region-size: 4MiB
            devices:
              - {name: data, size: 2GiB}
              - {name: wal, size: 256MiB, nr: 7}
            sites:
              - name: local
                listen: 127.0.0.1:7701
                log: {path: /dev/vg/replog, size: 1GiB, start: 4KiB}
                devices: {data: /dev/vg/data, wal: /dev/block/253:6}
                nbd: [unix:local/nbd.sock]
                policy: async
              - name: site1
                listen: 127.0.0.1:7702
                log: {path: site1/replog}
                devices: {data: /near/data, wal: /near/wal}
                nbd: [unix:site1/nbd.sock]
                policy: sync
              - name: site2
                listen: 127.0.0.1:7703
                log: {path: site2/replog}
                devices: {data: /far/data, wal: /far/wal}
                nbd: [unix:site2/nbd.sock]
                policy: sync
                out-of-reach: wait
              - name: site3
                link: blockdev
                devices: {data: /vault/data, wal: /vault/wal}
                policy: async
                limit: {size: 100MiB}
                mode: hold
              - name: site40
                nr: 40
                link: blockdev
                devices: {data: /deep/data, wal: /deep/wal}
                policy: async
                mode: stall
            """;

    private static Converted<GroupConfig> toGroup(String tables) throws Exception {
        return TablesToGroup.convert(TableFile.parse("t", tables), FILE, Optional.empty());
    }

    private static Converted<TableFile> toTables(String yaml) throws Exception {
        return GroupToTables.convert(GroupFile.parse(FILE, yaml));
    }

    @Test
    void says_in_a_groups_file_what_tables_say() throws Exception {
        Converted<GroupConfig> group = toGroup(TABLES);

        assertThat(GroupText.of(group.value())).isEqualTo(YAML);
        assertThat(group.lost()).isEmpty();
        assertThat(group.chosen())
                .containsExactly(
                        "name of site 0: local",
                        "site local: nbd unix:/srv/dmctl/local/nbd.sock",
                        "name of site 1: site1",
                        "site site1: nbd unix:/srv/dmctl/site1/nbd.sock",
                        "site site1: log /srv/dmctl/site1/replog",
                        "name of site 2: site2",
                        "site site2: nbd unix:/srv/dmctl/site2/nbd.sock",
                        "site site2: log /srv/dmctl/site2/replog",
                        "name of site 3: site3",
                        "name of site 40: site40",
                        "batch: as large as a region");
    }

    @Test
    void says_in_tables_what_a_groups_file_says() throws Exception {
        Converted<TableFile> tables = toTables(YAML);

        assertThat(tables.value().text()).isEqualTo(TABLES);
        assertThat(tables.lost()).containsExactly("batch 4 MiB");
        assertThat(tables.chosen()).isEmpty();
    }

    @Test
    void makes_one_group_of_lines_of_2008() throws Exception {
        Converted<GroupConfig> group =
                toGroup(
                        """
                        0 4194304 replicator replog 3 /dev/sdl 0 create \
                        local 2 0 sync 1 /dev/sda nolog 0 local 3 1 async ios=5 1 /dev/sdb core 1 2048
                        wal: 0 8192 replicator replog 2 /dev/sdl 0 \
                        local 2 0 sync 1 /dev/sdc nolog 0 local 3 1 async ios=5 1 /dev/sdd core 1 2048
                        """);

        assertThat(group.lost()).isEmpty();
        assertThat(group.chosen()).contains("group: replicator", "name of device 0: dev0");
        assertThat(GroupText.of(group.value()))
                .contains(
                        "log: {path: /dev/sdl, open: create}",
                        "{name: dev0, size: 2GiB}",
                        "{name: wal, size: 4MiB}",
                        "devices: {dev0: /dev/sdb, wal: /dev/sdd}");
        assertThat(GroupToTables.convert(group.value()).chosen())
                .containsExactly("size of the log: 256 MiB");
    }

    @Test
    void names_what_a_groups_file_has_no_words_for() throws Exception {
        Converted<GroupConfig> group =
                toGroup(
                        """
                        0 8 replicator ringbuffer 3 1:2 0 open blockdev 1 0 \
                        blockdev 4 1 async+stall timeout 1s tcp 2 2 far.example.org:7701
                        0 1024 linear /dev/sdz 0
                        64 4096 replicator-dev 9:9 0 0 1 1:3 nolog 0 \
                        1 1 1:4 disk 3 1:5 2048 nosync 2 1 /x core 2 2048 sync
                        """);

        assertThat(group.lost())
                .containsExactly(
                        "line 2: a table of another target",
                        "device 0: its start 64",
                        "device 0 at site 1: dirty log 1:5, for regions are noted in the replog",
                        "device 0 at site 1: nosync",
                        "site site1: stall beside a limit, which mode hold stands for",
                        "device 0 at site 2: sync");
        assertThat(group.chosen())
                .contains(
                        "insecure: true, for addresses that other machines reach",
                        "site local: listen unix:/srv/dmctl/local/link.sock");
        assertThat(group.value().insecure()).isTrue();
    }

    private static final String UNSAYABLE =
            """
            group: g
            uuid: 6f1c2a34-9f5e-4b6a-8a1d-3c5b7e9f0a12
            block-size: 4096
            memory: 128MiB
            batch: 2MiB
            heartbeat: 500ms
            link-timeout: 2s
            ask-sites: 1s
            async-flush: 50ms
            disk-access: threads
            insecure: true
            devices:
              - {name: data, size: 3MiB}
            sites:
              - name: home
                listen: 0.0.0.0:1
                connect: home:1
                log: {path: log, size: 4MiB, open: open}
                devices: {data: h}
                out-of-reach: wait
              - name: near
                listen: near:1
                log: {path: nlog}
                devices: {data: n}
                nbd: unix:n.sock
                front-end: kernel-nbd
                mapper: true
                state-dir: elsewhere
                policy: sync
                degrade-after: 1m
                mode: drop
                limit: {ios: 5}
              - name: far
                link: blockdev
                devices: {data: f}
                limit: {size: 1MiB}
                mode: drop
                resync-rate: 1MiB/s
            """;

    @Test
    void names_what_tables_have_no_words_for() throws Exception {
        Converted<TableFile> tables = toTables(UNSAYABLE);

        assertThat(tables.value().text())
                .startsWith(
                        "g: 0 8 replicator ringbuffer 4 /srv/dmctl/log 0 open 8192 tcp 3 0 home:1"
                                + " asynchronous tcp 3 1 near:1 synchronous blockdev 2 2 asynchronous\n");
        assertThat(tables.lost())
                .containsExactly(
                        "site home: out-of-reach wait beside async",
                        "site near: degrade-after 1m00s",
                        "site near: limit ios=5 beside sync",
                        "site near: mode drop beside sync",
                        "site far: limit size=1MiB with mode drop, for a limit in a table holds"
                                + " writes",
                        "site far: resync-rate 1 MiB a second",
                        "region-size 64 KiB, for 1 MiB is the nearest in a table",
                        "uuid 6f1c2a34-9f5e-4b6a-8a1d-3c5b7e9f0a12",
                        "block-size 4096",
                        "memory 128 MiB",
                        "batch 2 MiB",
                        "heartbeat 0.50 s",
                        "link-timeout 2 s",
                        "ask-sites 1 s",
                        "async-flush 0.05 s",
                        "disk-access threads",
                        "insecure",
                        "the name of site 0, home",
                        "site home: listen 0.0.0.0:1",
                        "the name of site 1, near",
                        "site near: log /srv/dmctl/nlog",
                        "site near: nbd unix:/srv/dmctl/n.sock",
                        "site near: front-end kernel-nbd",
                        "site near: mapper name g-data",
                        "site near: state-dir /srv/dmctl/elsewhere",
                        "the name of site 2, far");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0 9 zero | no table of a replicated device; add its replicator-dev",
                "0 8 replicator ringbuffer 2 a 0 blockdev 1 0 | no table of a replicated device",
                "0 8 replicator-dev /r 0 0 1 a nolog 0 | line 1: the table of its replicator is",
                "0 8 replicator ringbuffer 2 a 0 blockdev 1 0; 0 8 replicator ringbuffer 2 b 0"
                        + " blockdev 1 0 | line 2 begins another group; convert one group at a time",
                "0 8 replicator replog 2 a 0 local 1 0 1 b nolog 0; 0 8 replicator-dev 1:1 0 0 1 c"
                        + " nolog 0 | line 2: the table of its replicator is not here",
                "0 8 replicator ringbuffer 2 a 3 blockdev 1 0; 0 8 replicator-dev 1:1 0 0 1 b nolog"
                        + " 0 | no group's file can say this: the log's start, sector 3, is not",
                "0 8 replicator ringbuffer 2 a 0 blockdev 1 0; 0 8 replicator-dev 1:1 2048 0 1 b"
                        + " nolog 0 | no group's file can say this: device 2048: a group's file numbers",
                "0 8 replicator ringbuffer 2 a 0 blockdev 1 0 blockdev 1 5; 0 8 replicator-dev 1:1"
                        + " 0 0 1 b nolog 0 | no group's file can say this: device 0 has no copy at"
                        + " site 5, and in a group",
                "0 8 replicator ringbuffer 2 a 0 blockdev 1 0 blockdev 1 1; 0 65536 replicator-dev"
                        + " 1:1 0 0 1 b nolog 0 1 1 c core 1 65536 | no group's file can say this:"
                        + " regions of 32 MiB, and a group's are no larger than 16 MiB",
                "a\\ b: 0 8 replicator ringbuffer 2 a 0 blockdev 1 0; 0 8 replicator-dev 1:1 0 0 1"
                        + " b nolog 0 | a b: not a name of a group",
            })
    void refuses_tables_that_are_no_group(String tables, String cause) {
        assertThatThrownBy(() -> toGroup(tables.replace("; ", "\n")))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(cause);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "name: home | name: home, nr: 3 | a table's local site is number 0, and none is",
                "primary: home | primary: near | the primary is not site 0, the local site",
                "size: 3MiB | size: 512KiB | a device smaller than a region of 1 MiB, the",
                "data: h | data: \"h\\nh\" | a path of more than one line",
            })
    void refuses_groups_that_no_table_can_describe(String word, String other, String cause) {
        String yaml =
                """
                group: g
                primary: home
                devices: [{name: data, size: 3MiB}]
                sites:
                  - {name: home, listen: "127.0.0.1:1", log: {path: log}, devices: {data: h}}
                  - {name: near, listen: "127.0.0.1:2", log: {path: nlog}, devices: {data: n}, nr: 9}
                """;

        assertThatThrownBy(() -> toTables(yaml.replace(word, other)))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("no table can say this: " + cause);
    }

    @Test
    void comes_back_as_it_went() throws Exception {
        int converted = 0;
        for (int seed = 0; seed < 300; seed++) {
            TableFile tables = TableFile.parse("t", new RandomTables(seed).group());
            Converted<GroupConfig> group = TablesToGroup.convert(tables, FILE, Optional.empty());
            GroupConfig there = group.value();

            Converted<TableFile> back = GroupToTables.convert(there);

            assertThat(back.lost())
                    .as("seed %d", seed)
                    .allMatch(lost -> lost.startsWith("batch ") || lost.equals("insecure"));
            assertThat(TablesToGroup.convert(back.value(), FILE, Optional.empty()).value())
                    .as("seed %d", seed)
                    .isEqualTo(there);
            if (group.lost().isEmpty()) {
                converted++;
                assertThat(back.value().ours()).as("seed %d", seed).isEqualTo(tables.ours());
            }
        }
        assertThat(converted).isGreaterThan(20);
    }
}
