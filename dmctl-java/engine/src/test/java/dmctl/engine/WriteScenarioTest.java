package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What an application may rely on at the primary. */
class WriteScenarioTest {
    private final Lab lab = Lab.running(Lab.primary("home"));
    private final LabSite home = lab.site("home");

    @Test
    void whatWasWrittenIsRead() {
        home.write(4, "abcd");
        assertThat(home.read(0, 10)).isEqualTo("....abcd..");
    }
}
