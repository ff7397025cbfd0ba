package dmctl.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.config.GroupConfig;
import dmctl.config.GroupFile;
import dmctl.config.MemoryNeeds;
import dmctl.daemon.nbd.NbdLimits;
import dmctl.engine.MemoryBound;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class MemoryTest {
    private static final long MIB = 1 << 20;

    /** What a JVM of this daemon keeps on the heap besides the engine's tables. */
    private static final long HEAP_OF_THE_REST = 48 * MIB;

    private static GroupConfig group(int sites, String memory, String batch, String region)
            throws Exception {
        StringBuilder text = new StringBuilder();
        text.append(
                String.format(
                        Locale.ROOT,
                        "group: g%nmemory: %s%nbatch: %s%nregion-size: %s%ndevices:%n"
                                + "  - {name: a, size: 3GiB}%nsites:%n",
                        memory,
                        batch,
                        region));
        for (int i = 0; i < sites; i++) {
            text.append(
                    String.format(
                            Locale.ROOT,
                            "  - name: s%d%n    listen: 127.0.0.1:%d%n    log: {path: s%d/log}%n"
                                    + "    devices: {a: s%d/a}%n    state-dir: s%d%n",
                            i,
                            7000 + i,
                            i,
                            i,
                            i));
        }
        return GroupFile.parse(Path.of("/tmp/g.yaml"), text.toString());
    }

    @Test
    void a_daemon_is_given_what_its_parts_take_at_most() throws Exception {
        for (int sites : List.of(1, 2, 3, 12)) {
            for (String memory : List.of("16MiB", "64MiB", "1GiB")) {
                for (String batch : List.of("64KiB", "1MiB", "4MiB")) {
                    for (String region : List.of("64KiB", batch)) {
                        for (long log : List.of(2 * MIB, 256 * MIB, 8L << 30, 65L << 30)) {
                            check(group(sites, memory, batch, region), log);
                        }
                    }
                }
            }
        }
    }

    private static void check(GroupConfig config, long logBytes) {
        MemoryBound engine = MemoryBound.of(Definitions.definition(config, 0), logBytes);
        String which = config.sites().size() + " sites, " + config.tuning() + ", log " + logBytes;
        assertThat(engine.bufferBytes() + NbdLimits.DEFAULT.memoryBytes())
                .as(which)
                .isLessThanOrEqualTo(MemoryNeeds.directBytes(config));
        assertThat(engine.heapBytes() + HEAP_OF_THE_REST)
                .as(which)
                .isLessThanOrEqualTo(MemoryNeeds.heapBytes(config, logBytes));
    }

    @Test
    void a_process_takes_what_its_options_allow() {
        List<String> options =
                List.of(
                        "-Xmx1g",
                        "-XX:MaxDirectMemorySize=300m",
                        "-XX:ReservedCodeCacheSize=65536k",
                        "-XX:MaxMetaspaceSize=64m",
                        "-Xmx100m");
        assertThat(ProcessMemory.bytesMax(options, 7)).isEqualTo((100 + 300 + 64 + 64 + 96) * MIB);
        assertThat(ProcessMemory.bytesMax(List.of("-Xmxlots"), 100 * MIB))
                .isEqualTo((100 + 100 + 240 + 128 + 96) * MIB);
        assertThat(ProcessMemory.bytesMax()).isGreaterThan(Runtime.getRuntime().maxMemory());
    }
}
