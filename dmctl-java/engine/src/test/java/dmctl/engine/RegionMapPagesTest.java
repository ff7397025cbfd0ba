package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupDefinition.Device;
import dmctl.replog.RegionPage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The map as pages: written, read again, perhaps for other devices or regions. */
class RegionMapPagesTest {
    private static final LogIdentity LOG =
            new LogIdentity(3, 4, 1 << 20, 1 << 20, 16384, 131072, 12 << 10, 65536, 64);

    private static GroupDefinition group(int regionBytes, Device... devices) {
        return new GroupDefinition(
                "g",
                new UUID(1, 2),
                512,
                List.of(devices),
                List.of(),
                0,
                0,
                new GroupDefinition.Tuning(0, 0, regionBytes, 0, 0, 0, 0));
    }

    private static final Device LARGE = new Device(4, "large", 1300 * 4096L + 512);
    private static final Device SMALL = new Device(9, "small", 512);

    private static List<ByteBuffer> pages(RegionMap map) {
        List<ByteBuffer> pages = new ArrayList<>();
        for (int page = 0; page < map.pages(); page++) {
            ByteBuffer buf = ByteBuffer.allocate(RegionPage.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            map.take(page, buf, 0, LOG, 1);
            pages.add(buf);
        }
        return pages;
    }

    private static boolean load(RegionMap map, List<ByteBuffer> pages) {
        boolean same = true;
        for (int page = 0; page < Math.min(pages.size(), map.pages()); page++) {
            same &= map.load(page, pages.get(page), 0);
        }
        return same;
    }

    private static void writeAtRandom(RegionMap map, Random random, long[] truth) {
        for (long seq = 1; seq <= 300; seq++) {
            long sector = random.nextLong(1300 * 8);
            long sectors = 1 + random.nextLong(Math.min(40, 1300 * 8 + 1 - sector));
            map.written(0, sector, sectors, seq);
            for (long i = sector; i < sector + sectors; i++) {
                truth[(int) i] = seq;
            }
        }
    }

    @Test
    void whatIsWrittenAsPagesIsReadAgain() {
        Random random = new Random(3);
        for (int shift = 12; shift < 16; shift++) {
            long[] truth = new long[1300 * 8 + 1];
            RegionMap map = new RegionMap(group(4096, LARGE, SMALL), 8);
            writeAtRandom(map, random, truth);
            RegionMap again = new RegionMap(group(1 << shift, LARGE, SMALL), 8);
            assertThat(load(again, pages(map))).isEqualTo(shift == 12);
            for (int sector = 0; sector < truth.length; sector++) {
                long offset = sector * 512L;
                assertThat(again.lastSeqAt(0, offset)).isGreaterThanOrEqualTo(truth[sector]);
                if (shift == 12) {
                    assertThat(again.lastSeqAt(0, offset)).isEqualTo(map.lastSeqAt(0, offset));
                }
            }
            assertThat(again.lastSeqAt(1, 0)).isZero();
            assertThat(again.isDirty(0)).isEqualTo(shift > 12);
            // And back: finer regions get what the coarse ones said.
            RegionMap back = new RegionMap(group(4096, LARGE, SMALL), 8);
            load(back, pages(again));
            for (int sector = 0; sector < truth.length; sector++) {
                assertThat(back.lastSeqAt(0, sector * 512L))
                        .isEqualTo(again.lastSeqAt(0, sector * 512L));
            }
        }
    }

    @Test
    void aDeviceThatMovedInTheOrderKeepsItsRegions() {
        RegionMap map = new RegionMap(group(4096, LARGE, SMALL), 8);
        map.written(0, 8 * 1299, 1, 7);
        map.written(1, 0, 1, 8);
        Device more = new Device(1, "more", 4096);
        RegionMap again = new RegionMap(group(4096, more, SMALL, LARGE), 8);
        assertThat(load(again, pages(map))).isFalse();
        assertThat(again.lastSeqAt(0, 0)).isZero();
        assertThat(again.lastSeqAt(1, 0)).isEqualTo(8);
        assertThat(again.lastSeqAt(2, 1299 * 4096L)).isEqualTo(7);
        assertThat(again.newerThan(2, 0, 0)).isEqualTo(1);
    }

    @Test
    void whereTheLogHasFewPagesRegionsAreNotedTogether() {
        // 1301 regions need three pages, the small device one.
        assertThat(new RegionMap(group(4096, LARGE, SMALL), 4).mapRegionBytes()).isEqualTo(4096);
        RegionMap map = new RegionMap(group(4096, LARGE, SMALL), 3);
        assertThat(map.fits()).isTrue();
        assertThat(map.mapRegionBytes()).isEqualTo(8192);
        assertThat(map.regions(0)).isEqualTo(1301);
        assertThat(map.mapRegions(0)).isEqualTo(651);
        map.written(0, 3 * 8, 1, 5);
        assertThat(map.lastSeq(0, 2)).isEqualTo(5);
        assertThat(map.lastSeq(0, 3)).isEqualTo(5);
        assertThat(map.lastSeq(0, 4)).isZero();
        RegionMap few = new RegionMap(group(4096, LARGE, SMALL), 2);
        assertThat(few.mapRegionBytes()).isEqualTo(16384);
        RegionMap none = new RegionMap(group(4096, LARGE, SMALL), 1);
        assertThat(none.fits()).isFalse();
        assertThat(none.mapRegionBytes()).isEqualTo(4096);
        assertThat(new RegionMap(group(4096, LARGE, SMALL), 0).fits()).isFalse();
        assertThat(RegionMap.pagesWanted(group(4096, LARGE, SMALL))).isEqualTo(13);
    }

    @Test
    void whatIsNewerThanTheHeadOrUnknownCountsAsTheHead() {
        RegionMap map = new RegionMap(group(4096, LARGE, SMALL), 8);
        map.written(0, 0, 1, 40);
        map.written(0, 8, 1, 60);
        map.forget(1);
        map.endAt(50);
        assertThat(map.lastSeqAt(0, 0)).isEqualTo(40);
        assertThat(map.lastSeqAt(0, 4096)).isEqualTo(50);
        assertThat(map.lastSeqAt(0, 2 * 4096)).isZero();
        assertThat(map.lastSeqAt(0, 503 * 4096L)).isEqualTo(50);
        assertThat(map.newerThan(0, 0, 50)).isZero();
        assertThat(map.newerThan(0, 0, 45)).isEqualTo(1 + 503);
        assertThat(map.newerThan(0, 503 * 4096L, 45)).isEqualTo(503);
        assertThat(map.newerThan(0, 0, -1)).isEqualTo(1301);
        map.forgetAll();
        map.endAt(50);
        assertThat(map.newerThan(1, 0, 49)).isEqualTo(1);
    }

    @Test
    void aPageIsDirtyFromAWriteOnUntilItIsTaken() {
        RegionMap map = new RegionMap(group(4096, LARGE, SMALL), 8);
        assertThat(map.isDirty(0)).isFalse();
        map.written(0, 502 * 8, 16, 3);
        assertThat(List.of(map.isDirty(0), map.isDirty(1), map.isDirty(2), map.isDirty(3)))
                .containsExactly(true, true, false, false);
        pages(map);
        assertThat(map.isDirty(0)).isFalse();
        map.written(1, 0, 1, 4);
        assertThat(map.isDirty(3)).isTrue();
        map.allWritten(9);
        pages(map);
        map.allWritten(9);
        assertThat(map.isDirty(0)).isTrue();
        assertThat(map.lastSeqAt(1, 0)).isEqualTo(9);
    }
}
