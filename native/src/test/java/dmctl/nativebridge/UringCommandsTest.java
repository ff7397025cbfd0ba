package dmctl.nativebridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class UringCommandsTest {
    private static UringCommands open(int entries, boolean wide) throws IOException {
        try {
            return UringCommands.open(entries, wide);
        } catch (ErrnoException e) {
            assumeTrue(false, "no io_uring here: " + e.getMessage());
            throw e;
        }
    }

    @Test
    void a_command_is_laid_out_as_the_kernel_reads_it() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment entry = arena.allocate(64, 8);
            UringAbi.fillCommand(
                    entry, 0, 7, 0xc0207504, 0x0102030405060708L, 0x1112131415161718L, 0x99);
            assertThat(HexFormat.of().formatHex(entry.toArray(ValueLayout.JAVA_BYTE)))
                    .isEqualTo(
                            "2e000000" // opcode, flags, ioprio
                                    + "07000000" // fd
                                    + "047520c0" // cmd_op
                                    + "00000000"
                                    + "0000000000000000" // addr
                                    + "0000000000000000" // len, flags
                                    + "9900000000000000" // user_data
                                    + "0000000000000000"
                                    + "0807060504030201" // cmd
                                    + "1817161514131211");
        }
    }

    @Test
    void a_driver_that_takes_no_commands_says_so_for_each() throws IOException {
        int fd = LibC.open("/dev/zero", LibC.O_RDWR | LibC.O_CLOEXEC, 0);
        for (boolean wide : new boolean[] {false, true}) {
            try (UringCommands ring = open(4, wide)) {
                for (int round = 0; round < 10; round++) {
                    for (int i = 0; i < 4; i++) {
                        if (wide) {
                            ring.wideCommand(fd, 1, 1, 2, 3, 4, 100 + i);
                        } else {
                            ring.command(fd, 1, 1, 2, 100 + i);
                        }
                    }
                    assertThat(ring.due()).isTrue();
                    for (int i = 0; i < 4; i++) {
                        while (!ring.next()) {
                            ring.await(1_000_000_000L);
                        }
                        assertThat(ring.data()).isEqualTo(100 + i);
                        assertThat(ring.result()).isIn(-Errno.EOPNOTSUPP, -Errno.EINVAL);
                    }
                    assertThat(ring.due()).isFalse();
                    ring.submit();
                }
            }
        }
        LibC.close(fd);
    }

    @Test
    void a_wait_ends_in_time_when_nothing_happens() throws IOException {
        try (UringCommands ring = open(4, true)) {
            long before = System.nanoTime();
            ring.await(20_000_000L);
            assertThat(System.nanoTime() - before).isBetween(19_000_000L, 10_000_000_000L);
            assertThat(ring.next()).isFalse();
        }
    }

    @Test
    void more_than_the_ring_holds_is_refused() throws IOException {
        try (UringCommands ring = open(2, false)) {
            ring.command(0, 1, 0, 0, 1);
            ring.command(0, 1, 0, 0, 2);
            assertThatThrownBy(() -> ring.command(0, 1, 0, 0, 3))
                    .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> ring.wideCommand(0, 1, 0, 0, 0, 0, 3))
                    .isInstanceOf(IllegalStateException.class);
        }
    }
}
