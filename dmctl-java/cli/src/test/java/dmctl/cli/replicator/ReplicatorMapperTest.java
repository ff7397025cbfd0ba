package dmctl.cli.replicator;

import static org.assertj.core.api.Assertions.assertThat;

import com.grack.nanojson.JsonObject;
import com.grack.nanojson.JsonParser;
import com.grack.nanojson.JsonParserException;
import dmctl.config.GroupConfig;
import dmctl.config.GroupConfig.FrontEnd;
import dmctl.config.LogOpening;
import dmctl.config.SiteSettings.LimitKind;
import dmctl.config.SiteSettings.Policy;
import dmctl.nativebridge.devmapper.TableLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Tables of groups by the command lines of dmsetup(8): what is made, said, refused and kept. */
class ReplicatorMapperTest extends GroupsByTables {
    private static final String CONTROL_UUID = "DMCTL-[0-9a-f]{32}-control";

    // create

    @Test
    void the_control_device_is_there_and_nothing_is_served_yet() throws IOException {
        does("create", "erp", "--table", control);
        assertThat(mapped("erp").live).containsExactly(new TableLine(0, 8, "zero", ""));
        assertThat(mapped("erp").uuid).matches(CONTROL_UUID);
        assertThat(daemons.calls).isEmpty();

        Files.createFile(folder.resolve("second"));
        String second = control.replace("/replog 0", "/second 0");
        does("create", "other", "-u", "MY-UUID", "--table", second);
        assertThat(mapped("other").uuid).isEqualTo("MY-UUID");
        refuses(
                "Device open with different start offset!",
                "create",
                "third",
                "--table",
                control.replace("/replog 0", "/replog 16"));
    }

    @Test
    void each_device_is_served_from_its_creation_on() {
        createBoth();
        assertThat(kernel.devices.keySet()).containsExactly("erp", "erp-data", "erp-wal");
        assertThat(served().name()).isEqualTo("erp");
        assertThat(served().devices())
                .extracting(GroupConfig.Device::name)
                .containsExactly("data", "wal");
        assertThat(site(0).daemon().orElseThrow().frontEnd()).isEqualTo(FrontEnd.KERNEL_NBD);
        assertThat(site(1).settings().limit()).isEqualTo(1000);
        assertThat(daemons.calls).containsExactly("start 1 1", "stop, keep", "start 2 2");
    }

    @Test
    void a_device_has_the_uuid_that_it_was_given() {
        does("create", "erp", "--table", control);
        does("create", "erp-data", "-u", "MY-DATA", "--table", data);
        assertThat(mapped("erp-data").uuid).isEqualTo("MY-DATA");
        does("create", "erp-wal", "--table", wal);
        assertThat(mapped("erp-data").uuid).isEqualTo("MY-DATA");
    }

    @Test
    void the_control_device_may_be_named_by_its_number() {
        does("create", "erp", "--table", control);
        String number = mapped("erp").number.toString();
        does("create", "erp-data", "--table", data.replace("/dev/mapper/erp", number));
        assertThat(kernel.devices).containsKey("erp-data");
    }

    @Test
    void the_daemon_here_is_reached_where_its_link_says() {
        does(
                "create",
                "erp",
                "--table",
                control.replace("blockdev 2 0 async", "tcp 3 0 127.0.0.1:7701 async"));
        does("create", "erp-data", "--table", data);
        assertThat(site(0).daemon().orElseThrow().listen()).hasToString("127.0.0.1:7701");
        does("table", "erp");
        assertThat(out.toString()).contains(" tcp 3 0 127.0.0.1:7701 asynchronous blockdev 4 1 ");
        message("erp slink message 0 policy sync");
        does("table", "erp");
        assertThat(out.toString()).contains(" tcp 3 0 127.0.0.1:7701 synchronous ");
    }

