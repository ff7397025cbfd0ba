package dmctl.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dmctl.engine.GroupStatus.Link;
import org.junit.jupiter.api.Test;

class TcpStreamTest {
    private final Lab lab = Lab.running(Lab.primary("home"), Lab.async("far"));
    private final LabSite home = lab.site("home");
    private final LabSite far = lab.site("far");

    @Test
    void aLoneBatchGoesToAnAsyncSiteAtOnceAndThoseCloseBehindGoTogether() {
        lab.run(100);
        home.write(0, "a");
        lab.run(2);
        assertThat(far.status().headSeq()).isEqualTo(1);
        home.write(1, "b");
        home.write(2, "c");
        lab.run(2);
        assertThat(far.status().headSeq()).isEqualTo(1);
        lab.run(6);
        assertThat(far.status().headSeq()).isEqualTo(3);
    }

    /** Writes shortly before a beat is due. The lab fails where a timer is always due. */
    @Test
    void aBeatThatFallsDueRightBehindRecordsIsSentAtOnce() {
        for (int i = 0; i < 300; i++) {
            home.write(0, "a");
            lab.run(Lab.TUNING.heartbeatMillis() + i);
        }
        assertThat(far.status().headSeq()).isEqualTo(300);
        assertThat(home.status().sites().get(1).link()).isEqualTo(Link.UP);
    }
}
