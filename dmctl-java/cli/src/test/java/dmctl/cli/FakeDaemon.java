package dmctl.cli;

import com.grack.nanojson.JsonObject;
import com.grack.nanojson.JsonParser;
import com.grack.nanojson.JsonParserException;
import com.grack.nanojson.JsonWriter;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Answers at an admin socket as it is told to. */
final class FakeDaemon {
    final List<JsonObject> requests = new CopyOnWriteArrayList<>();
    private final ServerSocketChannel server;
    private final Thread thread;
    private final UnaryOperator<JsonObject> answers;

    FakeDaemon(Path socket, UnaryOperator<JsonObject> answers) throws IOException {
        Files.createDirectories(Objects.requireNonNull(socket.getParent()));
        this.answers = answers;
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        thread = Thread.ofVirtual().start(this::serve);
    }

    /** One that tells a fixed state, or that it cannot, and answers orders as it is told to. */
    static FakeDaemon telling(
            Path socket, @Nullable JsonObject status, UnaryOperator<JsonObject> orders)
            throws IOException {
        return new FakeDaemon(
                socket,
                request -> {
                    if (!request.getString("op").equals("status")) {
                        return orders.apply(request);
                    }
                    if (status == null) {
                        return refused("the group's thread has not answered for 5 s");
                    }
                    JsonObject told = ok("");
                    told.put("status", status);
                    return told;
                });
    }

    /** What a site's daemon tells in one of the examples. */
    static JsonObject status(String example, String site) throws Exception {
        return JsonParser.object()
                .from(StatusTextTest.resource("status/" + example + ".json"))
                .getObject(site);
    }

    static JsonObject ok(String text) {
        JsonObject answer = new JsonObject();
        answer.put("ok", true);
        answer.put("text", text);
        return answer;
    }

    static JsonObject refused(String text) {
        JsonObject answer = ok(text);
        answer.put("ok", false);
        return answer;
    }

    private void serve() {
        try {
            while (true) {
                try (SocketChannel client = server.accept()) {
                    BufferedReader lines =
                            new BufferedReader(
                                    new InputStreamReader(
                                            Channels.newInputStream(client),
                                            StandardCharsets.UTF_8));
                    JsonObject request = JsonParser.object().from(lines.readLine());
                    requests.add(request);
                    String answer = JsonWriter.string(answers.apply(request)) + "\n";
                    client.write(ByteBuffer.wrap(answer.getBytes(StandardCharsets.UTF_8)));
                }
            }
        } catch (ClosedChannelException e) {
            Thread.currentThread().setName("closed");
        } catch (IOException | JsonParserException e) {
            throw new UncheckedIOException(new IOException(e));
        }
    }

    void stop() throws IOException, InterruptedException {
        server.close();
        thread.join();
    }
}
