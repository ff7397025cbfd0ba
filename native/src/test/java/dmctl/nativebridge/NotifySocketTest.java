package dmctl.nativebridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NotifySocketTest {
    @TempDir Path folder;

    /** The other end, as systemd has it; the product has no use for one. */
    private static final class Receiver implements AutoCloseable {
        private final int fd;

        Receiver(String name) throws Throwable {
            fd = LibC.socket(LibC.AF_UNIX, LibC.SOCK_DGRAM | LibC.SOCK_CLOEXEC, 0);
            byte[] path = name.getBytes(StandardCharsets.UTF_8);
            if (path[0] == '@') {
                path[0] = 0;
            }
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment address = arena.allocate(2 + path.length, 2);
                address.set(ValueLayout.JAVA_SHORT, 0, (short) LibC.AF_UNIX);
                MemorySegment.copy(path, 0, address, ValueLayout.JAVA_BYTE, 2, path.length);
                int result =
                        (int)
                                Linker.nativeLinker()
                                        .downcallHandle(
                                                Linker.nativeLinker()
                                                        .defaultLookup()
                                                        .findOrThrow("bind"),
                                                FunctionDescriptor.of(
                                                        ValueLayout.JAVA_INT,
                                                        ValueLayout.JAVA_INT,
                                                        ValueLayout.ADDRESS,
                                                        ValueLayout.JAVA_INT))
                                        .invokeExact(fd, address, (int) address.byteSize());
                assertThat(result).isZero();
            }
        }

        String receive() throws Throwable {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment message = arena.allocate(4096);
                long length =
                        (long)
                                Linker.nativeLinker()
                                        .downcallHandle(
                                                Linker.nativeLinker()
                                                        .defaultLookup()
                                                        .findOrThrow("recv"),
                                                FunctionDescriptor.of(
                                                        ValueLayout.JAVA_LONG,
                                                        ValueLayout.JAVA_INT,
                                                        ValueLayout.ADDRESS,
                                                        ValueLayout.JAVA_LONG,
                                                        ValueLayout.JAVA_INT))
                                        .invokeExact(
                                                fd, message, message.byteSize(), LibC.MSG_DONTWAIT);
                assertThat(length).as("a message has arrived").isPositive();
                return new String(
                        message.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE),
                        StandardCharsets.UTF_8);
            }
        }

        @Override
        public void close() {
            assertThat(LibC.close(fd)).isZero();
        }
    }

    @Test
    void each_message_arrives_whole() throws Throwable {
        String name = folder.resolve("notify").toString();
        try (Receiver systemd = new Receiver(name);
                NotifySocket socket = NotifySocket.to(name)) {
            socket.send("READY=1\nSTATUS=primary für alle");
            socket.send("WATCHDOG=1");
            assertThat(systemd.receive()).isEqualTo("READY=1\nSTATUS=primary für alle");
            assertThat(systemd.receive()).isEqualTo("WATCHDOG=1");
        }
    }

    @Test
    void a_name_outside_the_file_system_is_one_too() throws Throwable {
        String name = "@dmctl-test-" + ProcessHandle.current().pid();
        try (Receiver systemd = new Receiver(name);
                NotifySocket socket = NotifySocket.to(name)) {
            socket.send("READY=1");
            assertThat(systemd.receive()).isEqualTo("READY=1");
        }
    }

    @Test
    void a_message_that_nobody_takes_is_an_error_and_no_wait() throws Throwable {
        String name = folder.resolve("notify").toString();
        try (NotifySocket socket = NotifySocket.to(name)) {
            ErrnoException gone =
                    catchThrowableOfType(ErrnoException.class, () -> socket.send("WATCHDOG=1"));
            assertThat(gone.errno()).isEqualTo(Errno.ENOENT);
            try (Receiver systemd = new Receiver(name)) {
                ErrnoException full =
                        catchThrowableOfType(
                                ErrnoException.class,
                                () -> {
                                    for (int i = 0; i < 100_000; i++) {
                                        socket.send("WATCHDOG=1");
                                    }
                                });
                assertThat(full.errno()).isEqualTo(Errno.EAGAIN);
                assertThat(systemd.receive()).isEqualTo("WATCHDOG=1");
            }
        }
    }

    @Test
    void what_cannot_be_a_socket_is_refused() {
        for (String name : new String[] {"", "relative", "/" + "x".repeat(107)}) {
            assertThatThrownBy(() -> NotifySocket.to(name).close())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("not the name of a Unix socket");
        }
    }
}
