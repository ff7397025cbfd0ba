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
