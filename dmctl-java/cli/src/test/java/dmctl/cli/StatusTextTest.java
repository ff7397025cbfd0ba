package dmctl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.grack.nanojson.JsonObject;
import com.grack.nanojson.JsonParser;
import dmctl.config.GroupConfig;
import dmctl.config.GroupFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatusTextTest {
    static String resource(String name) throws IOException {
        try (InputStream in = StatusTextTest.class.getResourceAsStream(name)) {
            return new String(
                    Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    static GroupView view(String name) throws Exception {
        GroupConfig config = GroupFile.parse(Path.of("/srv/lab.yaml"), resource("lab.yaml"));
        JsonObject answers = JsonParser.object().from(resource("status/" + name + ".json"));
        Map<String, DaemonView> daemons = new LinkedHashMap<>();
        Map<String, AdminClient.Unreachable> silent = new LinkedHashMap<>();
        for (GroupConfig.Site site : config.daemonSites()) {
            JsonObject answer = answers.getObject(site.name());
            if (answer == null) {
                silent.put(
                        site.name(),
                        new AdminClient.Unreachable(
                                "no daemon answers at /srv/" + site.name() + "/admin.sock", false));
            } else {
                daemons.put(site.name(), DaemonView.of(answer));
            }
        }
        return new GroupView(config, daemons, silent);
    }

    @ParameterizedTest
    @ValueSource(strings = {"live", "trouble", "gone", "fenced", "silent"})
    void shows_the_state_of_a_group(String name) throws Exception {
        String text = String.join("\n", StatusText.lines(view(name))) + "\n";

        assertThat(text).isEqualTo(resource("status/" + name + ".txt"));
    }

    /** As it is asked at a machine of some sites only. */
    private static GroupView seenAt(String example, String... sites) throws Exception {
        GroupView whole = view(example);
        Map<String, DaemonView> daemons = new LinkedHashMap<>(whole.daemons());
        Map<String, AdminClient.Unreachable> silent = new LinkedHashMap<>(whole.silent());
        daemons.keySet().retainAll(List.of(sites));
        for (String name : whole.daemons().keySet()) {
            if (!daemons.containsKey(name)) {
                silent.put(name, new AdminClient.Unreachable("no daemon answers", false));
            }
        }
        return new GroupView(whole.config(), daemons, silent);
    }

    @Test
    void says_at_the_machine_of_a_target_whom_it_follows() throws Exception {
        GroupView group = seenAt("live", "near");

        assertThat(Verdict.of(group))
                .isEqualTo(
                        new Verdict(
                                Verdict.Level.OK,
                                "near follows primary home, which is not asked from here; near is"
                                        + " consistent up to seq 918204771",
                                ""));
        assertThat(StatusText.lines(group).getFirst()).endsWith("   primary home");
    }

    @Test
    void warns_at_the_machine_of_a_target_of_what_is_wrong_there() throws Exception {
        GroupView group = seenAt("trouble", "far");

        Verdict verdict = Verdict.of(group);
        assertThat(verdict.level()).isEqualTo(Verdict.Level.WARNING);
        assertThat(verdict.text())
                .startsWith("far: device: data: write failed: EIO; far follows primary home");
    }

    @Test
    void says_at_the_machine_of_a_target_that_its_primary_is_gone() throws Exception {
        assertThat(Verdict.of(seenAt("gone", "near")).text())
                .startsWith("nobody serves the group: primary home does not answer");
    }

    @Test
    void warns_of_a_primary_whose_state_cannot_be_asked_here() throws Exception {
        GroupView group = seenAt("live", "near");
        group.silent().put("home", new AdminClient.Unreachable("no right to talk to it"));

        assertThat(Verdict.of(group).level()).isEqualTo(Verdict.Level.WARNING);
        assertThat(Verdict.of(group).text())
                .startsWith("home: no right to talk to it; near follows");
    }

    @Test
    void takes_a_site_with_its_link_up_for_one_of_another_machine() throws Exception {
        GroupView group = seenAt("live", "home");
        assertThat(Verdict.of(group).level()).isEqualTo(Verdict.Level.OK);

        group.silent().put("near", new AdminClient.Unreachable("no answer within 5 s"));
        assertThat(Verdict.of(group).text()).startsWith("the daemon of near does not answer; home");
    }

    @Test
    void never_shows_more_than_the_whole_of_a_resync() {
        assertThat(StatusText.progress(new DaemonView.ResyncView(100, 120, 130, 2, 0, -1)))
                .startsWith("resync pass 2 [########################] 100%, ");
    }

    @Test
    void shortens_large_counts() {
        assertThat(Loss.count(9_999)).isEqualTo("9999");
        assertThat(Loss.count(515_361)).isEqualTo("515k");
        assertThat(Loss.count(18_250_000)).isEqualTo("18.3M");
    }
}
