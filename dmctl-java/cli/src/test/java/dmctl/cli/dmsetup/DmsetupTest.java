package dmctl.cli.dmsetup;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.cli.dmsetup.MemoryMapper.Mapped;
import dmctl.nativebridge.devmapper.DeviceMapperException;
import dmctl.nativebridge.devmapper.DeviceNumber;
import dmctl.nativebridge.devmapper.TableLine;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Command lines as a user types them, and what dmsetup 1.02.185 prints for them. */
class DmsetupTest {
    private final MemoryMapper kernel = new MemoryMapper();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private String in = "";
    private boolean utf8;

    @TempDir Path folder;

    /** Runs a command; what it printed is in {@link #out} and {@link #err}. */
    private int run(String... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return new Dmsetup(
                        new ByteArrayInputStream(in.getBytes(StandardCharsets.UTF_8)),
                        new PrintWriter(out),
                        new PrintWriter(err),
                        log -> {
                            kernel.log = log;
                            return kernel;
                        },
                        new Surroundings(utf8, () -> 80, Optional.empty()))
                .run(List.of(args));
    }

    private void does(String... args) {
        assertThat(run(args)).as("%s: %s", List.of(args), err).isZero();
        assertThat(err.toString()).isEmpty();
    }

    private void prints(String expected, String... args) {
        does(args);
        assertThat(out.toString()).isEqualTo(expected);
    }

    private void refuses(String expected, String... args) {
        assertThat(run(args)).as(List.of(args).toString()).isEqualTo(1);
        assertThat(err.toString()).isEqualTo(expected);
    }

    private Mapped device(String name) {
        Mapped device = kernel.devices.get(name);
        assertThat(device).as(name).isNotNull();
        return device;
    }

    @Test
    void a_table_comes_from_the_option_a_file_or_standard_input() throws IOException {
        does("create", "a", "--table", "0 8 linear 7:0 0\n8 8 zero");
        assertThat(device("a").live)
                .containsExactly(
                        new TableLine(0, 8, "linear", "7:0 0"), new TableLine(8, 8, "zero", ""));

        Path file = folder.resolve("table");
        Files.writeString(file, "# of a file\n\n  0 16 striped 2 16 7:0 0 7:1 0  # two\n");
        does("create", "b", file.toString());
        assertThat(device("b").live)
                .containsExactly(new TableLine(0, 16, "striped", "2 16 7:0 0 7:1 0  "));

        in = "0 4 error\n";
        does("create", "c", "-u", "TEST-c");
        assertThat(device("c").live).containsExactly(new TableLine(0, 4, "error", ""));
        assertThat(device("c").uuid).isEqualTo("TEST-c");
    }

    @Test
    void options_stand_anywhere_and_long_ones_may_be_short() {
        does("-r", "create", "--uu", "U", "a", "--table=0 8 zero");
        assertThat(device("a").readOnly).isTrue();
        assertThat(device("a").uuid).isEqualTo("U");

        does("create", "b", "-uV", "-j", "253", "-m9", "-n");
        assertThat(device("b").number).isEqualTo(new DeviceNumber(253, 9));
        assertThat(device("b").live).isNull();
    }

    @Test
    void a_table_that_cannot_be_read_is_refused_with_its_line() {
        refuses(
                "Invalid format on line 2 of table .\nCommand failed.\n",
                "create",
                "a",
                "--table",
                "0 8 zero\n8 zero");
        in = "x\n";
        refuses("Invalid format on line 1 of table on stdin.\nCommand failed.\n", "create", "a");
        refuses(
                "Couldn't open '/none/there' for reading.\nCommand failed.\n",
                "create",
                "a",
                "/none/there");
        assertThat(kernel.devices).isEmpty();
    }

    @Test
    void load_resume_clear() {
        does("create", "a", "-n");
        does("load", "a", "--table", "0 8 zero");
        assertThat(device("a").inactive).hasSize(1);
        does("resume", "a");
        assertThat(device("a").live).containsExactly(new TableLine(0, 8, "zero", ""));
        in = "0 16 error";
        does("reload", "a");
        does("clear", "a");
        assertThat(device("a").inactive).isNull();
        does("suspend", "--noflush", "--nolockfs", "a");
        assertThat(device("a").suspended).isTrue();
        assertThat(kernel.calls.toString()).contains("NO_FLUSH").contains("NO_LOCK_FS");
    }