    @Test
    void what_is_wrong_in_a_table_is_pointed_at() {
        refuses(
                "Invalid site link policy s;",
                "create",
                "erp",
                "--table",
                control.replace("async ", "s "));
        assertThat(err.toString()).contains("^");
        does("create", "erp", "--table", control);
        refuses("region size", "create", "x", "--table", data.replace("2048", "1000"));
        refuses(
                "Cannot find site link context",
                "create",
                "x",
                "--table",
                data.replace(" 1 1 ", " 5 1 "));
        refuses("Recreating replication log prohibited", "create", "again", "--table", control);
        assertThat(kernel.devices.keySet()).containsExactly("erp");
        assertThat(daemons.calls).isEmpty();
    }

    @Test
    void what_is_missing_is_named() throws IOException {
        refuses("Can't access replicator control device", "create", "erp-data", "--table", data);
        Files.delete(folder.resolve("replog"));
        refuses("Failed to open replicator log device", "create", "erp", "--table", control);
        refuses("is one line", "create", "erp", "--table", control + "\n0 8 zero");
    }

    @Test
    void a_name_or_number_in_use_is_busy() {
        createBoth();
        refuses(
                "device-mapper: create ioctl on erp-data  failed: Device or resource busy",
                "create",
                "erp-data",
                "--table",
                device("erp", 2, "more"));
        refuses("device already exists", "create", "third", "--table", data);
        assertThat(kernel.devices).doesNotContainKey("third");
    }

    @Test
    void where_the_daemon_does_not_start_nothing_is_left() {
        does("create", "erp", "--table", control);
        daemons.failsToStart = "the log is damaged";
        refuses("the log is damaged", "create", "erp-data", "--table", data);
        daemons.failsToStart = "";
        does("create", "erp-wal", "--table", wal);
        assertThat(served().devices()).hasSize(1);
    }

    @Test
    void a_device_that_does_not_appear_is_refused_with_the_daemons_reason() {
        does("create", "erp", "--table", control);
        daemons.role = "fenced";
        refuses("site near is primary", "create", "erp-data", "--table", data);
        assertThat(kernel.devices.keySet()).containsExactly("erp");
        daemons.role = "primary";
        daemons.frontEndProblem = "the module nbd is missing";
        refuses("the module nbd is missing; mend that", "create", "erp-data", "--table", data);
        daemons.frontEndProblem = "";
        does("create", "erp-data", "--table", data);
    }

    @Test
    void a_file_that_an_administrator_wrote_is_left_alone() throws IOException {
        does("create", "erp", "--table", control);
        Files.createDirectories(folder.resolve("etc"));
        Files.writeString(folder.resolve("etc/erp.yaml"), "group: erp\n");
        refuses("was not made from tables", "create", "erp-data", "--table", data);
        assertThat(folder.resolve("etc/erp.yaml")).hasContent("group: erp\n");
    }

    // after a boot

    @Test
    void after_a_boot_all_devices_are_served_before_all_are_created() throws IOException {
        createBoth();
        daemons.running = null;
        kernel.devices.clear();
        try (var files = Files.list(folder.resolve("run"))) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        daemons.calls.clear();
        does("create", "erp", "--table", control);
        does("create", "erp-wal", "--table", wal);
        assertThat(served().devices()).hasSize(2);
        assertThat(kernel.devices.keySet()).containsExactly("erp", "erp-wal");
        does("create", "erp-data", "--table", data);
        assertThat(kernel.devices.keySet()).containsExactly("erp", "erp-data", "erp-wal");
    }

    @Test
    void a_log_that_is_to_be_new_and_is_not_makes_nothing_forgotten() throws IOException {
        createBoth();
        does("remove", "erp-data", "erp-wal", "erp");
        does("create", "erp", "--table", control.replace("auto", "create"));
        daemons.failsToStart = "there is a log already";
        refuses("there is a log already", "create", "erp-data", "--table", data);
        does("remove", "erp");
        daemons.failsToStart = "";
        does("create", "erp", "--table", control);
        does("create", "erp-data", "--table", data);
        assertThat(served().devices()).hasSize(2);
    }

