package dmctl.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import com.grack.nanojson.JsonArray;
import com.grack.nanojson.JsonObject;
import com.grack.nanojson.JsonWriter;
import dmctl.daemon.front.FrontEndProblem;
import dmctl.daemon.front.ShownDevice;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusJsonTest {
    private static final FrontEndView SHOWN =
            new FrontEndView(
                    "ublk",
                    List.of(
                            new ShownDevice("data", "/dev/ublkb0", ShownDevice.State.LIVE),
                            new ShownDevice(
                                    "wal",
                                    "/dev/mapper/erp-wal",
                                    ShownDevice.State.WAITING,
                                    new ShownDevice.Mapping("erp-wal", "DMCTL-1", "/dev/ublkb1"))),
                    new FrontEndProblem("not loaded", 3_000_000, "modprobe ublk_drv"),
                    0);

    private final JsonObject json = StatusJson.of(new StubAdmin().status(), SHOWN, 11_000_000);

    @Test
    void spells_every_word_in_lower_case_with_hyphens() {
        assertThat(json).containsEntry("role", "primary").containsEntry("data", "consistent");
        JsonObject far = json.getArray("sites").getObject(1);
        assertThat(far)
                .containsEntry("flow", "catching-up")
                .containsEntry("data", "not-consistent")
                .containsEntry("link", "up")
                .containsEntry("policy", "async")
                .containsEntry("mode", "warn");
        assertThat(far.getObject("limit"))
                .containsEntry("kind", "time")
                .containsEntry("value", 30_000L);
    }

    @Test
    void counts_the_regions_a_site_lacks() {
        assertThat(JsonWriter.string(json.getArray("sites").getObject(1).getArray("regions")))
                .isEqualTo("[{\"devNr\":4,\"total\":16,\"lacking\":3}]");
        assertThat(JsonWriter.string(json.getObject("regionMap")))
                .isEqualTo("{\"kept\":true,\"regionBytes\":65536,\"reason\":\"\"}");
    }

    @Test
    void gives_times_as_a_moment_and_an_age() {
        assertThat(json)
                .containsEntry("roleSince", "1970-01-01T00:00:01Z")
                .containsEntry("roleSeconds", 10L);
        assertThat(json.getArray("problems").getObject(0))
                .containsEntry("since", "1970-01-01T00:00:03Z")
                .containsEntry("seconds", 8L)
                .containsEntry("nextStep", "replace it");
    }

    @Test
    void names_the_block_device_of_each_device_and_what_is_in_the_way() {
        assertThat(JsonWriter.string(json.getObject("frontEnd")))
                .isEqualTo(
                        "{\"kind\":\"ublk\",\"devices\":["
                                + "{\"device\":\"data\",\"path\":\"/dev/ublkb0\",\"state\":\"live\"},"
                                + "{\"device\":\"wal\",\"path\":\"/dev/mapper/erp-wal\",\"state\":\"waiting\","
                                + "\"below\":\"/dev/ublkb1\",\"mapper\":{\"name\":\"erp-wal\",\"uuid\":\"DMCTL-1\"}}]}");
        JsonArray problems = json.getArray("problems");
        assertThat(problems.getObject(problems.size() - 1))
                .containsEntry("what", "front-end")
                .containsEntry("reason", "ublk: not loaded")
                .containsEntry("seconds", 8L)
                .containsEntry("nextStep", "modprobe ublk_drv");
    }

    @Test
    void gives_no_negative_age_when_the_clock_was_set_back() {
        JsonObject early = StatusJson.of(new StubAdmin().status(), SHOWN, 0);

        assertThat(early).containsEntry("roleSeconds", 0L);
    }

    @Test
    void writes_the_whole_as_one_line() {
        String line = JsonWriter.string(json);

        assertThat(line).doesNotContain("\n").contains("\"termId\":\"0000000000000abc\"");
        assertThat(line).contains("\"resync\":{\"totalBytes\":100,\"doneBytes\":50,");
        assertThat(line).contains("\"stalled\":null").contains("\"primarySite\":\"home\"");
    }
}
