package dmctl.daemon.mapper;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InsertionTest extends MappedNames {
    private static final Wanted APP = new Wanted(0, "data", "vg-app", "", 2048, true);
    private static final Wanted LOG = new Wanted(1, "wal", "vg-log", "", 2048, true);

    private void live() {
        kernel.add("vg-app", "LVM-1", "8:1 0").openCount = 1;
        kernel.add("vg-app-origin", "", "8:1 0");
        kernel.add("vg-log", "", "8:2 0").openCount = 1;
        kernel.add("vg-log-origin", "", "8:2 0");
    }

    private String table(String name) {
        return Objects.requireNonNull(kernel.find(name)).table();
    }

    private boolean suspended(String name) {
        return Objects.requireNonNull(kernel.find(name)).suspended;
    }

    @Test
    void theGroupIsPutUnderNamesInUseAndTakenOutAgain() throws Exception {
        live();
        restart(APP, LOG);
        serve();
        assertThat(told(mapped::insert))
                .isEqualTo("done: the group is under /dev/mapper/vg-app, /dev/mapper/vg-log");
        assertThat(table("vg-app")).isEqualTo("0 2048 linear 43:0 0");
        assertThat(table("vg-log")).isEqualTo("0 2048 linear 43:1 0");
        assertThat(Files.readString(folder.resolve("mapper")))
                .contains("0 vg-app LVM-1 inserted\n1 vg-log - inserted\n");
        awaitLive();
        assertThat(shown.stop(false))
                .isEqualTo(
                        "the group is under /dev/mapper/vg-app; take it out and stop it with: dmctl"
                                + " eject");
        restart(APP, LOG);
        serve();
        awaitLive();
        assertThat(told(mapped::beginEject)).isEqualTo("done: ");
        assertThat(suspended("vg-app")).isTrue();
        assertThat(suspended("vg-log")).isTrue();
        assertThat(table("vg-app")).isEqualTo("0 2048 linear 43:0 0");
        assertThat(told(done -> mapped.endEject(true, done))).isEqualTo("done: ");
        assertThat(table("vg-app")).isEqualTo("0 2048 linear 8:1 0");
        assertThat(table("vg-log")).isEqualTo("0 2048 linear 8:2 0");
        assertThat(suspended("vg-log")).isFalse();
        assertThat(Files.readString(folder.resolve("mapper"))).doesNotContain("inserted");
    }

    @Test
    void whatCannotBeAppliedIsNotTakenOut() throws Exception {
        live();
        restart(APP, LOG);
        serve();
        told(mapped::insert);
        told(mapped::beginEject);
        assertThat(told(done -> mapped.endEject(false, done))).isEqualTo("done: ");
        assertThat(table("vg-app")).isEqualTo("0 2048 linear 43:0 0");
        assertThat(suspended("vg-app")).isFalse();
        assertThat(suspended("vg-log")).isFalse();
        awaitLive();
    }

    @ParameterizedTest
    @ValueSource(strings = {"reload", "suspend", "resume"})
    void anInsertionThatFailsLeavesAllNamesAsTheyWere(String call) throws Exception {
        live();
        restart(APP, LOG);
        serve();
        kernel.failing = call;
        kernel.failingName = "vg-log";
        kernel.failingCount = 1;
        assertThat(told(mapped::insert)).isEqualTo("refused: " + call + " failed");
        for (String name : List.of("vg-app", "vg-log")) {
            assertThat(table(name)).isEqualTo(table(name + "-origin"));
            assertThat(suspended(name)).isFalse();
            assertThat(Objects.requireNonNull(kernel.find(name)).inactive).isNull();
        }
        assertThat(Files.readString(folder.resolve("mapper"))).doesNotContain("inserted");
    }

    @ParameterizedTest
    @ValueSource(strings = {"reload", "suspend"})
    void anEjectThatFailsLeavesAllNamesAtTheGroup(String call) throws Exception {
        live();
        restart(APP, LOG);
        serve();
        told(mapped::insert);
        kernel.failing = call;
        kernel.failingName = "vg-log";
        kernel.failingCount = 1;
        assertThat(told(mapped::beginEject)).isEqualTo("refused: " + call + " failed");
        assertThat(table("vg-app")).isEqualTo("0 2048 linear 43:0 0");
        for (String name : List.of("vg-app", "vg-log")) {
            assertThat(suspended(name)).isFalse();
            assertThat(Objects.requireNonNull(kernel.find(name)).inactive).isNull();
        }
        assertThat(told(mapped::beginEject)).isEqualTo("done: ");
    }

    @Test
    void aDaemonThatDiedBeforeTheNamesLedToTheGroupLeavesThemAlone() throws Exception {
        live();
        restart(APP, LOG);
        serve();
        told(mapped::insert);
        Path record = folder.resolve("mapper");
        String noted = Files.readString(record);
        told(mapped::beginEject);
        told(done -> mapped.endEject(true, done));
        Files.writeString(record, noted);
        Objects.requireNonNull(kernel.find("vg-app")).suspended = true;
        restart(APP, LOG);
        serve();
        awaitReason("/dev/mapper/vg-app does not lead to the group; dmctl insert");
        assertThat(table("vg-app")).isEqualTo("0 2048 linear 8:1 0");
        assertThat(suspended("vg-app")).isFalse();
    }

    @Test
    void aNameWithAnotherTableOrSizeThanItsOriginIsRefused() throws Exception {
        live();
        restart(new Wanted(0, "data", "vg-app", "", 4096, true));
        serve();
        assertThat(told(mapped::insert)).contains("has 2048 sectors, device data of the group has");
        kernel.remove(
                dmctl.nativebridge.devmapper.DeviceRef.named("vg-app-origin"),
                dmctl.nativebridge.devmapper.TaskOptions.NONE);
        assertThat(told(mapped::insert)).contains("/dev/mapper/vg-app-origin is gone");
        kernel.add("vg-app-origin", "", "8:7 0");
        assertThat(told(mapped::insert)).contains("does not have the table of");
    }
}
