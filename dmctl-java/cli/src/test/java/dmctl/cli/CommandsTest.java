package dmctl.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.grack.nanojson.JsonObject;
import com.grack.nanojson.JsonParser;
import dmctl.config.GroupConfig;
import dmctl.config.GroupFile;
import dmctl.config.MemoryNeeds;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class CommandsTest {
    @TempDir Path folder;
    private Path file = Path.of("");
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final List<FakeDaemon> daemons = new ArrayList<>();

    @BeforeEach
    void write_the_example() throws IOException {
        file = folder.resolve("lab.yaml");
        Files.writeString(file, StatusTextTest.resource("lab.yaml"));
    }

    @AfterEach
    void stop_the_daemons() throws Exception {
        for (FakeDaemon daemon : daemons) {
            daemon.stop();
        }
    }

    private int run(String... words) {
        CommandLine command = Main.commandLine();
        command.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        return command.execute(words);
    }

    /** A daemon that tells a fixed state, and answers every order alike. */
    private FakeDaemon daemon(String site, String state, JsonObject answer) throws Exception {
        return daemon(site, FakeDaemon.status(state, site), request -> answer);
    }

    private FakeDaemon daemon(String site, JsonObject status, UnaryOperator<JsonObject> orders)
            throws Exception {
        FakeDaemon daemon =
                FakeDaemon.telling(folder.resolve(site).resolve("admin.sock"), status, orders);
        daemons.add(daemon);
        return daemon;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "fly",
                "wait flying home",
                "pause",
                "set home policy",
                "up --no-such-option",
                "wait serving home --timeout soon",
                "pause mars",
                "takeover vault",
                "set far mode loud",
                "check"
            })
    void ends_with_2_when_the_command_line_or_the_file_is_wrong(String words) throws IOException {
        if (words.equals("check")) {
            Files.writeString(file, "group: [");
        }
        List<String> line = new ArrayList<>(List.of(words.split(" ")));
        if (!words.equals("fly")) {
            line.addAll(List.of("-f", file.toString()));
        }

        assertThat(run(line.toArray(String[]::new))).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString()).isNotBlank().doesNotContain("\tat ");
    }

    @Test
    void names_the_sites_when_a_site_is_not_known() {
        run("pause", "mars", "-f", file.toString());

        assertThat(err)
                .hasToString("dmctl: no site mars in group lab; it has home, near, far, vault\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "status",
                "pause near",
                "resume near",
                "set near policy async",
                "takeover near --yes",
                "resync near",
                "wait serving home --timeout 1ms"
            })
    void ends_with_3_when_no_daemon_answers(String words) {
        List<String> line = new ArrayList<>(List.of(words.split(" ")));
        line.addAll(List.of("-f", file.toString()));

        assertThat(run(line.toArray(String[]::new))).isEqualTo(ExitCode.UNREACHABLE);
    }

    @Test
    void ends_with_4_when_the_state_is_not_reached_in_time() throws Exception {
        daemon("home", "trouble", FakeDaemon.ok(""));

        int exit = run("wait", "caught-up", "near", "--timeout", "1ms", "-f", file.toString());

        assertThat(exit).isEqualTo(ExitCode.TIMEOUT);
        assertThat(err.toString())
                .startsWith("dmctl: near is not there after 1ms: link down, flow down, ");
    }

    @Test
    void waits_for_nothing_when_the_state_is_reached() throws Exception {
        daemon("home", "live", FakeDaemon.ok(""));

        assertThat(run("wait", "caught-up", "near", "-f", file.toString())).isZero();
        assertThat(run("wait", "connected", "vault", "-f", file.toString())).isZero();
        assertThat(run("wait", "serving", "home", "-f", file.toString())).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"applied", "caught-up"})
    void waits_for_the_primary_to_serve_before_it_knows_what_was_completed(String state)
            throws Exception {
        JsonObject status = FakeDaemon.status("live", "home");
        status.put("serving", false);
        status.put("completedSeq", 0);
        status.put("notServingReason", "the log is being read");
        daemon("home", status, request -> FakeDaemon.ok(""));

        for (String site : List.of("near", "home")) {
            assertThat(run("wait", state, site, "--timeout", "1ms", "-f", file.toString()))
                    .isEqualTo(ExitCode.TIMEOUT);
        }
        assertThat(err.toString())
                .contains("home is primary but does not serve: the log is being read");
        assertThat(run("wait", "connected", "near", "-f", file.toString())).isZero();
    }

    @Test
    void waits_for_what_was_completed_when_the_primary_began_to_serve() throws Exception {
        JsonObject status = FakeDaemon.status("live", "home");
        status.put("appliedSeq", 700);
        status.put("completedSeq", 701);
        daemon("home", status, request -> FakeDaemon.ok(""));

        assertThat(run("wait", "applied", "home", "--timeout", "1ms", "-f", file.toString()))
                .isEqualTo(ExitCode.TIMEOUT);
        status.put("appliedSeq", 701);
        assertThat(run("wait", "applied", "home", "-f", file.toString())).isZero();
    }

    @Test
    void hears_a_daemon_that_says_at_its_bound_that_it_is_not_done() throws Exception {
        Duration bound = Duration.ofMillis(50);
        JsonObject late = FakeDaemon.refused("not done after 50 ms; it may still be");
        late.put("code", "timeout");
        daemon(
                "home",
                FakeDaemon.status("live", "home"),
                request -> {
                    LockSupport.parkNanos(bound.multipliedBy(2).toNanos());
                    return late;
                });

        Path socket = folder.resolve("home/admin.sock");
        assertThatThrownBy(() -> AdminClient.order(socket, AdminClient.request("pause"), bound))
                .isInstanceOfSatisfying(
                        CommandFailure.class,
                        told -> assertThat(told.exitCode()).isEqualTo(ExitCode.TIMEOUT))
                .hasMessage("not done after 50 ms; it may still be");
    }

    @Test
    void sends_orders_about_a_site_to_the_primary() throws Exception {
        FakeDaemon home = daemon("home", "live", FakeDaemon.ok(""));
        FakeDaemon near = daemon("near", "live", FakeDaemon.ok(""));

        int exit = run("pause", "far", "--reason", "new cable", "-f", file.toString());

        assertThat(exit).isZero();
        assertThat(out).hasToString("far: paused\n");
        JsonObject order = home.requests.getLast();
        assertThat(order)
                .containsEntry("op", "pause")
                .containsEntry("site", "far")
                .containsEntry("reason", "new cable");
        assertThat(near.requests).allMatch(request -> request.getString("op").equals("status"));
    }

    @Test
    void changes_settings_at_every_daemon_and_says_how_to_keep_them() throws Exception {
        FakeDaemon home = daemon("home", "live", FakeDaemon.ok(""));
        FakeDaemon near = daemon("near", "live", FakeDaemon.ok(""));

        int exit = run("set", "far", "limit", "ios", "1000", "-f", file.toString());

        assertThat(exit).isZero();
        for (FakeDaemon daemon : List.of(home, near)) {
            assertThat(daemon.requests.getLast())
                    .containsEntry("key", "limit")
                    .containsEntry("value", "ios 1000");
        }
        assertThat(out.toString())
                .contains("to keep it over a restart, write \"limit: ios 1000\" at site far");
    }

    @Test
    void shows_the_loss_and_does_nothing_without_a_yes() throws Exception {
        FakeDaemon near = daemon("near", "gone", FakeDaemon.ok("lost: 12 writes, 48 KiB, 0.3 s"));

        int exit = run("takeover", "near", "-f", file.toString());

        assertThat(exit).isEqualTo(ExitCode.FAILED);
        assertThat(out.toString()).startsWith("lost: 12 writes, 48 KiB, 0.3 s\n");
        assertThat(near.requests)
                .extracting(request -> request.getString("op"))
                .containsExactly("preview-takeover");
    }

    @Test
    void takes_over_after_the_preview() throws Exception {
        FakeDaemon near = daemon("near", "gone", FakeDaemon.ok("fine"));

        int exit = run("takeover", "near", "--yes", "-f", file.toString());

        assertThat(exit).isZero();
        assertThat(near.requests)
                .extracting(request -> request.getString("op"))
                .containsExactly("preview-takeover", "takeover");
        assertThat(out.toString())
                .contains("nbd+unix:///data?socket=" + folder.resolve("near/nbd.sock"));
    }

    @Test
    void tells_the_loss_once_more_only_where_it_is_another() throws Exception {
        AtomicReference<String> loss = new AtomicReference<>("lost: 12 writes");
        daemon(
                "near",
                FakeDaemon.status("gone", "near"),
                request ->
                        FakeDaemon.ok(
                                request.getString("op").equals("takeover")
                                        ? "near is primary\nthis copy: seq 7\n" + loss.get()
                                        : "this copy: seq 7\nlost: 12 writes"));

        assertThat(run("takeover", "near", "--yes", "-f", file.toString())).isZero();
        assertThat(out.toString())
                .startsWith("this copy: seq 7\nlost: 12 writes\nnear is primary\n  nbd+unix:");

        out.getBuffer().setLength(0);
        loss.set("lost: 31 writes");
        assertThat(run("takeover", "near", "--yes", "-f", file.toString())).isZero();
        assertThat(out.toString())
                .startsWith(
                        """
                        this copy: seq 7
                        lost: 12 writes
                        near is primary
                        this copy: seq 7
                        lost: 31 writes
                        """);
    }

    @Test
    void passes_on_why_an_order_is_refused() throws Exception {
        daemon("home", "live", FakeDaemon.refused("far is not paused; nothing to resume"));

        int exit = run("resume", "far", "-f", file.toString());

        assertThat(exit).isEqualTo(ExitCode.FAILED);
        assertThat(err).hasToString("dmctl: far is not paused; nothing to resume\n");
    }

    @Test
    void tells_programs_the_same_in_json() throws Exception {
        daemon("home", "live", FakeDaemon.ok(""));

        int exit = run("status", "--json", "-f", file.toString());

        assertThat(exit).isZero();
        JsonObject json = JsonParser.object().from(out.toString());
        assertThat(json.getInt("schema")).isEqualTo(1);
        assertThat(json.getObject("verdict").getString("level")).isEqualTo("ok");
        assertThat(json.getObject("daemons").getObject("home").getString("role"))
                .isEqualTo("primary");
        assertThat(json.getObject("unreachable").keySet()).containsExactly("near", "far");
    }

    @Test
    void finds_the_file_by_option_then_variable_then_folder() throws Exception {
        Path other = Path.of("/other.yaml");
        Path system = folder.resolve("etc");

        assertThat(GroupOption.locate(other, "/env.yaml", folder, system)).isEqualTo(other);
        assertThat(GroupOption.locate(null, "/env.yaml", folder, system))
                .isEqualTo(Path.of("/env.yaml"));
        assertThat(GroupOption.locate(null, null, folder, system)).isEqualTo(file);

        Files.writeString(folder.resolve("second.yaml"), "");
        assertThatThrownBy(() -> GroupOption.locate(null, null, folder, system))
                .isInstanceOf(CommandFailure.class)
                .hasMessageStartingWith("several *.yaml files here; name the group's with -f");
    }

    @Test
    void finds_the_file_of_the_only_group_of_the_system() throws Exception {
        Path here = Files.createDirectory(folder.resolve("empty"));
        Path system = folder.resolve("etc");
        assertThatThrownBy(() -> GroupOption.locate(null, null, here, system))
                .isInstanceOf(CommandFailure.class)
                .hasMessageStartingWith("no group's file here or in " + system + "; name");

        Files.createDirectory(system);
        Path only = Files.writeString(system.resolve("erp.yaml"), "");
        Files.writeString(system.resolve("erp.env"), "");
        assertThat(GroupOption.locate(null, null, here, system)).isEqualTo(only);

        Files.writeString(system.resolve("crm.yaml"), "");
        assertThatThrownBy(() -> GroupOption.locate(null, null, here, system))
                .isInstanceOf(CommandFailure.class)
                .hasMessageStartingWith("several groups' files in " + system + "; name");
    }

    @Test
    void prints_the_command_of_a_daemon_for_a_service() {
        assertThat(run("daemon-command", "-f", file.toString(), "--site", "near")).isZero();
        assertThat(out.toString().lines().toList())
                .startsWith(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC")
                .endsWith("dmctl.daemon.Dmctld", "--config", file.toString(), "--site", "near");
    }

    @Test
    void takes_the_site_that_is_called_as_the_machine() throws Exception {
        GroupConfig config = GroupFile.read(file);

        assertThat(DaemonCommand.ofMachine(config, "near").name()).isEqualTo("near");
        assertThat(DaemonCommand.ofMachine(config, "near.example.org").name()).isEqualTo("near");
        assertThatThrownBy(() -> DaemonCommand.ofMachine(config, "vault"))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContaining("blockdev site and has no daemon");
        assertThatThrownBy(() -> DaemonCommand.ofMachine(config, "elsewhere.example.org"))
                .isInstanceOf(CommandFailure.class)
                .hasMessage(
                        "no site of group lab is called as this machine is, elsewhere.example.org;"
                                + " give --site, or for the service write DMCTL_SITE=NAME into "
                                + folder.resolve("lab.env"));
    }

    @Test
    void gives_a_daemon_the_memory_its_group_needs() throws Exception {
        String small = Files.readString(file);
        GroupConfig config = GroupFile.parse(file, small);
        GroupConfig large = GroupFile.parse(file, small.replace("size: 1GiB", "size: 8TiB"));

        assertThat(MemoryNeeds.heapBytes(config, 256L << 20)).isBetween(120L << 20, 160L << 20);
        assertThat(MemoryNeeds.heapBytes(config, 8L << 30)).isBetween(400L << 20, 500L << 20);
        assertThat(MemoryNeeds.heapBytes(large, 256L << 20)).isGreaterThan(1L << 30);
        assertThat(MemoryNeeds.directBytes(config)).isBetween(240L << 20, 280L << 20);
        assertThat(JvmCommand.detached(config, config.sites().getFirst(), true))
                .containsAll(JvmCommand.daemon(config, config.sites().getFirst()))
                .endsWith("--site", "home", "--create");
        assertThat(JvmCommand.extraOptions(" -Xlog:gc  -ea ")).containsExactly("-Xlog:gc", "-ea");
    }
}
