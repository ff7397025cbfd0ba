package dmctl.replog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dmctl.replog.Checkpoint.SiteEntry;
import dmctl.replog.Checkpoint.SiteState;
import dmctl.replog.Checkpoint.TermEntry;
import dmctl.replog.Checkpoint.TermKind;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CodecTest {
    private static final String NAME = "/dev/log";

    /** Every structure that stands alone, with the bytes its checksum covers. */
    enum Structure {
        SUPERBLOCK(4096) {
            @Override
            Object encode(ByteBuffer buf) throws ReplogException {
                SuperblockCodec.encode(Samples.superblock(), 0, buf, 0);
                return Samples.superblock();
            }

            @Override
            Object decode(ByteBuffer buf) throws ReplogException {
                return SuperblockCodec.decode(buf, 0, NAME);
            }
        },
        LINK_CURSORS(4096) {
            @Override
            Object encode(ByteBuffer buf) throws ReplogException {
                ByteBuffer slots = Samples.linkCursors(3, 4);
                buf.put(0, slots, (int) LogLayout.linkCursorsOffset(1), 4096);
                return new LinkCursors(
                        Samples.LOG,
                        4,
                        List.of(
                                new LinkCursors.Entry(2, 111, 105, 3, 0x5eed5eed5eed5eedL),
                                new LinkCursors.Entry(9, 99, 99, 2, 0x2222)));
            }

            @Override
            Object decode(ByteBuffer buf) throws ReplogException {
                return LinkCursors.decode(buf, 0, Samples.LOG, NAME);
            }
        },
        CHECKPOINT(8192) {
            @Override
            Object encode(ByteBuffer buf) throws ReplogException {
                CheckpointCodec.encode(Samples.checkpoint(), buf, 0, 8192, NAME);
                return Samples.checkpoint();
            }

            @Override
            Object decode(ByteBuffer buf) throws ReplogException {
                return CheckpointCodec.decode(buf, 0, 8192, 0, Samples.LOG, NAME);
            }

            @Override
            int covered(ByteBuffer buf) {
                return CheckpointCodec.HEADER_BYTES
                        + buf.getInt(CheckpointCodec.PAYLOAD_BYTES_OFFSET);
            }
        },
        SUPERBLOCK_WITH_MAP(4096) {
            @Override
            Object encode(ByteBuffer buf) throws ReplogException {
                SuperblockCodec.encode(Samples.superblockWithMap(), 0, buf, 0);
                return Samples.superblockWithMap();
            }

            @Override
            Object decode(ByteBuffer buf) throws ReplogException {
                return SuperblockCodec.decode(buf, 0, NAME);
            }
        },
        CHECKPOINT_WITH_MAP(8192) {
            @Override
            Object encode(ByteBuffer buf) throws ReplogException {
                CheckpointCodec.encode(Samples.checkpointWithMap(), buf, 0, 8192, NAME);
                return Samples.checkpointWithMap();
            }

            @Override
            Object decode(ByteBuffer buf) throws ReplogException {
                return CheckpointCodec.decode(buf, 0, 8192, 0, Samples.LOG, NAME);
            }

            @Override
            int covered(ByteBuffer buf) {
                return CHECKPOINT.covered(buf);
            }
        },
        REGION_PAGE(4096) {
            @Override
            Object encode(ByteBuffer buf) {
                Samples.regionPage(buf, 0, 5, 7);
                return Samples.regionPageText(buf, 0);
            }

            @Override
            Object decode(ByteBuffer buf) throws ReplogException {
                RegionPage.check(buf, 0, 0, 5, Samples.LOG, NAME);
                return Samples.regionPageText(buf, 0);
            }
        },
        EXPORT(4096) {
            @Override
            Object encode(ByteBuffer buf) {
                Samples.export().encode(buf, 0);
                return Samples.export();
            }

            @Override
            Object decode(ByteBuffer buf) throws ReplogException {
                return ExportHeader.decode(buf, 0, NAME);
            }
        };

        final int bytes;

        Structure(int bytes) {
            this.bytes = bytes;
        }

        abstract Object encode(ByteBuffer buf) throws ReplogException;

        abstract Object decode(ByteBuffer buf) throws ReplogException;

        int covered(ByteBuffer buf) {
            return bytes;
        }

        int checksumOffset() {
            return isCheckpoint() ? CheckpointCodec.CHECKSUM_OFFSET : 4092;
        }

        boolean isCheckpoint() {
            return this == CHECKPOINT || this == CHECKPOINT_WITH_MAP;
        }

        boolean isSuperblock() {
            return this == SUPERBLOCK || this == SUPERBLOCK_WITH_MAP;
        }

        /** Puts a right checksum, so that the rules behind it are reached. */
        void reseal(ByteBuffer buf) {
            Crc crc = new Crc().begin();
            if (isCheckpoint()) {
                int payload = buf.getInt(CheckpointCodec.PAYLOAD_BYTES_OFFSET);
                int room = bytes - CheckpointCodec.HEADER_BYTES;
                crc.add(buf, 0, CheckpointCodec.CHECKSUM_OFFSET)
                        .add(buf, CheckpointCodec.HEADER_BYTES, Math.clamp(payload, 0, room));
            } else {
                crc.add(buf, 0, isSuperblock() ? SuperblockCodec.COPY_OFFSET : 4092);
            }
            buf.putInt(checksumOffset(), crc.end());
        }
    }

    @ParameterizedTest
    @EnumSource
    void readsBackWhatWasWritten(Structure structure) throws ReplogException {
        ByteBuffer buf = Samples.random(structure.bytes, 3);
        Object written = structure.encode(buf);
        assertThat(structure.decode(buf)).isEqualTo(written);
    }

    @ParameterizedTest
    @EnumSource
    void everyChangedByteIsFound(Structure structure) throws ReplogException {
        ByteBuffer buf = Samples.buffer(structure.bytes);
        structure.encode(buf);
        Random random = new Random(11);
        for (int i = 0; i < structure.covered(buf); i++) {
            if (structure.isSuperblock() && i == SuperblockCodec.COPY_OFFSET) {
                continue;
            }
            byte before = buf.get(i);
            buf.put(i, (byte) (before ^ (1 + random.nextInt(255))));
            Throwable thrown = catchThrowable(() -> structure.decode(buf));
            assertThat(thrown)
                    .as("byte %d", i)
                    .isInstanceOf(i < 8 ? NotOurFormatException.class : DamagedException.class)
                    .hasMessageStartingWith(NAME + ": ");
            buf.put(i, before);
        }
    }

    @ParameterizedTest
    @EnumSource
    void bytesOfAnyKindLeadToTypedErrorsOnly(Structure structure) throws ReplogException {
        Random random = new Random(5);
        int sound = 0;
        for (int i = 0; i < 3000; i++) {
            ByteBuffer buf = Samples.buffer(structure.bytes);
            structure.encode(buf);
            int covered = structure.covered(buf);
            int changes = random.nextInt(4);
            for (int j = 0; j < changes; j++) {
                int at = 8 + random.nextInt(covered - 8);
                buf.put(random.nextInt(8) == 0 ? at : 8 + at % 400, (byte) random.nextInt());
            }
            structure.reseal(buf);
            Throwable thrown = catchThrowable(() -> structure.decode(buf));
            if (thrown == null) {
                sound++;
            } else {
                assertThat(thrown).isInstanceOf(ReplogException.class);
            }
        }
        assertThat(sound).isPositive();
    }

    @ParameterizedTest
    @EnumSource
    void pureNoiseIsNotOurs(Structure structure) {
        ByteBuffer noise = Samples.random(structure.bytes, 9);
        assertThatThrownBy(() -> structure.decode(noise))
                .isInstanceOfSatisfying(
                        NotOurFormatException.class, e -> assertThat(e.blank()).isFalse());
        assertThatThrownBy(() -> structure.decode(Samples.buffer(structure.bytes)))
                .isInstanceOfSatisfying(
                        NotOurFormatException.class, e -> assertThat(e.blank()).isTrue());
    }

    @ParameterizedTest
    @EnumSource
    void versionsOutOfRangeHaveTheirOwnErrors(Structure structure) throws ReplogException {
        ByteBuffer buf = Samples.buffer(structure.bytes);
        structure.encode(buf);
        buf.putShort(Envelope.FORMAT_VERSION_OFFSET, (short) 0);
        structure.reseal(buf);
        assertThatThrownBy(() -> structure.decode(buf))
                .isInstanceOf(FormatTooOldException.class)
                .hasMessageContaining("version 0");
        buf.putShort(Envelope.FORMAT_VERSION_OFFSET, (short) 9);
        structure.reseal(buf);
        Object readable = structure.decode(buf);
        assertThat(readable).isEqualTo(structure.encode(Samples.buffer(structure.bytes)));
        buf.putShort(Envelope.MIN_READER_VERSION_OFFSET, (short) 3);
        structure.reseal(buf);
        assertThatThrownBy(() -> structure.decode(buf))
                .isInstanceOf(FormatTooNewException.class)
                .hasMessageContaining("version 9");
    }

    @ParameterizedTest
    @EnumSource
    void onlyALogWithARegionMapKeepsReadersOfTheFirstVersionOut(Structure structure)
            throws ReplogException {
        ByteBuffer buf = Samples.buffer(structure.bytes);
        structure.encode(buf);
        boolean map = structure.name().endsWith("WITH_MAP") || structure == Structure.REGION_PAGE;
        int version = map ? 2 : 1;
        assertThat(buf.getShort(Envelope.FORMAT_VERSION_OFFSET)).isEqualTo((short) version);
        assertThat(buf.getShort(Envelope.MIN_READER_VERSION_OFFSET)).isEqualTo((short) version);
    }

    @ParameterizedTest
    @EnumSource(names = {"SUPERBLOCK_WITH_MAP", "CHECKPOINT_WITH_MAP"})
    void theFirstVersionHasNoRegionMap(Structure structure) throws ReplogException {
        ByteBuffer buf = Samples.buffer(structure.bytes);
        structure.encode(buf);
        buf.putShort(Envelope.FORMAT_VERSION_OFFSET, (short) 1);
        buf.putShort(Envelope.MIN_READER_VERSION_OFFSET, (short) 1);
        structure.reseal(buf);
        assertThatThrownBy(() -> structure.decode(buf))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("reserved byte");
    }

    @Test
    void aPageInThePlaceOfAnotherIsDamage() {
        ByteBuffer buf = Samples.buffer(4096);
        Samples.regionPage(buf, 0, 5, 7);
        assertThatThrownBy(() -> RegionPage.check(buf, 0, 40960, 6, Samples.LOG, NAME))
                .isInstanceOfSatisfying(
                        DamagedException.class,
                        e -> assertThat(e.offset()).isEqualTo(40960 + RegionPage.PAGE_OFFSET));
        assertThatThrownBy(() -> RegionPage.check(buf, 0, 0, 5, Samples.SITE, NAME))
                .isInstanceOf(WrongDeviceException.class);
    }

    @Test
    void checkpointsOfAnyContentReadBack() throws ReplogException {
        Random random = new Random(23);
        int slot = 128 << 10;
        ByteBuffer buf = Samples.random(slot, 1);
        for (int i = 0; i < 200; i++) {
            List<TermEntry> terms = new ArrayList<>();
            for (int t = random.nextInt(50); t > 0; t--) {
                TermKind kind = pick(random, TermKind.values());
                terms.add(
                        new TermEntry(
                                random.nextLong(),
                                random.nextLong(),
                                random.nextLong(),
                                random.nextInt(),
                                kind));
            }
            List<SiteEntry> sites = new ArrayList<>();
            for (int t = random.nextInt(50); t > 0; t--) {
                sites.add(
                        new SiteEntry(
                                random.nextInt(),
                                pick(random, SiteState.values()),
                                random.nextBoolean(),
                                random.nextLong(),
                                random.nextLong(),
                                "é𝄞x".repeat(random.nextInt(60))));
            }
            Checkpoint checkpoint = with(terms, sites, "d".repeat(random.nextInt(9000)));
            int bytes = CheckpointCodec.encode(checkpoint, buf, 0, slot, NAME);
            assertThat(bytes % 4096).isZero();
            assertThat(CheckpointCodec.decode(buf, 0, slot, 0, Samples.LOG, NAME))
                    .isEqualTo(checkpoint);
        }
    }

    private static <E> E pick(Random random, E[] choices) {
        int index = random.nextInt(choices.length);
        return choices[index];
    }

    private static Checkpoint with(
            List<TermEntry> terms, List<SiteEntry> sites, String definition) {
        return Samples.checkpoint(Samples.checkpoint().map(), terms, sites, definition);
    }

    @Test
    void aCheckpointThatDoesNotFitNamesTheSizeNeeded() throws ReplogException {
        Checkpoint large = with(List.of(), List.of(), "d".repeat(9000));
        ByteBuffer buf = Samples.buffer(12288);
        assertThatThrownBy(() -> CheckpointCodec.encode(large, buf, 0, 8192, NAME))
                .isInstanceOfSatisfying(
                        SpaceException.class, e -> assertThat(e.neededBytes()).isEqualTo(12288))
                .hasMessageContaining("12288");
        assertThat(ReplogFormat.isZero(buf, 0, 12288)).isTrue();
        assertThat(CheckpointCodec.encode(large, buf, 0, 12288, NAME)).isEqualTo(12288);
        assertThat(CheckpointCodec.bytesFor(10, 2047, 50_000))
                .isGreaterThan(LogLayout.DEFAULT_CHECKPOINT_BYTES);
    }

    @Test
    void aSlotHoldsAsManyTermsAsItSays() {
        for (int slot : new int[] {0, 4096, 12288, LogLayout.DEFAULT_CHECKPOINT_BYTES}) {
            int terms = CheckpointCodec.termsFor(slot, 3, 40);
            assertThat(terms == 0 || CheckpointCodec.bytesFor(terms, 3, 40) <= slot).isTrue();
            assertThat(CheckpointCodec.bytesFor(terms + 1, 3, 40)).isGreaterThan(slot);
        }
    }

    @Test
    void longReasonsAreCutAtAWholeCharacter() {
        SiteEntry site = new SiteEntry(1, SiteState.IN_LOG, true, 0, 0, "a" + "é".repeat(200));
        assertThat(site.pauseReason()).isEqualTo("a" + "é".repeat(127));
        ExportHeader export =
                new ExportHeader(Samples.GROUP, Samples.SITE, 1, 2, 0, 0, "𝄞".repeat(65));
        assertThat(export.reason()).isEqualTo("𝄞".repeat(64));
    }

    @Test
    void aStructureOfAnotherLogIsTheWrongDevice() throws ReplogException {
        ByteBuffer buf = Samples.buffer(8192);
        Structure.CHECKPOINT.encode(buf);
        UUID other = new UUID(1, 2);
        assertThatThrownBy(() -> CheckpointCodec.decode(buf, 0, 8192, 0, other, NAME))
                .isInstanceOf(WrongDeviceException.class)
                .hasMessageContaining(other.toString());
        Structure.LINK_CURSORS.encode(buf);
        assertThatThrownBy(() -> LinkCursors.decode(buf, 0, other, NAME))
                .isInstanceOfSatisfying(
                        WrongDeviceException.class,
                        e -> {
                            assertThat(e.expected()).isEqualTo(other);
                            assertThat(e.actual()).isEqualTo(Samples.LOG);
                        });
    }
}
