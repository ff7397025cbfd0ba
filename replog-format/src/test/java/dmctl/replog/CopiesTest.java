package dmctl.replog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Structures kept twice: which copy counts. */
class CopiesTest {
    private static final String NAME = "/dev/log";

    private static ByteBuffer superblocks(Superblock first, Superblock second) {
        ByteBuffer buf = Samples.buffer(8192);
        SuperblockCodec.encode(first, 0, buf, 0);
        SuperblockCodec.encode(second, 1, buf, 4096);
        return buf;
    }

    @Test
    void theHigherGenerationOfTheSuperblockWins() throws ReplogException {
        Superblock old = Samples.superblock();
        Superblock opened = old.opened();
        assertThat(SuperblockCodec.choose(superblocks(old, opened), NAME))
                .isEqualTo(new Chosen<>(opened, 1, null));
        assertThat(SuperblockCodec.choose(superblocks(opened, old), NAME))
                .isEqualTo(new Chosen<>(opened, 0, null));
        assertThat(opened.opening()).isEqualTo(old.opening() + 1);
        assertThat(opened.withClean(true).clean()).isTrue();
        assertThat(opened.withClean(true).generation()).isEqualTo(old.generation() + 2);
    }

    @Test
    void theCopiesOfOneSuperblockDifferInTheirNumberOnly() throws ReplogException {
        ByteBuffer buf = superblocks(Samples.superblock(), Samples.superblock());
        ByteBuffer second = buf.slice(4096, 4096);
        assertThat(buf.slice(0, 4096).mismatch(second)).isEqualTo(SuperblockCodec.COPY_OFFSET);
        second.put(SuperblockCodec.COPY_OFFSET, (byte) 0);
        assertThat(buf.slice(0, 4096).mismatch(second)).isEqualTo(-1);
    }

    @Test
    void oneDamagedSuperblockIsReportedAndTheOtherUsed() throws ReplogException {
        Superblock superblock = Samples.superblock();
        for (int copy = 0; copy < 2; copy++) {
            ByteBuffer buf = superblocks(superblock, superblock);
            buf.put(copy * 4096 + SuperblockCodec.OPENING_OFFSET, (byte) 99);
            Chosen<Superblock> chosen = SuperblockCodec.choose(buf, NAME);
            assertThat(chosen.value()).isEqualTo(superblock);
            assertThat(chosen.copy()).isEqualTo(1 - copy);
            long offset = copy * 4096L + 4092;
            assertThat(chosen.other())
                    .isInstanceOfSatisfying(
                            DamagedException.class, e -> assertThat(e.offset()).isEqualTo(offset));
        }
    }

    @Test
    void twoDamagedSuperblocksAreAnError() throws ReplogException {
        ByteBuffer buf = superblocks(Samples.superblock(), Samples.superblock());
        buf.put(100, (byte) 99);
        buf.put(4096 + 100, (byte) 99);
        assertThatThrownBy(() -> SuperblockCodec.choose(buf, NAME))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("superblock checksum")
                .hasMessageContaining("offset 4092");
        buf.put(0, (byte) 0);
        assertThatThrownBy(() -> SuperblockCodec.choose(buf, NAME))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("offset 8188");
        assertThatThrownBy(() -> SuperblockCodec.choose(Samples.buffer(8192), NAME))
                .isInstanceOf(NotOurFormatException.class)
                .hasMessageContaining("blank");
    }

    @Test
    void superblocksOfTwoLogsAreAnError() throws ReplogException {
        Superblock first = Samples.superblock();
        Superblock second =
                new Superblock(
                        99,
                        new UUID(5, 5),
                        first.groupUuid(),
                        first.siteUuid(),
                        first.layout(),
                        512,
                        1,
                        true,
                        0);
        assertThatThrownBy(() -> SuperblockCodec.choose(superblocks(first, second), NAME))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("logUuid");
    }

    @Test
    void aSuperblockOfANewerReleaseStopsEvenBesideASoundOne() throws ReplogException {
        ByteBuffer buf = superblocks(Samples.superblock(), Samples.superblock());
        buf.putShort(4096 + Envelope.MIN_READER_VERSION_OFFSET, (short) 3);
        buf.putInt(8188, new Crc().of(buf, 4096, SuperblockCodec.COPY_OFFSET));
        assertThatThrownBy(() -> SuperblockCodec.choose(buf, NAME))
                .isInstanceOf(FormatTooNewException.class);
    }

