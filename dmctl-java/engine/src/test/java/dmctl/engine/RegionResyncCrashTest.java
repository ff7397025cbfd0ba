package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupStatus.Data;
import dmctl.engine.port.Io;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * A resync by regions is cut off after any operation of a disk: the copies end equal all the same.
 */
class RegionResyncCrashTest {
    private static final int SECTORS = Lab.DEVICE_SECTORS;
    private static final int STRIDE = 4;

    /**
     * One copy of the story, up to the moment when the site that has left the log may come back.
     */
    private static final class Story {
        final Lab lab = Lab.of(Lab.primary("home"), Lab.drop("far"));
        final LabSite home = lab.site("home");
        final LabSite far = lab.site("far");
        final String before;
        final String after;

        Story() {
            lab.start();
            lab.until("consistent", () -> home.sees("far").data() == Data.CONSISTENT);
            home.write(0, "abcdefgh".repeat(SECTORS / 8));
            lab.until("applied", () -> far.status().appliedSeq() == home.status().headSeq());
            lab.run(3_000);
            far.data().hold(Io.Op.WRITE);
            home.write(20, "y");
            lab.until("logged", () -> far.status().durableSeq() == home.status().headSeq());
            before = home.read(0, SECTORS);
            lab.cut("home", "far");
            // Its log has the last record, its devices do not, and it asks before it applies it.
            far.kill();
            far.data().release();
            far.start();
            home.write(40, "x");
            home.discard(50, 3);
            long until = home.status().headSeq() + 600;
            for (int i = 0; home.status().headSeq() < until; i++) {
                home.writePatiently(i % 4, "w");
                if (i % 8 == 0) {
                    lab.run(30);
                }
            }
            lab.run(3_000);
            after = home.read(0, SECTORS);
            home.events().clear();
            lab.mendAll();
        }

        void untilEqual(String when) {
            lab.until(
                    when + " far has everything",
                    () ->
                            home.group().serving()
                                    && home.sees("far").data() == Data.CONSISTENT
                                    && far.status().appliedSeq() == home.status().headSeq()
                                    && home.status().appliedSeq() == home.status().headSeq());
            assertThat(far.data().image()).as(when).isEqualTo(home.data().image());
            assertThat(far.wal().image()).as(when).isEqualTo(home.wal().image());
        }
    }

    private static void afterAnyOperation(
            int stride, Consumer<Story> accident, Consumer<Story> end) {
        int accidents = 0;
        for (int operations = 1; ; operations += stride) {
            Story story = new Story();
            story.lab.afterOperations(operations, () -> accident.accept(story));
            story.untilEqual("with an accident after " + operations + " operations");
            if (!story.lab.accidentHappened()) {
                break;
            }
            accidents++;
            end.accept(story);
        }
        assertThat(accidents).isGreaterThan(3);
    }

    @Test
    void theSiteLosesItsPower() {
        afterAnyOperation(
                STRIDE,
                story -> {
                    story.far.powerCut();
                    story.far.start();
                },
                story -> {});
    }

    @Test
    void thePrimaryLosesItsPower() {
        afterAnyOperation(
                STRIDE,
                story -> {
                    story.home.powerCut();
                    story.home.start();
                },
                story -> {});
    }

    @Test
    void theLinkIsCut() {
        afterAnyOperation(
                STRIDE,
                story -> {
                    story.lab.cut("home", "far");
                    story.lab.mendAll();
                },
                story -> {});
    }

    /** Whatever the site says it is, it is: as it was, as it will be, or not consistent. */
    @Test
    void theSiteIsTakenOverAfterAPowerCut() {
        int refused = 0;
        int taken = 0;
        for (int operations = 1; ; operations += STRIDE) {
            Story story = new Story();
            story.lab.afterOperations(
                    operations,
                    () -> {
                        story.home.kill();
                        story.far.powerCut();
                        story.far.start();
                    });
            story.lab.run(3_000);
            if (!story.lab.accidentHappened()) {
                break;
            }
            String answer = story.far.takeover();
            if (answer.startsWith("REFUSED")) {
                assertThat(answer).contains("not consistent");
                refused++;
                continue;
            }
            assertThat(story.far.read(0, SECTORS))
                    .as("taken over after %d operations", operations)
                    .isIn(story.before, story.after);
            taken++;
        }
        assertThat(refused).isPositive();
        assertThat(taken).isPositive();
    }
}