    @Test
    void a_log_is_made_with_the_first_device_and_opened_with_the_next() {
        does("create", "erp", "--table", control.replace("auto", "create"));
        does("create", "erp-data", "--table", data);
        assertThat(site(0).daemon().orElseThrow().log().opening()).isEqualTo(LogOpening.CREATE);
        does("create", "erp-wal", "--table", wal);
        assertThat(site(0).daemon().orElseThrow().log().opening()).isEqualTo(LogOpening.OPEN);
        daemons.kill();
        does("resume", "erp");
        assertThat(site(0).daemon().orElseThrow().log().opening()).isEqualTo(LogOpening.OPEN);
        does("table", "erp");
        assertThat(out.toString()).contains(" create 8192 ");

        does("remove", "erp-wal", "erp-data");
        does("create", "erp-data", "--table", data);
        assertThat(site(0).daemon().orElseThrow().log().opening()).isEqualTo(LogOpening.CREATE);
    }

    @Test
    void a_log_that_was_made_here_keeps_what_it_holds_of_a_device_that_goes() {
        does("create", "erp", "--table", control.replace("auto", "create"));
        does("create", "erp-data", "--table", data);
        does("create", "erp-wal", "--table", wal);
        does("remove", "erp-wal");
        daemons.kill();
        does("resume", "erp-data");
        assertThat(served().devices()).hasSize(2);
    }

    // table, status

    @Test
    void table_prints_what_reads_as_the_same_table() {
        createBoth();
        prints(control.replace("async ", "asynchronous ") + " \n", "table", "erp");
        String number = mapped("erp").number.toString();
        prints(data.replace("/dev/mapper/erp", number) + " \n", "table", "erp-data");
    }

    @Test
    void status_is_in_the_originals_format() throws JsonParserException {
        createBoth();
        JsonObject said =
                JsonParser.object()
                        .from(
                                """
                                {"log": {"bytes": 4194304, "usedBytes": 5000}, "sites": [
                                {"nr": 0, "link": "local", "data": "consistent"},
                                {"nr": 1, "link": "up", "data": "not-consistent", "limitHolding": true,
                                 "behind": {"writes": 3, "bytes": 1025},
                                 "resync": {"totalBytes": 1000, "doneBytes": 600}}]}
                                """);
        daemons.says.putAll(said);
        String number = mapped("erp").number.toString();
        prints("0 8 replicator  A,0,0 S,3,3 3/10/8192 \n", "status", "erp");
        prints("0 4096 replicator-dev " + number + " 0 A,- A,1+/2 \n", "status", "erp-data");
        daemons.kill();
        prints("0 4096 replicator-dev " + number + " 0 W,- W,0/2 \n", "status", "erp-data");
        does("ls", "--target", "replicator-dev");
        assertThat(out.toString()).contains("erp-data").contains("erp-wal").doesNotContain("erp\t");
    }

    // load, resume, clear, suspend

    @Test
    void a_device_may_be_made_without_a_table_and_get_it_later() {
        does("create", "erp", "-n");
        does("load", "erp", "--table", control);
        prints(control.replace("async ", "asynchronous ") + " \n", "table", "--inactive", "erp");
        refuses("Can't access replicator control device", "create", "x", "--table", data);
        does("resume", "erp");
        does("create", "-n", "-u", "MY", "erp-data");
        does("load", "erp-data", "--table", data);
        assertThat(daemons.calls).isEmpty();
        does("resume", "erp-data");
        assertThat(mapped("erp-data").uuid).isEqualTo("MY");
        assertThat(served().devices()).hasSize(1);
    }

    @Test
    void another_table_is_in_force_from_the_resume_on() {
        createBoth();
        String other = data.replace("far-data", "farther-data");
        does("reload", "erp-data", "--table", other);
        assertThat(site(1).devices().getFirst().toString()).endsWith("far-data");
        does("clear", "erp-data");
        does("resume", "erp-data");
        assertThat(site(1).devices().getFirst().toString()).endsWith("far-data");
        does("reload", "erp-data", "--table", other);
        mapped("erp-data").opens = 1;
        daemons.calls.clear();
        does("resume", "erp-data");
        assertThat(site(1).devices().getFirst().toString()).endsWith("farther-data");
        assertThat(daemons.calls).containsExactly("stop, keep", "start 2 2");
    }

