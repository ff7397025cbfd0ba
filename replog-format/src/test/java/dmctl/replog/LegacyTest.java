package dmctl.replog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LegacyTest {
    private static final String NAME = "old.log";
    private static final int START = 16 * 512;
    private static final int END = START + 64 * 4096;

    private static ByteBuffer header(String magic, int crc) {
        ByteBuffer buf = Samples.buffer(512);
        buf.put(0, magic.getBytes(StandardCharsets.US_ASCII));
        buf.putInt(16, crc);
        return buf;
    }

    private static ByteBuffer logHeader() {
        ByteBuffer buf = header("dm-replicatorHJM", 0xb9129483);
        buf.putShort(24, (short) 1);
        buf.putLong(26, END / 512);
        buf.putLong(34, 8);
        buf.put(42, "ringbuffer".getBytes(StandardCharsets.US_ASCII));
        return buf;
    }

    private static ByteBuffer bufferHeader() {
        ByteBuffer buf = header("dm-replbufferHJM", 0x2ec04d0b);
        buf.putLong(20, START);
        buf.putLong(28, START + 4096);
        buf.putLong(36, START + 40960);
        buf.putLong(44, 0x40);
        return buf;
    }

    private static ByteBuffer entry() {
        ByteBuffer buf = header("dm-replicdataHJM", 0xb9129483);
        buf.putLong(24, 3);
        buf.putLong(32, 1 << 20);
        buf.putLong(40, 5120);
        buf.putLong(48, START + 4096);
        buf.putLong(56, START + 8192);
        buf.put(64, (byte) 1);
        buf.putLong(256, 0b101);
        buf.putLong(256 + 8, 1);
        return buf;
    }

    private static LegacyEntry decode(ByteBuffer buf) throws ReplogException {
        return LegacyEntry.decode(buf, 0, START + 4096, START, END, NAME);
    }

    @Test
    void theDriversChecksumsAreTheConstantsOfItsDescription() {
        assertThat(LegacyFields.crc(LegacyLogHeader.MAGIC, 8)).isEqualTo(0xb9129483);
        assertThat(LegacyFields.crc(LegacyEntry.MAGIC, 8)).isEqualTo(0xb9129483);
        assertThat(LegacyFields.crc(LegacyBufferHeader.MAGIC, 8)).isEqualTo(0x2ec04d0b);
        assertThat(LegacyFields.crc(LegacyBufferHeader.MAGIC, 4)).isEqualTo(0xb4d1523b);
    }

    @Test
    void headersReadAsDescribed() throws ReplogException {
        assertThat(LegacyLogHeader.startsAt(logHeader(), 0)).isTrue();
        assertThat(LegacyLogHeader.decode(logHeader(), 0, 0, NAME))
                .isEqualTo(new LegacyLogHeader(0, 0, 1, END / 512, 8, "ringbuffer"));
        LegacyBufferHeader ring = LegacyBufferHeader.decode(bufferHeader(), 0, 4096, END, NAME);
        assertThat(ring).isEqualTo(new LegacyBufferHeader(START, START + 4096, START + 40960, 64));
        LegacyEntry entry = decode(entry());
        assertThat(entry.devNr()).isEqualTo(3);
        assertThat(entry.offset()).isEqualTo(1 << 20);
        assertThat(entry.size()).isEqualTo(5120);
        assertThat(entry.next(START)).isEqualTo(START + 8192 + 8192);
        assertThat(entry.pendingFor(0)).isTrue();
        assertThat(entry.pendingFor(1)).isFalse();
        assertThat(entry.pendingFor(2)).isTrue();
        assertThat(entry.pendingFor(64)).isTrue();
        assertThat(entry.pendingFor(2047)).isFalse();
    }

    @Test
    void aFullRingIsNotEmpty() {
        assertThat(new LegacyBufferHeader(START, START, START, 0).isEmpty()).isTrue();
        assertThat(new LegacyBufferHeader(START, START, START, LegacyBufferHeader.FULL).isEmpty())
                .isFalse();
    }

    @Test
    void headersOf32BitMachinesReadToo() throws ReplogException {
        ByteBuffer buf = logHeader();
        buf.putInt(16, 0xb4d1523b);
        assertThat(LegacyLogHeader.decode(buf, 0, 0, NAME).handlerName()).isEqualTo("ringbuffer");
        buf.putInt(16, 12);
        assertThatThrownBy(() -> LegacyLogHeader.decode(buf, 0, 0, NAME))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("crc");
    }

    @Test
    void otherVersionsAreNamed() {
        ByteBuffer buf = logHeader();
        buf.putShort(24, (short) 2);
        assertThatThrownBy(() -> LegacyLogHeader.decode(buf, 0, 0, NAME))
                .isInstanceOf(FormatTooNewException.class);
        buf.putShort(24, (short) 0);
        assertThatThrownBy(() -> LegacyLogHeader.decode(buf, 0, 0, NAME))
                .isInstanceOf(FormatTooOldException.class);
    }

    @Test
    void anEntryThatContradictsItsPlaceIsDamage() {
        int[][] changes = {{48, 1}, {56, 1}, {40, 0}, {41, 1}, {32, 1}, {31, 0x80}, {65, 3}};
        for (int[] change : changes) {
            ByteBuffer buf = entry();
            buf.put(change[0], (byte) (buf.get(change[0]) ^ change[1]));
            if (change[0] == 40) {
                buf.putLong(40, 0);
            } else if (change[0] == 41) {
                buf.putLong(40, END);
            }
            assertThatThrownBy(() -> decode(buf))
                    .as("offset %d", change[0])
                    .isInstanceOf(DamagedException.class);
        }
    }

    @Test
    void bytesOfAnyKindLeadToTypedErrorsOnly() {
        Random random = new Random(17);
        int sound = 0;
        for (int i = 0; i < 20_000; i++) {
            ByteBuffer[] headers = {logHeader(), bufferHeader(), entry()};
            ByteBuffer buf = headers[i % 3];
            for (int j = random.nextInt(3); j > 0; j--) {
                buf.put(20 + random.nextInt(50), (byte) random.nextInt());
            }
            Throwable thrown =
                    catchThrowable(() -> {
                        LegacyLogHeader.decode(headers[0], 0, 0, NAME);
                        LegacyBufferHeader.decode(headers[1], 0, 4096, END, NAME);
                        decode(headers[2]);
                    });
            if (thrown == null) {
                sound++;
            } else {
                assertThat(thrown).isInstanceOf(ReplogException.class);
            }
        }
        assertThat(sound).isPositive();
    }
}
