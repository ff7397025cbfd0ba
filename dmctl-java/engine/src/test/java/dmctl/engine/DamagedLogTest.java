package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupStatus.Role;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * A log that has rotted at rest: whatever was hit, it is either opened with all that was flushed,
 * or refused with a reason that names it; never a shorter history in silence.
 */
class DamagedLogTest {
    private static final int RUNS = 80;
    private static final String WRITTEN = "abcdefgh";
    private static final int MAP_OFFSET = 16384 + 2 * 131072;
    private static final int MAP_BYTES = 2 * 3 * 4096;
    private static final int RING_OFFSET = MAP_OFFSET + MAP_BYTES;

    private final Lab lab = Lab.running(Lab.primary("home"));
    private final LabSite home = lab.site("home");

    /** Writes letter after letter, flushed; the last one's flush is told by a checkpoint. */
    private void write(boolean applied) {
        for (int i = 0; i < WRITTEN.length(); i++) {
            home.write(i, WRITTEN.substring(i, i + 1));
            home.flush();
        }
        lab.run(applied ? 3_000 : 0);
        home.kill();
    }

    private interface Damage {
        void to(LabDisk log, Random random);
    }

    private void openDamaged(Damage damage, int flushedAtLeast) {
        for (int seed = 0; seed < RUNS; seed++) {
            Random random = new Random(seed);
            Lab other = Lab.of(Lab.primary("home"));
            LabSite victim = other.site("home");
            victim.log().copyFrom(home.log());
            victim.data().copyFrom(home.data());
            victim.wal().copyFrom(home.wal());
            damage.to(victim.log(), random);
            victim.start();
            other.run(3_000);
            if (victim.status().role() == Role.FAILED) {
                assertThat(victim.group().notServingReason()).contains("log");
                continue;
            }
            assertThat(victim.group().serving()).as("seed %d", seed).isTrue();
            LabRequest read = victim.startRead(0, WRITTEN.length()).settled();
            if (read.errno() != 0) {
                assertThat(victim.problems()).as("seed %d", seed).isNotEmpty();
                continue;
            }
            String found = read.letters().replace(".", "");
            assertThat(WRITTEN).as("seed %d", seed).startsWith(found);
            assertThat(found.length()).as("seed %d", seed).isGreaterThanOrEqualTo(flushedAtLeast);
        }
    }

    private static int anywhere(Random random) {
        // Headers, checkpoints, or the part of the ring that is in use.
        return switch (random.nextInt(4)) {
            case 0 -> random.nextInt(16384);
            case 1 -> 16384 + random.nextInt(2) * 131072 + random.nextInt(400);
            case 2 -> MAP_OFFSET + random.nextInt(MAP_BYTES);
            default -> RING_OFFSET + random.nextInt(2 * WRITTEN.length() * 4096);
        };
    }

    @Test
    void aFlippedBitNeverShortensTheHistoryInSilence() {
        write(true);
        openDamaged(
                (log, random) -> log.flipBit(anywhere(random), random.nextInt(8)),
                WRITTEN.length());
    }

    @Test
    void aFlippedBitInAnUnappliedLogCostsNoMoreThanWhatNoMarkCovers() {
        write(false);
        openDamaged(
                (log, random) -> log.flipBit(anywhere(random), random.nextInt(8)),
                WRITTEN.length() - 1);
    }

    @Test
    void aSectorOfGarbageNeverShortensTheHistoryInSilence() {
        write(true);
        openDamaged(
                (log, random) -> {
                    byte[] garbage = new byte[512];
                    random.nextBytes(garbage);
                    log.scribble(anywhere(random) & -512, garbage);
                },
                WRITTEN.length());
    }

    @Test
    void aBlockOfZeroesNeverShortensTheHistoryInSilence() {
        write(true);
        openDamaged(
                (log, random) -> log.scribble(anywhere(random) & -4096, new byte[4096]),
                WRITTEN.length());
    }
}
