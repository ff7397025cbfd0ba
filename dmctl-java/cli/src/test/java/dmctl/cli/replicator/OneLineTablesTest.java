package dmctl.cli.replicator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.grack.nanojson.JsonParser;
import com.grack.nanojson.JsonParserException;
import dmctl.config.GroupConfig;
import dmctl.config.LogOpening;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tables of 2008: log, links and one device on a line; the lines of one log are one group. */
class OneLineTablesTest extends GroupsByTables {
    private String first = "";
    private String second = "";

    @BeforeEach
    void lines() {
        first = line("data", "replog");
        second = line("wal", "replog");
    }

    private String line(String name, String log) {
        return String.format(
                Locale.ROOT,
                "0 4096 replicator replog 4 %1$s/%3$s 0 auto 8192 local 2 0 async 1 %1$s/%2$s nolog 0"
                        + " local 3 1 async ios=1000 1 %1$s/far-%2$s core 1 2048",
                folder,
                name,
                log);
    }

    private void createLines() {
        does("create", "files", "--table", first);
        does("create", "waves", "--table", second);
    }

    @Test
    void lines_that_name_one_log_are_one_group_with_devices_by_creation() {
        createLines();
        assertThat(kernel.devices.keySet()).containsExactly("files", "waves");
        assertThat(served().name()).isEqualTo("files");
        assertThat(served().devices())
                .extracting(GroupConfig.Device::nr, GroupConfig.Device::name)
                .containsExactly(tuple(0, "files"), tuple(1, "waves"));
        assertThat(site(1).settings().limit()).isEqualTo(1000);
        assertThat(daemons.calls).containsExactly("start 1 1", "stop, keep", "start 2 2");
    }

    @Test
    void another_log_is_another_group() throws IOException {
        createLines();
        Files.createFile(folder.resolve("second"));
        does("create", "other", "--table", line("other", "second"));
        assertThat(served().name()).isEqualTo("other");
        assertThat(served().devices()).hasSize(1);
        assertThat(folder.resolve("etc/files.yaml")).exists();
    }

    @Test
    void a_group_is_not_called_as_one_that_is_there() throws IOException {
        createLines();
        does("remove", "files");
        Files.createFile(folder.resolve("second"));
        does("create", "files", "--table", line("other", "second"));
        assertThat(served().name()).isEqualTo("files-2");
    }

    @Test
    void table_and_status_show_what_both_targets_show() throws JsonParserException {
        createLines();
        prints(second.replace("async ", "asynchronous ") + " \n", "table", "waves");
        daemons.says.putAll(
                JsonParser.object()
                        .from(
                                """
                                {"log": {"bytes": 4194304, "usedBytes": 5000}, "sites": [
                                {"nr": 0, "link": "local", "data": "consistent"},
                                {"nr": 1, "link": "up", "data": "consistent",
                                 "behind": {"writes": 3, "bytes": 1025}}]}
                                """));
        prints("0 4096 replicator  A,0,0 A,3,3 3/10/8192 1 A,- A,2/2 \n", "status", "waves");
        message("waves statistics on");
        does("status", "waves");
        assertThat(out.toString()).startsWith("0 4096 replicator v=1.2.3 r=0 ");
    }

    @Test
    void after_a_boot_a_device_has_the_number_that_it_had() throws IOException {
        createLines();
        daemons.running = null;
        kernel.devices.clear();
        try (var files = Files.list(folder.resolve("run"))) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        does("create", "waves", "--table", second);
        assertThat(served().name()).isEqualTo("files");
        assertThat(served().devices()).hasSize(2);
        assertThat(kernel.devices.keySet()).containsExactly("waves");
        does("status", "waves");
        assertThat(out.toString()).contains(" 1 W,- ");
        does("create", "files", "--table", first);
        assertThat(kernel.devices.keySet()).containsExactly("files", "waves");
    }

    @Test
    void the_last_device_stops_the_daemon() {
        createLines();
        mapped("files").opens = 1;
        refuses("Device or resource busy", "remove", "files");
        mapped("files").opens = 0;
        does("remove", "files");
        assertThat(served().devices()).hasSize(2);
        daemons.calls.clear();
        does("remove", "waves");
        assertThat(daemons.calls).containsExactly("stop");
        assertThat(kernel.devices).isEmpty();
        createLines();
    }

    @Test
    void a_log_that_the_first_line_makes_is_that_of_the_second() {
        first = first.replace("auto", "create");
        second = second.replace("auto", "create");
        createLines();
        assertThat(site(0).daemon().orElseThrow().log().opening()).isEqualTo(LogOpening.OPEN);
        does("remove", "files");
        does("create", "files", "--table", first);
        assertThat(served().devices()).hasSize(2);
        does("status", "files");
        assertThat(out.toString()).contains("/8192 0 ");
    }

    @Test
    void the_log_is_resized_for_all_lines() {
        createLines();
        message("waves replog resize 16384");
        for (String name : new String[] {"files", "waves"}) {
            does("table", name);
            assertThat(out.toString()).contains(" auto 16384 ");
        }
        message("files stop all");
        assertThat(daemons.running).isNull();
        message("files start all");
        does("rename", "files", "papers");
        does("table", "papers");
        assertThat(kernel.devices.keySet()).containsExactlyInAnyOrder("papers", "waves");
    }

    @Test
    void a_line_is_held_against_the_others_with_a_caret() throws IOException {
        does("create", "files", "--table", first);
        refuses(
                "other properties of the site link than on line 1",
                "create",
                "waves",
                "--table",
                second.replace("ios=1000", "ios=999"));
        assertThat(err.toString()).contains("^");
        refuses(
                "another size of the log than on line 1",
                "create",
                "waves",
                "--table",
                second.replace("8192", "8200"));
        assertThat(err.toString()).contains("^");
        refuses("also the", "create", "waves", "--table", second.replace("/far-wal", "/far-data"));
        refuses("Recreating replication log prohibited", "create", "erp", "--table", control);
        Files.delete(folder.resolve("replog"));
        refuses("Failed to open replicator log device", "create", "waves", "--table", second);
        assertThat(kernel.devices.keySet()).containsExactly("files");
    }

    @Test
    void a_log_of_a_replicator_table_takes_no_such_lines() {
        createBoth();
        refuses("Recreating replication log prohibited", "create", "files", "--table", first);
    }

    @Test
    void what_a_line_does_not_take_names_the_way() {
        createLines();
        refuses("remove waves and create it", "load", "waves", "--table", second);
        refuses(
                "create them with other lines",
                "message",
                "waves",
                "0",
                "slink",
                "1",
                "policy",
                "sync");
        refuses(
                "leave them out",
                "create",
                "more",
                "-j",
                "9",
                "-m",
                "1",
                "--table",
                line("m", "replog"));
    }
}
