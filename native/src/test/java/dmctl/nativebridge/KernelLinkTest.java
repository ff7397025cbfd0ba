package dmctl.nativebridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelLinkTest {
    @TempDir Path dir;

    @Test
    void whatOneEndSendsTheOtherGets() throws IOException {
        try (Arena arena = Arena.ofConfined();
                KernelLink link = KernelLink.open(dir)) {
            MemorySegment memory = arena.allocate(16);
            memory.setString(0, "ping");
            assertThat(SocketCalls.write(link.fd(), memory.address(), 4)).isEqualTo(4);
            ByteBuffer in = ByteBuffer.allocate(16);
            assertThat(link.channel().read(in)).isEqualTo(4);
            assertThat(new String(in.array(), 0, 4, StandardCharsets.UTF_8)).isEqualTo("ping");
            link.channel().write(ByteBuffer.wrap(new byte[] {7}));
            assertThat(SocketCalls.read(link.fd(), memory.address(), 16)).isEqualTo(1);
            assertThat(memory.get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 7);
        }
    }

    @Test
    void nothingStaysInTheFolder() throws IOException {
        Files.createDirectory(dir.resolve(".k"));
        Files.createFile(dir.resolve(".k").resolve("k"));
        KernelLink.open(dir).close();
        assertThat(dir).isEmptyDirectory();
    }

    @Test
    void anEndThatNobodyTookEndsTheStream() throws IOException {
        try (KernelLink link = KernelLink.open(dir)) {
            link.handedOver();
            link.handedOver();
            assertThat(link.channel().read(ByteBuffer.allocate(1))).isEqualTo(-1);
        }
    }

    @Test
    void aFolderWhosePathIsTooLongIsRefused() throws IOException {
        Path deep = Files.createDirectories(dir.resolve("d".repeat(120)));
        assertThatThrownBy(() -> KernelLink.open(deep)).isInstanceOf(IOException.class);
        assertThat(deep).isEmptyDirectory();
    }
}
