package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupStatus.Data;
import org.junit.jupiter.api.Test;

/** A log that is opened with other devices than before. */
class DeviceChangeTest {
    private static final int SECTORS = 32;

    private final Lab lab =
            Lab.running(Lab.primary("home"), Lab.async("far"), Lab.blockdev("vault"));
    private final LabSite home = lab.site("home");
    private final LabSite far = lab.site("far");
    private final LabSite vault = lab.site("vault");

    private void stopBoth() {
        assertThat(home.stop()).doesNotStartWith("REFUSED");
        assertThat(far.stop()).doesNotStartWith("REFUSED");
        home.kill();
        far.kill();
    }

    private void addEverywhere() {
        home.addDevice(7, "index", SECTORS).fill("what was there before".replace(' ', '.'));
        far.addDevice(7, "index", SECTORS).fill("#".repeat(SECTORS));
        vault.addDevice(7, "index", SECTORS).fill("+".repeat(SECTORS));
    }

    @Test
    void a_new_device_is_copied_to_every_site_before_that_is_consistent() {
        home.write(0, "abc");
        stopBoth();
        addEverywhere();
        lab.cut("home", "far");
        lab.start();
        lab.until("serving", () -> home.group().serving());
        assertThat(far.status().data()).isEqualTo(Data.NOT_CONSISTENT);
        assertThat(far.takeover()).startsWith("REFUSED");
        assertThat(home.events()).anyMatch(line -> line.startsWith("site vault: resync begins"));
        lab.mendAll();
        lab.until("far", () -> home.sees("far").data() == Data.CONSISTENT);
        lab.until("vault", () -> home.sees("vault").data() == Data.CONSISTENT);
        String image = home.disks().get(2).image();
        assertThat(image).startsWith("what.was");
        assertThat(far.disks().get(2).image()).isEqualTo(image);
        assertThat(vault.disks().get(2).image()).isEqualTo(image);
        assertThat(far.data().image()).startsWith("abc");
    }

    @Test
    void a_site_whose_log_does_not_know_of_the_change_is_copied_all_the_same() {
        home.write(0, "abc");
        stopBoth();
        addEverywhere();
        far.forgetDevicesInLog();
        lab.start();
        lab.until("far", () -> home.sees("far").data() == Data.CONSISTENT);
        assertThat(far.disks().get(2).image()).isEqualTo(home.disks().get(2).image());
    }

    @Test
    void that_it_was_copied_is_not_forgotten() {
        stopBoth();
        addEverywhere();
        lab.start();
        lab.until("far", () -> home.sees("far").data() == Data.CONSISTENT);
        stopBoth();
        int told = home.events().size();
        lab.start();
        lab.until("far again", () -> home.sees("far").data() == Data.CONSISTENT);
        assertThat(home.events().subList(told, home.events().size()))
                .noneMatch(line -> line.contains("resync") || line.contains("copied anew"));
    }

    @Test
    void a_log_that_was_not_closed_takes_no_other_devices() {
        home.kill();
        home.addDevice(7, "index", SECTORS);
        home.start();
        lab.settle();
        assertThat(home.problems()).containsExactly("failed");
        assertThat(home.status().problems().getFirst().reason())
                .contains("device index")
                .contains("not closed cleanly");
    }

    @Test
    void a_device_that_the_log_knows_must_not_be_missing() {
        home.stop();
        home.kill();
        home.useOtherDevices();
        home.start();
        lab.settle();
        assertThat(home.status().problems().getFirst().reason())
                .contains("device 3 of 32768 bytes")
                .contains("write it there again");
    }
}
