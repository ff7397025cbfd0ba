package dmctl.daemon.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AcceptorTest {
    @TempDir Path dir;
    private LoopWorld world;
    private UnixDomainSocketAddress address;

    @BeforeEach
    void openWorld() throws IOException {
        world = new LoopWorld();
        address = UnixDomainSocketAddress.of(dir.resolve("socket"));
    }

    @AfterEach
    void closeWorld() {
        world.close();
    }

    private static void ignore(SocketChannel channel) {
        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void aSocketLeftBehindIsReplaced() throws IOException {
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(address);
        }
        assertThat(address.getPath()).exists();
        List<SocketChannel> accepted = new ArrayList<>();
        try (Acceptor acceptor = Acceptor.open(world.loop(), address, accepted::add);
                SocketChannel client = SocketChannel.open(acceptor.address())) {
            world.runUntil(() -> accepted.size() == 1);
            assertThat(client.isConnected()).isTrue();
            accepted.getFirst().close();
        }
        assertThat(address.getPath()).doesNotExist();
    }

    @Test
    void aSocketInUseIsRefused() throws IOException {
        try (Acceptor first = Acceptor.open(world.loop(), address, AcceptorTest::ignore)) {
            assertThat(first.address()).isEqualTo(address);
            assertThatThrownBy(() -> Acceptor.open(world.loop(), address, AcceptorTest::ignore))
                    .hasMessageContaining(address.getPath().toString())
                    .hasMessageContaining("another process listens there");
        }
    }

    @Test
    void aFileInTheWayIsNotRemoved() throws IOException {
        Files.writeString(address.getPath(), "precious");
        assertThatThrownBy(() -> Acceptor.open(world.loop(), address, AcceptorTest::ignore))
                .hasMessageContaining("it is not a socket");
        assertThat(address.getPath()).hasContent("precious");
    }
}
