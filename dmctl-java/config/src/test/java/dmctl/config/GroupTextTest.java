package dmctl.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GroupTextTest {
    private static final Path FILE = Path.of("/srv/erp/group.yaml");

    private static String full() throws IOException {
        try (InputStream in = GroupTextTest.class.getResourceAsStream("full.yaml")) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void reads_as_the_same_group() throws Exception {
        GroupConfig group = GroupFile.parse(FILE, full());

        assertThat(GroupFile.parse(FILE, GroupText.of(group))).isEqualTo(group);
    }

    @Test
    void says_what_is_not_preset() throws Exception {
        GroupConfig group =
                GroupFile.parse(
                        FILE,
                        """
                        devices: [{size: 1024KiB, name: data}]
                        group: small
                        sites:
                          - name: home
                            mode: hold
                            limit: time=90s
                            devices: {data: /srv/erp/data.img}
                            log: {path: ../replog}
                            listen: 127.0.0.1:7701
                        """);

        assertThat(GroupText.of(group))
                .isEqualTo(
                        """
                        group: small
                        primary: home
                        devices:
                          - {name: data, size: 1MiB}
                        sites:
                          - name: home
                            listen: 127.0.0.1:7701
                            log: {path: /srv/replog}
                            devices: {data: data.img}
                            policy: async
                            limit: {time: 90s}
                            mode: hold
                        """);
    }

    private static boolean isPath(String name) {
        try {
            return FILE.resolveSibling(name).isAbsolute();
        } catch (InvalidPathException e) {
            return false;
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a b",
                "#",
                "- x",
                "{a: b}",
                "ümlaut",
                "\ud83d\ude00",
                "tab\there",
                "q\"b\\n",
                "x:",
                "line\nend",
                "*a",
                "\u0085",
                "%",
                "~",
                "!t",
                "a, b",
                "[0]",
                "'",
                "null",
                "\u0001"
            })
    void quotes_any_path(String name) throws Exception {
        assumeTrue(isPath(name), "the locale has no such characters");
        String text =
                """
                group: small
                primary: home
                devices:
                  - {name: data, size: 1MiB}
                sites:
                  - name: home
                    listen: 127.0.0.1:7701
                    log: {path: log}
                    devices: {data: img}
                    policy: async
                """;
        GroupConfig plain = GroupFile.parse(FILE, text);
        GroupConfig.Site site = plain.sites().getFirst();
        GroupConfig strange =
                new GroupConfig(
                        plain.file(),
                        plain.name(),
                        plain.uuid(),
                        plain.blockSize(),
                        plain.devices(),
                        java.util.List.of(
                                new GroupConfig.Site(
                                        0,
                                        site.name(),
                                        site.link(),
                                        site.daemon(),
                                        java.util.List.of(FILE.resolveSibling(name)),
                                        site.settings())),
                        0,
                        plain.tuning(),
                        false);

        assertThat(GroupFile.parse(FILE, GroupText.of(strange))).isEqualTo(strange);
    }
}