    @Test
    void aLayoutThatContradictsItselfIsDamage() throws ReplogException {
        int[] offsets = {
            SuperblockCodec.TOTAL_BYTES_OFFSET,
            SuperblockCodec.RING_OFFSET_OFFSET,
            SuperblockCodec.RING_BYTES_OFFSET,
            SuperblockCodec.CHECKPOINT_OFFSET_OFFSET
        };
        for (int offset : offsets) {
            ByteBuffer buf = Samples.buffer(4096);
            SuperblockCodec.encode(Samples.superblock(), 0, buf, 0);
            buf.putLong(offset, -1);
            buf.putInt(4092, new Crc().of(buf, 0, SuperblockCodec.COPY_OFFSET));
            assertThatThrownBy(() -> SuperblockCodec.decode(buf, 0, NAME))
                    .isInstanceOf(DamagedException.class);
        }
    }

    @Test
    void theHigherGenerationOfTheCursorsWins() throws ReplogException {
        Chosen<LinkCursors> newer =
                LinkCursors.choose(Samples.linkCursors(3, 4), Samples.LOG, NAME);
        assertThat(newer.value().generation()).isEqualTo(4);
        assertThat(newer.copy()).isEqualTo(1);
        assertThat(newer.value().entries().get(0).startedSeq()).isEqualTo(111);
        Chosen<LinkCursors> first =
                LinkCursors.choose(Samples.linkCursors(5, 4), Samples.LOG, NAME);
        assertThat(first.value().generation()).isEqualTo(5);
        assertThat(first.other()).isNull();
    }

    @Test
    void cursorsNeverWrittenAreEmptyAndTornOnesFallBack() throws ReplogException {
        assertThat(LinkCursors.choose(Samples.buffer(16384), Samples.LOG, NAME))
                .isEqualTo(new Chosen<>(new LinkCursors(Samples.LOG, 0, List.of()), 1, null));
        ByteBuffer torn = Samples.linkCursors(3, 4);
        torn.put(12288 + 70, (byte) 1);
        Chosen<LinkCursors> chosen = LinkCursors.choose(torn, Samples.LOG, NAME);
        assertThat(chosen.value().generation()).isEqualTo(3);
        assertThat(chosen.other()).isInstanceOf(DamagedException.class);
        torn.put(8192 + 70, (byte) 1);
        assertThatThrownBy(() -> LinkCursors.choose(torn, Samples.LOG, NAME))
                .isInstanceOf(DamagedException.class);
    }

    @Test
    void afterATornFirstWriteOfCursorsTheNextGoesToTheSameSlot() throws ReplogException {
        for (int slot = 0; slot < 2; slot++) {
            ByteBuffer torn = Samples.buffer(16384);
            torn.put((int) LogLayout.linkCursorsOffset(slot) + 70, (byte) 1);
            Chosen<LinkCursors> chosen = LinkCursors.choose(torn, Samples.LOG, NAME);
            assertThat(chosen.value().generation()).isZero();
            assertThat(1 - chosen.copy()).as("written next").isEqualTo(slot);
        }
    }

