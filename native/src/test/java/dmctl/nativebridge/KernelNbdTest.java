package dmctl.nativebridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dmctl.nativebridge.KernelNbd.Settings;
import dmctl.nativebridge.KernelNbdException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelNbdTest {
    private static final Settings LARGE = new Settings(0x123456000L, 4096, 0x6d, 600, "dmctl:g:0");
    private static final Settings SMALL = new Settings(512, 512, 0x6d, 600, "dmctl:group:11");

    private final FakeNbdKernel kernel = new FakeNbdKernel(8);

    private static String resource(String name) throws IOException {
        try (InputStream in = KernelNbdTest.class.getResourceAsStream(name)) {
            return new String(
                    Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void everyMessageIsAsTheKernelsHeadersHaveIt() throws IOException {
        assumeTrue(ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN, "golden bytes are those");
        KernelNbd nbd = new KernelNbd(kernel);
        nbd.connect(OptionalInt.empty(), LARGE, 17);
        nbd.connect(OptionalInt.of(5), SMALL, 18);
        nbd.reconfigure(5, SMALL, 19);
        nbd.disconnect(5);
        nbd.status();
        List<String> golden =
                resource("nbd-netlink.golden")
                        .lines()
                        .map(line -> line.substring(line.indexOf(' ') + 1))
                        .toList();
        assertThat(kernel.sent).isEqualTo(golden);
    }

    @Test
    void theGoldenBytesComeFromTheKernelsHeaders(@TempDir Path dir) throws Exception {
        assumeTrue(Files.exists(Path.of("/usr/include/linux/nbd-netlink.h")), "no kernel headers");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/cc")), "no C compiler");
        Path source = dir.resolve("nbd-netlink.c");
        Files.writeString(source, resource("nbd-netlink.c"));
        Path program = dir.resolve("nbd-netlink");
        run(dir, "/usr/bin/cc", "-o", program.toString(), source.toString());
        assertThat(run(dir, program.toString())).isEqualTo(resource("nbd-netlink.golden"));
    }

    private static String run(Path dir, String... words) throws Exception {
        Path output = dir.resolve("output");
        Process process =
                new ProcessBuilder(words)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).describedAs(Files.readString(output)).isZero();
        return Files.readString(output);
    }

    @Test
    void aDeviceThatIsFreeIsConnectedAndNamed() throws IOException {
        kernel.connected.put(0, "somebody");
        KernelNbd nbd = new KernelNbd(kernel);
        assertThat(nbd.connect(OptionalInt.empty(), LARGE, 17)).isEqualTo(1);
        assertThat(nbd.connect(OptionalInt.of(4), SMALL, 17)).isEqualTo(4);
        assertThat(kernel.connected)
                .containsEntry(0, "somebody")
                .containsEntry(1, "dmctl:g:0")
                .containsEntry(4, "dmctl:group:11");
        assertThat(nbd.status())
                .hasSize(8)
                .contains(new KernelNbd.State(4, true), new KernelNbd.State(5, false));
        nbd.disconnect(4);
        assertThat(nbd.status()).contains(new KernelNbd.State(4, false));
    }

    @Test
    void answersToEarlierOrdersAreNotTakenForThisOnes() throws IOException {
        kernel.chatter = true;
        KernelNbd nbd = new KernelNbd(kernel);
        assertThat(nbd.connect(OptionalInt.empty(), LARGE, 17)).isZero();
    }

    private static void fails(ThrowingCallable call, Kind kind, String text) {
        KernelNbdException e = catchThrowableOfType(KernelNbdException.class, call);
        assertThat(e).hasMessageContaining(text);
        assertThat(e.kind()).isEqualTo(kind);
        assertThat(e.getMessage()).doesNotContain("\n");
    }

    @Test
    void eachRefusalNamesItsRemedy() throws IOException {
        kernel.module = false;
        fails(() -> new KernelNbd(kernel), Kind.NO_MODULE, "modprobe nbd");
        kernel.module = true;
        KernelNbd nbd = new KernelNbd(kernel);
        kernel.refusal = Errno.EPERM;
        fails(() -> nbd.disconnect(1), Kind.NO_PRIVILEGE, "CAP_SYS_ADMIN");
        kernel.refusal = Errno.ENOSPC;
        fails(() -> nbd.disconnect(1), Kind.REFUSED, "/dev/nbd1: DISCONNECT: no space left");
        kernel.refusal = 0;
        kernel.connected.put(3, "somebody");
        fails(() -> nbd.connect(OptionalInt.of(3), SMALL, 9), Kind.BUSY, "/dev/nbd3 is used");
        fails(() -> nbd.reconfigure(3, SMALL, 9), Kind.NOT_CONNECTED, "/dev/nbd3 is not connected");
        fails(() -> nbd.reconfigure(7, SMALL, 9), Kind.NOT_CONNECTED, "/dev/nbd7 is not connected");
        kernel.namesDevices = false;
        fails(() -> nbd.connect(OptionalInt.empty(), SMALL, 9), Kind.TOO_OLD, "Linux 5.14");
        kernel.silent = true;
        fails(() -> nbd.disconnect(1), Kind.NO_ANSWER, "no answer to DISCONNECT within 10 s");
    }

    @Test
    void answersThatMakeNoSenseAreErrors() {
        for (int length : new int[] {0, 15, 17, -1, 1 << 20}) {
            ByteBuffer in = ByteBuffer.allocate(16).order(ByteOrder.nativeOrder());
            in.putInt(0, length);
            assertThatThrownBy(() -> GenericAnswer.messages(in)).isInstanceOf(IOException.class);
        }
        for (int length : new int[] {0, 3, 9}) {
            ByteBuffer in = ByteBuffer.allocate(28).order(ByteOrder.nativeOrder());
            in.putInt(0, 28).putShort(20, (short) length);
            assertThatThrownBy(() -> GenericAnswer.messages(in).getFirst().attributes())
                    .isInstanceOf(IOException.class);
        }
    }

    /** Without nbd on this machine it fails by name; with it, it must not fail. */
    @Test
    void theKernelOfThisMachineIsAsked() throws IOException {
        try (KernelNbd nbd = KernelNbd.open()) {
            assertThat(nbd.status()).isNotNull();
        } catch (KernelNbdException e) {
            assertThat(e.kind()).isIn(Kind.NO_MODULE, Kind.NO_PRIVILEGE);
        }
    }
}
