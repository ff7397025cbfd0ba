package dmctl.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MapperNamesTest {
    private static final String GROUP =
            """
            group: erp
            %s
            devices:
              - {name: data, size: 1MiB}
              - {name: wal, size: 1MiB, nr: 5}
            sites:
              - name: home
                listen: home:1
                log: {path: h/log}
                devices: {data: h/data, wal: h/wal}
                %s
              - name: near
                listen: %s:2
                log: {path: n/log}
                devices: {data: n/data, wal: n/wal}
                %s
            insecure: true
            """;

    private static GroupConfig group(String top, String home, String host, String near)
            throws ConfigException {
        return GroupFile.parse(
                Path.of("/srv/erp.yaml"), String.format(Locale.ROOT, GROUP, top, home, host, near));
    }

    private static List<MapperName> at(GroupConfig group, String site) {
        return group.site(site).orElseThrow().daemon().orElseThrow().mapper();
    }

    @Test
    void everySiteWithDevicesOfTheKernelHasTheSameNamesByDefault() throws Exception {
        GroupConfig group =
                group("mapper: true", "front-end: ublk", "near", "front-end: kernel-nbd");
        List<MapperName> names =
                List.of(
                        new MapperName(0, "erp-data", Optional.empty()),
                        new MapperName(5, "erp-wal", Optional.empty()));
        assertThat(at(group, "home")).isEqualTo(names);
        assertThat(at(group, "near")).isEqualTo(names);
    }

    @Test
    void aSiteWithoutDevicesOfTheKernelIsPassedBy() throws Exception {
        GroupConfig group = group("mapper: true", "front-end: ublk", "home", "front-end: sockets");
        assertThat(at(group, "home")).hasSize(2);
        assertThat(at(group, "near")).isEmpty();
    }

    @Test
    void aSiteNamesSomeOrNone() throws Exception {
        GroupConfig group =
                group(
                        "front-end: ublk",
                        "mapper: {wal: {name: db-wal, uuid: LVM-x}}",
                        "home",
                        "mapper: false");
        assertThat(at(group, "home"))
                .containsExactly(new MapperName(5, "db-wal", Optional.of("LVM-x")));
        assertThat(at(group, "near")).isEmpty();
    }

    @Test
    void theTextReadsAsTheSameNames() throws Exception {
        GroupConfig group =
                group(
                        "front-end: ublk",
                        "mapper: {wal: {name: '#1', uuid: LVM-x}, data: a=b}",
                        "near",
                        "mapper: true");
        GroupConfig again = GroupFile.parse(group.file(), GroupText.of(group));
        assertThat(at(again, "home")).isEqualTo(at(group, "home")).hasSize(2);
        assertThat(at(again, "near")).isEqualTo(at(group, "near")).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "mapper: yes | near | false | 2:9: mapper yes: not mapper names",
                "front-end: sockets | near | true | 16:13: mapper: front-end: sockets has no devices",
                "front-end: dm-user | near | true | 16:13: mapper: front-end: dm-user has no devices",
                "mapper: true | home | true | mapper name of device data of site home",
                "front-end: ublk | near | {data: a/b} | 16:20: data a/b: not a name under /dev/mapper",
                "front-end: ublk | near | {data: control} | data control: not a name under",
                "front-end: ublk | near | {data: x, wal: x} | 16:28: /dev/mapper/x: also the mapper",
                "front-end: ublk | near | {data: {uuid: x}} | name: missing in a mapper name",
                "front-end: ublk | near | {data: {name: x, uuid: 'a b'}} | uuid a b: not a UUID of",
                "front-end: ublk | near | {data: {insert: x}} | the copy of device data is /srv/n/data,"
                        + " not its origin; write devices: {data: /dev/mapper/x-origin}",
                "front-end: ublk | near | {data: {insert: x, uuid: y}} | no such key in a mapper name",
                "front-end: ublk | near | {date: x} | did you mean \"data\"?"
            })
    void refused(String top, String host, String names, String error) {
        assertThatThrownBy(() ->
                        group(
                                top,
                                "front-end: ublk",
                                host,
                                (top.startsWith("mapper") ? "front-end: ublk\n    " : "")
                                        + "mapper: "
                                        + names))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(error);
    }

    @Test
    void aNameThatIsThereMayGetTheGroupPutUnderIt() throws Exception {
        GroupConfig group =
                GroupFile.parse(
                        Path.of("/srv/erp.yaml"),
                        String.format(
                                Locale.ROOT,
                                GROUP.replace("h/data", "/dev/mapper/vg-app-origin"),
                                "front-end: ublk",
                                "mapper: {data: {insert: vg-app}}",
                                "near",
                                ""));
        List<MapperName> names = List.of(new MapperName(0, "vg-app", Optional.empty(), true));
        assertThat(at(group, "home")).isEqualTo(names);
        GroupConfig again = GroupFile.parse(group.file(), GroupText.of(group));
        assertThat(at(again, "home")).isEqualTo(names);
    }

    @Test
    void aCopyUnderTheSameNameIsRefused() {
        assertThatThrownBy(() ->
                        GroupFile.parse(
                                Path.of("/srv/erp.yaml"),
                                String.format(
                                        Locale.ROOT,
                                        GROUP.replace("h/data", "/dev/mapper/erp-data"),
                                        "front-end: ublk",
                                        "mapper: true",
                                        "near",
                                        "")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("/dev/mapper/erp-data: also the device data of site home");
    }
}
