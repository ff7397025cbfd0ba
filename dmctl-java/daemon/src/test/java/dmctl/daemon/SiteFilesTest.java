package dmctl.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dmctl.config.ConfigException;
import dmctl.config.GroupConfig;
import dmctl.config.GroupFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SiteFilesTest {
    @TempDir Path folder;
    private final List<String> said = new ArrayList<>();

    private GroupConfig config() throws ConfigException {
        return GroupFile.parse(folder.resolve("lab.yaml"), AdminRequestsTest.GROUP);
    }

    private void prepare(String site, boolean create) throws ConfigException, DaemonFailure {
        GroupConfig config = config();
        new SiteFiles(config, config.site(site).orElseThrow(), create, said::add).prepare();
    }

    @Test
    void makes_what_is_missing_and_says_so() throws Exception {
        prepare("home", true);

        assertThat(said)
                .containsExactly(
                        "made " + folder.resolve("h/replog") + ", 4 MiB, as log of site home",
                        "made "
                                + folder.resolve("h/data.img")
                                + ", 1 MiB, as device data of site home",
                        "made "
                                + folder.resolve("v/data.img")
                                + ", 1 MiB, as device data of site vault");
        assertThat(folder.resolve("h/data.img")).hasSize(1 << 20);
        assertThat(folder.resolve("f")).doesNotExist();

        said.clear();
        prepare("home", true);
        assertThat(said).isEmpty();
    }

    @Test
    void leaves_the_devices_of_a_blockdev_site_to_the_first_primary() throws Exception {
        prepare("far", true);

        assertThat(folder.resolve("f/data.img")).exists();
        assertThat(folder.resolve("v/data.img")).doesNotExist();
    }

    @Test
    void makes_nothing_unless_told_to() throws ConfigException {
        assertThatThrownBy(() -> prepare("home", false))
                .isInstanceOf(DaemonFailure.class)
                .hasMessage(
                        "log of site home: "
                                + folder.resolve("h/replog")
                                + " does not exist; dmctl up makes it, or dmctld with --create");
        assertThat(folder.resolve("h/replog")).doesNotExist();
    }

    @Test
    void makes_no_file_in_the_place_of_a_device() throws Exception {
        String text = AdminRequestsTest.GROUP.replace("h/data.img", "/dev/mapper/no-such-origin");
        GroupConfig config = GroupFile.parse(folder.resolve("lab.yaml"), text);
        SiteFiles files = new SiteFiles(config, config.site("home").orElseThrow(), true, said::add);
        assertThatThrownBy(files::prepare)
                .isInstanceOf(DaemonFailure.class)
                .hasMessageContaining(
                        "/dev/mapper/no-such-origin does not exist; have its device there, or put"
                                + " the group under a device in use: dmctl insert");
    }

    @Test
    void never_puts_an_empty_file_in_the_place_of_one_that_is_gone() throws Exception {
        prepare("home", true);
        Files.delete(folder.resolve("h/data.img"));

        DaemonFailure refusal =
                catchThrowableOfType(DaemonFailure.class, () -> prepare("home", true));

        assertThat(refusal.exitCode()).isEqualTo(DaemonFailure.CANNOT_OPEN);
        assertThat(refusal)
                .hasMessageStartingWith(
                        "device data of site home: "
                                + folder.resolve("h/data.img")
                                + " is gone; mount or restore it.");
        assertThat(folder.resolve("h/data.img")).doesNotExist();
    }

    @Test
    void makes_no_empty_file_where_the_group_file_names_another_place_than_before()
            throws Exception {
        prepare("home", true);
        for (String moved : List.of("h/replog", "h/data.img")) {
            DaemonFailure refusal =
                    catchThrowableOfType(
                            DaemonFailure.class, () -> prepareWith(moved, "h/elsewhere"));

            assertThat(refusal.exitCode()).isEqualTo(DaemonFailure.CANNOT_OPEN);
            assertThat(refusal)
                    .hasMessageContaining(
                            folder.resolve("h/elsewhere")
                                    + " does not exist, and "
                                    + folder.resolve(moved)
                                    + " was used until now");
            assertThat(folder.resolve("h/elsewhere")).doesNotExist();
        }
        Files.move(folder.resolve("h/data.img"), folder.resolve("h/elsewhere"));
        prepareWith("h/data.img", "h/elsewhere");
        Files.delete(folder.resolve("h/elsewhere"));
        assertThatThrownBy(() -> prepareWith("h/data.img", "h/elsewhere"))
                .isInstanceOf(DaemonFailure.class)
                .hasMessageContaining("h/elsewhere is gone");
    }

    /** As where a site before it was taken out of the file, and it gets that one's number. */
    @Test
    void refuses_devices_under_the_number_of_a_site_that_had_others() throws Exception {
        prepare("home", true);
        Files.createFile(folder.resolve("v/other.img"));

        assertThatThrownBy(() -> prepareWith("v/data.img", "v/other.img"))
                .isInstanceOf(DaemonFailure.class)
                .hasMessageContaining("device data of site vault: the log knows site number 2 with")
                .hasMessageContaining("remove the line");
        prepareWith("name: vault", "name: vault\n    nr: 7");
        assertThat(Files.readString(folder.resolve("home/files")))
                .contains("v/data.img as device 0 of site 7\n");
    }

    private void prepareWith(String before, String after) throws Exception {
        String text = AdminRequestsTest.GROUP.replace(before, after);
        GroupConfig config = GroupFile.parse(folder.resolve("lab.yaml"), text);
        new SiteFiles(config, config.site("home").orElseThrow(), true, said::add).prepare();
    }

    @Test
    void goes_on_without_the_devices_of_a_blockdev_site_that_are_gone() throws Exception {
        prepare("home", true);
        Files.delete(folder.resolve("v/data.img"));
        said.clear();

        prepare("home", true);

        assertThat(said).singleElement().asString().endsWith("is not there; mount or restore it");
        assertThat(folder.resolve("v/data.img")).doesNotExist();
    }

    @Test
    void refuses_the_state_folder_of_another_group() throws Exception {
        prepare("home", true);
        Files.writeString(
                folder.resolve("home/files"),
                "group 00000000-0000-0000-0000-000000000000 site home\n");

        assertThatThrownBy(() -> prepare("home", true))
                .isInstanceOf(DaemonFailure.class)
                .hasMessageContaining("give each site of each group its own state-dir");
    }

    @Test
    void gives_a_site_one_daemon_only() throws Exception {
        Path path = folder.resolve("home/dmctld.pid");
        try (PidFile held = PidFile.lock(path, "home")) {
            assertThat(held).isNotNull();
            assertThat(Files.readString(path)).isEqualTo(ProcessHandle.current().pid() + "\n");
        }
        assertThat(path).hasSize(0);
    }

    @Test
    void reads_its_command_line() throws DaemonFailure, IOException {
        assertThat(DaemonOptions.parse(List.of("--config", "g.yaml", "--create", "--site", "home")))
                .isEqualTo(new DaemonOptions(Path.of("g.yaml"), "home", true, false));
        assertThat(DaemonOptions.parse(List.of("--config", "g", "--site", "s", "--insert")))
                .isEqualTo(new DaemonOptions(Path.of("g"), "s", false, true));
        for (List<String> wrong :
                List.of(
                        List.<String>of(),
                        List.of("--config"),
                        List.of("--config", "g.yaml"),
                        List.of("--fly"))) {
            DaemonFailure refusal =
                    catchThrowableOfType(DaemonFailure.class, () -> DaemonOptions.parse(wrong));
            assertThat(refusal.exitCode()).isEqualTo(DaemonFailure.BAD_CONFIG);
            assertThat(refusal).hasMessageContaining("usage: dmctld");
        }
    }
}
