package dmctl.daemon;

import dmctl.engine.Admin;
import dmctl.engine.GroupDefinition.LimitKind;
import dmctl.engine.GroupDefinition.Mode;
import dmctl.engine.GroupDefinition.OutOfReach;
import dmctl.engine.GroupDefinition.Policy;
import dmctl.engine.GroupDefinition.Settings;
import dmctl.engine.GroupStatus;
import dmctl.engine.GroupStatus.Data;
import dmctl.engine.GroupStatus.Flow;
import dmctl.engine.GroupStatus.Link;
import dmctl.engine.GroupStatus.Problem;
import dmctl.engine.GroupStatus.ResyncProgress;
import dmctl.engine.GroupStatus.Role;
import dmctl.engine.GroupStatus.SiteStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

/** Remembers what it is asked and tells a fixed state. */
final class StubAdmin implements Admin {
    static final Settings SETTINGS =
            new Settings(
                    Policy.ASYNC, OutOfReach.DEGRADE, 5000, Mode.WARN, LimitKind.TIME, 30_000, 0);

    /** Runs a task at once, as a loop would on its thread. */
    static final Executor AT_ONCE = Runnable::run;

    final List<String> calls = new ArrayList<>();
    boolean silent;
    Role role = Role.PRIMARY;

    /** As before its log is read. */
    boolean knowsNoSites;

    private void end(String call, Done done) {
        calls.add(call);
        if (!silent) {
            done.done(call + " done");
        }
    }

    @Override
    public void previewTakeover(Done done) {
        end("preview", done);
    }

    @Override
    public void takeover(boolean evenIfNotConsistent, Done done) {
        end("takeover " + evenIfNotConsistent, done);
    }

    @Override
    public void pause(int siteNr, String reason, Done done) {
        end("pause " + siteNr + " " + reason, done);
    }

    @Override
    public void resume(int siteNr, Done done) {
        done.refused("site " + siteNr + " is not paused");
    }

    @Override
    public void set(int siteNr, Settings settings, Done done) {
        end("set " + siteNr + " " + settings, done);
    }

    @Override
    public void resync(int siteNr, boolean discard, Done done) {
        end("resync " + siteNr + " " + discard, done);
    }

    @Override
    public void shutdown(Done done) {
        end("shutdown", done);
    }

    @Override
    public GroupStatus status() {
        return new GroupStatus(
                "lab",
                0,
                role,
                1_000_000,
                0,
                3,
                0xabcL,
                true,
                "",
                Data.CONSISTENT,
                100,
                99,
                98,
                97,
                1 << 28,
                1 << 20,
                -1,
                1 << 26,
                null,
                List.of(new Problem("device", "data: EIO", 3_000_000, "replace it")),
                sites(),
                new GroupStatus.RegionMapStatus(true, 65536, ""),
                List.of("term 3"));
    }

    private List<SiteStatus> sites() {
        return knowsNoSites
                ? List.of()
                : List.of(
                        site(0, "home", "tcp", Role.PRIMARY, Link.LOCAL, Flow.LIVE, null),
                        site(
                                1,
                                "far",
                                "tcp",
                                null,
                                Link.UP,
                                Flow.CATCHING_UP,
                                new ResyncProgress(100, 50, 60, 1, 2_000_000, 10, 5)));
    }

    private static SiteStatus site(
            int nr,
            String name,
            String type,
            @org.jspecify.annotations.Nullable Role role,
            Link link,
            Flow flow,
            @org.jspecify.annotations.Nullable ResyncProgress resync) {
        return new SiteStatus(
                nr,
                name,
                type,
                role,
                SETTINGS,
                false,
                link,
                flow,
                Data.NOT_CONSISTENT,
                90,
                80,
                70,
                17,
                4096,
                250,
                false,
                resync,
                List.of(new GroupStatus.RegionCount(4, 16, 3)),
                null);
    }
}
