package dmctl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.cli.DeviceUsers.Loop;
import dmctl.cli.DeviceUsers.Use;
import dmctl.nativebridge.devmapper.DeviceNumber;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DeviceUsersTest {
    /** The device that is asked about. */
    private static final DeviceNumber APP = number(254, 0);

    private String mounts =
            """
            1 1 8:1 / / rw - ext4 /dev/sda1 rw
            30 1 0:5 / /dev rw - devtmpfs devtmpfs rw
            """;
    private String swaps = "Filename Type Size Used Priority\n";
    private final Map<DeviceNumber, List<DeviceNumber>> holders = new HashMap<>();
    private final List<Loop> loops = new ArrayList<>();
    private final Map<String, DeviceNumber> blocks = new HashMap<>();
    private final Map<String, DeviceNumber> fileSystems = new HashMap<>();

    private final DeviceUsers.Machine machine =
            new DeviceUsers.Machine() {
                @Override
                public String mounts() {
                    return mounts;
                }

                @Override
                public String swaps() {
                    return swaps;
                }

                @Override
                public List<DeviceNumber> holders(DeviceNumber device) {
                    return holders.getOrDefault(device, List.of());
                }

                @Override
                public List<Loop> loops() {
                    return loops;
                }

                @Override
                public Optional<DeviceNumber> fileSystem(Path path) {
                    return Optional.ofNullable(fileSystems.get(path.toString()));
                }

                @Override
                public Optional<DeviceNumber> block(Path path) {
                    return Optional.ofNullable(blocks.get(path.toString()));
                }
            };

    DeviceUsersTest() {
        fileSystems.put("/", number(8, 1));
    }

    private static DeviceNumber number(int major, int minor) {
        return new DeviceNumber(major, minor);
    }

    private String find(String... paths) throws IOException {
        List<Use> uses = new ArrayList<>();
        for (String path : paths) {
            uses.add(new Use("the log", Path.of(path)));
        }
        return DeviceUsers.find(APP, uses, machine).orElse("");
    }

    @Test
    void nothingStandsOnADeviceOfItsOwn() throws Exception {
        fileSystems.put("/app", APP);
        mounts += "40 1 254:0 / /app rw - ext4 /dev/mapper/app rw\n";
        assertThat(find("/srv/log", "/dev/vg/log")).isEmpty();
    }

    @Test
    void theRootIsFoundThroughDevicesOnTheDevice() throws Exception {
        holders.put(APP, List.of(number(254, 3)));
        holders.put(number(254, 3), List.of(number(8, 1)));
        assertThat(find()).isEqualTo("the root file system");
    }

    @Test
    void theRootIsFoundByItsSourceWhereItsNumberSaysNothing() throws Exception {
        mounts = "1 1 0:40 /@ / rw - btrfs /dev/mapper/app rw\n";
        blocks.put("/dev/mapper/app", APP);
        assertThat(find()).isEqualTo("the root file system");
    }

    @Test
    void swapIsFoundOnTheDeviceAndInAFileOnIt() throws Exception {
        blocks.put("/dev/dm-0", APP);
        swaps += "/dev/dm-0 partition 1000 0 -2\n";
        assertThat(find()).isEqualTo("swap, /dev/dm-0");
        swaps = "Filename Type Size Used Priority\n/app/my\\040swap file 1000 0 -2\n";
        fileSystems.put("/app", APP);
        assertThat(find()).isEqualTo("swap, /app/my swap");
    }

    @Test
    void aFileIsFoundThoughItIsNotThereYet() throws Exception {
        fileSystems.put("/app", APP);
        assertThat(find("/srv/log", "/app/new/log")).isEqualTo("the log, /app/new/log");
    }

    @Test
    void aBlockDeviceIsFoundByItsNumber() throws Exception {
        holders.put(APP, List.of(number(254, 1)));
        blocks.put("/dev/vg/log", number(254, 1));
        assertThat(find("/dev/vg/log")).isEqualTo("the log, /dev/vg/log");
    }

    @Test
    void aFileSystemInALoopFileOnTheDeviceIsFound() throws Exception {
        fileSystems.put("/app", APP);
        loops.add(new Loop(number(7, 0), Path.of("/app/image")));
        loops.add(new Loop(number(7, 1), Path.of("/inner/image")));
        fileSystems.put("/inner", number(7, 0));
        fileSystems.put("/innermost", number(7, 1));
        assertThat(find("/innermost/log")).isEqualTo("the log, /innermost/log");
    }

    @Test
    void aFileSystemWithANumberOfItsOwnIsFoundByItsMount() throws Exception {
        fileSystems.put("/app", number(0, 44));
        fileSystems.put("/app/sub", number(0, 45));
        blocks.put("/dev/mapper/app", APP);
        mounts += "50 1 0:44 /vol /app rw - btrfs /dev/mapper/app rw\n";
        assertThat(find("/app/sub/log")).isEqualTo("the log, /app/sub/log");
    }
}
