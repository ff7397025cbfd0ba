package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dmctl.engine.GroupDefinition.Tuning;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Groups that cannot work are refused before anything is opened. */
class GroupDefinitionTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 2 << 10, 12 << 10, 16 << 10})
    void aRegionThatIsNoPowerOfTwoOrLargerThanABatchIsRefused(int regionBytes) {
        Tuning tuning = new Tuning(1 << 20, 8 << 10, regionBytes, 500, 2_000, 1_000, 200);
        Lab lab = Lab.of(Lab.DEVICE_SECTORS, tuning, Lab.primary("home"));
        assertThatThrownBy(lab::start)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a region of " + regionBytes)
                .hasMessageContaining("8192");
    }
}
