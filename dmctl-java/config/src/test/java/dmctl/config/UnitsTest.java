package dmctl.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnitsTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "4096, 4096",
        "4KiB, 4096",
        "1.5 GiB, 1610612736",
        "2TiB, 2199023255552",
        "7m, 7340032"
    })
    void reads_sizes(String text, long bytes) throws ConfigException {
        assertThat(Units.parseSize(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({"500ms, 500", "5s, 5000", "0.5s, 500", "2m, 120000", "1h, 3600000"})
    void reads_times(String text, long millis) throws ConfigException {
        assertThat(Units.parseTime(text)).isEqualTo(millis);
    }

    @ParameterizedTest
    @CsvSource({
        "1GB, 'unknown unit \"GB\"'",
        "big, not a size",
        "-1, not a size",
        "1.3B, not a whole number",
        "9999999999TiB, too large",
        "99999999999999999999, too large"
    })
    void refuses_what_is_not_a_size(String text, String cause) {
        assertThatThrownBy(() -> Units.parseSize(text))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(text + ": " + cause)
                .hasMessageContaining("write bytes or KiB, MiB, GiB, TiB");
    }

    @ParameterizedTest
    @CsvSource({"5, a time without a unit", "5d, 'unknown unit \"d\"'", "soon, not a time"})
    void refuses_what_is_not_a_time(String text, String cause) {
        assertThatThrownBy(() -> Units.parseTime(text))
                .isInstanceOf(ConfigException.class)
                .hasMessage(text + ": " + cause + "; write ms, s, m or h, for example 5s");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "512, 512 B",
        "1536, 1.50 KiB",
        "67108864, 64 MiB",
        "21045339750, 19.6 GiB"
    })
    void writes_sizes_for_people(long bytes, String text) {
        assertThat(Units.formatSize(bytes)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 s",
        "350, 0.35 s",
        "12300, 12.3 s",
        "271000, 4m31s",
        "7800000, 2h10m",
        "183600000, 2d03h"
    })
    void writes_times_for_people(long millis, String text) {
        assertThat(Units.formatTime(millis)).isEqualTo(text);
    }

    @Test
    void changes_one_setting_and_keeps_the_others() throws ConfigException {
        SiteSettings changed =
                SiteSettings.DEFAULT
                        .with("limit", "size=64MiB")
                        .with("mode", "hold")
                        .with("policy", "sync")
                        .with("resync-rate", "10MiB/s");

        assertThat(changed)
                .isEqualTo(
                        new SiteSettings(
                                SiteSettings.Policy.SYNC,
                                SiteSettings.OutOfReach.DEGRADE,
                                5000,
                                SiteSettings.Mode.HOLD,
                                SiteSettings.LimitKind.SIZE,
                                64L << 20,
                                10L << 20));
    }

    @ParameterizedTest
    @CsvSource({
        "policy, both, 'policy both: not known; write sync or async'",
        "mode, hold, 'mode hold: hold without a limit holds nothing; set a limit first'",
        "limit, lots, 'limit lots: not a limit; write ios=1000, size=64MiB, time=30s or none'",
        "limit, ios=0, 'limit ios=0: a limit of nothing; write more than 0, or limit: none'",
        "polizy, sync, 'polizy sync: no such setting; write one of policy, out-of-reach,"
                + " degrade-after, mode, limit, resync-rate'"
    })
    void refuses_a_setting_that_means_nothing(String key, String value, String message) {
        assertThatThrownBy(() -> SiteSettings.DEFAULT.with(key, value))
                .isInstanceOf(ConfigException.class)
                .hasMessage(message);
    }
}
