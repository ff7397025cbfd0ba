package dmctl.tools.relay;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionException;

/**
 * Takes commands, one a line, and answers each with a line: {@code ok ...} or {@code error ...}.
 */
final class ControlLines {
    private final RelayLoop loop;

    ControlLines(RelayLoop loop) {
        this.loop = loop;
    }

    /** Serves one conversation until its end. */
    void serve(InputStream input, OutputStream output) throws IOException {
        BufferedReader reader =
                new BufferedReader(new InputStreamReader(input, StandardCharsets.UTF_8));
        Writer writer = new OutputStreamWriter(output, StandardCharsets.UTF_8);
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            if (!line.isBlank()) {
                writer.write(answer(line) + "\n");
                writer.flush();
            }
        }
    }

    private String answer(String line) {
        try {
            return "ok " + loop.ask(Command.parse(line)).join();
        } catch (IllegalArgumentException e) {
            return "error " + e.getMessage();
        } catch (CompletionException e) {
            return "error " + String.valueOf(e.getCause());
        }
    }

    /** Serves one conversation after the other, for as long as the channel is open. */
    void serve(ServerSocketChannel control) {
        while (control.isOpen()) {
            try (SocketChannel channel = control.accept()) {
                serve(Channels.newInputStream(channel), Channels.newOutputStream(channel));
            } catch (IOException e) {
                // Of one client that went away: the next one is served.
                System.err.println("relay: control: " + e.getMessage());
            }
        }
    }
}