    @Test
    void a_table_of_another_target_or_device_is_refused() {
        createBoth();
        refuses("only; remove it first", "load", "erp-data", "--table", "0 8 zero");
        refuses(
                "has a table of replicator-dev",
                "load",
                "erp-data",
                "--table",
                control.replace("replog 0", "replog 16"));
        refuses("cannot become another", "load", "erp-data", "--table", device("erp", 2, "more"));
        does("create", "plain", "--table", "0 8 zero");
        refuses("has a table of another target", "load", "plain", "--table", device("erp", 2, "m"));
    }

    @Test
    void the_logs_place_is_not_changed_under_devices() {
        createBoth();
        does("load", "erp", "--table", control.replace("replog 0", "replog 16"));
        refuses("the log cannot be changed", "resume", "erp");
        does("clear", "erp");
    }

    @Test
    void resume_starts_a_daemon_that_was_killed() {
        createBoth();
        mapped("erp-data").opens = 1;
        daemons.kill();
        does("resume", "erp-data");
        assertThat(served().devices()).hasSize(2);
        daemons.kill();
        does("resume", "erp");
        assertThat(served().devices()).hasSize(2);
    }

    @Test
    void resume_brings_back_what_was_removed_by_other_means() {
        createBoth();
        kernel.devices.remove("erp-data");
        daemons.frontEndProblem = "removed by another program";
        daemons.problemEndsWithRestart = true;
        does("resume", "erp-data");
        assertThat(kernel.devices).containsKey("erp-data");
    }

    @Test
    void suspend_holds_the_device_at_the_kernel() {
        createBoth();
        does("suspend", "erp-data");
        assertThat(mapped("erp-data").suspended).isTrue();
        does("resume", "erp-data");
        assertThat(mapped("erp-data").suspended).isFalse();
    }

    // remove, rename

    @Test
    void the_last_device_stops_the_daemon_and_then_the_control_device_goes() {
        createBoth();
        refuses("Destruction of replication log with devices rejected", "remove", "erp");
        daemons.calls.clear();
        does("remove", "erp-data");
        assertThat(daemons.calls).containsExactly("stop, keep", "start 2 1");
        daemons.calls.clear();
        does("remove", "erp-wal");
        assertThat(daemons.calls).containsExactly("stop");
        does("remove", "erp");
        assertThat(kernel.devices).isEmpty();
        assertThat(folder.resolve("run")).isDirectoryNotContaining("glob:**.json");
    }

    @Test
    void a_device_in_use_is_not_removed_and_the_daemon_goes_on() {
        createBoth();
        mapped("erp-data").opens = 1;
        refuses(
                "device-mapper: remove ioctl on erp-data  failed: Device or resource busy",
                "remove",
                "erp-data");
        refuses("--deferred is not offered", "remove", "--deferred", "erp-data");
        refuses("busy", "remove", "-f", "erp-data");
        assertThat(served().devices()).hasSize(2);
        assertThat(kernel.devices).containsKey("erp-data");
        does("remove", "erp-wal");
        assertThat(kernel.devices).containsKey("erp-data");
    }

    @Test
    void after_a_kill_everything_is_applied_before_the_last_device_goes() {
        does("create", "erp", "--table", control);
        does("create", "erp-data", "--table", data);
        daemons.kill();
        daemons.calls.clear();
        does("remove", "erp-data", "erp");
        assertThat(daemons.calls).containsExactly("start 1 1", "stop");
        assertThat(kernel.devices).isEmpty();
    }

    @Test
    void devices_are_removed_also_where_another_site_serves_the_group() {
        createBoth();
        daemons.kill();
        daemons.role = "fenced";
        refuses("not served here: site near is primary", "resume", "erp-data");
        kernel.devices.remove("erp-data"); // as the daemon does then
        does("remove", "erp-data", "erp-wal", "erp");
        assertThat(kernel.devices).isEmpty();
    }

