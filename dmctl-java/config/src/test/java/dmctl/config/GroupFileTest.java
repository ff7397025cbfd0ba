package dmctl.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dmctl.config.GroupConfig.FrontEnd;
import dmctl.config.GroupConfig.LinkType;
import dmctl.config.GroupConfig.Site;
import dmctl.config.SiteSettings.LimitKind;
import dmctl.config.SiteSettings.Mode;
import dmctl.config.SiteSettings.OutOfReach;
import dmctl.config.SiteSettings.Policy;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GroupFileTest {
    private static final Path FILE = Path.of("/srv/erp/group.yaml");

    private static String resource(String name) throws IOException {
        try (InputStream in = GroupFileTest.class.getResourceAsStream(name)) {
            return new String(
                    Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void reads_everything_a_group_can_say() throws Exception {
        GroupConfig config = GroupFile.parse(FILE, resource("full.yaml"));

        assertThat(config.name()).isEqualTo("erp");
        assertThat(config.uuid())
                .isEqualTo(UUID.fromString("6f1c2a34-9f5e-4b6a-8a1d-3c5b7e9f0a12"));
        assertThat(config.blockSize()).isEqualTo(4096);
        assertThat(config.insecure()).isTrue();
        assertThat(config.devices())
                .containsExactly(
                        new GroupConfig.Device(0, "data", 1L << 30),
                        new GroupConfig.Device(7, "wal", 256L << 20));
        assertThat(config.tuning())
                .isEqualTo(
                        new GroupConfig.Tuning(
                                128 << 20,
                                2 << 20,
                                128 << 10,
                                500,
                                2000,
                                1000,
                                50,
                                GroupConfig.DiskAccess.THREADS));
        assertThat(config.sites()).extracting(Site::nr).containsExactly(0, 2, 40);
        assertThat(config.primary()).isZero();
    }

    @Test
    void resolves_paths_and_addresses_against_the_folder_of_the_file() throws Exception {
        GroupConfig config = GroupFile.parse(FILE, resource("full.yaml"));

        Site home = config.site("home").orElseThrow();
        assertThat(home.devices())
                .containsExactly(Path.of("/srv/erp/home/data.img"), Path.of("/dev/vg/wal"));
        GroupConfig.DaemonPlaces places = home.daemon().orElseThrow();
        assertThat(places.listen()).hasToString("0.0.0.0:7701");
        assertThat(places.connect()).hasToString("[fd00::1]:7701");
        assertThat(places.log())
                .isEqualTo(
                        new GroupConfig.LogPlace(
                                Path.of("/srv/erp/home/replog"),
                                1 << 20,
                                LogOpening.OPEN,
                                OptionalLong.of(64 << 20)));
        assertThat(places.nbd())
                .extracting(Object::toString)
                .containsExactly("unix:/srv/erp/home/nbd.sock", "127.0.0.1:10809");
        assertThat(places.frontEnd()).isEqualTo(FrontEnd.KERNEL_NBD);
        assertThat(config.site("far").orElseThrow().daemon().orElseThrow().frontEnd())
                .as("the group's, where the site says nothing")
                .isEqualTo(FrontEnd.UBLK);
        assertThat(places.adminSocket()).isEqualTo(Path.of("/srv/erp/state/home/admin.sock"));
        assertThat(config.site("far").orElseThrow().daemon().orElseThrow().stateDir())
                .isEqualTo(Path.of("/srv/erp/elsewhere"));
    }

    @Test
    void keeps_the_data_of_a_group_of_the_system_apart_from_its_file() throws Exception {
        String text = resource("full.yaml").replaceAll("(?m)^defaults:.*$", "");
        GroupConfig config = GroupFile.parse(Path.of("/etc/dmctl/erp.yaml"), text);

        Site home = config.site("home").orElseThrow();
        assertThat(home.devices())
                .containsExactly(
                        Path.of("/var/lib/dmctl/erp/home/data.img"), Path.of("/dev/vg/wal"));
        assertThat(home.daemon().orElseThrow().stateDir())
                .isEqualTo(Path.of("/var/lib/dmctl/erp/home"));
        assertThat(GroupPlaces.folder(Path.of("/etc/dmctl/sub/erp.yaml")))
                .isEqualTo(Path.of("/etc/dmctl/sub"));
    }

    @Test
    void reads_how_each_site_takes_part() throws Exception {
        GroupConfig config = GroupFile.parse(FILE, resource("full.yaml"));

        Site vault = config.site("vault").orElseThrow();
        assertThat(vault.link()).isEqualTo(LinkType.BLOCKDEV);
        assertThat(vault.daemon()).isEmpty();
        assertThat(vault.devices())
                .containsExactly(
                        Path.of("/srv/erp/vault/data.img"), Path.of("/srv/erp/vault/wal.img"));
        assertThat(vault.settings())
                .isEqualTo(
                        new SiteSettings(
                                Policy.ASYNC,
                                OutOfReach.DEGRADE,
                                5000,
                                Mode.HOLD,
                                LimitKind.IOS,
                                1000,
                                100L << 20));
        assertThat(config.site("far").orElseThrow().settings())
                .isEqualTo(
                        new SiteSettings(
                                Policy.SYNC,
                                OutOfReach.WAIT,
                                120_000,
                                Mode.STALL,
                                LimitKind.TIME,
                                30_000,
                                0));
    }

    @Test
    void fills_in_what_is_not_said() throws Exception {
        String text =
                """
                group: small
                devices:
                  - {name: data, size: 1MiB}
                sites:
                  - name: vault
                    link: blockdev
                    devices: {data: vault.img}
                  - name: home
                    listen: 127.0.0.1:7701
                    log: {path: replog}
                    devices: {data: data.img}
                """;

        GroupConfig config = GroupFile.parse(FILE, text);

        assertThat(config.primary()).as("the first site with a daemon").isEqualTo(1);
        assertThat(config.blockSize()).isEqualTo(512);
        assertThat(config.tuning()).isEqualTo(GroupConfig.Tuning.DEFAULT);
        assertThat(config.uuid()).isEqualTo(GroupFile.parse(FILE, text).uuid());
        Site home = config.site("home").orElseThrow();
        assertThat(home.settings()).isEqualTo(SiteSettings.DEFAULT);
        assertThat(home.daemon().orElseThrow().log())
                .isEqualTo(
                        new GroupConfig.LogPlace(
                                Path.of("/srv/erp/replog"),
                                0,
                                LogOpening.AUTO,
                                OptionalLong.empty()));
        assertThat(home.daemon().orElseThrow().frontEnd()).isEqualTo(FrontEnd.SOCKETS);
        assertThat(home.daemon().orElseThrow().stateDir()).isEqualTo(Path.of("/srv/erp/home"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "words",
                "twice",
                "exposed",
                "wildcard",
                "blockdev",
                "missing",
                "syntax",
                "tab",
                "shape",
                "shapes",
                "longpath",
                "timing",
                "empty"
            })
    void refuses_and_names_every_wrong_word_with_its_place_and_remedy(String name)
            throws IOException {
        String text = resource("refused/" + name + ".yaml");

        ConfigException refusal =
                catchThrowableOfType(ConfigException.class, () -> GroupFile.parse(FILE, text));

        assertThat(refusal).isNotNull();
        assertThat(refusal.getMessage() + "\n").isEqualTo(resource("refused/" + name + ".txt"));
    }

    @Test
    void refuses_more_blockdev_sites_than_a_log_keeps_cursors_of() {
        StringBuilder text =
                new StringBuilder(
                        """
                        group: many
                        devices:
                          - {name: data, size: 1MiB}
                        sites:
                          - {name: home, listen: "127.0.0.1:7701", log: {path: log}, devices: {data: d}}
                        """);
        for (int i = 0; i <= 100; i++) {
            text.append(
                    String.format(
                            Locale.ROOT,
                            "  - {name: s%d, link: blockdev, devices: {data: s%d}}\n",
                            i,
                            i));
        }

        ConfigException refusal =
                catchThrowableOfType(
                        ConfigException.class, () -> GroupFile.parse(FILE, text.toString()));

        assertThat(refusal)
                .hasMessage(
                        "/srv/erp/group.yaml:5:3: sites: 101 with link: blockdev, but a log keeps"
                                + " cursors of 100; give the others a daemon (link: tcp), or make a"
                                + " second group");
    }

    private static String threeSites(String near, String vault) {
        return """
        group: three
        insecure: true
        devices:
          - {name: data, size: 1MiB}
        sites:
          - {name: home, listen: "home:7701", log: {path: /dev/log}, devices: {data: /dev/a}}
          - {name: near, listen: "NEAR:7701", log: {path: /dev/log}, devices: {data: /dev/a}}
          - {name: vault, link: blockdev, devices: {data: VAULT}}
        """
                .replace("NEAR", near)
                .replace("VAULT", vault);
    }

    @Test
    void lets_machines_have_the_same_paths() throws Exception {
        GroupConfig config = GroupFile.parse(FILE, threeSites("near", "/dev/b"));

        assertThat(config.sites().get(0).devices()).isEqualTo(config.sites().get(1).devices());
    }

    @Test
    void lets_no_two_users_of_a_machine_have_the_same_path() {
        assertThatThrownBy(() -> GroupFile.parse(FILE, threeSites("HOME", "/dev/b")))
                .hasMessageContaining("/dev/a: also the device data of site home;")
                .hasMessageContaining("/dev/log: also the log of site home;");
        assertThatThrownBy(() -> GroupFile.parse(FILE, threeSites("near", "/dev/a")))
                .hasMessageContaining("/dev/a: also the device data of site ");
    }

    @Test
    void says_that_a_file_does_not_exist() {
        ConfigException refusal =
                catchThrowableOfType(
                        ConfigException.class, () -> GroupFile.read(Path.of("/no/such.yaml")));

        assertThat(refusal.errors())
                .isEqualTo(
                        List.of(
                                new ConfigError(
                                        "/no/such.yaml",
                                        0,
                                        0,
                                        "file",
                                        "no such file",
                                        "name a group's YAML file")));
        assertThat(refusal)
                .hasMessage("/no/such.yaml: file: no such file; name a group's YAML file");
    }
}
