package dmctl.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdminServerTest {
    @TempDir Path folder;

    private static BufferedReader answers(SocketChannel client) {
        return new BufferedReader(
                new InputStreamReader(Channels.newInputStream(client), StandardCharsets.UTF_8));
    }

    private static void send(SocketChannel client, String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            client.write(bytes);
        }
    }

    private SocketChannel connect() throws IOException {
        return SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve("admin.sock")));
    }

    @Test
    void answers_line_by_line_and_only_to_the_owner() throws Exception {
        Path path = folder.resolve("admin.sock");
        try (AdminServer server =
                        AdminServer.open(
                                path, request -> AdminRequests.done(request.getString("op")));
                SocketChannel client = connect()) {
            send(client, "{\"op\":\"one\"}\n{\"op\":");
            BufferedReader lines = answers(client);
            assertThat(lines.readLine()).isEqualTo("{\"ok\":true,\"text\":\"one\"}");

            send(client, "\"two\"}\n");
            assertThat(lines.readLine()).isEqualTo("{\"ok\":true,\"text\":\"two\"}");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                    .isEqualTo("rw-------");
            assertThat(server).isNotNull();
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void takes_the_place_of_a_socket_that_was_left_behind() throws Exception {
        Path path = folder.resolve("admin.sock");
        Files.createFile(path);
        Files.createDirectory(folder.resolve(".s"));
        try (AdminServer server = AdminServer.open(path, request -> AdminRequests.done(""));
                SocketChannel client = connect()) {
            send(client, "{}\n");
            assertThat(answers(client).readLine()).contains("\"ok\":true");
            assertThat(server).isNotNull();
        }
    }

    @Test
    void says_what_is_wrong_and_goes_on() throws Exception {
        try (AdminServer server =
                        AdminServer.open(
                                folder.resolve("admin.sock"),
                                request -> {
                                    if (request.isEmpty()) {
                                        throw new IllegalStateException("broken");
                                    }
                                    return AdminRequests.done("fine");
                                });
                SocketChannel client = connect()) {
            BufferedReader lines = answers(client);
            send(client, "not json\n");
            assertThat(lines.readLine()).contains("\"code\":\"bad-request\"");
            send(client, "{}\n");
            assertThat(lines.readLine()).contains("\"code\":\"failed\"").contains("broken");
            send(client, "{\"op\":\"x\"}\n");
            assertThat(lines.readLine()).contains("fine");
            assertThat(server).isNotNull();
        }
    }

    @Test
    void hangs_up_on_a_line_without_end() throws Exception {
        try (AdminServer server =
                        AdminServer.open(
                                folder.resolve("admin.sock"), request -> AdminRequests.done(""));
                SocketChannel client = connect()) {
            send(client, "x".repeat(64 << 10));
            assertThat(client.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThat(server).isNotNull();
        }
    }

    @Test
    void one_more_waits_for_room_and_is_told_when_there_is_none() throws Exception {
        List<SocketChannel> clients = new ArrayList<>();
        try (AdminServer server =
                AdminServer.open(
                        folder.resolve("admin.sock"), request -> AdminRequests.done("fine"))) {
            assertThat(server).isNotNull();
            for (int i = 0; i < AdminServer.CLIENTS_MAX; i++) {
                SocketChannel client = connect();
                clients.add(client);
                send(client, "{}\n");
                assertThat(answers(client).readLine()).contains("fine");
            }
            try (SocketChannel refused = connect()) {
                send(refused, "{}\n");
                assertThat(answers(refused).readLine())
                        .isEqualTo(
                                "{\"ok\":false,\"code\":\"refused\",\"text\":\"the daemon has 64"
                                        + " administrators' connections already; end some of them\"}");
            }
            try (SocketChannel waits = connect()) {
                send(waits, "{}\n");
                clients.removeFirst().close();
                assertThat(answers(waits).readLine()).contains("fine");
            }
        } finally {
            for (SocketChannel client : clients) {
                client.close();
            }
        }
    }
}
