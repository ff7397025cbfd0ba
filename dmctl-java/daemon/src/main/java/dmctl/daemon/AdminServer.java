package dmctl.daemon;

import com.grack.nanojson.JsonObject;
import com.grack.nanojson.JsonParser;
import com.grack.nanojson.JsonParserException;
import com.grack.nanojson.JsonWriter;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The socket for administrators: a line of JSON in, a line of JSON out, as often as the client
 * likes. Only the owner of the daemon may connect. One virtual thread for each client; none of them
 * touches the group.
 */
final class AdminServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AdminServer.class);
    static final int CLIENTS_MAX = 64;

    /** How long one more waits: who has left is not always seen to have left at once. */
    private static final long ROOM_MILLIS = 1_000;

    private static final long RETRY_MILLIS = 1_000;
    private static final int LINE_MAX = 64 << 10;

    private final Path path;
    private final ServerSocketChannel server;
    private final UnaryOperator<JsonObject> answers;
    private final Semaphore room = new Semaphore(CLIENTS_MAX);
    private final CountDownLatch closed = new CountDownLatch(1);

    private AdminServer(Path path, ServerSocketChannel server, UnaryOperator<JsonObject> answers) {
        this.path = path;
        this.server = server;
        this.answers = answers;
    }

    /**
     * Begins to listen.
     *
     * @param path of the socket; the caller holds the site's lock, so what lies there is stale
     * @param answers gives the answer to a request, on the client's thread
     */
    static AdminServer open(Path path, UnaryOperator<JsonObject> answers) throws DaemonFailure {
        try {
            ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            bindPrivately(channel, path);
            AdminServer server = new AdminServer(path, channel, answers);
            Thread.ofPlatform().daemon().name("admin").start(server::acceptAll);
            return server;
        } catch (IOException e) {
            throw new DaemonFailure(
                    DaemonFailure.CANNOT_OPEN, "admin socket " + path + ": " + e.getMessage());
        }
    }

    /** Binds out of everybody's reach and moves the socket in place when its mode is set. */
    private static void bindPrivately(ServerSocketChannel channel, Path path) throws IOException {
        Path folder = Objects.requireNonNull(path.getParent()).resolve(".s");
        Path hidden = folder.resolve("a");
        Files.deleteIfExists(hidden);
        Files.deleteIfExists(folder);
        Files.createDirectory(
                folder,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        channel.bind(UnixDomainSocketAddress.of(hidden));
        Files.setPosixFilePermissions(hidden, PosixFilePermissions.fromString("rw-------"));
        Files.move(hidden, path, StandardCopyOption.ATOMIC_MOVE);
        Files.delete(folder);
    }

    private void acceptAll() {
        while (true) {
            try {
                SocketChannel client = server.accept();
                if (room.tryAcquire(ROOM_MILLIS, TimeUnit.MILLISECONDS)) {
                    Thread.ofVirtual().name("admin-client").start(() -> serve(client));
                } else {
                    refuse(client);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (ClosedChannelException e) {
                LOG.debug("admin socket {} closed", path);
                return;
            } catch (IOException e) {
                // Out of descriptors, most likely: without this socket nobody could stop the
                // daemon.
                LOG.error(
                        "admin socket {} cannot accept, tries again in 1 s: {}",
                        path,
                        e.getMessage());
                if (!waitToRetry()) {
                    return;
                }
            }
        }
    }

    /** Returns false if the server ends meanwhile. */
    private boolean waitToRetry() {
        try {
            return !closed.await(RETRY_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static void refuse(SocketChannel client) {
        try (client) {
            write(
                    client,
                    AdminRequests.refused(
                            "refused",
                            "the daemon has "
                                    + CLIENTS_MAX
                                    + " administrators' connections already; end some of them"));
        } catch (IOException e) {
            LOG.debug("an admin client left: {}", e.getMessage());
        }
    }

    private static void write(SocketChannel client, JsonObject answer) throws IOException {
        ByteBuffer out =
                ByteBuffer.wrap(
                        (JsonWriter.string(answer) + "\n").getBytes(StandardCharsets.UTF_8));
        while (out.hasRemaining()) {
            client.write(out);
        }
    }

    private void serve(SocketChannel client) {
        try (client) {
            ByteBuffer in = ByteBuffer.allocate(LINE_MAX);
            for (String line = readLine(client, in); line != null; line = readLine(client, in)) {
                write(client, answer(line));
            }
        } catch (IOException e) {
            LOG.debug("an admin client left: {}", e.getMessage());
        } finally {
            room.release();
        }
    }

    private JsonObject answer(String line) {
        try {
            return answers.apply(JsonParser.object().from(line));
        } catch (JsonParserException e) {
            return AdminRequests.refused("bad-request", "not a JSON object: " + e.getMessage());
        } catch (RuntimeException e) {
            LOG.error("an admin request failed", e);
            return AdminRequests.refused("failed", e.toString());
        }
    }

    /** Returns the next line, null at the end; a line too long ends the connection. */
    private static @Nullable String readLine(SocketChannel client, ByteBuffer in)
            throws IOException {
        while (true) {
            for (int i = 0; i < in.position(); i++) {
                if (in.get(i) == '\n') {
                    in.flip();
                    byte[] line = new byte[i];
                    in.get(line);
                    in.get();
                    in.compact();
                    return new String(line, StandardCharsets.UTF_8);
                }
            }
            if (!in.hasRemaining()) {
                throw new IOException("a request of more than " + LINE_MAX + " bytes");
            }
            if (client.read(in) < 0) {
                return null;
            }
        }
    }

    @Override
    public void close() throws IOException {
        closed.countDown();
        server.close();
        Files.deleteIfExists(path);
    }
}
