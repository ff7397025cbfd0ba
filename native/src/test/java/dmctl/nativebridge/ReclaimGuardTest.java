package dmctl.nativebridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ReclaimGuardTest {
    /** A process of its own: what it locks stays locked. */
    public static void main(String[] words) throws Exception {
        System.exit(guarded() ? 0 : 1);
    }

    private static boolean guarded() throws Exception {
        List<String> lacking = ReclaimGuard.guard();
        long kib =
                java.nio.file.Files.readAllLines(Path.of("/proc/self/status")).stream()
                        .filter(line -> line.startsWith("VmLck:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                        .sum();
        boolean locked = kib > 0;
        boolean said = lacking.stream().anyMatch(line -> line.contains("CAP_IPC_LOCK"));
        return locked != said && lacking.stream().noneMatch(line -> line.contains("\n"));
    }

    @Test
    void memory_is_locked_or_it_is_said_that_it_is_not() throws Exception {
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-Xmx64m",
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                ReclaimGuardTest.class.getName())
                        .inheritIO()
                        .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
    }
}
