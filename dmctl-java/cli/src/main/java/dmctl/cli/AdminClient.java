package dmctl.cli;

import com.grack.nanojson.JsonObject;
import com.grack.nanojson.JsonParser;
import com.grack.nanojson.JsonParserException;
import com.grack.nanojson.JsonWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Asks one daemon: a line of JSON there, a line of JSON back. */
final class AdminClient {
    /** Enough for anything that is answered at once. */
    static final Duration SOON = Duration.ofSeconds(5);

    /** Its own clock starts later, and its word that the time is over comes after that. */
    private static final Duration DAEMONS_WORD = Duration.ofSeconds(5);

    private static final int ANSWER_MAX = 16 << 20;

    /** All that the JDK says of EACCES. */
    private static final String DENIED = "Permission denied";

    private AdminClient() {}

    /** Ended without a word from the daemon. */
    static final class Unreachable extends Exception {
        private static final long serialVersionUID = 1L;

        private final String text;
        private final boolean running;

        /** Something listens there, or may listen. */
        Unreachable(String text) {
            this(text, true);
        }

        Unreachable(String text, boolean running) {
            super(text);
            this.text = text;
            this.running = running;
        }

        /** Whether a daemon may run all the same; not where nobody listens. */
        boolean running() {
            return running;
        }

        String text() {
            return text;
        }
    }

    /**
     * Sends a request and waits for its answer.
     *
     * @param socket the daemon's admin socket
     * @param request the request
     * @param patience how long to wait for the answer
     */
    static JsonObject ask(Path socket, JsonObject request, Duration patience) throws Unreachable {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            ByteBuffer line =
                    ByteBuffer.wrap(
                            (JsonWriter.string(request) + "\n").getBytes(StandardCharsets.UTF_8));
            while (line.hasRemaining()) {
                channel.write(line);
            }
            return JsonParser.object().from(readLine(channel, patience));
        } catch (IOException e) {
            throw new Unreachable(
                    DENIED.equals(e.getMessage())
                            ? "no right to talk to the daemon at "
                                    + socket
                                    + "; run this as root or as the daemon's user"
                            : "no daemon answers at " + socket + " (" + reason(e) + ")",
                    !(e instanceof ConnectException || Files.notExists(socket)));
        } catch (JsonParserException e) {
            throw new Unreachable(
                    "what answers at " + socket + " is not dmctld: " + e.getMessage());
        }
    }

    private static String reason(IOException e) {
        String message = e.getMessage();
        return message == null ? e.getClass().getSimpleName() : message;
    }

    private static String readLine(SocketChannel channel, Duration patience)
            throws IOException, Unreachable {
        channel.configureBlocking(false);
        long end = System.nanoTime() + patience.toNanos();
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        ByteBuffer chunk = ByteBuffer.allocate(64 << 10);
        try (Selector selector = Selector.open()) {
            channel.register(selector, SelectionKey.OP_READ);
            while (true) {
                int count = channel.read(chunk);
                if (count < 0) {
                    throw new IOException("it hung up");
                }
                if (count > 0) {
                    answer.write(chunk.array(), 0, count);
                    if (chunk.get(count - 1) == '\n') {
                        return answer.toString(StandardCharsets.UTF_8);
                    }
                    if (answer.size() > ANSWER_MAX) {
                        throw new IOException("its answer is too long");
                    }
                    chunk.clear();
                    continue;
                }
                long left = (end - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    throw new Unreachable(
                            "the daemon gives no answer within " + patience.toSeconds() + " s");
                }
                selector.select(left);
                selector.selectedKeys().clear();
            }
        }
    }

    static JsonObject request(String op) {
        JsonObject request = new JsonObject();
        request.put("op", op);
        return request;
    }

    /**
     * Sends a request for something to be done; a refusal fails the command.
     *
     * @param socket the daemon's admin socket
     * @param request the request
     * @param bound how long the daemon allows itself; what it says then is still heard
     */
    static String order(Path socket, JsonObject request, Duration bound) throws CommandFailure {
        JsonObject answer;
        try {
            answer = ask(socket, request, bound.plus(DAEMONS_WORD));
        } catch (Unreachable e) {
            throw new CommandFailure(ExitCode.UNREACHABLE, e.text());
        }
        String text = answer.getString("text", "");
        if (answer.getBoolean("ok", false)) {
            return text;
        }
        boolean late = answer.getString("code", "").equals("timeout");
        throw new CommandFailure(late ? ExitCode.TIMEOUT : ExitCode.FAILED, text);
    }
}
