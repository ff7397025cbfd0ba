package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupDefinition.Device;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RegionMapTest {
    private static final int REGION_SECTORS = 16;

    /** One device of four and a half regions, one of one sector. */
    private final RegionMap map =
            new RegionMap(
                    new GroupDefinition(
                            "g",
                            new UUID(1, 2),
                            512,
                            List.of(
                                    new Device(4, "large", (4 * 16 + 8) * 512L),
                                    new Device(9, "small", 512)),
                            List.of(),
                            0,
                            0,
                            new GroupDefinition.Tuning(0, 0, 8192, 0, 0, 0, 0)),
                    0);

    private List<Long> seqs() {
        return java.util.stream.IntStream.range(0, map.regions(0))
                .mapToObj(region -> map.lastSeq(0, region))
                .toList();
    }

    @Test
    void aDeviceHasAsManyRegionsAsCoverIt() {
        assertThat(map.regions(0)).isEqualTo(5);
        assertThat(map.regions(1)).isEqualTo(1);
        assertThat(map.regionBytes()).isEqualTo(8192);
    }

    @Test
    void theLastRegionEndsWithTheDevice() {
        assertThat(map.regionLength(0, 3)).isEqualTo(8192);
        assertThat(map.regionLength(0, 4)).isEqualTo(4096);
        assertThat(map.regionLength(1, 0)).isEqualTo(512);
        assertThat(map.regionOffset(4)).isEqualTo(4 * 8192);
    }

    @Test
    void aRegionRemembersTheSeqOfItsLastWrite() {
        map.written(0, 3, 1, 7);
        map.written(0, REGION_SECTORS - 1, 1, 8);
        assertThat(seqs()).containsExactly(8L, 0L, 0L, 0L, 0L);
    }

    @Test
    void aWriteCountsInEveryRegionItTouches() {
        map.written(0, REGION_SECTORS - 1, 2, 3);
        assertThat(seqs()).containsExactly(3L, 3L, 0L, 0L, 0L);
        map.written(0, REGION_SECTORS, 3 * REGION_SECTORS, 4);
        assertThat(seqs()).containsExactly(3L, 4L, 4L, 4L, 0L);
        map.written(0, 0, 4 * REGION_SECTORS + 8, 5);
        assertThat(seqs()).containsExactly(5L, 5L, 5L, 5L, 5L);
    }

    @Test
    void devicesAreKeptApart() {
        map.written(1, 0, 1, 9);
        assertThat(seqs()).containsOnly(0L);
        assertThat(map.lastSeq(1, 0)).isEqualTo(9);
    }
}
