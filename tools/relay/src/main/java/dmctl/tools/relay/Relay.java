package dmctl.tools.relay;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ServerSocketChannel;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Entry point of the relay. */
@CommandLine.Command(
        name = "relay",
        mixinStandardHelpOptions = true,
        description = {
            "Forwards connections, and delays, throttles, stalls or cuts them on command.",
            "Commands come one a line on standard input and on the control socket:",
            Command.USAGE + "."
        })
public final class Relay implements Callable<Integer> {
    @Option(
            names = "--listen",
            required = true,
            paramLabel = "ADDRESS",
            description =
                    "Where clients connect: HOST:PORT (loopback; port 0: a free one) or PATH.")
    private String listen = "";

    @Option(
            names = "--target",
            required = true,
            paramLabel = "ADDRESS",
            description = "Where they are forwarded to: HOST:PORT (loopback) or a PATH.")
    private String target = "";

    @Option(
            names = "--control",
            paramLabel = "PATH",
            description = "Unix socket that takes commands.")
    private @Nullable String control;

    @Option(
            names = "--delay",
            paramLabel = "TIME",
            defaultValue = "0",
            description = "Time each byte takes, one way: 100ms makes a round trip of 200 ms.")
    private String delay = "0";

    @Option(
            names = "--rate",
            paramLabel = "SIZE/s",
            defaultValue = "unlimited",
            description = "Bandwidth in each direction, of all connections together.")
    private String rate = "unlimited";

    @Option(
            names = "--queue",
            paramLabel = "SIZE",
            defaultValue = "256MiB",
            description =
                    "Most bytes under way per connection and direction, ${DEFAULT-VALUE} unless"
                            + " told otherwise; below rate times delay it limits the bandwidth.")
    private String queue = "256MiB";

    @Spec private @Nullable CommandSpec spec;

    private Relay() {}

    /**
     * Runs the command and ends the process with its exit code.
     *
     * @param args words of the command line
     */
    public static void main(String[] args) {
        System.exit(new CommandLine(new Relay()).execute(args));
    }

    @Override
    public Integer call() throws IOException {
        try (RelayLoop loop =
                new RelayLoop(
                        Endpoint.parse(listen),
                        Endpoint.parse(target),
                        Quantity.bytes(queue),
                        new Command.Delay(Quantity.nanos(delay)),
                        new Command.Rate(Quantity.bytesPerSecond(rate)))) {
            ControlLines lines = new ControlLines(loop);
            String path = control;
            if (path != null) {
                ServerSocketChannel channel = Endpoint.parse("unix:" + path).listen();
                channel.configureBlocking(true);
                start("control-socket", () -> lines.serve(channel));
            }
            start("control-input", () -> lines.serve(System.in, System.out));
            System.out.println("relay listens on " + loop.listen() + ", target " + target);
            System.out.flush();
            loop.run();
            return CommandLine.ExitCode.OK;
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec().commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private CommandSpec spec() {
        CommandSpec found = spec;
        if (found == null) {
            throw new IllegalStateException("the command line sets the specification first");
        }
        return found;
    }

    private interface Conversation {
        void run() throws IOException;
    }

    private static void start(String name, Conversation conversation) {
        Thread.ofPlatform()
                .name(name)
                .daemon()
                .start(() -> {
                    try {
                        conversation.run();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
    }
}
