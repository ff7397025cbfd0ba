package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dmctl.engine.GroupDefinition.Tuning;
import org.junit.jupiter.api.Test;
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

    private static Lab.Place[] withBlockdevSites(int count) {
        Lab.Place[] places = new Lab.Place[count + 1];
        places[0] = Lab.primary("home");
        for (int i = 1; i <= count; i++) {
            places[i] = Lab.blockdev("vault" + i);
        }
        return places;
    }

    @Test
    void moreBlockdevSitesThanALogHasCursorsForAreRefused() {
        Lab lab = Lab.of(withBlockdevSites(101));
        assertThatThrownBy(lab::start)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("101 blockdev sites")
                .hasMessageContaining("100 at most");
    }

    @Test
    void asManyBlockdevSitesAsALogHasCursorsForAreServed() {
        Lab lab = Lab.of(withBlockdevSites(100));
        lab.start();
        LabSite home = lab.site("home");
        lab.until(
                "all consistent",
                () ->
                        home.status().sites().stream()
                                .allMatch(site -> site.data() == GroupStatus.Data.CONSISTENT));
        home.write(0, "abc");
        lab.run(1_000);
        assertThat(lab.site("vault100").data().image()).startsWith("abc");
    }
}
