package dmctl.tools.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class CommandTest {
    @Test
    void durationsSizesAndRatesHaveUnits() {
        assertThat(Command.parse("delay 200ms")).isEqualTo(new Command.Delay(200_000_000));
        assertThat(Command.parse(" delay  0 ")).isEqualTo(new Command.Delay(0));
        assertThat(Command.parse("delay 1.5s")).isEqualTo(new Command.Delay(1_500_000_000));
        assertThat(Command.parse("rate 10MiB/s")).isEqualTo(new Command.Rate(10 << 20));
        assertThat(Command.parse("rate 10MB")).isEqualTo(new Command.Rate(10_000_000));
        assertThat(Command.parse("rate unlimited")).isEqualTo(new Command.Rate(0));
    }

    @Test
    void whatIsWrongIsNamed() {
        assertThatThrownBy(() -> Command.parse("dealy 1s")).hasMessageContaining("dealy");
        assertThatThrownBy(() -> Command.parse("delay")).hasMessageContaining("delay TIME");
        assertThatThrownBy(() -> Command.parse("delay 12")).hasMessageContaining("'12'");
        assertThatThrownBy(() -> Command.parse("rate 0")).hasMessageContaining("stall");
        assertThatThrownBy(() -> Command.parse("cut now")).hasMessageContaining("cut now");
    }

    @Test
    void onlyLoopbackAndUnixSocketsAreServed() {
        assertThat(Endpoint.parse("localhost:80")).hasToString("127.0.0.1:80");
        assertThat(Endpoint.parse("/tmp/x.sock")).hasToString("unix:/tmp/x.sock");
        assertThatThrownBy(() -> Endpoint.parse("0.0.0.0:80")).hasMessageContaining("loopback");
        assertThatThrownBy(() -> Endpoint.parse("127.0.0.1")).hasMessageContaining("HOST:PORT");
        assertThatThrownBy(() -> Endpoint.parse("127.0.0.1:99999")).hasMessageContaining("99999");
    }

    @Test
    void everyLineIsAnswered() throws Exception {
        try (RelayLoop loop =
                new RelayLoop(
                        Endpoint.parse("127.0.0.1:0"),
                        Endpoint.parse("127.0.0.1:1"),
                        1 << 20,
                        new Command.Delay(0),
                        new Command.Rate(0))) {
            ByteArrayOutputStream answers = new ByteArrayOutputStream();
            Thread conversation =
                    Thread.ofPlatform()
                            .start(() -> {
                                try {
                                    new ControlLines(loop)
                                            .serve(
                                                    new ByteArrayInputStream(
                                                            "delay 5ms\nfoo\n\nexit\n"
                                                                    .getBytes(
                                                                            StandardCharsets
                                                                                    .UTF_8)),
                                                    answers);
                                } catch (java.io.IOException e) {
                                    throw new java.io.UncheckedIOException(e);
                                }
                            });
            loop.run();
            assertThat(conversation.join(java.time.Duration.ofSeconds(10))).isTrue();
            assertThat(answers.toString(StandardCharsets.UTF_8).lines())
                    .satisfiesExactly(
                            line -> assertThat(line).startsWith("ok ").contains("delay-us=5000"),
                            line -> assertThat(line).startsWith("error ").contains("foo"),
                            line -> assertThat(line).startsWith("ok "));
        }
    }
}