    @Test
    void info_describes_each_device() {
        does("create", "a", "-u", "TEST-a", "--table", "0 8 zero");
        prints(
                """
                Name:              a
                State:             ACTIVE
                Read Ahead:        256
                Tables present:    LIVE
                Open count:        0
                Event number:      0
                Major, minor:      253, 0
                Number of targets: 1
                UUID: TEST-a

                """,
                "info",
                "a");
        does("create", "b", "-n", "-r");
        prints(
                """
                Name:              b
                State:             SUSPENDED (READ-ONLY)
                Read Ahead:        256
                Tables present:    None
                Event number:      0
                Major, minor:      253, 1
                Number of targets: 0

                """,
                "info",
                "--noopencount",
                "-j253",
                "-m1");
    }

    @Test
    void info_prints_columns() {
        does("create", "a", "-u", "TEST-a", "--table", "0 8 zero");
        does("create", "a-name-longer-than-16", "--table", "0 8 zero\n8 8 zero");
        prints(
                "Name                  Maj Min Stat Open Targ Event  UUID"
                        + "                            \n"
                        + "a                     253   0 L--w    0    1      0 TEST-a"
                        + "                          \n"
                        + "a-name-longer-than-16 253   1 L--w    0    2      0"
                        + "                                 \n",
                "info",
                "-c");
        prints("a:0\na-name-longer-than-16:0\n", "info", "-c", "--noheadings", "-o", "name,open");
        prints(
                "DM_NAME='a' DM_ATTR='L--w'\n",
                "info",
                "-c",
                "--nameprefixes",
                "--noheadings",
                "--separator",
                " ",
                "-oname,attr",
                "a");
        prints(
                "Name|Min\na-name-longer-than-16|1\na|0\n",
                "info",
                "-C",
                "--separator",
                "|",
                "-o",
                "name,minor",
                "-O",
                "-minor");
    }

    @Test
    void a_column_that_a_device_has_not_keeps_no_other_device_from_the_report() {
        does("create", "a", "--table", "0 8 zero");
        does("create", "b", "-n");
        does("create", "c", "--table", "0 8 zero");
        refuses(
                """
                Could not resolve block device name for 253:1.
                _do_report_object: report function failed for field blkdevname
                Command failed.
                """,
                "info",
                "-c",
                "-o",
                "name,blkdevname,read_ahead");
        assertThat(out.toString())
                .isEqualTo(
                        """
                        Name             BlkDevName       RAhead
                        a                dm-0                256
                        c                dm-2                256
                        """);
    }

    @Test
    void table_and_status_name_the_device_only_among_several() {
        does("create", "a", "--table", "0 8 linear 7:0 0\n8 8 zero");
        prints("0 8 linear 7:0 0\n8 8 zero \n", "table", "a");
        does("create", "b", "-n");
        prints("a: 0 8 linear 7:0 0\na: 8 8 zero \nb: \n", "table");
        prints("0 8 linear \n8 8 zero \n", "status", "a");
        prints("a: 8 8 zero \n", "status", "--target", "zero");
        prints("8 8 zero \n", "table", "--target", "zero", "a");
        prints("", "table", "--target", "crypt", "a");
    }

    @Test
    void keys_are_not_shown_unless_wanted() {
        does("create", "a", "--table", "0 8 crypt aes-xts-plain64 0123ab 0 7:0 0");
        prints("0 8 crypt aes-xts-plain64 000000 0 7:0 0\n", "table", "a");
        prints("0 8 crypt aes-xts-plain64 0123ab 0 7:0 0\n", "table", "--showkeys", "a");
        does("create", "b", "--table", "0 8 crypt aes :32:logon:k 0 7:0 0");
        prints("0 8 crypt aes :32:logon:k 0 7:0 0\n", "table", "b");
        does(
                "create",
                "c",
                "--table",
                "0 8 integrity 7:0 0 4 J 1 internal_hash:hmac(sha256):beef x");
        prints("0 8 integrity 7:0 0 4 J 1 internal_hash:hmac(sha256):0000 x\n", "table", "c");
    }

    @Test
    void tables_in_one_line() {
        does("create", "a", "-u", "U;1", "--table", "0 8 linear 7:0 0\n8 8 zero");
        does("create", "b", "-r", "--table", "0 8 zero");
        prints("a,U\\;1,0,rw,0 8 linear 7:0 0,8 8 zero ;b,,1,ro,0 8 zero \n", "table", "--concise");
    }