    @Test
    void a_device_is_renamed_with_its_table() {
        createBoth();
        mapped("erp-data").opens = 1;
        does("rename", "erp-data", "files");
        assertThat(kernel.devices.keySet()).containsExactly("erp", "erp-wal", "files");
        does("table", "files");
        assertThat(out.toString()).startsWith("0 4096 replicator-dev");
        refuses("Device or resource busy", "rename", "files", "erp-wal");
        refuses("keeps its name", "rename", "erp", "other");
        refuses("keeps its UUID", "rename", "files", "--setuuid", "X");
    }

    @Test
    void a_name_that_another_device_has_taken_is_the_kernels_business() {
        createBoth();
        kernel.devices.remove("erp-data");
        kernel.devices.remove("erp");
        does("create", "erp", "--table", "0 8 error");
        prints("0 8 error \n", "table", "erp");
        does("remove", "erp");
    }

    // messages

    @Test
    void policies_and_limits_are_changed_at_once_and_kept() {
        createBoth();
        daemons.calls.clear();
        message("erp slink message 1 fallbehind size=8m");
        assertThat(daemons.calls)
                .contains("set site1 limit size=8MiB")
                .doesNotContain("stop, keep");
        message("erp slink 1 fallbehind timeout 30s");
        message("erp sl m 1 fallbehind ios 0");
        assertThat(daemons.calls).contains("set site1 limit none", "set site1 mode warn");
        message("erp slink message 1 policy sync+stall");
        assertThat(daemons.calls).contains("set site1 policy sync", "set site1 out-of-reach wait");
        does("table", "erp");
        assertThat(out.toString()).endsWith("blockdev 2 1 synchronous+stall \n");
        message("erp slink message 1 policy async");
        message("erp slink message 1 fallbehind ios=7");
        daemons.kill();
        does("resume", "erp");
        assertThat(site(1).settings().policy()).isEqualTo(Policy.ASYNC);
        assertThat(site(1).settings().limitKind()).isEqualTo(LimitKind.IOS);
        assertThat(site(1).settings().limit()).isEqualTo(7);
    }

    @Test
    void a_site_comes_with_its_last_copy_and_goes_with_the_first() {
        createBoth();
        daemons.calls.clear();
        message("erp slink add blockdev 2 2 sync");
        message("erp-data device add erp 0 2 1 " + folder + "/third-data core 1 2048");
        assertThat(served().sites()).hasSize(2);
        message("erp-wal device add erp 1 2 1 " + folder + "/third-wal core 1 2048");
        assertThat(served().sites()).hasSize(3);
        assertThat(site(2).settings().policy()).isEqualTo(Policy.SYNC);
        refuses("site link still has devices", "message", "erp", "0", "slink", "del", "2");
        message("erp-wal device del 2");
        assertThat(served().sites()).hasSize(2);
        message("erp-data device del 2");
        message("erp slink del 2");
        does("table", "erp");
        assertThat(out.toString()).doesNotContain("blockdev 2 2");
        refuses("site link doesn't exist", "message", "erp", "0", "slink", "del", "2");
        refuses("must be > 0", "message", "erp-data", "0", "device", "del", "0");
    }

    @Test
    void stop_lets_requests_wait_and_start_goes_on() {
        createBoth();
        message("erp stop all");
        assertThat(daemons.running).isNull();
        message("erp start all");
        assertThat(served().devices()).hasSize(2);
        assertThat(mapped("erp-wal").suspended).isFalse();
        message("erp-wal suspend");
        assertThat(mapped("erp-wal").suspended).isTrue();
        message("erp-wal start");
        assertThat(mapped("erp-wal").suspended).isFalse();
    }

    @Test
    void messages_that_cannot_be_followed_name_the_way() {
        createBoth();
        refuses("invalid message received", "message", "erp", "0", "s", "on");
        refuses("invalid message command", "message", "erp-data", "0", "resync");
        refuses(
                "wrong policy argument count",
                "message",
                "erp",
                "0",
                "slink",
                "message",
                "1",
                "policy",
                "a",
                "b");
        refuses("Invalid site link policy", "message", "erp", "0", "slink", "1", "policy", "often");
        refuses("too few message arguments", "message", "erp", "0", "slink", "add");
        assertThat(daemons.calls).containsExactly("start 1 1", "stop, keep", "start 2 2");
    }
}
