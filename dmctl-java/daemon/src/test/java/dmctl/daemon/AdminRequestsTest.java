package dmctl.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import com.grack.nanojson.JsonObject;
import com.grack.nanojson.JsonParser;
import com.grack.nanojson.JsonParserException;
import dmctl.config.ConfigException;
import dmctl.config.GroupConfig;
import dmctl.config.GroupFile;
import dmctl.config.SiteSettings;
import dmctl.daemon.io.DiskAccess;
import dmctl.daemon.io.SystemClock;
import dmctl.engine.GroupDefinition;
import dmctl.engine.GroupStatus;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AdminRequestsTest {
    static final String GROUP =
            """
            group: lab
            devices:
              - {name: data, size: 1MiB}
            sites:
              - name: home
                listen: unix:h/link.sock
                log: {path: h/replog, size: 4MiB}
                devices: {data: h/data.img}
                nbd: unix:h/nbd.sock
              - name: far
                listen: unix:f/link.sock
                log: {path: f/replog, size: 4MiB}
                devices: {data: f/data.img}
              - name: vault
                link: blockdev
                devices: {data: v/data.img}
            """;

    private final StubAdmin admin = new StubAdmin();
    private final AdminRequests requests =
            new AdminRequests(
                    config(), admin, StubAdmin.AT_ONCE, new SystemClock(), DiskAccess.THREADS);

    private static GroupConfig config() {
        try {
            return GroupFile.parse(Path.of("/srv/lab.yaml"), GROUP);
        } catch (ConfigException e) {
            throw new AssertionError(e);
        }
    }

    private JsonObject ask(String json) throws JsonParserException {
        return requests.answer(JsonParser.object().from(json));
    }

    @Test
    void tells_the_state_with_the_process() throws Exception {
        JsonObject answer = ask("{\"op\":\"status\"}");

        assertThat(answer.getBoolean("ok")).isTrue();
        assertThat(answer.getObject("status"))
                .containsEntry("pid", ProcessHandle.current().pid())
                .containsEntry("group", "lab");

        admin.knowsNoSites = true;
        assertThat(ask("{\"op\":\"status\"}").getObject("status")).containsEntry("site", "home");
    }

    @Test
    void hands_orders_to_the_group_by_site_number() throws Exception {
        assertThat(ask("{\"op\":\"pause\",\"site\":\"far\",\"reason\":\"new cable\"}"))
                .containsEntry("ok", true)
                .containsEntry("text", "pause 1 new cable done");
        assertThat(ask("{\"op\":\"takeover\"}")).containsEntry("text", "takeover false done");
        assertThat(ask("{\"op\":\"resync\",\"site\":\"vault\",\"discard\":true}"))
                .containsEntry("text", "resync 2 true done");
    }

    @Test
    void passes_on_a_refusal() throws Exception {
        assertThat(ask("{\"op\":\"resume\",\"site\":\"far\"}"))
                .containsEntry("ok", false)
                .containsEntry("code", "refused")
                .containsEntry("text", "site 1 is not paused");
    }

    @Test
    void changes_one_setting_of_those_in_force() throws Exception {
        ask("{\"op\":\"set\",\"site\":\"far\",\"key\":\"mode\",\"value\":\"stall\"}");

        GroupDefinition.Settings before = StubAdmin.SETTINGS;
        assertThat(admin.calls)
                .containsExactly(
                        "set 1 "
                                + new GroupDefinition.Settings(
                                        before.policy(),
                                        before.outOfReach(),
                                        before.degradeAfterMillis(),
                                        GroupDefinition.Mode.STALL,
                                        before.limitKind(),
                                        before.limit(),
                                        before.resyncBytesPerSecond()));
    }

    @Test
    void a_target_does_not_take_what_it_is_to_the_primary_for_its_own_devices() throws Exception {
        admin.role = GroupStatus.Role.TARGET;
        String order = "{\"op\":\"set\",\"site\":\"%s\",\"key\":\"policy\",\"value\":\"sync\"}";
        assertThat(ask(String.format(Locale.ROOT, order, "home")).getBoolean("ok")).isTrue();
        assertThat(admin.calls).isEmpty();
        ask(String.format(Locale.ROOT, order, "far"));
        assertThat(admin.calls).hasSize(1);
    }

    @Test
    void a_site_that_takes_over_does_not_wait_for_its_own_devices() throws Exception {
        String text =
                GROUP.replace(
                        "devices: {data: f/data.img}",
                        "devices: {data: f/data.img}\n    policy: sync");
        GroupConfig config = GroupFile.parse(Path.of("/srv/lab.yaml"), text);
        assertThat(policyOfFar(config, 0)).isEqualTo(GroupDefinition.Policy.SYNC);
        assertThat(policyOfFar(config, 1)).isEqualTo(GroupDefinition.Policy.ASYNC);
    }

    private static GroupDefinition.Policy policyOfFar(GroupConfig config, int selfSite) {
        return Definitions.definition(config, selfSite).sites().get(1).settings().policy();
    }

    @Test
    void refuses_what_means_nothing() throws Exception {
        assertThat(ask("{\"op\":\"fly\"}"))
                .containsEntry("text", "no such request: \"fly\"")
                .containsEntry("code", "bad-request");
        assertThat(ask("{}")).containsEntry("ok", false);
        assertThat(ask("{\"op\":\"pause\",\"site\":\"mars\"}"))
                .containsEntry("text", "no site \"mars\" in group lab");
        assertThat(ask("{\"op\":\"set\",\"site\":\"far\",\"key\":\"mode\",\"value\":\"x\"}"))
                .containsEntry("text", "mode x: not known; write hold or warn or stall or drop");
        assertThat(admin.calls).isEmpty();
    }

    @Test
    void gives_up_on_an_order_that_does_not_end() {
        admin.silent = true;

        JsonObject answer = requests.order(1, admin::shutdown);

        assertThat(answer).containsEntry("ok", false).containsEntry("code", "timeout");
    }

    @Test
    void names_every_setting_as_the_engine_does() {
        assertThat(names(SiteSettings.Mode.values()))
                .isEqualTo(names(GroupDefinition.Mode.values()));
        assertThat(names(SiteSettings.Policy.values()))
                .isEqualTo(names(GroupDefinition.Policy.values()));
        assertThat(names(SiteSettings.OutOfReach.values()))
                .isEqualTo(names(GroupDefinition.OutOfReach.values()));
        assertThat(names(SiteSettings.LimitKind.values()))
                .isEqualTo(names(GroupDefinition.LimitKind.values()));
    }

    private static String names(Enum<?>[] constants) {
        return Stream.of(constants).map(Enum::name).toList().toString();
    }
}