    @Test
    void what_is_not_there_does_not_exist() {
        refuses("Device does not exist.\nCommand failed.\n", "table", "x");
        refuses("Device does not exist.\nCommand failed.\n", "status", "x");
        refuses("Device does not exist.\nCommand failed.\n", "info", "x");
        refuses(
                """
                device-mapper: remove ioctl on x  failed: No such device or address
                Command failed.
                """,
                "remove",
                "x");
    }

    @Test
    void several_devices_end_at_the_first_that_fails() {
        does("create", "a", "-n");
        does("create", "b", "-n");
        assertThat(run("remove", "a", "x", "b")).isEqualTo(1);
        assertThat(kernel.devices.keySet()).containsExactly("b");
    }

    @Test
    void no_device_is_said() {
        prints("No devices found\n", "ls");
        prints("No devices found\n", "info");
        prints("No devices found\n", "table");
        prints("No devices found\n", "ls", "--tree");
        refuses("No device specified.\nCommand failed.\n", "suspend");
        refuses("No device specified.\nCommand failed.\n", "wait");
        refuses("Please specify device.\nCommand failed.\n", "load");
        refuses("Please provide a name for the new device.\nCommand failed.\n", "create");
    }

    @Test
    void a_list_names_devices_by_number_or_name() {
        does("create", "a", "--table", "0 8 zero");
        does("create", "b", "--table", "0 8 linear 253:0 0");
        prints("a\t(253:0)\nb\t(253:1)\n", "ls");
        prints("a\t(dm-0)\nb\t(dm-1)\n", "ls", "-o", "blkdevname");
        prints("b\t(253, 1)\n", "ls", "--target", "linear");
    }

    @Test
    void deps_name_what_lies_below() {
        does("create", "a", "--table", "0 8 linear 7:0 0");
        device("a").deps = List.of(new DeviceNumber(7, 0), new DeviceNumber(7, 1));
        prints("2 dependencies\t: (7, 0) (7, 1)\n", "deps", "a");
        prints("2 dependencies\t: (loop0) (loop1)\n", "deps", "-o", "blkdevname", "a");
        does("create", "b", "--table", "0 8 zero");
        prints("a: 2 dependencies\t: (7, 0) (7, 1)\nb: 0 dependencies\t:\n", "deps");
    }

    private void stack() {
        does("create", "low", "--table", "0 8 linear 7:0 0");
        does("create", "mid", "--table", "0 8 linear 253:0 0");
        does("create", "top", "-u", "T", "--table", "0 8 mirror");
        does("create", "zero", "--table", "0 8 zero");
        device("low").deps = List.of(new DeviceNumber(7, 0));
        device("mid").deps = List.of(new DeviceNumber(253, 0));
        device("top").deps = List.of(new DeviceNumber(253, 1), new DeviceNumber(7, 1));
    }

    @Test
    void a_tree_shows_what_lies_on_what() {
        stack();
        prints(
                """
                top (253:2)
                 |-mid (253:1)
                 |  `-low (253:0)
                 |     `- (7:0)
                 `- (7:1)
                zero (253:3)
                """,
                "ls",
                "--tree");
        utf8 = true;
        prints(
                """
                top
                 ├─mid
                 │  └─low
                zero
                """,
                "ls",
                "--tree",
                "-o",
                "nodevice");
        prints(
                """
                top (253:2) [ACTIVE, RW, 0, T]
                 |-mid (253:1) [ACTIVE, RW, 0, ]
                 |  `-low (253:0) [ACTIVE, RW, 0, ]
                 |     `- (7:0)
                 `- (7:1)
                zero (253:3) [ACTIVE, RW, 0, ]
                """,
                "ls",
                "--tree",
                "-oascii,active,rw,open,uuid");
    }

    @Test
    void a_tree_in_few_lines_and_upside_down() {
        stack();
        prints(
                """
                top (253:2)-+-mid (253:1)---low (253:0)--- (7:0)
                            `- (7:1)
                zero (253:3)
                """,
                "ls",
                "--tree",
                "-o",
                "compact");
        prints(
                """
                 (7:0)
                 `-low (253:0)
                    `-mid (253:1)
                       `-top (253:2)
                 (7:1)
                 `-top (253:2)
                zero (253:3)
                """,
                "ls",
                "--tree",
                "-o",
                "inverted");
    }

    @Test
    void a_tree_keeps_to_the_width_of_the_terminal() {
        String name = "n".repeat(100);
        does("create", name, "--table", "0 8 zero");
        prints("n".repeat(79) + "...\n", "ls", "--tree");
        prints(name + " (253:0)\n", "ls", "--tree", "-o", "notrunc");
        refuses("Tree options not recognised: x.\nCommand failed.\n", "ls", "--tree", "-o", "x");
    }

