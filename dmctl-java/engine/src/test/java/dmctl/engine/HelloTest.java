package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dmctl.engine.GroupStatus.Role;
import dmctl.engine.Hello.Kind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class HelloTest {
    private static final TermHistory HISTORY =
            new TermHistory(
                    List.of(
                            new Term(1, -5, 0, 0, Term.Kind.FIRST),
                            new Term(2, Long.MIN_VALUE, 700, 0, Term.Kind.REOPENED),
                            new Term(1000, 17, 900, 2047, Term.Kind.TAKEOVER)));

    private static Hello hello(Kind kind, Role role, Standing.Phase phase) {
        return new Hello(
                new UUID(-1, 2),
                3,
                kind,
                role,
                phase,
                -1,
                5,
                6,
                7,
                8,
                9,
                10,
                11,
                12,
                -1,
                HISTORY,
                14);
    }

    private static ByteBuffer buffer(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void whatIsEncodedIsDecoded() {
        for (Kind kind : Kind.values()) {
            for (Role role : Role.values()) {
                for (Standing.Phase phase : Standing.Phase.values()) {
                    Hello hello = hello(kind, role, phase);
                    byte[] bytes = hello.encode();
                    assertThat(Hello.decode(buffer(bytes), 0, bytes.length)).isEqualTo(hello);
                }
            }
        }
    }

    @Test
    void itMayStandAnywhereInABuffer() {
        byte[] bytes = hello(Kind.SOURCE, Role.PRIMARY, Standing.Phase.NONE).encode();
        byte[] wider = new byte[bytes.length + 100];
        System.arraycopy(bytes, 0, wider, 37, bytes.length);
        assertThat(Hello.decode(buffer(wider), 37, bytes.length))
                .isEqualTo(hello(Kind.SOURCE, Role.PRIMARY, Standing.Phase.NONE));
    }

    @Test
    void anEmptyHistoryIsOne() {
        byte[] bytes = Hello.encode(TermHistory.EMPTY, 1, 2);
        assertThat(Hello.history(buffer(bytes), 16, bytes.length - 16))
                .isEqualTo(TermHistory.EMPTY);
    }

    @Test
    void longsComeBeforeTheHistory() {
        byte[] bytes = Hello.encode(HISTORY, 42, -42);
        assertThat(buffer(bytes).getLong(0)).isEqualTo(42);
        assertThat(buffer(bytes).getLong(8)).isEqualTo(-42);
        assertThat(Hello.history(buffer(bytes), 16, bytes.length - 16)).isEqualTo(HISTORY);
    }

    @Test
    void oneThatIsCutOffIsNone() {
        byte[] bytes = hello(Kind.QUERY, Role.TARGET, Standing.Phase.COPYING).encode();
        for (int length = 0; length < bytes.length; length++) {
            byte[] part = Arrays.copyOf(bytes, length);
            assertThat(Hello.decode(buffer(part), 0, length)).as("%d bytes", length).isNull();
        }
    }

    @Test
    void aHistoryOfMoreTermsThanThereAreBytesForIsNone() {
        byte[] bytes = Hello.encode(HISTORY);
        for (int count : new int[] {4, 4096, 4097, 1 << 26, 1 << 27, Integer.MAX_VALUE, -1}) {
            buffer(bytes).putInt(0, count);
            assertThat(Hello.history(buffer(bytes), 0, bytes.length))
                    .as("count %d", count)
                    .isNull();
        }
        assertThat(Hello.history(buffer(bytes), 0, -1)).isNull();
    }

    @Test
    void anUnknownKindRoleOrPhaseIsNone() {
        for (int place = 20; place <= 22; place++) {
            for (int code : new int[] {-1, 6, 127, -128}) {
                byte[] bytes = hello(Kind.QUERY, Role.TARGET, Standing.Phase.NONE).encode();
                bytes[place] = (byte) code;
                assertThat(Hello.decode(buffer(bytes), 0, bytes.length)).isNull();
            }
        }
    }

    @Test
    void randomBytesNeverThrow() {
        Random random = new Random(11);
        for (int i = 0; i < 50_000; i++) {
            byte[] bytes = new byte[random.nextInt(400)];
            random.nextBytes(bytes);
            assertThatCode(() -> Hello.decode(buffer(bytes), 0, bytes.length))
                    .doesNotThrowAnyException();
        }
    }

    @Test
    void flippedBitsNeverThrow() {
        byte[] bytes = hello(Kind.REPLY, Role.FENCED, Standing.Phase.REPLAYING).encode();
        for (int bit = 0; bit < bytes.length * 8; bit++) {
            byte[] damaged = bytes.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            assertThatCode(() -> Hello.decode(buffer(damaged), 0, damaged.length))
                    .doesNotThrowAnyException();
        }
    }
}
