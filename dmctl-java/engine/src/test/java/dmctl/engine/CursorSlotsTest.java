package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.replog.LinkCursors;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class CursorSlotsTest {
    private static final LogIdentity IDENTITY =
            new LogIdentity(3, 4, 1 << 20, 1 << 20, 16384, 131072, 12 << 10, 0, 0);

    private final Replica replica =
            Lab.of(Lab.primary("home"), Lab.blockdev("vault"), Lab.async("far"))
                    .site("home")
                    .parts(IDENTITY);

    @Test
    void cursorsOfSitesThatHaveLeftTheGroupAreForgotten() {
        List<LinkCursors.Entry> entries =
                List.of(
                        new LinkCursors.Entry(1, 11, 10, 1, 77),
                        new LinkCursors.Entry(2, 12, 12, 1, 77),
                        new LinkCursors.Entry(9, 13, 13, 1, 77));
        CursorSlots slots =
                new CursorSlots(replica, new LinkCursors(new UUID(3, 4), 5, entries), 0);
        CursorSlots.Cursor kept = slots.find(1);
        assertThat(kept).isNotNull();
        assertThat(kept.startedSeq).isEqualTo(11);
        assertThat(kept.doneSeq).isEqualTo(10);
        assertThat(slots.find(2)).as("has a daemon now").isNull();
        assertThat(slots.find(9)).as("is no site any more").isNull();
    }
}
