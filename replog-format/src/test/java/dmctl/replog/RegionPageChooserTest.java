package dmctl.replog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class RegionPageChooserTest {
    private static final String NAME = "/dev/log";
    private static final int PAGE = 5;
    private static final long GENERATION = 20;

    /** What may stand in a slot. */
    private enum Slot {
        BLANK(0),
        GARBAGE(0),
        DAMAGED(0),
        UNREADABLE(0),
        OTHER_LOG(0),
        OTHER_PAGE(0),
        OLDER(11),
        LATELY(12),
        LAST(20),
        NEVER_COUNTED(21);

        final long generation;

        Slot(long generation) {
            this.generation = generation;
        }

        boolean counts() {
            return generation > 0 && generation <= GENERATION;
        }

        ByteBuffer bytes() {
            ByteBuffer buf = this == GARBAGE ? Samples.random(4096, 4) : Samples.buffer(4096);
            switch (this) {
                case BLANK, GARBAGE -> {}
                case OTHER_PAGE -> Samples.regionPage(buf, 0, PAGE + 8, 3);
                case OTHER_LOG -> {
                    Samples.regionPage(buf, 0, PAGE, 3);
                    buf.putLong(RegionPage.LOG_UUID_OFFSET, 99);
                    RegionPage.seal(buf, 0, new Crc());
                }
                default -> {
                    Samples.regionPage(buf, 0, PAGE, Math.max(3, generation));
                    if (this == DAMAGED) {
                        buf.put(100, (byte) 99);
                    }
                }
            }
            return buf;
        }
    }

    private static RegionMapMark mark(long generation, int sum) {
        List<Integer> witnesses = new ArrayList<>(Collections.nCopies(8, 0));
        witnesses.set(PAGE % 8, sum);
        return new RegionMapMark(generation, witnesses);
    }

    private static int choose(RegionPageChooser chooser, Slot... slots)
            throws FormatTooNewException {
        ByteBuffer[] bytes = {slots[0].bytes(), slots[1].bytes()};
        boolean[] readable = {slots[0] != Slot.UNREADABLE, slots[1] != Slot.UNREADABLE};
        return chooser.choose(PAGE, bytes, new int[2], new long[] {40960, 81920}, readable);
    }

    @Test
    void theNewestSoundSlotThatCountsIsChosenAndNoOtherIsTrusted() throws ReplogException {
        int tried = 0;
        for (Slot first : Slot.values()) {
            for (Slot second : Slot.values()) {
                Slot expected = null;
                int slot = RegionPageChooser.NO_SLOT;
                if (first.counts()) {
                    expected = first;
                    slot = 0;
                }
                if (second.counts()
                        && (expected == null || second.generation > expected.generation)) {
                    expected = second;
                    slot = 1;
                }
                for (Slot witnessed : Slot.values()) {
                    boolean none = !witnessed.counts();
                    int sum = none ? 0 : RegionPage.checksum(witnessed.bytes(), 0);
                    RegionPageChooser chooser =
                            new RegionPageChooser(mark(GENERATION, sum), Samples.LOG, NAME);
                    String pair = first + " " + second + " witness " + witnessed;
                    assertThat(choose(chooser, first, second)).as(pair).isEqualTo(slot);
                    boolean newer = first == Slot.NEVER_COUNTED || second == Slot.NEVER_COUNTED;
                    assertThat(chooser.otherIsNewer()).as(pair).isEqualTo(newer);
                    assertThat(chooser.newestGeneration()).as(pair).isEqualTo(newer ? 21 : 20);
                    assertThat(chooser.isTrusted(PAGE))
                            .as(pair)
                            .isEqualTo(none ? expected == null : expected == witnessed);
                    assertThat(chooser.isTrusted(PAGE + 1)).as(pair).isTrue();
                    tried++;
                }
            }
        }
        assertThat(tried).isEqualTo(1000);
    }

    @Test
    void aGroupOfPagesHasOneWitness() throws ReplogException {
        ByteBuffer first = Samples.buffer(4096);
        ByteBuffer second = Samples.buffer(4096);
        int sum =
                Samples.regionPage(first, 0, PAGE, 3) + Samples.regionPage(second, 0, PAGE + 8, 4);
        for (boolean lost : new boolean[] {false, true}) {
            RegionPageChooser chooser =
                    new RegionPageChooser(mark(GENERATION, sum), Samples.LOG, NAME);
            ByteBuffer blank = Samples.buffer(4096);
            boolean[] readable = {true, true};
            ByteBuffer[] slots = {first, blank};
            chooser.choose(PAGE, slots, new int[2], new long[2], readable);
            ByteBuffer[] others = {lost ? blank : second, blank};
            chooser.choose(PAGE + 8, others, new int[2], new long[2], readable);
            assertThat(chooser.isTrusted(PAGE)).isEqualTo(!lost);
            assertThat(chooser.isTrusted(PAGE + 16)).isEqualTo(!lost);
        }
    }

    @Test
    void aMapThatWasNotKeptIsNotTrusted() throws ReplogException {
        RegionPageChooser chooser =
                new RegionPageChooser(RegionMapMark.notKept(), Samples.LOG, NAME);
        assertThat(choose(chooser, Slot.LAST, Slot.LATELY)).isEqualTo(RegionPageChooser.NO_SLOT);
        assertThat(chooser.isTrusted(PAGE)).isFalse();
        assertThat(chooser.newestGeneration()).isEqualTo(20);
    }

    @Test
    void theReasonNamesThePlaceOfDamageBeforeThatOfWhatNeverWasAPage() throws ReplogException {
        RegionPageChooser chooser = new RegionPageChooser(mark(20, 7), Samples.LOG, NAME);
        choose(chooser, Slot.BLANK, Slot.DAMAGED);
        assertThat(chooser.reason(PAGE))
                .startsWith(NAME)
                .contains("offset " + (81920 + 4092))
                .contains("region map page checksum");
        RegionPageChooser unreadable = new RegionPageChooser(mark(20, 7), Samples.LOG, NAME);
        choose(unreadable, Slot.UNREADABLE, Slot.BLANK);
        assertThat(unreadable.reason(PAGE)).contains("cannot be read at offset 40960");
        RegionPageChooser lost = new RegionPageChooser(mark(20, 7), Samples.LOG, NAME);
        choose(lost, Slot.OLDER, Slot.LATELY);
        assertThat(lost.reason(PAGE)).contains("pages 5, 13, ...").contains("older");
    }

    @Test
    void aPageOfANewerReleaseStopsTheReader() {
        ByteBuffer newer = Samples.buffer(4096);
        Samples.regionPage(newer, 0, PAGE, 3);
        newer.putShort(Envelope.FORMAT_VERSION_OFFSET, (short) 3);
        newer.putShort(Envelope.MIN_READER_VERSION_OFFSET, (short) 3);
        RegionPage.seal(newer, 0, new Crc());
        RegionPageChooser chooser = new RegionPageChooser(mark(20, 7), Samples.LOG, NAME);
        ByteBuffer[] slots = {Samples.buffer(4096), newer};
        boolean[] readable = {true, true};
        assertThatThrownBy(() -> chooser.choose(PAGE, slots, new int[2], new long[2], readable))
                .isInstanceOf(FormatTooNewException.class);
    }
}