    @Test
    void tooManyCursorsAreRefused() {
        ByteBuffer buf = Samples.buffer(4096);
        assertThatThrownBy(() -> LinkCursors.put(buf, 0, 1, 2, 1, LinkCursors.MAX_ENTRIES + 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("101");
    }

    @Test
    void theNewerSoundCheckpointWins() throws ReplogException {
        int slot = 8192;
        ByteBuffer buf = Samples.buffer(2 * slot);
        assertThatThrownBy(() -> CheckpointCodec.choose(buf, 0, slot, 16384, Samples.LOG, NAME))
                .isInstanceOf(NotOurFormatException.class)
                .hasMessageContaining("blank");
        CheckpointCodec.encode(Samples.checkpoint(), buf, slot, slot, NAME);
        assertThat(CheckpointCodec.choose(buf, 0, slot, 16384, Samples.LOG, NAME))
                .isEqualTo(new Chosen<>(Samples.checkpoint(), 1, null));
        buf.put(0, buf, slot, slot);
        buf.put(slot + CheckpointCodec.TAIL_SEQ_OFFSET, (byte) 1);
        Chosen<Checkpoint> chosen = CheckpointCodec.choose(buf, 0, slot, 16384, Samples.LOG, NAME);
        assertThat(chosen.value()).isEqualTo(Samples.checkpoint());
        assertThat(chosen.copy()).isZero();
        assertThat(chosen.other())
                .isInstanceOfSatisfying(
                        DamagedException.class,
                        e -> assertThat(e.offset()).isEqualTo(16384 + 8192 + 188));
        buf.put(CheckpointCodec.TAIL_SEQ_OFFSET, (byte) 1);
        assertThatThrownBy(() -> CheckpointCodec.choose(buf, 0, slot, 16384, Samples.LOG, NAME))
                .isInstanceOf(DamagedException.class);
    }

    @Test
    void aLogIsLaidOutFromTwoMebibytesOn() throws ReplogException {
        LogLayout smallest = LogLayout.of(NAME, 2 << 20, 0);
        assertThat(smallest.ringOffset()).isEqualTo(16384 + 2 * 131072);
        assertThat(smallest.ringOffset() + smallest.ringBytes()).isEqualTo(2 << 20);
        LogLayout odd = LogLayout.of(NAME, (4 << 20) + 4095, 200_000);
        assertThat(odd.checkpointBytes()).isEqualTo(200_704);
        assertThat(odd.checkpointOffset(1)).isEqualTo(16384 + 200_704);
        assertThat(odd.ringOffset() + odd.ringBytes()).isEqualTo(4 << 20);
        assertThat(odd.ringPlace(odd.ringBytes() + 4096)).isEqualTo(odd.ringOffset() + 4096);
        assertThat(LogLayout.superblockOffset(1)).isEqualTo(4096);
    }

    @Test
    void theRegionMapStandsBetweenCheckpointsAndRing() throws ReplogException {
        LogLayout small = LogLayout.of(NAME, 2 << 20, 0, 3, 7);
        assertThat(small.mapPages()).isEqualTo(7);
        assertThat(small.mapOffset()).isEqualTo(16384 + 2 * 131072);
        assertThat(small.mapPageOffset(1, 6) + 4096).isEqualTo(small.ringOffset());
        assertThat(small.mapPageOffset(0, 6) + 4096).isEqualTo(small.mapPageOffset(1, 0));
        assertThat(small.ringOffset() + small.ringBytes()).isEqualTo(2 << 20);
        // No more than a sixteenth of the log, unless the devices would not fit.
        assertThat(LogLayout.of(NAME, 2 << 20, 0, 3, 1000).mapPages()).isEqualTo(16);
        assertThat(LogLayout.of(NAME, 2 << 20, 0, 90, 1000).mapPages()).isEqualTo(90);
        assertThat(LogLayout.of(NAME, 1L << 40, 0, 3, 1L << 40).mapPages())
                .isEqualTo(LogLayout.MAX_MAP_PAGES);
        assertThatThrownBy(() -> LogLayout.of(NAME, 2 << 20, 0, 100, 1000))
                .isInstanceOfSatisfying(
                        SpaceException.class,
                        e ->
                                assertThat(e.neededBytes())
                                        .isEqualTo(16384 + 2 * 131072 + 100 * 8192 + (1 << 20)));
    }

    @Test
    void aMapThatDoesNotFitItsPlaceIsDamage() throws ReplogException {
        for (int pages : new int[] {-1, 1, 22, LogLayout.MAX_MAP_PAGES + 1}) {
            ByteBuffer buf = Samples.buffer(4096);
            SuperblockCodec.encode(Samples.superblockWithMap(), 0, buf, 0);
            buf.putInt(SuperblockCodec.MAP_PAGES_OFFSET, pages);
            buf.putInt(4092, new Crc().of(buf, 0, SuperblockCodec.COPY_OFFSET));
            assertThatThrownBy(() -> SuperblockCodec.decode(buf, 0, NAME))
                    .isInstanceOf(DamagedException.class);
        }
        ByteBuffer buf = Samples.buffer(4096);
        SuperblockCodec.encode(Samples.superblockWithMap(), 0, buf, 0);
        buf.putLong(SuperblockCodec.MAP_OFFSET_OFFSET, 8192);
        buf.putInt(4092, new Crc().of(buf, 0, SuperblockCodec.COPY_OFFSET));
        assertThatThrownBy(() -> SuperblockCodec.decode(buf, 0, NAME))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("mapOffset");
    }

    @Test
    void aLogTooSmallNamesTheSizeNeeded() {
        assertThatThrownBy(() -> LogLayout.of(NAME, (2 << 20) - 1, 0))
                .isInstanceOf(SpaceException.class)
                .hasMessageContaining("4096 sectors");
        assertThatThrownBy(() -> LogLayout.of(NAME, 2 << 20, 1 << 20))
                .isInstanceOfSatisfying(
                        SpaceException.class,
                        e -> assertThat(e.neededBytes()).isEqualTo(16384 + (3 << 20)));
        assertThatThrownBy(() -> LogLayout.of(NAME, 1L << 40, 1L << 32))
                .isInstanceOf(SpaceException.class);
    }
}
