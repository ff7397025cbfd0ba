package dmctl.replog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.UUID;
import org.junit.jupiter.api.Test;

class ResizedLayoutTest {
    private static final long MIB = 1 << 20;
    private static final int LARGE_SLOT = 512 << 10;

    private static LogLayout layout(long checkpointBytes) throws SpaceException {
        return LogLayout.of("a log", 8 * MIB, checkpointBytes);
    }

    @Test
    void only_the_ring_and_the_whole_differ() throws Exception {
        LogLayout before = layout(LARGE_SLOT);
        LogLayout after = before.resized("a log", 5 * MIB + 512);
        assertThat(after)
                .usingRecursiveComparison()
                .ignoringFields("totalBytes", "ringBytes")
                .isEqualTo(before);
        assertThat(after.totalBytes()).isEqualTo(5 * MIB + 512);
        assertThat(after.ringBytes()).isEqualTo(5 * MIB - before.ringOffset());
        assertThat(after.resized("a log", 8 * MIB)).isEqualTo(before);
    }

    @Test
    void the_ring_keeps_its_least_size() throws Exception {
        assertThatThrownBy(() -> layout(0).resized("a log", 2 * MIB - 512))
                .isInstanceOf(SpaceException.class)
                .hasMessageContaining("make it at least 4096 sectors");
        LogLayout large = layout(LARGE_SLOT);
        long least = large.ringOffset() + MIB;
        assertThat(large.resized("a log", least).ringBytes()).isEqualTo(MIB);
        assertThatThrownBy(() -> large.resized("a log", least - 512))
                .isInstanceOf(SpaceException.class)
                .hasMessageContaining("the log needs " + least + " bytes");
    }

    @Test
    void a_superblock_with_it_is_the_next_generation_of_the_same_log() throws Exception {
        Superblock before =
                new Superblock(
                        7,
                        new UUID(1, 2),
                        new UUID(3, 4),
                        new UUID(5, 6),
                        layout(0),
                        512,
                        3,
                        true,
                        9);
        Superblock after = before.withLayout(before.layout().resized("a log", 4 * MIB));
        assertThat(after.generation()).isEqualTo(8);
        assertThat(after)
                .usingRecursiveComparison()
                .ignoringFields("generation", "layout")
                .isEqualTo(before);
    }
}
