package dmctl.nativebridge.devmapper;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelFactsTest {
    private static final String ROOT = "Name:\tjava\nCapEff:\t000001ffffffffff\n";
    private static final String USER = "Name:\tjava\nCapEff:\t0000000000000000\n";

    @TempDir Path folder;

    private KernelFacts facts;

    @BeforeEach
    void hostWithoutDeviceMapper() throws IOException {
        facts =
                new KernelFacts(
                        folder.resolve("misc"),
                        folder.resolve("sysfs"),
                        folder.resolve("control"),
                        folder.resolve("status"));
        Files.writeString(facts.misc(), "229 fuse\n235 autofs\n 10 not-device-mapper\n");
        Files.writeString(facts.status(), ROOT);
    }

    @Test
    void names_the_module_that_is_missing() {
        assertThatThrownBy(facts::require)
                .isInstanceOf(DeviceMapperException.class)
                .hasMessage("this kernel has no device-mapper; load it with: modprobe dm-mod");
    }

    @Test
    void finds_the_driver_in_the_list_of_misc_devices() throws IOException {
        Files.writeString(facts.misc(), "229 fuse\n236 device-mapper\n");

        assertThatCode(facts::require).doesNotThrowAnyException();
    }

    @Test
    void finds_the_driver_in_sysfs() throws IOException {
        Files.createDirectory(facts.sysfs());

        assertThatCode(facts::require).doesNotThrowAnyException();
    }

    @Test
    void names_the_privilege_that_is_missing_before_the_module() throws IOException {
        Files.writeString(facts.status(), USER);

        assertThatThrownBy(facts::require)
                .hasMessage("no privilege to use device-mapper (CAP_SYS_ADMIN); run this as root");
    }

    @Test
    void a_node_alone_is_no_driver() throws IOException {
        Files.writeString(facts.control(), "");

        assertThatThrownBy(facts::require).hasMessageContaining("modprobe dm-mod");
    }
}