    @Test
    void messages_and_renames_reach_the_device() {
        does("create", "a", "-n");
        prints("answer\n", "message", "a", "0", "ask");
        prints("", "message", "-j", "253", "-m", "0", "5", "do", "this");
        assertThat(kernel.calls).contains("message a 0 ask", "message a 5 do this");
        refuses("Invalid sector.\nCommand failed.\n", "message", "a", "x", "do");
        does("rename", "a", "b");
        does("rename", "b", "--setuuid", "U");
        assertThat(device("b").uuid).isEqualTo("U");
        does("rename", "-u", "U", "c");
        assertThat(device("c").number.minor()).isZero();
    }

    @Test
    void remove_replaces_a_table_by_errors_where_it_is_forced() {
        does("create", "a", "--table", "0 8 zero\n8 8 zero");
        device("a").opens = 1;
        refuses(
                """
                device-mapper: remove ioctl on a  failed: Device or resource busy
                Command failed.
                """,
                "remove",
                "-f",
                "--retry",
                "--deferred",
                "a");
        assertThat(device("a").live).containsExactly(new TableLine(0, 16, "error", ""));
        assertThat(kernel.calls.getLast()).isEqualTo("close");
        String remove = kernel.calls.get(kernel.calls.size() - 2);
        assertThat(remove).contains("RETRY").contains("DEFERRED");
        device("a").opens = 0;
        does("remove", "a");
        assertThat(kernel.devices).isEmpty();
    }

    @Test
    void wipe_table_replaces_a_table_by_errors() {
        does("create", "a", "--table", "0 8 zero\n8 8 zero");
        does("wipe_table", "a");
        prints("0 16 error \n", "table", "a");
    }

    @Test
    void verbose_describes_the_device_that_was_changed() {
        does("create", "-v", "a", "--table", "0 8 zero");
        assertThat(out.toString()).startsWith("Name:              a\n").contains("Read Ahead:");
    }

    @Test
    void versions() {
        prints("Library version:   1.02.185 (2022-05-18)\nDriver version:    4.48.0\n", "version");
        prints("striped          v1.6.0\nlinear           v1.4.0\n", "targets");
    }

    @Test
    void a_command_line_that_means_nothing_is_refused() {
        String end = "\nCouldn't process command line.\n";
        refuses("unrecognized option '--exec'; for it, use dmsetup itself" + end, "ls", "--exec");
        refuses("invalid option -- 'x'" + end, "ls", "-x");
        refuses("option requires an argument -- 'u'" + end, "create", "a", "-u");
        refuses("option '--no' is ambiguous" + end, "create", "a", "--no");
        refuses("option '--tree' doesn't allow an argument" + end, "ls", "--tree=x");
        refuses("Please specify both major number and minor number." + end, "info", "-j", "1");
        refuses("--table and --notable are incompatible." + end, "create", "a", "-n", "--table=x");
        refuses("Option not recognised: x." + end, "deps", "-o", "x");
        assertThat(run("frobnicate")).isEqualTo(1);
        assertThat(err.toString()).startsWith("Unknown command.\nUsage:");
        assertThat(run("rename")).isEqualTo(1);
        assertThat(err.toString()).startsWith("Incorrect number of arguments.\nUsage:");
        assertThat(run()).isEqualTo(1);
        assertThat(run("help")).isZero();
        assertThat(out.toString()).startsWith("Usage: dmctl dmsetup");
    }

    @Test
    void no_device_mapper_is_one_line() {
        Dmsetup without =
                new Dmsetup(
                        new ByteArrayInputStream(new byte[0]),
                        new PrintWriter(out),
                        new PrintWriter(err),
                        log -> {
                            throw new DeviceMapperException(
                                    "load it with: modprobe dm-mod", 0, false);
                        },
                        new Surroundings(false, () -> 80, Optional.empty()));

        assertThat(without.run(List.of("ls"))).isEqualTo(1);
        assertThat(err.toString()).isEqualTo("dmctl dmsetup: load it with: modprobe dm-mod\n");
    }

    @Test
    void events_and_nodes() {
        does("create", "a", "-n");
        does("wait", "a", "7");
        does("wait", "-u", "", "8");
        does("mknodes", "a");
        assertThat(kernel.calls).contains("wait 7", "wait 8", "mknodes a");
    }
}
